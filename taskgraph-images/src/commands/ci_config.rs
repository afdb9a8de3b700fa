//! The configuration repository, as the commands about pools, projects and clean-up need it.

use std::path::{Path, PathBuf};

use taskgraph_images::ci_config::{CiConfig, Options};
use taskgraph_images::destinations::{Destinations, NAME};
use taskgraph_images::diagnostic::Diagnostic;
use taskgraph_images::pools::update::{History, Mapping};
use taskgraph_images::taskcluster::Timestamp;
use taskgraph_images::tree::checkout;
use taskgraph_images::tree::{
    Files as _, Lines, MemoryTree, Repository, RepositoryError, Tree, TreePath, View,
};

use super::Global;
use crate::exit::Failure;
use crate::printer::Printer;

/// How many commits of the configuration's history are looked at for what was rolled back.
const HISTORY: usize = 300;
/// The name of the mapping, in the folder of the definitions.
pub(super) const MAPPING: &str = "pools.yml";

/// Where the configuration repository is.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Configuration repository")]
pub(crate) struct Args {
    /// A clone of the configuration repository; fetched from where `proposals.yml` says, if absent
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// The revision of it; the work tree of a clone that is named, the default branch of one that is fetched
    #[arg(long, value_name = "REVISION", requires = "config")]
    config_revision: Option<String>,
    /// Which image each of its entries is; `pools.yml` beside the definitions, if absent
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

/// The configuration repository.
pub(super) struct Source {
    /// The repository, unless the folder is in none.
    pub(super) repository: Option<Repository>,
    pub(super) tree: Tree,
    pub(super) options: Options,
    /// The commit that the tree is of, or is based on, and when it was made.
    pub(super) base: (String, Timestamp),
    /// Holds a clone that was fetched.
    _fetched: Option<tempfile::TempDir>,
}

impl Args {
    /// Opens or fetches it.
    pub(super) fn open(
        &self,
        settings: &Destinations,
        mapping: &Mapping,
        printer: &mut Printer,
    ) -> Result<Source, Failure> {
        let pools = settings.pools.as_ref();
        let (folder, fetched) = match (&self.config, pools) {
            (Some(folder), _) => (folder.clone(), None),
            (None, Some(pools)) => {
                let fetched = tempfile::tempdir()?;
                let folder = fetched.path().join("config");
                printer.note(&format!("fetching `{}`", pools.repository));
                clone(&pools.repository, &folder)?;
                (folder, Some(fetched))
            }
            (None, None) => {
                return Err(Failure::Usage(
                    "there is no configuration repository".to_owned(),
                    Some(format!(
                        "name a clone of it with `--config`, or its address in `{NAME}`"
                    )),
                ));
            }
        };
        let options = |root| Options {
            root: Some(root),
            environment: pools.and_then(|pools| pools.environment.clone()),
            levels: mapping.levels.clone(),
        };
        let parse = |root: &str| {
            TreePath::parse(root).map_err(|error| {
                Failure::Usage(format!("the folder of the configuration: {error}"), None)
            })
        };
        let root = pools.and_then(|pools| pools.folder.as_deref());
        let repository = match Repository::open(&folder) {
            Err(RepositoryError::NotARepository { .. }) if self.config_revision.is_none() => {
                return Ok(Source {
                    repository: None,
                    tree: folder_tree(&folder)?,
                    options: options(parse(root.unwrap_or_default())?),
                    base: ("0".repeat(40), super::report_time()),
                    _fetched: fetched,
                });
            }
            repository => repository?,
        };
        let revision = self.config_revision.as_deref();
        let tree = match (revision, &self.config) {
            (Some(revision), _) => repository.tree(&repository.revision(revision)?)?,
            (None, Some(_)) => repository.work_tree()?,
            (None, None) => repository.tree(&repository.revision("HEAD")?)?,
        };
        let head = repository.revision(revision.unwrap_or("HEAD"))?;
        let time = repository.commit(&head.id)?.time;
        // A clone's folder inside of another repository, such as a fixture, is a folder of that one.
        let below = below(&repository, &folder);
        let root = [below.as_deref(), root]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("/");
        let root = parse(&root)?;
        Ok(Source {
            repository: Some(repository),
            tree,
            options: options(root),
            base: (head.id, Timestamp::from_millis(time.saturating_mul(1000))),
            _fetched: fetched,
        })
    }

    /// Where the mapping is, or would be.
    pub(super) fn mapping_path(&self, global: &Global) -> PathBuf {
        self.mapping
            .clone()
            .unwrap_or_else(|| global.root.join(&global.definitions).join(MAPPING))
    }

