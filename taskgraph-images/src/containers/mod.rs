//! Which files go into a container image: what its Dockerfile copies out of the build context.
//!
//! [`inputs`] reads the Dockerfile as BuildKit would for one target stage. Whatever it cannot tell for certain makes
//! the whole context an input, and says why. Not seen: triggers (`ONBUILD`) of base images from a registry, and
//! frontends other than Docker's that a `# syntax=` line names.

pub mod dockerfile;
pub mod dockerignore;
mod pattern;
mod variables;

use std::collections::BTreeMap;

use crate::diagnostic::Span;
use crate::tree::{FileError, FileKind, Files, TreePath};
use dockerfile::{Source, SourceKind};
use dockerignore::{IgnoreFault, IgnoreFile};

/// How a container image is built.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// The build context.
    pub context: &'a TreePath,
    /// The Dockerfile; it need not lie in the context.
    pub dockerfile: &'a TreePath,
    /// The stage that is built; the last one if absent.
    pub target: Option<&'a str>,
    /// The build arguments.
    pub arguments: &'a BTreeMap<String, String>,
}

/// The files that go into a container image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The files, in the order of their paths and places.
    pub files: Vec<Input>,
    /// Where the whole context counts as an input because nobody can tell what is copied, and why.
    pub widened: Vec<(Span, String)>,
    /// Sources that match no file of the context.
    pub missing: Vec<(Span, String)>,
    /// The ignore file that applies, and the lines of it that Docker refuses.
    pub ignore_file: Option<(TreePath, Vec<IgnoreFault>)>,
}

/// One file and how it goes in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The file.
    pub path: TreePath,
    /// What makes it an input.
    pub role: Role,
}

/// What makes a file an input of a container image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is the Dockerfile.
    Dockerfile,
    /// It says which files the context lacks.
    IgnoreFile,
    /// The instruction at this place of the Dockerfile reads it.
    Copied(Span),
}

/// The files that go into a container image.
///
/// # Errors
/// When the Dockerfile or the context cannot be read. What is wrong inside of the Dockerfile widens the answer.
pub fn inputs(files: &dyn Files, build: &Build<'_>) -> Result<Inputs, FileError> {
    let content = files.read(build.dockerfile)?;
    let text = String::from_utf8_lossy(&content);
    let sources = dockerfile::sources(&text, build.target, build.arguments);
    let mut inputs = Inputs::default();
    inputs.files.push(Input {
        path: build.dockerfile.clone(),
        role: Role::Dockerfile,
    });
    let (context, ignore_file) = read_context(files, build.context, build.dockerfile)?;
    if let Some((path, _)) = &ignore_file {
        inputs.files.push(Input {
            path: path.clone(),
            role: Role::IgnoreFile,
        });
    }
    inputs.ignore_file = ignore_file;
    for Source { span, kind } in sources {
        let role = Role::Copied(span);
        let input = |path: &TreePath| Input {
            path: path.clone(),
            role,
        };
        match kind {
            SourceKind::Path { pattern, text } => {
                let before = inputs.files.len();
                for path in &context {
                    let below = path.strip_prefix(build.context).unwrap_or_default();
                    if pattern
                        .as_ref()
                        .is_none_or(|pattern| pattern.matches_within(below))
                    {
                        inputs.files.push(input(path));
                    }
                }
                if inputs.files.len() == before {
                    inputs.missing.push((span, text));
                }
            }
            SourceKind::Unknown(reason) => {
                inputs.files.extend(context.iter().map(input));
                inputs.widened.push((span, reason));
            }
        }
    }
    inputs.files.sort();
    inputs.files.dedup();
    Ok(inputs)
}

/// The files that Docker sends to the builder: those of the context that the ignore file does not leave out.
///
/// # Errors
/// When the context cannot be read.
pub fn context_files(
    files: &dyn Files,
    context: &TreePath,
    dockerfile: &TreePath,
) -> Result<Vec<TreePath>, FileError> {
    read_context(files, context, dockerfile).map(|(files, _)| files)
}

/// The files of a context, and the ignore file that applies with its faults.
type Context = (Vec<TreePath>, Option<(TreePath, Vec<IgnoreFault>)>);

fn read_context(
    files: &dyn Files,
    context: &TreePath,
    dockerfile: &TreePath,
) -> Result<Context, FileError> {
    // The one beside the Dockerfile and of its name wins over the context's.
    let beside = dockerfile
        .parent()
        .child(&format!("{}.dockerignore", dockerfile.file_name()));
    let mut found = None;
    for path in [beside, context.child(".dockerignore")] {
        match files.kind(&path) {
            Ok(FileKind::File) => {
                found = Some(path);
                break;
            }
            Ok(_) | Err(FileError::Missing(_) | FileError::NotADirectory(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let (ignore, found) = match found {
        Some(path) => {
            let content = files.read(&path)?;
            let (ignore, faults) = IgnoreFile::parse(&String::from_utf8_lossy(&content));
            (ignore, Some((path, faults)))
        }
        None => (IgnoreFile::default(), None),
    };
    let mut listed = files.list(context, true)?;
    listed.retain(|path| !ignore.ignores(path.strip_prefix(context).unwrap_or_default()));
    Ok((listed, found))
}

#[cfg(test)]
mod tests;
