//! [`ImageGraph`]: tasks and what they depend on, as a directed acyclic graph whose nodes carry digests.
//!
//! ```text
//! publish ─▶ verify ─▶ build ─▶ parent's build ─▶ …
//!                        ├─▶ file ─▶ sourced file ─▶ …
//!                        └─▶ values, worker, payload
//! ```
//!
//! Edges point from what depends to what it depends on. A node's digest covers its own content and the digests of
//! all that it depends on, so two graphs differ at a task exactly where something that counts for it differs.
//! Only this module names `petgraph`.

mod build;
mod contents;
mod digest;
mod hash;
mod order;
mod walk;

use std::collections::HashMap;
use std::fmt;

use petgraph::graph::{DiGraph, NodeIndex};
use taskgraph_images_transforms::{AliasName, ImageId, Kind};

pub(crate) use build::Scope;
pub use contents::Contents;
pub use digest::{Digest, Fields};
pub use walk::{Reached, Step};

use crate::diagnostic::Place;
use crate::fleet::Role;
use crate::tree::TreePath;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKey {
    /// A task of an image.
    Task(ImageId, Kind),
    /// The values that a task of an image resolves to.
    Values(ImageId, Kind),
    /// A file, link or submodule.
    File(TreePath),
    /// A worker alias of the settings.
    Worker(AliasName),
    /// What rendered tasks of a kind run; the digest tells payloads of one kind apart.
    Payload(Kind, Digest),
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id, kind) => write!(f, "{}", id.label(*kind)),
            Self::Values(id, kind) => write!(f, "values of {}", id.label(*kind)),
            Self::File(path) => write!(f, "{path}"),
            Self::Worker(alias) => write!(f, "worker {alias}"),
            Self::Payload(kind, _) => write!(f, "payload of {kind} tasks"),
        }
    }
}

#[derive(Debug)]
struct Node {
    key: NodeKey,
    /// Over its own content only.
    own: Digest,
    /// Over its own content and all that it depends on.
    digest: Digest,
}

/// How one node depends on another.
#[derive(Debug, Clone)]
struct Edge {
    role: Role,
    at: Option<Place>,
}

/// Tasks, files and values of a fleet. Acyclic by construction.
#[derive(Debug)]
pub struct ImageGraph {
    graph: DiGraph<Node, Edge>,
    index: Index,
}

/// Where nodes are. Keys come from the repository that is looked at, so nobody attacks the hasher.
type Index = HashMap<NodeKey, NodeIndex, foldhash::fast::RandomState>;

impl ImageGraph {
    /// A node's digest, if there is such a node.
    pub fn digest(&self, key: &NodeKey) -> Option<Digest> {
        self.index.get(key).map(|at| self.graph[*at].digest)
    }

    /// The digest of a node's own content, without what it depends on.
    pub fn own_digest(&self, key: &NodeKey) -> Option<Digest> {
        self.index.get(key).map(|at| self.graph[*at].own)
    }

    /// Whether some change of such a node could count.
    pub fn counts(&self, key: &NodeKey) -> bool {
        self.index.get(key).is_some_and(|at| {
            let mut above = self
                .graph
                .edges_directed(*at, petgraph::Direction::Incoming);
            above.any(|edge| edge.weight().role.counts() != crate::fleet::Where::Nothing)
        })
    }

    /// Whether there is such a node.
    pub fn contains(&self, key: &NodeKey) -> bool {
        self.index.contains_key(key)
    }

    /// All nodes, in no order that should be shown.
    pub fn keys(&self) -> impl Iterator<Item = &NodeKey> {
        self.graph.node_weights().map(|node| &node.key)
    }

    /// How many nodes and edges there are.
    pub fn size(&self) -> (usize, usize) {
        (self.graph.node_count(), self.graph.edge_count())
    }

    /// Every edge as (from, role, to), sorted.
    pub fn edges(&self) -> Vec<(&NodeKey, Role, &NodeKey)> {
        let mut edges: Vec<_> = self
            .graph
            .edge_indices()
            .filter_map(|edge| {
                let (from, to) = self.graph.edge_endpoints(edge)?;
                Some((
                    &self.graph[from].key,
                    self.graph[edge].role,
                    &self.graph[to].key,
                ))
            })
            .collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}