    /// Which image each entry is.
    pub(super) fn mapping(&self, global: &Global) -> Result<Mapping, Failure> {
        let path = self.mapping_path(global);
        match std::fs::read_to_string(&path) {
            Ok(text) => Mapping::read(&text)
                .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display()))),
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && self.mapping.is_none() =>
            {
                Ok(Mapping::default())
            }
            Err(error) => Err(Failure::Files(format!("`{}`: {error}", path.display()))),
        }
    }
}

impl Source {
    /// Reads it. What cannot be resolved stays among its findings.
    pub(super) fn load(&self) -> Result<CiConfig, Failure> {
        CiConfig::load(&View::new(&self.tree), &self.options)
            .map_err(|faults| Failure::Definitions(faults, Some(self.tree.clone())))
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Result<String, Failure> {
        let fault = |error: &dyn std::fmt::Display| Failure::Files(format!("`{path}`: {error}"));
        let path = TreePath::parse(path).map_err(|error| fault(&error))?;
        let content = View::new(&self.tree)
            .read(&path)
            .map_err(|error| fault(&error))?;
        String::from_utf8(content.to_vec()).map_err(|error| fault(&error))
    }

    /// What its entries were, commit by commit, as far as the file of images changed.
    pub(super) fn history(&self, config: &CiConfig) -> Result<History, Failure> {
        let mut history = History::default();
        let Some(file) = config
            .images
            .values()
            .next()
            .map(|image| image.place.path.clone())
        else {
            return Ok(history);
        };
        let Some(repository) = &self.repository else {
            return Ok(history);
        };
        let head = repository.revision(&self.base.0)?;
        let commits = repository.history(None, &head, Lines::FirstParent, Some(HISTORY))?;
        let mut last = None;
        for commit in commits {
            let tree = repository.tree(&repository.revision(&commit.id)?)?;
            let id = tree.find(&file).ok().map(|found| found.id);
            if id.is_none() || id == last {
                continue;
            }
            last = id;
            // What nobody could read then says nothing of what was rolled back.
            if let Ok(config) = CiConfig::load(&View::new(&tree), &self.options) {
                history.note(&config, &format!("{} {}", &commit.id[..10], commit.subject));
            }
        }
        history.note(config, "not committed");
        Ok(history)
    }
}

/// Notes about what could not be resolved, where the command goes on without it.
pub(super) fn unresolved(findings: &[Diagnostic], source: &Source, printer: &mut Printer) {
    printer.findings(findings, Some(&source.tree));
}

/// The configuration that a folder holds which is in no repository, such as an archive that somebody unpacked.
fn folder_tree(folder: &Path) -> Result<Tree, Failure> {
    let fault = |path: &Path, error: &std::io::Error| {
        Failure::Files(format!("`{}`: {error}", path.display()))
    };
    let mut tree = MemoryTree::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).map_err(|error| fault(&at, &error))? {
            let entry = entry.map_err(|error| fault(&at, &error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| fault(&path, &error))?;
            let is_yaml = path
                .extension()
                .is_some_and(|end| end == "yml" || end == "yaml");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_yaml {
                let name = path
                    .strip_prefix(folder)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .replace('\\', "/");
                if TreePath::parse(&name).is_ok() {
                    let content = std::fs::read(&path).map_err(|error| fault(&path, &error))?;
                    tree = tree.file(&name, content);
                }
            }
        }
    }
    Ok(tree.tree())
}

/// The folder below the root of the work tree that it is in.
fn below(repository: &Repository, folder: &Path) -> Option<String> {
    let root = repository.work_dir()?.canonicalize().ok()?;
    let folder = folder.canonicalize().ok()?;
    let below = folder.strip_prefix(root).ok()?;
    let text = below.to_str()?.replace('\\', "/");
    (!text.is_empty()).then_some(text)
}

/// Clones a repository with its history and all its branches, by git.
pub(super) fn clone(address: &str, to: &Path) -> Result<(), Failure> {
    // Git takes what starts with a dash for an option, and `ext::` for a command to run.
    if !["https://", "ssh://", "file://"]
        .iter()
        .any(|start| address.starts_with(start))
    {
        return Err(Failure::Usage(
            format!(
                "`{address}` cannot be fetched: expected an address that starts with `https://`"
            ),
            None,
        ));
    }
    Ok(checkout::clone(address, to, "https:ssh:file")?)
}
