//! The repository and the place of its definitions, as every command needs them.

use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::definitions::Layout;
use taskgraph_images::diagnostic::{Severity, nearest};
use taskgraph_images::graph::Contents;
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::{Repository, Tree, TreePath};

use super::Global;
use crate::exit::Failure;
use crate::printer::Printer;

/// A repository with definitions.
pub(super) struct Project {
    pub(super) repository: Repository,
    pub(super) layout: Layout,
}

impl Project {
    pub(super) fn open(global: &Global) -> Result<Self, Failure> {
        let repository = Repository::open(&global.root)?;
        let root = TreePath::parse(&global.definitions)
            .map_err(|error| Failure::Usage(format!("--definitions: {error}"), None))?;
        Ok(Self {
            repository,
            layout: Layout { root },
        })
    }

    pub(super) fn tree(&self, head: &Head) -> Result<Tree, Failure> {
        Ok(match head {
            Head::Revision(name) => self.repository.tree(&self.repository.revision(name)?)?,
            Head::Staged => self.repository.staged()?,
            Head::WorkTree => self.repository.work_tree()?,
        })
    }

    /// Loads one state; warnings are printed, errors end the command.
    pub(super) fn snapshot(&self, head: &Head, printer: &mut Printer) -> Result<Snapshot, Failure> {
        let snapshot = self.snapshot_quietly(head)?;
        warnings(&snapshot, printer);
        Ok(snapshot)
    }

    /// Loads one state without a word about warnings; errors end the command.
    pub(super) fn snapshot_quietly(&self, head: &Head) -> Result<Snapshot, Failure> {
        let tree = self.tree(head)?;
        let snapshot = Snapshot::load(&tree, &self.layout, &Contents::default())?;
        if !snapshot.fleet.is_sound() {
            return Err(Failure::Definitions(snapshot.fleet.findings, Some(tree)));
        }
        Ok(snapshot)
    }
}

/// Prints a snapshot's warnings.
pub(super) fn warnings(snapshot: &Snapshot, printer: &mut Printer) {
    let warnings: Vec<_> = snapshot
        .fleet
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .cloned()
        .collect();
    printer.findings(&warnings, Some(&snapshot.fleet.tree));
}

/// The images that a word names: `name` on every cloud, or `name@cloud`.
pub(super) fn named<'a>(snapshot: &'a Snapshot, word: &str) -> Result<Vec<&'a ImageId>, Failure> {
    let images = &snapshot.fleet.images;
    let named: Vec<&ImageId> = images
        .keys()
        .filter(|id| id.name.as_str() == word || id.to_string() == word)
        .collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let known: Vec<String> = images.keys().map(ToString::to_string).collect();
    let names = images.keys().map(|id| id.name.as_str());
    let near = nearest(word, names.chain(known.iter().map(String::as_str)));
    let hint = near.map(|near| format!("did you mean `{near}`?"));
    Err(Failure::Usage(format!("there is no image `{word}`"), hint))
}

/// The one image that a word names.
pub(super) fn one<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a ImageId, Failure> {
    match named(snapshot, word)?[..] {
        [id] => Ok(id),
        ref several => {
            let several: Vec<String> = several.iter().map(|id| format!("`{id}`")).collect();
            Err(Failure::Usage(
                format!("`{word}` is {} images", several.len()),
                Some(format!("name one of {}", several.join(", "))),
            ))
        }
    }
}
