//! Walks over an [`ImageGraph`]: who depends on a node, by which shortest path.

use std::collections::{BTreeMap, HashMap, VecDeque};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use taskgraph_images_transforms::{ImageId, Kind};

use super::{ImageGraph, NodeKey};
use crate::diagnostic::Place;
use crate::fleet::{Role, Where};
use crate::tree::TreePath;

/// One edge of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What depends.
    pub from: NodeKey,
    /// How.
    pub role: Role,
    /// Where that is written.
    pub at: Option<Place>,
    /// What it depends on.
    pub to: NodeKey,
}

/// A file that a task depends on, and the shortest path to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The tasks that it goes into, without those that only come after them.
    pub kinds: Vec<Kind>,
    /// From the image's first such task to the file.
    pub via: Vec<Step>,
}

impl ImageGraph {
    /// The tasks that depend on `target`, each with its shortest path there. With `by_value`, also through files
    /// of which only values count.
    pub fn dependents(
        &self,
        target: &NodeKey,
        by_value: bool,
    ) -> BTreeMap<(ImageId, Kind), Vec<Step>> {
        let Some(target) = self.index.get(target) else {
            return BTreeMap::new();
        };
        let mut next: HashMap<NodeIndex, petgraph::graph::EdgeIndex> = HashMap::new();
        let mut queue = VecDeque::from([*target]);
        let mut order = Vec::new();
        while let Some(at) = queue.pop_front() {
            order.push(at);
            let mut above: Vec<_> = self
                .graph
                .edges_directed(at, Direction::Incoming)
                .filter(|edge| by_value || edge.weight().role.counts() == Where::Bytes)
                .filter(|edge| edge.source() != *target && !next.contains_key(&edge.source()))
                .map(|edge| {
                    let source = edge.source();
                    (
                        edge.weight().role,
                        &self.graph[source].key,
                        source,
                        edge.id(),
                    )
                })
                .collect();
            // The strongest role first, then names: the path shown does not depend on what else the graph holds.
            above.sort_unstable();
            for (_, _, source, edge) in above {
                if let std::collections::hash_map::Entry::Vacant(entry) = next.entry(source) {
                    entry.insert(edge);
                    queue.push_back(source);
                }
            }
        }
        let tasks = order
            .into_iter()
            .filter_map(|at| match &self.graph[at].key {
                NodeKey::Task(id, kind) => Some(((id.clone(), *kind), self.path(at, &next))),
                _ => None,
            });
        tasks.collect()
    }

    fn path(
        &self,
        from: NodeIndex,
        next: &HashMap<NodeIndex, petgraph::graph::EdgeIndex>,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = from;
        while let Some(edge) = next.get(&at) {
            let (_, to, step) = self.step(*edge);
            steps.push(step);
            at = to;
        }
        steps
    }

    /// The files that go into an image itself, not into its parent, with the shortest path to each.
    pub fn inputs(&self, image: &ImageId) -> BTreeMap<TreePath, Reached> {
        let mut files: BTreeMap<TreePath, Reached> = BTreeMap::new();
        for kind in Kind::ALL.iter().copied() {
            let Some(task) = self.index.get(&NodeKey::Task(image.clone(), kind)) else {
                continue;
            };
            let mut came: HashMap<NodeIndex, petgraph::graph::EdgeIndex> = HashMap::new();
            let mut queue = VecDeque::from([*task]);
            let mut order = Vec::new();
            while let Some(at) = queue.pop_front() {
                let mut below: Vec<_> = self
                    .graph
                    .edges(at)
                    .filter(|edge| !matches!(edge.weight().role, Role::Parent | Role::Stage))
                    .map(|edge| {
                        (
                            edge.weight().role,
                            &self.graph[edge.target()].key,
                            edge.target(),
                            edge.id(),
                        )
                    })
                    .collect();
                below.sort_unstable();
                for (_, _, target, edge) in below {
                    if let std::collections::hash_map::Entry::Vacant(entry) = came.entry(target) {
                        entry.insert(edge);
                        order.push(target);
                        queue.push_back(target);
                    }
                }
            }
            for at in order {
                let NodeKey::File(path) = &self.graph[at].key else {
                    continue;
                };
                match files.get_mut(path) {
                    Some(reached) => reached.kinds.push(kind),
                    None => {
                        let via = self.path_back(at, &came);
                        files.insert(
                            path.clone(),
                            Reached {
                                kinds: vec![kind],
                                via,
                            },
                        );
                    }
                }
            }
        }
        files
    }

    fn path_back(
        &self,
        to: NodeIndex,
        came: &HashMap<NodeIndex, petgraph::graph::EdgeIndex>,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = to;
        while let Some(edge) = came.get(&at) {
            let (from, _, step) = self.step(*edge);
            steps.push(step);
            at = from;
        }
        steps.reverse();
        steps
    }
    /// An edge of this graph: its ends, and what it says to people.
    fn step(&self, edge: petgraph::graph::EdgeIndex) -> (NodeIndex, NodeIndex, Step) {
        let (from, to) = self
            .graph
            .edge_endpoints(edge)
            .expect("the edge was found in this graph");
        let weight = &self.graph[edge];
        let step = Step {
            from: self.graph[from].key.clone(),
            role: weight.role,
            at: weight.at.clone(),
            to: self.graph[to].key.clone(),
        };
        (from, to, step)
    }
}
