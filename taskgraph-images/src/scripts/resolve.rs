//! Looks up in a tree what a script refers to.

use globset::{GlobBuilder, GlobMatcher};

use super::{Base, Candidate, Reference, ReferenceKind, Target};
use crate::tree::{FileError, FileKind, Files, TreePath};

/// What a reference comes to in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The script reads these files.
    Files(Vec<TreePath>),
    /// The script reads these files because they are in a folder: a file added to it is read too.
    Listing {
        /// The folders whose content decides.
        folders: Vec<TreePath>,
        /// The files.
        files: Vec<TreePath>,
    },
    /// A path of the machine; see [`Target::OnImage`].
    OnImage {
        /// The path or pattern.
        path: String,
        /// Whether it is a pattern.
        glob: bool,
    },
    /// A PowerShell module by its name.
    Module(String),
    /// Somebody wrote that it is no input, and why.
    Waived(String),
    /// Not known, and why.
    Unresolved(String),
    /// The script reads a file that the tree lacks; it was looked for here.
    Missing(Vec<TreePath>),
    /// The tree holds no such file, and need not: a command may make it.
    Absent,
}

/// Looks up what `reference`, found in the script at `script`, comes to in `files`.
///
/// # Errors
/// When the tree cannot be read there: a link that leads out of it, a submodule.
pub fn resolve(
    files: &dyn Files,
    script: &TreePath,
    reference: &Reference,
) -> Result<Resolution, FileError> {
    let places = |candidates: &[Candidate]| -> Vec<TreePath> {
        let mut places = Vec::new();
        for candidate in candidates {
            let base = match candidate.base {
                Base::Script => script.parent(),
                Base::Root => TreePath::root(),
            };
            if let Ok(path) = base.join(&candidate.path)
                && !places.contains(&path)
            {
                places.push(path);
            }
        }
        places
    };
    if let Target::Relative { candidates }
    | Target::Glob {
        folders: candidates,
        ..
    } = &reference.target
        && places(candidates).is_empty()
    {
        return Ok(match reference.kind {
            ReferenceKind::Mentioned => Resolution::Absent,
            _ => Resolution::Unresolved("the path leads out of the repository".to_owned()),
        });
    }
    Ok(match &reference.target {
        Target::OnImage { path, glob } => Resolution::OnImage {
            path: path.clone(),
            glob: *glob,
        },
        Target::Module(name) => Resolution::Module(name.clone()),
        Target::Waived(reason) => Resolution::Waived(reason.clone()),
        Target::Unresolved(reason) => Resolution::Unresolved(reason.clone()),
        Target::Relative { candidates } => {
            let certain = reference.kind != ReferenceKind::Mentioned
                && (reference.kind != ReferenceKind::Run || candidates.len() == 1);
            relative(files, reference.kind, places(candidates), certain)?
        }
        Target::Glob { folders, pattern } => {
            matching(files, reference.kind, places(folders), pattern)?
        }
    })
}

fn relative(
    files: &dyn Files,
    kind: ReferenceKind,
    places: Vec<TreePath>,
    certain: bool,
) -> Result<Resolution, FileError> {
    let mut found = Vec::new();
    let mut folders = Vec::new();
    for place in &places {
        match kind_of(files, place)? {
            Some(FileKind::File) => found.push(place.clone()),
            Some(FileKind::Directory) if kind == ReferenceKind::Imported => {
                found.extend(module_file(files, place, place.file_name())?);
            }
            Some(FileKind::Directory) if kind == ReferenceKind::Mentioned => {
                found.extend(files.list(place, true)?);
                folders.push(place.clone());
            }
            Some(FileKind::Directory) => {}
            Some(FileKind::Submodule) => return Err(FileError::NotAFile(place.clone())),
            None if kind == ReferenceKind::Imported => {
                found.extend(module_file(files, &place.parent(), place.file_name())?);
            }
            None => {}
        }
    }
    found.sort();
    found.dedup();
    Ok(match (found.is_empty(), folders.is_empty()) {
        (_, false) => Resolution::Listing {
            folders,
            files: found,
        },
        (false, true) => Resolution::Files(found),
        (true, true) if certain => Resolution::Missing(places),
        (true, true) => Resolution::Absent,
    })
}

/// The file that `Import-Module` reads for a module's name: its manifest before its code.
fn module_file(
    files: &dyn Files,
    folder: &TreePath,
    name: &str,
) -> Result<Option<TreePath>, FileError> {
    for extension in ["psd1", "psm1", "ps1"] {
        let file = folder.child(&format!("{name}.{extension}"));
        if kind_of(files, &file)? == Some(FileKind::File) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn matching(
    files: &dyn Files,
    kind: ReferenceKind,
    folders: Vec<TreePath>,
    pattern: &str,
) -> Result<Resolution, FileError> {
    let Some(matcher) = matcher(pattern) else {
        return Ok(Resolution::Unresolved(format!("`{pattern}` is no pattern")));
    };
    let mut found = Vec::new();
    let mut listed = Vec::new();
    // A command that is given a folder may read all of it.
    let whole = kind == ReferenceKind::Mentioned;
    for folder in &folders {
        if kind_of(files, folder)? != Some(FileKind::Directory) {
            continue;
        }
        listed.push(folder.clone());
        for file in files.list(folder, whole || pattern.contains('/'))? {
            let Some(below) = file.strip_prefix(folder) else {
                continue;
            };
            let mut ends = below.match_indices('/').map(|(at, _)| at).filter(|_| whole);
            if matches(&matcher, pattern, below)
                || ends.any(|end| matches(&matcher, pattern, &below[..end]))
            {
                found.push(file);
            }
        }
    }
    found.sort();
    found.dedup();
    if listed.is_empty() {
        if kind == ReferenceKind::Mentioned {
            return Ok(Resolution::Absent);
        }
        // Nothing is read now; whatever comes into the folder will be.
        listed = folders;
    }
    Ok(Resolution::Listing {
        folders: listed,
        files: found,
    })
}

fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}

/// A wildcard does not match a dot at the beginning of a name.
fn matches(matcher: &GlobMatcher, pattern: &str, path: &str) -> bool {
    let is_hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
    matcher.is_match(path) && (!is_hidden(path) || is_hidden(pattern))
}

fn kind_of(files: &dyn Files, path: &TreePath) -> Result<Option<FileKind>, FileError> {
    match files.kind(path) {
        Ok(kind) => Ok(Some(kind)),
        // A component that is a file has nothing below it.
        Err(FileError::Missing(_) | FileError::NotADirectory(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
