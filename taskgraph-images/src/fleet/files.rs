//! [`Expansions`]: the files that a path, glob or folder of a definition means.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use taskgraph_images_transforms::Os;

use crate::diagnostic::{Diagnostic, nearest};
use crate::glob::Glob;
use crate::tree::{FileError, FileKind, Files, Look, Touched, Tree, TreePath, View};
use crate::yaml::Spanned;

/// Which files a folder means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Folder {
    /// The scripts directly inside, of the system's language.
    Scripts(Os),
    /// Every file, also below.
    Everything,
}

/// What the entries of definitions mean in one tree. Most definitions name the same scripts and folders, so each
/// entry is worked out once.
#[derive(Debug, Default)]
pub(crate) struct Expansions {
    known: RwLock<HashMap<Folder, Entries>>,
}

type Entries = HashMap<String, Arc<Expansion>, foldhash::fast::RandomState>;

/// What an entry means, and what was looked at to know it.
#[derive(Debug)]
pub(super) struct Expansion {
    pub(super) files: Vec<TreePath>,
    pub(super) looks: Arc<[Look]>,
}

impl Expansions {
    /// Takes over what no change can have altered.
    pub(super) fn like(other: &Self, touched: &Touched) -> Self {
        let mut known = other.known.read().expect("no writer panics").clone();
        known.retain(|_, entries| {
            entries.retain(|_, expansion| touched.spares(&*expansion.looks));
            !entries.is_empty()
        });
        Self {
            known: RwLock::new(known),
        }
    }

    /// The files meant, in the order they run. Faults are not remembered: they name the entry.
    pub(super) fn get(
        &self,
        tree: &Tree,
        entry: &Spanned<String>,
        folder: Folder,
    ) -> Result<Arc<Expansion>, Box<(Diagnostic, Vec<Look>)>> {
        let known = self.known.read().expect("no writer panics");
        if let Some(known) = known.get(&folder).and_then(|known| known.get(&entry.value)) {
            return Ok(known.clone());
        }
        drop(known);
        let view = View::new(tree);
        match expand(&view, entry, folder) {
            Ok(files) => {
                let expansion = Arc::new(Expansion {
                    files,
                    looks: view.into_looks().into(),
                });
                let mut known = self.known.write().expect("no reader panics");
                known
                    .entry(folder)
                    .or_default()
                    .insert(entry.value.clone(), expansion.clone());
                Ok(expansion)
            }
            Err(fault) => Err(Box::new((fault, view.into_looks()))),
        }
    }
}

/// The files meant, in the order they run: as listed, and by byte order within a glob or folder.
///
/// A path into a submodule means the submodule: its files are not here, its commit is.
fn expand(
    files: &dyn Files,
    entry: &Spanned<String>,
    folder: Folder,
) -> Result<Vec<TreePath>, Diagnostic> {
    let fault = |code, message: String| Diagnostic::error(code, message).at(entry.place.clone());
    let glob = Glob::parse(entry.value.trim_end_matches('/'))
        .map_err(|error| fault("path", error.to_string()))?;
    if !glob.is_literal() {
        return match glob.expand(files) {
            Ok(matches) if matches.is_empty() => Err(fault(
                "no-match",
                format!("`{}` matches no file", entry.value),
            )),
            Ok(matches) => Ok(matches),
            Err(FileError::Missing(_)) => Err(fault(
                "no-match",
                format!("`{}` matches no file", entry.value),
            )),
            Err(error) => Err(fault("unreadable", error.to_string())),
        };
    }
    let path = TreePath::parse(&entry.value).map_err(|error| fault("path", error.to_string()))?;
    match files.kind(&path) {
        Ok(FileKind::File) if entry.value.ends_with('/') => {
            Err(fault("not-a-folder", format!("`{path}` is a file"))
                .hint(format!("write `{path}` if it is meant")))
        }
        Ok(FileKind::File | FileKind::Submodule) => Ok(vec![path]),
        Ok(FileKind::Directory) if !entry.value.ends_with('/') => {
            Err(fault("not-a-file", format!("`{path}` is a folder"))
                .hint(format!("write `{path}/` if its files are meant")))
        }
        Ok(FileKind::Directory) => {
            let listed = match folder {
                Folder::Everything => files.list(&path, true),
                Folder::Scripts(os) => files.list(&path, false).map(|mut files| {
                    let wanted = match os {
                        Os::Windows => "ps1",
                        _ => "sh",
                    };
                    files.retain(|file| file.extension() == Some(wanted));
                    files
                }),
            };
            match listed {
                Ok(files) if files.is_empty() => {
                    Err(fault("no-match", format!("`{path}/` holds no such file")))
                }
                Ok(files) => Ok(files),
                Err(error) => Err(fault("unreadable", error.to_string())),
            }
        }
        Err(FileError::InSubmodule(_, submodule)) => Ok(vec![submodule]),
        Err(FileError::Missing(path)) => {
            let siblings = files.list(&path.parent(), false).unwrap_or_default();
            if siblings.contains(&path) {
                return Err(fault(
                    "missing-file",
                    format!("the symbolic link `{path}` leads to nothing"),
                ));
            }
            let near = nearest(path.file_name(), siblings.iter().map(TreePath::file_name))
                .map(str::to_owned);
            let missing = fault("missing-file", format!("`{path}` does not exist"));
            Err(match near {
                Some(near) => {
                    missing.hint(format!("did you mean `{}`?", path.parent().child(&near)))
                }
                None => missing,
            })
        }
        Err(error) => Err(fault("unreadable", error.to_string())),
    }
}
