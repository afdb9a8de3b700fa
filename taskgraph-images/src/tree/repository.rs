//! [`Repository`]: the only place that names git. Reads revisions straight from its objects, without a checkout.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryKind;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use thread_local::ThreadLocal;

use super::directory::{ContentId, Directory, Entry, Mode, Objects};
use super::kept::Kept;
use super::{FileError, MAX_FILE, Tree, TreePath};

/// How many bytes of undone deltas each thread keeps: the definitions of ten thousand images.
const PACK_CACHE: usize = 16 * 1024 * 1024;

/// How many directories are kept at least, held by somebody or not.
const DIRECTORIES: usize = 1024;

/// A git repository: bare or not, shallow or whole, of either object format.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(super) store: Arc<Store>,
}

/// A commit that exists in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The words that named it.
    pub name: String,
    /// The commit's full id, in hexadecimal.
    pub id: String,
}

/// Why the repository cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// There is no repository here, or it cannot be opened.
    #[error("no git repository at `{}`: {why}", .path.display())]
    NotARepository {
        /// Where it was looked for.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// The name stands for no commit that this clone holds.
    #[error("`{name}` names no commit in this clone{}", if *.shallow { ", which is shallow" } else { "" })]
    UnknownRevision {
        /// The name as given.
        name: String,
        /// Whether the clone is shallow, so that the commit may exist elsewhere.
        shallow: bool,
    },
    /// The two commits share no ancestor in this clone.
    #[error("`{base}` and `{head}` have no common ancestor in this clone{}", if *.shallow { ", which is shallow" } else { "" })]
    Unrelated {
        /// One commit.
        base: String,
        /// The other.
        head: String,
        /// Whether the clone is shallow, so that the ancestor may exist elsewhere.
        shallow: bool,
    },
    /// The index holds entries that a merge left unresolved.
    #[error("`{0}` has an unresolved merge conflict in the index")]
    Conflict(TreePath),
    /// A bare repository has no work tree and no index.
    #[error("a bare repository has no {0}")]
    Bare(&'static str),
    /// The references are in a format that cannot be read.
    #[error(
        "the repository keeps its references in the reftable format, which cannot be read; \
         `git refs migrate --ref-format=files` converts them"
    )]
    References,
    /// An object or file could not be read.
    #[error("the repository cannot be read: {0}")]
    Unreadable(String),
}

pub(super) struct Store {
    shared: gix::ThreadSafeRepository,
    local: ThreadLocal<gix::Repository>,
    directories: Mutex<Directories>,
    /// Contents that are not in git's objects: what the work tree holds uncommitted.
    pub(super) overlay: RwLock<HashMap<ContentId, Uncommitted>>,
    kept: OnceLock<Kept>,
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
pub(super) enum Uncommitted {
    Content(Arc<[u8]>),
    /// Not read, for its size in bytes.
    TooLarge(u64),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("git_dir", &self.shared.refs.git_dir())
            .finish_non_exhaustive()
    }
}

