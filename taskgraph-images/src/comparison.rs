//! [`Comparison`]: two states of a repository, loaded and compared.
//!
//! This is where the stages meet: trees are chosen, both fleets loaded with what they share read once, both graphs
//! built, and [`Affected`] worked out.

use taskgraph_images_transforms::{ImageId, Kind, TransformError};

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::affected::{Affected, ReasonKind, Side, is_partial, may_differ, unresolved};
use crate::definitions::Layout;
use crate::diagnostic::Diagnostic;
use crate::fleet::Fleet;
use crate::graph::{Contents, Digest, ImageGraph, NodeKey, Scope};
use crate::payloads::Payloads;
use crate::tree::{
    Change, FileError, Repository, RepositoryError, Revision, Tree, TreePath, changed_paths,
};

/// What the base is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// A revision, as it is.
    Revision(String),
    /// Where the head left a branch: their common ancestor. For pull requests.
    MergeBase(String),
    /// The head's first parent, or nothing where it has none.
    Parent,
    /// Nothing: every image is new.
    Nothing,
}

/// What the head is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A revision.
    Revision(String),
    /// What is staged.
    Staged,
    /// The work tree, with untracked files that git does not ignore.
    WorkTree,
}

/// Why a comparison cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// The repository cannot answer.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A tree cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The head's definitions are at fault.
    #[error("{} of the head {}", faults(.0.len()), if .0.len() == 1 { "is an error" } else { "are errors" })]
    Definitions(Vec<Diagnostic>, Tree),
    /// A kind's template cannot be rendered.
    #[error("a kind's template cannot be rendered")]
    Payload(#[source] TransformError),
}

fn faults(count: usize) -> String {
    if count == 1 {
        "1 finding".to_owned()
    } else {
        format!("{count} findings")
    }
}

/// One state of a repository, loaded.
#[derive(Debug)]
pub struct Snapshot {
    /// The fleet.
    pub fleet: Fleet,
    /// Its commit's id, or `index`, `work tree`, `nothing`.
    pub name: String,
    /// The graph of the images that a comparison was about.
    part: Option<ImageGraph>,
    /// The graph of all images, made when somebody asks for it.
    whole: OnceLock<ImageGraph>,
    contents: Contents,
}

impl Snapshot {
    /// Loads a tree. Findings that are errors stay in the fleet; [`Fleet::is_sound`] tells.
    ///
    /// # Errors
    /// When scripts read one another in a cycle, or a kind's template cannot be rendered.
    pub fn load(
        tree: &Tree,
        layout: &Layout,
        contents: &Contents,
    ) -> Result<Self, ComparisonError> {
        Self::of(Fleet::load(tree, layout), contents)
    }

    /// A fleet with its graph.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of(fleet: Fleet, contents: &Contents) -> Result<Self, ComparisonError> {
        let graph = graph(&fleet, Scope::All, contents)?;
        let snapshot = Self::new(fleet, None, contents);
        let _ = snapshot.whole.set(graph);
        Ok(snapshot)
    }

    fn new(fleet: Fleet, part: Option<ImageGraph>, contents: &Contents) -> Self {
        Self {
            name: fleet.tree.name().to_owned(),
            fleet,
            part,
            whole: OnceLock::new(),
            contents: contents.clone(),
        }
    }

    /// The same state with other contents in some files.
    ///
    /// # Errors
    /// As [`Self::load`]; also when a file cannot stand where it should.
    pub fn edited(&self, files: &BTreeMap<TreePath, Vec<u8>>) -> Result<Self, ComparisonError> {
        let tree = self.fleet.tree.with(files)?;
        Self::load(&tree, &self.fleet.layout, &Contents::default())
    }

    /// The graph of all images.
    pub fn graph(&self) -> &ImageGraph {
        self.whole.get_or_init(|| {
            graph(&self.fleet, Scope::All, &self.contents).expect(
                "a comparison found no fault in any file of the fleet, and has read them all",
            )
        })
    }

    /// Whether something can be said of its images: all definitions are sound, or the faults lie in single ones that a
    /// recipe reads.
    pub fn is_usable(&self) -> bool {
        self.fleet.is_sound() || is_partial(&self.fleet)
    }

    /// What is wrong with one image.
    pub fn faults_of(&self, id: &ImageId) -> Vec<Diagnostic> {
        unresolved(&self.fleet, None)
            .into_iter()
            .filter(|unresolved| unresolved.image.as_ref() == Some(id))
            .flat_map(|unresolved| unresolved.faults)
            .collect()
    }

    /// The fleet and its graph.
    pub fn side(&self) -> Side<'_> {
        Side {
            fleet: &self.fleet,
            graph: self.graph(),
        }
    }

    /// The digest of a task.
    pub fn digest(&self, id: &ImageId, kind: Kind) -> Option<Digest> {
        let key = NodeKey::Task(id.clone(), kind);
        let known = self.part.as_ref().and_then(|part| part.digest(&key));
        known.or_else(|| self.graph().digest(&key))
    }
}

