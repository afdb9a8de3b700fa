//! [`Store`]: git's objects and what was read of them, shared by the trees of a repository.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryKind;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use thread_local::ThreadLocal;

use super::error::unreadable;
use super::{RepositoryError, Revision};
use crate::tree::directory::{ContentId, Directory, Entry, Mode, Objects};
use crate::tree::kept::Kept;
use crate::tree::{FileError, MAX_FILE, TreePath};

/// How many bytes of undone deltas each thread keeps: the definitions of ten thousand images.
const PACK_CACHE: usize = 16 * 1024 * 1024;

/// How many directories are kept at least, held by somebody or not.
const DIRECTORIES: usize = 1024;

pub(in crate::tree) struct Store {
    shared: gix::ThreadSafeRepository,
    local: ThreadLocal<gix::Repository>,
    directories: Mutex<Directories>,
    /// Contents that are not in git's objects: what the work tree holds uncommitted.
    pub(in crate::tree) overlay: RwLock<HashMap<ContentId, Uncommitted>>,
    pub(super) kept: OnceLock<Kept>,
    id_length: usize,
}

/// Directories that were read, as long as somebody holds them: trees share what they have in common, and those of a long
/// history do not pile up.
#[derive(Default)]
struct Directories {
    known: HashMap<ContentId, Arc<Directory>>,
    /// How many there may be before those that nobody holds are let go.
    room: usize,
}

impl Directories {
    fn insert(&mut self, id: ContentId, directory: &Arc<Directory>) {
        if self.known.len() >= self.room {
            // A directory holds those below it, so that they can be told from wanted ones only once it is gone.
            let mut before = usize::MAX;
            while self.known.len() < before {
                before = self.known.len();
                self.known
                    .retain(|_, directory| Arc::strong_count(directory) > 1);
            }
            self.room = (2 * self.known.len()).max(DIRECTORIES);
        }
        self.known.insert(id, directory.clone());
    }
}

/// What the work tree holds and git does not.
pub(in crate::tree) enum Uncommitted {
    Content(Arc<[u8]>),
    /// Not read, for its size in bytes.
    TooLarge(u64),
}

impl Store {
    /// Of a repository that was opened.
    pub(super) fn new(shared: gix::ThreadSafeRepository, id_length: usize) -> Self {
        Self {
            shared,
            local: ThreadLocal::new(),
            directories: Mutex::default(),
            overlay: RwLock::default(),
            kept: OnceLock::new(),
            id_length,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("git_dir", &self.shared.refs.git_dir())
            .finish_non_exhaustive()
    }
}

impl Store {
    pub(in crate::tree) fn repository(&self) -> &gix::Repository {
        self.local.get_or(|| {
            let mut repository = self.shared.to_thread_local();
            // Definitions are deltas of one another, in chains of dozens. Every object of a chain is wanted sooner or
            // later, so that what was once put together is kept: each read then undoes one or two deltas, not ten.
            repository
                .objects
                .set_pack_cache(|| Box::new(MemoryCappedHashmap::new(PACK_CACHE)));
            repository
        })
    }

    pub(super) fn id(&self, revision: &Revision) -> Result<gix::ObjectId, RepositoryError> {
        gix::ObjectId::from_hex(revision.id.as_bytes()).map_err(unreadable)
    }

    fn object_id(&self, id: ContentId) -> gix::ObjectId {
        gix::ObjectId::from_bytes_or_panic(id.bytes(self.id_length))
    }