impl Repository {
    /// Opens the repository that holds `directory`.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(directory: &Path) -> Result<Self, RepositoryError> {
        Self::open_below(directory, &[])
    }

    /// The same, but looks for it only below some folders, if `directory` is: git's `GIT_CEILING_DIRECTORIES`.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_below(directory: &Path, ceilings: &[PathBuf]) -> Result<Self, RepositoryError> {
        let upwards = gix::discover::upwards::Options {
            ceiling_dirs: ceilings.to_vec(),
            match_ceiling_dir_or_error: false,
            ..Default::default()
        };
        let options = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        let shared = gix::ThreadSafeRepository::discover_opts(directory, upwards, options)
            .map_err(|error| RepositoryError::NotARepository {
                path: directory.to_owned(),
                why: error.to_string(),
            })?;
        let local = shared.to_thread_local();
        let format = local.config_snapshot().string("extensions.refStorage");
        if format.is_some_and(|format| format != "files") {
            return Err(RepositoryError::References);
        }
        let id_length = local.object_hash().len_in_bytes();
        Ok(Self {
            store: Arc::new(Store {
                shared,
                local: ThreadLocal::new(),
                directories: Mutex::default(),
                overlay: RwLock::default(),
                kept: OnceLock::new(),
                id_length,
            }),
        })
    }

    /// Keeps what is made of contents from now on: whoever looks at many revisions meets most of them again. Of one or
    /// two revisions that would only take memory.
    pub fn keep(&self) {
        self.store.kept.get_or_init(Kept::default);
    }

    /// The root of the work tree, unless the repository is bare.
    pub fn work_dir(&self) -> Option<PathBuf> {
        self.store.repository().workdir().map(Path::to_owned)
    }

    /// The branches that the clone knows: those of its remote `origin` by their names there, and its own where the remote
    /// has none of the name; each with the id of its commit.
    ///
    /// # Errors
    /// When the references cannot be read.
    pub fn branches(&self) -> Result<std::collections::BTreeMap<String, String>, RepositoryError> {
        let repository = self.store.repository();
        let references = repository.references().map_err(unreadable)?;
        let mut branches = std::collections::BTreeMap::new();
        for prefix in ["refs/heads/", "refs/remotes/origin/"] {
            for reference in references.prefixed(prefix).map_err(unreadable)? {
                let mut reference =
                    reference.map_err(|error| RepositoryError::Unreadable(error.to_string()))?;
                let name = reference.name().as_bstr().to_string();
                let name = name.strip_prefix(prefix).unwrap_or(&name).to_owned();
                if name == "HEAD" {
                    continue;
                }
                let id = reference.peel_to_id().map_err(unreadable)?;
                branches.insert(name, id.to_string());
            }
        }
        Ok(branches)
    }

    /// Where the clone came from: the address of its remote `origin`, as git's settings have it.
    pub fn origin(&self) -> Option<String> {
        let settings = self.store.repository().config_snapshot();
        settings
            .string("remote.origin.url")
            .map(|url| url.to_string())
    }

    /// Whether history was cut off when the clone was made.
    pub fn is_shallow(&self) -> bool {
        self.store.repository().is_shallow().unwrap_or_default()
    }

    /// Finds the commit that `name` stands for: a branch, tag, id, `HEAD~1`, `@{u}`…
    ///
    /// # Errors
    /// When this clone holds no such commit.
    pub fn revision(&self, name: &str) -> Result<Revision, RepositoryError> {
        let repository = self.store.repository();
        let unknown = || RepositoryError::UnknownRevision {
            name: name.to_owned(),
            shallow: self.is_shallow(),
        };
        let upstream = local_upstream(repository, name);
        let commit = repository
            .rev_parse_single(upstream.as_deref().unwrap_or(name))
            .ok()
            .and_then(|id| id.object().ok())
            .and_then(|object| object.peel_to_commit().ok())
            .ok_or_else(unknown)?;
        Ok(Revision {
            name: name.to_owned(),
            id: commit.id.to_string(),
        })
    }

    /// The best common ancestor.
    ///
    /// # Errors
    /// When the two share none in this clone.
    pub fn merge_base(
        &self,
        base: &Revision,
        head: &Revision,
    ) -> Result<Revision, RepositoryError> {
        let repository = self.store.repository();
        let unrelated = || RepositoryError::Unrelated {
            base: base.name.clone(),
            head: head.name.clone(),
            shallow: self.is_shallow(),
        };
        let id = repository
            .merge_base(self.store.id(base)?, self.store.id(head)?)
            .ok()
            .flatten()
            .ok_or_else(unrelated)?;
        Ok(Revision {
            name: format!("merge-base({}, {})", base.name, head.name),
            id: id.to_string(),
        })
    }

    /// The commit's parents' ids, first parent first.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub fn parents(&self, revision: &Revision) -> Result<Vec<Revision>, RepositoryError> {
        let repository = self.store.repository();
        let commit = repository
            .find_commit(self.store.id(revision)?)
            .map_err(unreadable)?;
        Ok(commit
            .parent_ids()
            .map(|id| Revision {
                name: id.to_string(),
                id: id.to_string(),
            })
            .collect())
    }

    /// The message of a commit. What is not UTF-8 in it is replaced.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub fn message(&self, revision: &Revision) -> Result<String, RepositoryError> {
        let repository = self.store.repository();
        let commit = repository
            .find_commit(self.store.id(revision)?)
            .map_err(unreadable)?;
        Ok(commit.message_raw_sloppy().to_string())
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// When the commit or its tree cannot be read.
    pub fn tree(&self, revision: &Revision) -> Result<Tree, RepositoryError> {
        let repository = self.store.repository();
        let commit = repository
            .find_commit(self.store.id(revision)?)
            .map_err(unreadable)?;
        let id = commit.tree_id().map_err(unreadable)?;
        let root = self
            .store
            .directory(ContentId::new(id.as_bytes()), &TreePath::root())
            .map_err(unreadable)?;
        Ok(Tree::new(&revision.id, root, self.store.clone()))
    }

    /// The tree without any file: the base of a branch that is new.
    pub fn empty_tree(&self) -> Tree {
        Tree::new("nothing", Arc::default(), self.store.clone())
    }

    /// What is staged: the files of the index.
    ///
    /// # Errors
    /// When the index cannot be read or holds unresolved conflicts.
    pub fn staged(&self) -> Result<Tree, RepositoryError> {
        let repository = self.store.repository();
        if repository.is_bare() {
            return Err(RepositoryError::Bare("index"));
        }
        let index = repository.index_or_empty().map_err(unreadable)?;
        let files = self.store.index_files(&index, true)?;
        Ok(Tree::new(
            "index",
            Directory::from_files(files),
            self.store.clone(),
        ))
    }
}