/// A fleet's graph, with the digests of what its tasks run.
fn graph(
    fleet: &Fleet,
    scope: Scope<'_>,
    contents: &Contents,
) -> Result<ImageGraph, ComparisonError> {
    let mut payloads = Payloads::new(fleet);
    let graph = ImageGraph::of(fleet, scope, contents, &mut |image, kind| {
        payloads.digest(image, kind)
    })
    .map_err(|mut faults| {
        faults.extend(fleet.findings.iter().cloned());
        faults.sort_unstable();
        faults.dedup();
        ComparisonError::Definitions(faults, fleet.tree.clone())
    });
    if let Some(error) = fleet.tree.lost() {
        return Err(error.clone().into());
    }
    let graph = graph?;
    match payloads.into_error() {
        Some(error) => Err(ComparisonError::Payload(error)),
        None => Ok(graph),
    }
}

/// Whether nothing is wrong with a fleet and its graph, or only with single definitions that a recipe reads. What `sound`
/// shares with it need not be looked at again. The graph is of the images that can differ from it.
///
/// # Errors
/// All that is wrong.
pub(crate) fn check(
    fleet: &Fleet,
    sound: Option<&Fleet>,
    contents: &Contents,
) -> Result<ImageGraph, ComparisonError> {
    let images = match sound {
        Some(sound) => may_differ(sound, fleet),
        None => fleet.images.keys().cloned().collect(),
    };
    let scope = Scope::Only {
        images: &images,
        and_others: false,
    };
    let graph = graph(fleet, scope, contents)?;
    if fleet.is_sound() || is_partial(fleet) {
        Ok(graph)
    } else {
        Err(ComparisonError::Definitions(
            fleet.findings.clone(),
            fleet.tree.clone(),
        ))
    }
}

/// A fleet's graph of the images that can differ between two, of which one was loaded like the other.
pub(crate) fn part(
    fleet: &Fleet,
    (base, head): (&Fleet, &Fleet),
    contents: &Contents,
) -> Result<ImageGraph, ComparisonError> {
    let scope = Scope::Only {
        images: &may_differ(base, head),
        and_others: false,
    };
    graph(fleet, scope, contents)
}

/// The graphs of two fleets of which one was loaded like the other: of the images that can differ. All faults of the head's
/// whole graph are found.
pub(crate) fn differing(
    base: &Fleet,
    head: &Fleet,
    contents: &Contents,
) -> [Result<ImageGraph, ComparisonError>; 2] {
    let images = may_differ(base, head);
    let part = |fleet, and_others| {
        let scope = Scope::Only {
            images: &images,
            and_others,
        };
        graph(fleet, scope, contents)
    };
    let (base, head) = rayon::join(|| part(base, false), || part(head, true));
    [base, head]
}

/// Two states of a repository, compared.
#[derive(Debug)]
pub struct Comparison {
    /// The earlier state.
    pub base: Snapshot,
    /// The later state.
    pub head: Snapshot,
    /// How the base was chosen, in words.
    pub how: String,
    /// The files that differ.
    pub changes: Vec<(TreePath, Change)>,
    /// The images that differ, and why.
    pub affected: Affected,
}

impl Comparison {
    /// Loads and compares two states.
    ///
    /// # Errors
    /// When the repository cannot give a state, or the head's definitions are at fault. Faults of the base are no
    /// error: what cannot be resolved there counts as changed, with that reason.
    pub fn new(
        repository: &Repository,
        layout: &Layout,
        base: &Base,
        head: &Head,
    ) -> Result<Self, ComparisonError> {
        Self::make(repository, layout, base, head, false)
    }

    /// Loads and compares two states. Where a recipe reads the definitions, single ones of the head may be at fault:
    /// their images are among [`Affected::unresolved`], all others are told about.
    ///
    /// # Errors
    /// As [`Self::new`], but for such definitions.
    ///
    /// Digests of the two snapshots compare with one another only.
    pub fn partial(
        repository: &Repository,
        layout: &Layout,
        base: &Base,
        head: &Head,
    ) -> Result<Self, ComparisonError> {
        Self::make(repository, layout, base, head, true)
    }

    fn make(
        repository: &Repository,
        layout: &Layout,
        base: &Base,
        head: &Head,
        partial: bool,
    ) -> Result<Self, ComparisonError> {
        let (head_tree, head_revision) = head_tree(repository, head)?;
        let (base_tree, how) = base_tree(repository, base, &head_revision)?;
        Self::of(repository, layout, (base_tree, how), head_tree, partial)
    }

