//! The work tree as a [`Tree`]: what `git add --all` would commit, without writing anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gix::bstr::{BStr, BString, ByteSlice};
use sha2::{Digest, Sha256};

use super::directory::{ContentId, Directory, Mode};
use super::repository::{Repository, RepositoryError, Store, Uncommitted, tree_path, unreadable};
use super::{MAX_FILE, Tree, TreePath};

impl Repository {
    /// The files of the work tree, with untracked ones that git does not ignore; line ends and filters as git
    /// would store them. Files that a sparse checkout leaves out stand as the index has them.
    ///
    /// # Errors
    /// When the repository is bare, or the index or a file cannot be read.
    pub fn work_tree(&self) -> Result<Tree, RepositoryError> {
        let store = &self.store;
        let repository = store.repository();
        let root = repository
            .workdir()
            .ok_or(RepositoryError::Bare("work tree"))?
            .to_owned();
        let index = repository.index_or_empty().map_err(unreadable)?;
        let mut files: BTreeMap<TreePath, (Mode, ContentId)> = store
            .index_files(&index, false)?
            .into_iter()
            .map(|(path, mode, id)| (path, (mode, id)))
            .collect();
        let (mut pipeline, index) = repository.filter_pipeline(None).map_err(unreadable)?;
        for path in touched(repository)? {
            let tree_path = tree_path(path.as_bstr());
            match read(store, &mut pipeline, &index, &root, path.as_bstr())? {
                Some(file) => files.insert(tree_path, file),
                None => files.remove(&tree_path),
            };
        }
        let files = files.into_iter().map(|(path, (mode, id))| (path, mode, id));
        Ok(Tree::new(
            "work tree",
            Directory::from_files(files),
            store.clone(),
        ))
    }
}

/// Every path that may differ from the index, or that the index does not have.
fn touched(repository: &gix::Repository) -> Result<Vec<BString>, RepositoryError> {
    let items = repository
        .status(gix::progress::Discard)
        .map_err(unreadable)?
        .untracked_files(gix::status::UntrackedFiles::Files)
        .index_worktree_rewrites(None)
        .index_worktree_submodules(gix::status::Submodule::Given {
            ignore: gix::submodule::config::Ignore::Dirty,
            check_dirty: false,
        })
        .into_index_worktree_iter(Vec::new())
        .map_err(unreadable)?;
    let mut paths = Vec::new();
    for item in items {
        let item = item.map_err(unreadable)?;
        // Entries that only need their time stamps refreshed have no summary, except new ones.
        if item.summary().is_some() {
            paths.push(item.rela_path().to_owned());
        }
    }
    Ok(paths)
}

fn read(
    store: &Store,
    pipeline: &mut gix::filter::Pipeline<'_>,
    index: &gix::index::State,
    root: &Path,
    path: &BStr,
) -> Result<Option<(Mode, ContentId)>, RepositoryError> {
    let failed =
        |error: &dyn std::fmt::Display| RepositoryError::Unreadable(format!("`{path}`: {error}"));
    let relative = gix::path::from_bstr(path).map_err(|error| failed(&error))?;
    if behind_link(root, &relative) {
        return Ok(None);
    }
    let full = root.join(&relative);
    let metadata = match std::fs::symlink_metadata(&full) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    if metadata.is_dir() {
        // A submodule, or a repository that nobody declared: what counts is the commit that is checked out.
        let Ok(below) = gix::open(&full) else {
            return Ok(None);
        };
        let Ok(id) = below.head_id() else {
            return Ok(None);
        };
        return Ok(Some((Mode::Submodule, ContentId::new(id.as_bytes()))));
    }
    if metadata.is_symlink() {
        let target = std::fs::read_link(&full).map_err(|error| failed(&error))?;
        let content = gix::path::into_bstr(target)
            .map_err(|error| failed(&error))?
            .to_vec();
        return Ok(Some((Mode::Link, keep(store, content)?)));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let mode = if executable(&metadata, store, index, path) {
        Mode::Executable
    } else {
        Mode::File
    };
    if metadata.len() > MAX_FILE {
        // Somebody's disk image, most likely, and no input of any: whoever asks for it is told its size.
        return Ok(Some((mode, too_large(store, path, &metadata))));
    }
    let file = std::fs::File::open(&full).map_err(|error| failed(&error))?;
    let mut content = Vec::new();
    let mut converted = pipeline
        .convert_to_git(file, &relative, index)
        .map_err(|error| failed(&error))?;
    std::io::Read::read_to_end(&mut converted, &mut content).map_err(|error| failed(&error))?;
    Ok(Some((mode, keep(store, content)?)))
}

/// Whether a folder above the path has become a link: what stands behind it has another path.
fn behind_link(root: &Path, relative: &Path) -> bool {
    relative
        .ancestors()
        .skip(1)
        .filter(|above| !above.as_os_str().is_empty())
        .any(|above| root.join(above).is_symlink())
}

fn executable(
    metadata: &std::fs::Metadata,
    store: &Store,
    index: &gix::index::State,
    path: &BStr,
) -> bool {
    #[cfg(unix)]
    if store
        .repository()
        .config_snapshot()
        .boolean("core.fileMode")
        .unwrap_or(true)
    {
        return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0;
    }
    // Where the file system keeps no executable bit, the index does.
    let _ = (metadata, store);
    index
        .entry_by_path(path)
        .is_some_and(|entry| entry.mode == gix::index::entry::Mode::FILE_EXECUTABLE)
}

/// A file that is not read is told from others by what the file system says of it.
fn too_large(store: &Store, path: &BStr, metadata: &std::fs::Metadata) -> ContentId {
    let seen = format!("{path} {} {:?}", metadata.len(), metadata.modified().ok());
    let id = ContentId::new(&Sha256::digest(seen));
    let mut overlay = store.overlay.write().expect("no reader panics");
    overlay.insert(id, Uncommitted::TooLarge(metadata.len()));
    id
}

fn keep(store: &Store, content: Vec<u8>) -> Result<ContentId, RepositoryError> {
    let hash = store.repository().object_hash();
    let id = gix::objs::compute_hash(hash, gix::objs::Kind::Blob, &content).map_err(unreadable)?;
    let id = ContentId::new(id.as_bytes());
    store
        .overlay
        .write()
        .expect("no reader panics")
        .insert(id, Uncommitted::Content(Arc::from(content)));
    Ok(id)
}