    /// The files of the index. With `strict`, unresolved conflicts are refused; without, they are left out.
    pub(in crate::tree) fn index_files(
        &self,
        index: &gix::index::State,
        strict: bool,
    ) -> Result<Vec<(TreePath, Mode, ContentId)>, RepositoryError> {
        let mut files = Vec::with_capacity(index.entries().len());
        for entry in index.entries() {
            // A sparse index keeps whole directories as one entry, with a slash at the end.
            let path = tree_path(
                entry
                    .path(index)
                    .trim_end_with(|letter| letter == '/')
                    .as_bstr(),
            );
            if entry.stage() != gix::index::entry::Stage::Unconflicted {
                if strict {
                    return Err(RepositoryError::Conflict(path));
                }
                continue;
            }
            // A promise to add a file later: the index holds nothing of it yet.
            if entry
                .flags
                .contains(gix::index::entry::Flags::INTENT_TO_ADD)
            {
                continue;
            }
            let id = ContentId::new(entry.id.as_bytes());
            let mode = match entry.mode {
                gix::index::entry::Mode::FILE_EXECUTABLE => Mode::Executable,
                gix::index::entry::Mode::SYMLINK => Mode::Link,
                gix::index::entry::Mode::COMMIT => Mode::Submodule,
                gix::index::entry::Mode::DIR => {
                    self.directory_files(id, &path, &mut files)
                        .map_err(unreadable)?;
                    continue;
                }
                _ => Mode::File,
            };
            files.push((path, mode, id));
        }
        Ok(files)
    }

    fn directory_files(
        &self,
        id: ContentId,
        at: &TreePath,
        files: &mut Vec<(TreePath, Mode, ContentId)>,
    ) -> Result<(), FileError> {
        for entry in &self.directory(id, at)?.entries {
            let path = at.child(&entry.name);
            match entry.mode {
                Mode::Directory => self.directory_files(entry.id, &path, files)?,
                mode => files.push((path, mode, entry.id)),
            }
        }
        Ok(())
    }
}

impl Objects for Store {
    fn kept(&self) -> Option<&Kept> {
        self.kept.get()
    }

    fn directory(&self, id: ContentId, path: &TreePath) -> Result<Arc<Directory>, FileError> {
        let known = self.directories.lock().expect("no holder panics");
        if let Some(directory) = known.known.get(&id) {
            return Ok(directory.clone());
        }
        drop(known);
        let lost = |error: &dyn std::fmt::Display| {
            FileError::Unreadable(path.clone(), missing_object(error))
        };
        let repository = self.repository();
        let object = repository
            .find_object(self.object_id(id))
            .map_err(|error| lost(&error))?;
        let tree = object.try_into_tree().map_err(|error| lost(&error))?;
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| lost(&error))?;
            let mode = match entry.mode().kind() {
                EntryKind::Tree => Mode::Directory,
                EntryKind::Blob => Mode::File,
                EntryKind::BlobExecutable => Mode::Executable,
                EntryKind::Link => Mode::Link,
                EntryKind::Commit => Mode::Submodule,
            };
            let name = escape(entry.filename());
            entries.push(Entry::new(
                &name,
                mode,
                ContentId::new(entry.object_id().as_bytes()),
            ));
        }
        let directory = Arc::new(Directory::new(entries, Some(id)));
        self.directories
            .lock()
            .expect("no holder panics")
            .insert(id, &directory);
        Ok(directory)
    }

    fn blob(&self, id: ContentId, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        match self.overlay.read().expect("no writer panics").get(&id) {
            Some(Uncommitted::Content(content)) => return Ok(content.clone()),
            Some(Uncommitted::TooLarge(size)) => {
                return Err(FileError::TooLarge(path.clone(), *size, MAX_FILE));
            }
            None => {}
        }
        let lost = |error: &dyn std::fmt::Display| {
            FileError::Unreadable(path.clone(), missing_object(error))
        };
        let mut object = self
            .repository()
            .find_object(self.object_id(id))
            .map_err(|error| lost(&error))?;
        let size = object.data.len() as u64;
        if size > MAX_FILE {
            return Err(FileError::TooLarge(path.clone(), size, MAX_FILE));
        }
        Ok(Arc::from(std::mem::take(&mut object.data)))
    }
}

fn missing_object(error: &dyn std::fmt::Display) -> String {
    format!("{error}; if this is a partial clone, fetch its objects first")
}

/// A name of git's as text: bytes that are not UTF-8 are written `\xNN`.
fn escape(name: &gix::bstr::BStr) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(name) => name.into(),
        Err(_) => name
            .utf8_chunks()
            .flat_map(|chunk| {
                std::iter::once(chunk.valid().to_owned())
                    .chain(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")))
            })
            .collect::<String>()
            .into(),
    }
}

pub(in crate::tree) fn tree_path(path: &gix::bstr::BStr) -> TreePath {
    TreePath::from_git(&escape(path))
}
