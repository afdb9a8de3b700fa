//! [`Repository`]: the only place that names git. Reads revisions straight from its objects, without a checkout.

mod error;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::RepositoryError;
pub(super) use error::unreadable;
pub(super) use store::{Store, Uncommitted, tree_path};

use super::directory::{ContentId, Directory, Objects as _};
use super::kept::Kept;
use super::{Tree, TreePath};

/// A git repository: bare or not, shallow or whole, of either object format.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(in crate::tree) store: Arc<Store>,
}

/// A commit that exists in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The words that named it.
    pub name: String,
    /// The commit's full id, in hexadecimal.
    pub id: String,
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
            store: Arc::new(Store::new(shared, id_length)),
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
    pub fn branches(&self) -> Result<BTreeMap<String, String>, RepositoryError> {
        let repository = self.store.repository();
        let references = repository.references().map_err(unreadable)?;
        let mut branches = BTreeMap::new();
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
