//! [`States`]: what commits hold, each loaded like one that is known already.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Weak};

use crate::comparison::{ComparisonError, check};
use crate::definitions::Layout;
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Fleet;
use crate::graph::{Contents, ImageGraph};
use crate::tree::{Commit, Repository, Touched, Tree, changed_paths};

/// How many sound states are kept: along one line the last one is enough, merged lines start from earlier ones.
const KEPT: usize = 4;

/// What a commit holds.
pub(super) enum State {
    Sound(Known<Fleet>),
    AtFault(Known<Faulty>),
}

/// A commit whose state is known.
#[derive(Debug)]
pub(super) struct Known<S> {
    commit: String,
    pub(super) tree: Tree,
    /// Its own tree may be an earlier commit's that differs where nobody looked.
    pub(super) state: Arc<S>,
}

impl<S> Clone for Known<S> {
    fn clone(&self) -> Self {
        Self {
            commit: self.commit.clone(),
            tree: self.tree.clone(),
            state: self.state.clone(),
        }
    }
}

impl<S> Known<S> {
    fn new(commit: &Commit, tree: Tree, state: Arc<S>) -> Self {
        Self {
            commit: commit.id.clone(),
            tree,
            state,
        }
    }

    /// Whether the two differ only where nobody looked.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

/// A state that nothing can be built from.
#[derive(Debug)]
pub(super) struct Faulty {
    fleet: Fleet,
    /// All findings, the graph's too.
    pub(super) faults: Vec<Diagnostic>,
}

/// The states of commits.
#[derive(Debug)]
pub(super) struct States<'a> {
    repository: &'a Repository,
    layout: &'a Layout,
    contents: Contents,
    /// Sound states, that which was wanted last at the end.
    sound: VecDeque<Known<Fleet>>,
    /// The last faulty state: faults stay for a while, and what follows is loaded like it.
    faulty: Option<Known<Faulty>>,
    at_fault: HashSet<String>,
    /// The graph that the last state was checked with.
    checked: Option<Checked>,
}

/// A graph of the images that can differ between two states.
#[derive(Debug)]
struct Checked {
    base: Weak<Fleet>,
    head: Weak<Fleet>,
    graph: ImageGraph,
}

impl<'a> States<'a> {
    pub(super) fn new(repository: &'a Repository, layout: &'a Layout) -> Self {
        Self {
            repository,
            layout,
            // What is only compared need not be read.
            contents: Contents::by_id(),
            sound: VecDeque::new(),
            faulty: None,
            at_fault: HashSet::new(),
            checked: None,
        }
    }

    /// The graph that the head was checked with, if it was held to the base.
    pub(super) fn take_checked(&mut self, base: &Fleet, head: &Fleet) -> Option<ImageGraph> {
        let is = |weak: &Weak<Fleet>, fleet: &Fleet| std::ptr::eq(weak.as_ptr(), fleet);
        let checked = self.checked.take()?;
        (is(&checked.base, base) && is(&checked.head, head)).then_some(checked.graph)
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(super) fn latest(&self) -> Option<&Fleet> {
        self.sound.back().map(|known| &*known.state)
    }

    /// The state of a commit, if it is sound.
    pub(super) fn sound(
        &mut self,
        commit: &Commit,
    ) -> Result<Option<Known<Fleet>>, ComparisonError> {
        if self.at_fault.contains(&commit.id) {
            return Ok(None);
        }
        Ok(match self.load(commit)? {
            State::Sound(known) => Some(known),
            State::AtFault(_) => None,
        })
    }

    /// The state of a commit.
    pub(super) fn load(&mut self, commit: &Commit) -> Result<State, ComparisonError> {
        if let Some(at) = self.position(&commit.id) {
            let known = self.sound.remove(at).expect("it was found there");
            return Ok(self.add_sound(known));
        }
        let revision = self.repository.revision(&commit.id)?;
        let tree = self.repository.tree(&revision)?;
        let fleet = match self.near(commit) {
            Some(State::Sound(near)) => {
                if is_untouched(&near.tree, &near.state, &tree)? {
                    return Ok(self.add_sound(Known::new(commit, tree, near.state)));
                }
                like(&near.state, &tree)?
            }
            Some(State::AtFault(near)) => {
                if is_untouched(&near.tree, &near.state.fleet, &tree)? {
                    return Ok(self.add_faulty(Known::new(commit, tree, near.state)));
                }
                like(&near.state.fleet, &tree)?
            }
            None => Fleet::load(&tree, self.layout),
        };
        // What a sound fleet has, too, is without fault.
        let latest = self.sound.back().map(|known| known.state.clone());
        let faults = match check(&fleet, latest.as_deref(), &self.contents) {
            Ok(graph) => {
                let fleet = Arc::new(fleet);
                self.checked = latest.map(|base| Checked {
                    base: Arc::downgrade(&base),
                    head: Arc::downgrade(&fleet),
                    graph,
                });
                return Ok(self.add_sound(Known::new(commit, tree, fleet)));
            }
            Err(ComparisonError::Definitions(faults, _)) => faults,
            Err(ComparisonError::Payload(error)) => vec![self.unrendered(&error)],
            Err(error) => return Err(error),
        };
        let state = Arc::new(Faulty { fleet, faults });
        Ok(self.add_faulty(Known::new(commit, tree, state)))
    }

    /// A state that a commit's own is likely to resemble: its parent's, or that which was wanted last.
    fn near(&self, commit: &Commit) -> Option<State> {
        let parent = commit.parents.first()?;
        if let Some(at) = self.position(parent) {
            return Some(State::Sound(self.sound[at].clone()));
        }
        let faulty = self.faulty.clone().filter(|known| known.commit == *parent);
        faulty
            .map(State::AtFault)
            .or_else(|| self.sound.back().cloned().map(State::Sound))
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.sound.iter().position(|known| known.commit == id)
    }

    fn add_sound(&mut self, known: Known<Fleet>) -> State {
        if self.sound.len() == KEPT {
            self.sound.pop_front();
        }
        self.sound.push_back(known.clone());
        State::Sound(known)
    }

    fn add_faulty(&mut self, known: Known<Faulty>) -> State {
        self.at_fault.insert(known.commit.clone());
        self.faulty = Some(known.clone());
        State::AtFault(known)
    }

    fn unrendered(&self, error: &taskgraph_images_transforms::TransformError) -> Diagnostic {
        let mut words = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            words += &format!(": {cause}");
            source = cause.source();
        }
        let fault = Diagnostic::error("payload", words);
        match &error.task {
            Some(task) => fault.at(Place::file(self.layout.kind(task.kind()))),
            None => fault,
        }
    }
}

/// Whether a tree differs from `before` only where nobody looked to load `fleet`, which is `before`'s.
fn is_untouched(before: &Tree, fleet: &Fleet, tree: &Tree) -> Result<bool, ComparisonError> {
    let changes = changed_paths(before, tree)?;
    Ok(fleet.untouched(&Touched::new(before, tree, &changes)))
}

fn like(other: &Fleet, tree: &Tree) -> Result<Fleet, ComparisonError> {
    let changes = changed_paths(&other.tree, tree)?;
    Ok(Fleet::load_like(tree, other, &changes))
}
