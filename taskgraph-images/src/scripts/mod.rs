//! Which other files a shell or PowerShell script reads.
//!
//! [`analyse`] finds the scripts that a script sources, imports or runs, and the files beside it that it names;
//! [`resolve()`] looks them up in a tree. Both are pure. A script is read as it would run from top to bottom, with
//! the values of its variables as far as they are constant (see `value`): nothing is executed, no branch is
//! decided, and what cannot be known is said ([`Target::Unresolved`]), never left out. Not read: code in strings
//! (`eval`, `bash -c`, `Invoke-Expression`), here-documents fed to a shell, and what a download brings.
//!
//! `# taskgraph-images: not-an-input REASON`, on the line of a reference or in the comment above it, waives it.

mod directive;
mod environment;
mod language;
mod parse;
mod powershell;
mod resolve;
mod shell;
mod target;
#[cfg(test)]
mod tests;
mod value;
mod values;

use std::borrow::Cow;

pub use language::{Language, language};
pub use resolve::{Resolution, resolve};

use crate::diagnostic::Span;

/// Scripts longer than this are not read; no hand wrote them.
pub const LONGEST_SCRIPT: usize = 1 << 20;

/// What is known of one script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The files that the script reads, in the order of their spans. A place may have more than one: a loop over
    /// several files, a variable with several values; each of them is meant.
    pub references: Vec<Reference>,
    /// Whether parts of the script could not be parsed, so that references in them may be missing.
    pub has_syntax_error: bool,
    /// What is wrong with the comments that address this program.
    pub faults: Vec<Fault>,
}

/// A comment to this program that says nothing it understands, or waives what is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The comment.
    pub span: Span,
    /// What is wrong with it.
    pub message: String,
}

/// Why a script was not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Two bytes a character; neither a shell on Linux nor this program reads it.
    #[error("the script is UTF-16; save it as UTF-8")]
    Utf16,
    /// It is longer than [`LONGEST_SCRIPT`].
    #[error("the script holds {0} bytes; at most {LONGEST_SCRIPT} are analysed")]
    TooLong(usize),
    /// It holds a NUL: a program, not a script.
    #[error("the file holds a NUL byte; it is no script")]
    Binary,
    /// Parsing it takes more steps than its length allows for.
    #[error("the script is nested too deeply to be analysed")]
    TooComplex,
}

/// A place where a script reads another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The path as it stands in the script.
    pub span: Span,
    /// The text at [`Self::span`].
    pub text: String,
    /// What the script does with the file.
    pub kind: ReferenceKind,
    /// Which file it is.
    pub target: Target,
}

/// What a script does with a file that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// Reads it as part of itself: `source`, dot-sourcing.
    Sourced,
    /// Imports it as a module, which may be a folder or lack its extension.
    Imported,
    /// Runs it, directly or by an interpreter.
    Run,
    /// Names it as an argument of some command. It need not exist: the command may be about to make it.
    Mentioned,
}

/// Where the path of a [`Candidate`] starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// The folder that holds the script.
    Script,
    /// The root of the repository.
    Root,
}

/// One place where a file may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidate {
    /// What [`Self::path`] is relative to.
    pub base: Base,
    /// The path: `/` between components, `..` only at its beginning.
    pub path: String,
}

/// The file that a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file of the repository. Where the working directory is not known there are several candidates: all that
    /// exist count as read, so that the answer never is less than the truth.
    Relative {
        /// The places to look at.
        candidates: Vec<Candidate>,
    },
    /// The files of the repository that match a pattern.
    Glob {
        /// The folders to look in, as for [`Target::Relative`].
        folders: Vec<Candidate>,
        /// A pattern relative to the folder, in `globset`'s syntax with a literal separator.
        pattern: String,
    },
    /// An absolute path on the machine (`/etc/os-release`, `C:/x`, `$env:ProgramFiles/x`, `~/x`), with slashes. Whoever
    /// knows what is uploaded where can tell which file of the repository that is.
    OnImage {
        /// The path or pattern.
        path: String,
        /// Whether it is a pattern, in `globset`'s syntax.
        glob: bool,
    },
    /// A PowerShell module by its name, found on the machine's module path.
    Module(String),
    /// Somebody wrote that it is no input, and why.
    Waived(String),
    /// Not known, and why.
    Unresolved(String),
}

/// The files that the script `content` reads.
///
/// Spans are offsets into `content`. Bytes that are not UTF-8 count as unknown characters.
///
/// # Errors
/// When it cannot be read as a script.
pub fn analyse(language: Language, content: &[u8]) -> Result<Analysis, Unreadable> {
    if content.starts_with(&[0xFF, 0xFE]) || content.starts_with(&[0xFE, 0xFF]) {
        return Err(Unreadable::Utf16);
    }
    if content.len() > LONGEST_SCRIPT {
        return Err(Unreadable::TooLong(content.len()));
    }
    if content.contains(&0) {
        return Err(Unreadable::Binary);
    }
    let text = decode(content);
    match language {
        Language::Shell => shell::analyse(&text),
        Language::PowerShell => powershell::analyse(&text),
    }
}

/// Puts references into order, each once, and without mentions of what is sourced or run at the same place.
fn arrange(references: &mut Vec<Reference>) {
    references.sort_by_key(|reference| (reference.span, reference.kind));
    let mut kept: Vec<Reference> = Vec::with_capacity(references.len());
    for reference in references.drain(..) {
        let is_known = kept
            .iter()
            .rev()
            .take_while(|other| other.span == reference.span)
            .any(|other| {
                other.target == reference.target
                    && (other.kind == reference.kind || reference.kind == ReferenceKind::Mentioned)
            });
        if !is_known {
            kept.push(reference);
        }
    }
    *references = kept;
}

/// The text with a `?` for each byte that is not UTF-8, so that offsets stay.
fn decode(content: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(content) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(content.len());
            for chunk in content.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            Cow::Owned(text)
        }
    }
}