    /// Compares a state with what it would be with other contents in some files.
    ///
    /// # Errors
    /// As [`Self::new`]; also when a file cannot stand where it should.
    pub fn edited(
        repository: &Repository,
        layout: &Layout,
        head: &Head,
        files: &BTreeMap<TreePath, Vec<u8>>,
    ) -> Result<Self, ComparisonError> {
        let (base, _) = head_tree(repository, head)?;
        let edited = base.with(files)?;
        let how = "without the edits".to_owned();
        Self::of(repository, layout, (base, how), edited, false)
    }

    fn of(
        repository: &Repository,
        layout: &Layout,
        (base_tree, how): (Tree, String),
        head_tree: Tree,
        partial: bool,
    ) -> Result<Self, ComparisonError> {
        let changes = changed_paths(&base_tree, &head_tree)?;
        // What is only compared need not be read: large files may not even be there, as in a partial clone.
        let contents = if partial {
            Contents::by_id()
        } else {
            Contents::default()
        };
        let head_fleet = Fleet::load(&head_tree, layout);
        if !(head_fleet.is_sound() || partial && is_partial(&head_fleet)) {
            let head = Snapshot::of(head_fleet, &contents)?;
            return Err(ComparisonError::Definitions(head.fleet.findings, head_tree));
        }
        let base_fleet = Fleet::load_like(&base_tree, &head_fleet, &changes);
        let [base_graph, head_graph] = differing(&base_fleet, &head_fleet, &contents);
        let head_graph = head_graph?;
        let (base_graph, affected) = match base_graph {
            Ok(graph) => {
                let base = Side {
                    fleet: &base_fleet,
                    graph: &graph,
                };
                let head = Side {
                    fleet: &head_fleet,
                    graph: &head_graph,
                };
                let affected = Affected::compare(base, head, &changes);
                (Some(graph), affected)
            }
            // Files that read one another in a cycle, or cannot be read: nothing is known of the base's images.
            Err(ComparisonError::Definitions(..)) => {
                (None, Affected::all(&head_fleet, ReasonKind::BaseAtFault))
            }
            Err(error) => return Err(error),
        };
        let base = match base_graph {
            Some(graph) => Snapshot::new(base_fleet, Some(graph), &contents),
            None => {
                let nothing = Snapshot::load(&repository.empty_tree(), layout, &contents)?;
                let name = base_tree.name().to_owned();
                Snapshot { name, ..nothing }
            }
        };
        let head = Snapshot::new(head_fleet, Some(head_graph), &contents);
        Ok(Self {
            base,
            head,
            how,
            changes,
            affected,
        })
    }

    /// Takes every image of the head as affected.
    #[must_use]
    pub fn all(mut self) -> Self {
        self.affected = Affected::all(&self.head.fleet, ReasonKind::Forced);
        self
    }
}

fn head_tree(
    repository: &Repository,
    head: &Head,
) -> Result<(Tree, Option<Revision>), ComparisonError> {
    let current = || repository.revision("HEAD").ok();
    Ok(match head {
        Head::Revision(name) => {
            let revision = repository.revision(name)?;
            (repository.tree(&revision)?, Some(revision))
        }
        Head::Staged => (repository.staged()?, current()),
        Head::WorkTree => (repository.work_tree()?, current()),
    })
}

fn base_tree(
    repository: &Repository,
    base: &Base,
    head: &Option<Revision>,
) -> Result<(Tree, String), ComparisonError> {
    let nothing = |how: &str| (repository.empty_tree(), how.to_owned());
    Ok(match base {
        // What a push event names as the tip before a new branch.
        Base::Revision(name)
            if matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte == b'0') =>
        {
            nothing("nothing: the branch is new")
        }
        Base::Revision(name) => {
            let revision = repository.revision(name)?;
            (repository.tree(&revision)?, format!("`{name}`"))
        }
        Base::MergeBase(branch) => {
            let branch = repository.revision(branch)?;
            let Some(head) = head else {
                return Ok(nothing("nothing: there is no commit yet"));
            };
            let revision = repository.merge_base(&branch, head)?;
            (
                repository.tree(&revision)?,
                format!("where `{}` and `{}` parted", head.name, branch.name),
            )
        }
        Base::Parent => {
            let Some(head) = head else {
                return Ok(nothing("nothing: there is no commit yet"));
            };
            match repository.parents(head)?.first() {
                Some(parent) => (
                    // Where history was cut off, the parent exists, elsewhere.
                    repository.tree(&repository.revision(&parent.id)?)?,
                    format!("the first parent of `{}`", head.name),
                ),
                None => nothing("nothing: it is the first commit"),
            }
        }
        Base::Nothing => nothing("nothing"),
    })
}