/// How repositories are opened: the directory decides which, not the `GIT_*` variables that hooks run with.
fn options() -> gix::open::Options {
    let mut permissions = gix::open::Permissions::all();
    permissions.env.git_prefix = gix::sec::Permission::Deny;
    permissions.env.objects = gix::sec::Permission::Deny;
    permissions.config.env = false;
    gix::open::Options::default().permissions(permissions)
}

/// What `@{upstream}` stands for where the branch follows another one of this repository: gix knows it for
/// remotes only.
fn local_upstream(repository: &gix::Repository, name: &str) -> Option<String> {
    let branch = name
        .strip_suffix("@{u}")
        .or_else(|| name.strip_suffix("@{upstream}"))?;
    let full = match branch {
        "" | "HEAD" => repository.head_name().ok()??,
        branch => format!("refs/heads/{branch}").try_into().ok()?,
    };
    let direction = gix::remote::Direction::Fetch;
    let remote = repository.branch_remote_name(full.shorten(), direction)?;
    if remote.as_bstr() != "." {
        return None;
    }
    let upstream = repository
        .branch_remote_ref_name(full.as_ref(), direction)?
        .ok()?;
    Some(upstream.as_bstr().to_string())
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> RepositoryError {
    RepositoryError::Unreadable(error.to_string())
}

impl Store {
    pub(super) fn repository(&self) -> &gix::Repository {
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

    fn id(&self, revision: &Revision) -> Result<gix::ObjectId, RepositoryError> {
        gix::ObjectId::from_hex(revision.id.as_bytes()).map_err(unreadable)
    }

    fn object_id(&self, id: ContentId) -> gix::ObjectId {
        gix::ObjectId::from_bytes_or_panic(id.bytes(self.id_length))
    }

    /// The files of the index. With `strict`, unresolved conflicts are refused; without, they are left out.
    pub(super) fn index_files(
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

pub(super) fn tree_path(path: &gix::bstr::BStr) -> TreePath {
    TreePath::from_git(&escape(path))
}
