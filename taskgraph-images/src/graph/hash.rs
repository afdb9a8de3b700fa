//! Gives the nodes of a graph their digests: each covers its own content and all that it depends on.

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use rayon::prelude::*;

use super::contents::own_digest;
use super::{Contents, Digest, Fields, ImageGraph, NodeKey};
use crate::diagnostic::Diagnostic;
use crate::fleet::{Fleet, Role, Where};
use crate::tree::FileError;

impl ImageGraph {
    /// Gives every node its digests, what it depends on first.
    pub(super) fn hash(
        &mut self,
        order: &[NodeIndex],
        read_for_others: &[NodeIndex],
        fleet: &Fleet,
        contents: &Contents,
    ) -> Result<(), Vec<Diagnostic>> {
        // Files of which only values count need not be read.
        let mut by_bytes = vec![false; self.graph.node_count()];
        for at in read_for_others {
            by_bytes[at.index()] = true;
        }
        for edge in self.graph.raw_edges() {
            by_bytes[edge.target().index()] |= edge.weight.role.counts() == Where::Bytes;
        }
        let files: Vec<NodeIndex> = self
            .graph
            .node_indices()
            .filter(|at| by_bytes[at.index()] && matches!(self.graph[*at].key, NodeKey::File(_)))
            .collect();
        let own: Vec<(NodeIndex, Result<Digest, FileError>)> = files
            .par_iter()
            .with_min_len(32)
            .filter_map(|at| match &self.graph[*at].key {
                NodeKey::File(path) => Some((*at, own_digest(&fleet.tree, contents, path))),
                _ => None,
            })
            .collect();
        let mut faults = Vec::new();
        for (at, digest) in own {
            match digest {
                Ok(digest) => self.graph[at].own = digest,
                Err(error) => faults.push(self.unreadable(at, &error)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        for at in order {
            let digest = self.digest_of(*at);
            self.graph[*at].digest = digest;
        }
        Ok(())
    }

    /// A file that goes into an image but has no content, at the first place that names it.
    fn unreadable(&self, at: NodeIndex, error: &FileError) -> Diagnostic {
        let mut fault = Diagnostic::error("unreadable", error.to_string());
        fault.place = self
            .graph
            .edges_directed(at, Direction::Incoming)
            .filter_map(|edge| edge.weight().at.clone())
            .min();
        fault
    }

    fn digest_of(&self, at: NodeIndex) -> Digest {
        let node = &self.graph[at];
        let mut below: Vec<(Role, &NodeKey, &Digest)> = self
            .graph
            .edges(at)
            .filter(|edge| edge.weight().role.counts() == Where::Bytes)
            .map(|edge| {
                let target = &self.graph[edge.target()];
                (edge.weight().role, &target.key, &target.digest)
            })
            .collect();
        if below.is_empty() {
            return node.own;
        }
        below.sort_unstable();
        below.dedup();
        let mut fields = Fields::new("taskgraph-images node 1");
        fields.add(node.own.as_bytes());
        for (role, key, digest) in below {
            fields.add(role.as_str());
            match key {
                // A file's place counts: scripts find one another by it.
                NodeKey::File(path) => fields.add(path.as_str()),
                // Which image the parent is stands among the values.
                NodeKey::Task(_, kind) => fields.add(kind.as_str()),
                NodeKey::Values(..) | NodeKey::Worker(_) | NodeKey::Payload(..) => fields.add(""),
            };
            fields.add(digest.as_bytes());
        }
        fields.finish()
    }
}
