//! [`States`]: what commits hold, each loaded like one that is known already.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::comparison::{ComparisonError, Snapshot};
use crate::definitions::Layout;
use crate::diagnostic::{Diagnostic, Place};
use crate::graph::Contents;
use crate::tree::{Change, Commit, Repository, Touched, Tree, TreePath, changed_paths};

/// How many sound states are kept: along one line the last one is enough, merged lines start from earlier ones.
const KEPT: usize = 4;

/// What a commit holds.
pub(super) enum State {
    Sound(Known),
    AtFault(Vec<Diagnostic>, Tree),
}

/// A sound commit.
#[derive(Debug, Clone)]
pub(super) struct Known {
    commit: String,
    pub(super) tree: Tree,
    /// The fleet and its graph. Its own tree may be an earlier commit's that differs where nobody looked.
    pub(super) snapshot: Arc<Snapshot>,
}

impl Known {
    /// Whether the two differ only where nobody looked.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.snapshot, &other.snapshot)
    }
}

/// The states of commits.
#[derive(Debug)]
pub(super) struct States<'a> {
    repository: &'a Repository,
    layout: &'a Layout,
    contents: Contents,
    /// Sound states, that which was wanted last at the end.
    sound: VecDeque<Known>,
    at_fault: HashSet<String>,
}

impl<'a> States<'a> {
    pub(super) fn new(repository: &'a Repository, layout: &'a Layout) -> Self {
        Self {
            repository,
            layout,
            contents: Contents::default(),
            sound: VecDeque::new(),
            at_fault: HashSet::new(),
        }
    }

    pub(super) fn latest(&self) -> Option<&Known> {
        self.sound.back()
    }

    /// The state of a commit, if it is sound.
    pub(super) fn sound(&mut self, commit: &Commit) -> Result<Option<Known>, ComparisonError> {
        if self.at_fault.contains(&commit.id) {
            return Ok(None);
        }
        Ok(match self.load(commit)? {
            State::Sound(known) => Some(known),
            State::AtFault(..) => None,
        })
    }

    /// The state of a commit.
    pub(super) fn load(&mut self, commit: &Commit) -> Result<State, ComparisonError> {
        if let Some(at) = self.position(&commit.id) {
            return Ok(State::Sound(self.keep(at)));
        }
        let revision = self.repository.revision(&commit.id)?;
        let tree = self.repository.tree(&revision)?;
        let near = commit.parents.first().and_then(|id| self.position(id));
        let near = near
            .map(|at| &self.sound[at])
            .or(self.sound.back())
            .cloned();
        let snapshot = match near {
            Some(near) => {
                let changes = changed_paths(&near.tree, &tree)?;
                let touched = Touched::new(&near.tree, &tree, &changes);
                if near.snapshot.fleet.untouched(&touched) {
                    return Ok(State::Sound(self.add(commit, tree, near.snapshot)));
                }
                let changes = changed_paths(&near.snapshot.fleet.tree, &tree)?;
                self.like(&tree, &near.snapshot, &changes)
            }
            None => Snapshot::load(&tree, self.layout, &self.contents),
        };
        let faults = match snapshot {
            Ok(snapshot) if snapshot.fleet.is_sound() => {
                return Ok(State::Sound(self.add(commit, tree, Arc::new(snapshot))));
            }
            Ok(snapshot) => snapshot.fleet.findings,
            Err(ComparisonError::Definitions(faults, _)) => faults,
            Err(ComparisonError::Payload(error)) => vec![self.unrendered(&error)],
            Err(error) => return Err(error),
        };
        self.at_fault.insert(commit.id.clone());
        Ok(State::AtFault(faults, tree))
    }

    /// The state of a tree that differs from another's by `changes`.
    pub(super) fn like(
        &self,
        tree: &Tree,
        other: &Snapshot,
        changes: &[(TreePath, Change)],
    ) -> Result<Snapshot, ComparisonError> {
        Snapshot::load_like(tree, other, changes, &self.contents)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.sound.iter().position(|known| known.commit == id)
    }

    /// Puts a state to the end, where it is kept longest.
    fn keep(&mut self, at: usize) -> Known {
        let known = self.sound.remove(at).expect("the caller found it there");
        self.sound.push_back(known.clone());
        known
    }

    fn add(&mut self, commit: &Commit, tree: Tree, snapshot: Arc<Snapshot>) -> Known {
        if self.sound.len() == KEPT {
            self.sound.pop_front();
        }
        let known = Known {
            commit: commit.id.clone(),
            tree,
            snapshot,
        };
        self.sound.push_back(known.clone());
        known
    }

    fn unrendered(&self, error: &taskgraph_images_transforms::TransformError) -> Diagnostic {
        let mut words = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            words += &format!(": {cause}");
            source = cause.source();
        }
        let fault = Diagnostic::error("kind", words);
        match &error.task {
            Some((_, kind)) => fault.at(Place::file(self.layout.kind(*kind))),
            None => fault,
        }
    }
}
