//! [`Replay`]: a repository's history, commit by commit: which images each commit affected.
//!
//! A commit is compared with its first parent: the answer is that of [`Comparison`](crate::comparison::Comparison) for
//! the two. A merge so shows all that it brought to the branch.
//!
//! Nothing can be built from a commit whose definitions are at fault, and nothing is known of what it changed. What it
//! did is told with the next sound commit, which is compared with the last sound one before it: what the faulty commits
//! changed and left is named there, what they changed and took back is not. Compared with its parent instead, it would
//! seem to affect whatever could not be read there, and not what the faulty commits changed elsewhere. So the answer for
//! a commit depends on what it was made from, not on where the walk begins.
//!
//! How it is fast: a commit is loaded like its parent, so that only what it touched is read again; one that touched
//! nothing that anybody looked at shares its parent's state, and is not loaded at all.

mod states;
mod walk;

use self::states::{Known, State, States};
pub use self::walk::Walk;
use crate::affected::{Affected, Side};
use crate::comparison::{ComparisonError, part};
use crate::definitions::Layout;
use crate::diagnostic::Diagnostic;
use crate::fleet::Fleet;
use crate::tree::{Change, Commit, Repository, Tree, TreePath, changed_paths};

/// Walks commits. Each should come after those that it was made from; in other orders the answers are the same, later.
#[derive(Debug)]
pub struct Replay<'a> {
    repository: &'a Repository,
    states: States<'a>,
}

/// A commit, and what is known of it.
#[derive(Debug)]
pub struct Entry {
    /// The commit.
    pub commit: Commit,
    /// What it did.
    pub outcome: Outcome,
}

/// What a commit did.
#[derive(Debug)]
pub enum Outcome {
    /// It is sound, and was compared.
    Compared(Compared),
    /// Its definitions are at fault: what it changed is told with the next sound commit. All faults, and warnings.
    AtFault(Vec<Diagnostic>, Tree),
    /// The clone does not hold what it would be compared with.
    CutOff,
}

/// What a sound commit changed.
#[derive(Debug)]
pub struct Compared {
    /// What it was compared with: the id of its first parent, or of the last sound commit before it; `nothing` where
    /// there is none.
    pub base: String,
    /// The files of the base.
    pub base_tree: Tree,
    /// The commit's files.
    pub tree: Tree,
    /// The images that it affected, and why.
    pub affected: Affected,
}

impl Compared {
    fn new(base_tree: Tree, tree: Tree, affected: Affected) -> Self {
        Self {
            base: base_tree.name().to_owned(),
            base_tree,
            tree,
            affected,
        }
    }
}

impl<'a> Replay<'a> {
    /// A walk over a repository whose definitions stand as `layout` says.
    pub fn new(repository: &'a Repository, layout: &'a Layout) -> Self {
        repository.keep();
        Self {
            repository,
            states: States::new(repository, layout),
        }
    }

    /// What a commit did.
    ///
    /// # Errors
    /// When the repository cannot give what a commit holds. Faults of definitions are no error.
    pub fn entry(&mut self, commit: Commit) -> Result<Entry, ComparisonError> {
        let outcome = match self.states.load(&commit)? {
            State::AtFault(known) => Outcome::AtFault(known.state.faults.clone(), known.tree),
            State::Sound(head) => match self.base(&commit)? {
                Base::Unknown => Outcome::CutOff,
                Base::Nothing => {
                    let tree = self.repository.empty_tree();
                    let changes = changed_paths(&tree, &head.tree)?;
                    let base = Fleet::load_like(&tree, &head.state, &changes);
                    let affected = self.compare(&base, &head.state, &changes)?;
                    Outcome::Compared(Compared::new(tree, head.tree, affected))
                }
                Base::Sound(base) => {
                    let changes = changed_paths(&base.tree, &head.tree)?;
                    let affected = if base.is_same(&head) {
                        Affected::elsewhere(&head.state, &changes)
                    } else {
                        self.compare(&base.state, &head.state, &changes)?
                    };
                    Outcome::Compared(Compared::new(base.tree, head.tree, affected))
                }
            },
        };
        Ok(Entry { commit, outcome })
    }

    /// The fleet of the latest sound commit that was looked at.
    pub fn latest(&self) -> Option<&Fleet> {
        self.states.latest()
    }

    fn compare(
        &mut self,
        base: &Fleet,
        head: &Fleet,
        changes: &[(TreePath, Change)],
    ) -> Result<Affected, ComparisonError> {
        // Most states were held to just the one that they are compared with.
        let checked = self.states.take_checked(base, head);
        let of = |fleet| part(fleet, (base, head), self.states.contents());
        let (base_graph, head_graph) =
            rayon::join(|| of(base), || checked.map_or_else(|| of(head), Ok));
        let side = |fleet, graph| Side { fleet, graph };
        let (base_graph, head_graph) = (base_graph?, head_graph?);
        Ok(Affected::compare(
            side(base, &base_graph),
            side(head, &head_graph),
            changes,
        ))
    }

    /// What a sound commit is compared with: the nearest of its first parents that is sound.
    fn base(&mut self, commit: &Commit) -> Result<Base, ComparisonError> {
        let mut at = commit.clone();
        loop {
            if at.is_cut {
                return Ok(Base::Unknown);
            }
            let Some(parent) = at.parents.first() else {
                return Ok(Base::Nothing);
            };
            at = self.repository.commit(parent)?;
            if let Some(sound) = self.states.sound(&at)? {
                return Ok(Base::Sound(sound));
            }
        }
    }
}

enum Base {
    Sound(Known<Fleet>),
    /// No commit before was sound.
    Nothing,
    /// History is cut off before a sound commit is found.
    Unknown,
}
