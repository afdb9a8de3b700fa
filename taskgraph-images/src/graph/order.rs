//! The order of a graph's nodes, or the cycles that leave none.

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::{ImageGraph, NodeKey};
use crate::diagnostic::Diagnostic;

impl ImageGraph {
    /// All nodes, what they depend on first.
    pub(super) fn dependencies_first(&self) -> Result<Vec<NodeIndex>, Vec<Diagnostic>> {
        // Kahn's algorithm. `petgraph::algo::toposort` walks the edges twice and in no order of memory, which costs
        // more than hashing all nodes does.
        let mut open = vec![0u32; self.graph.node_count()];
        for edge in self.graph.raw_edges() {
            open[edge.source().index()] += 1;
        }
        let mut order: Vec<NodeIndex> = self
            .graph
            .node_indices()
            .filter(|at| open[at.index()] == 0)
            .collect();
        let mut done = 0;
        while let Some(at) = order.get(done).copied() {
            done += 1;
            for above in self.graph.neighbors_directed(at, Direction::Incoming) {
                let open = &mut open[above.index()];
                *open -= 1;
                if *open == 0 {
                    order.push(above);
                }
            }
        }
        if order.len() == self.graph.node_count() {
            return Ok(order);
        }
        let cycles = kosaraju_scc(&self.graph).into_iter().filter(|component| {
            component.len() > 1 || self.graph.contains_edge(component[0], component[0])
        });
        // Images that are built from one another are among the fleet's findings already.
        let is_task = |at: &NodeIndex| matches!(self.graph[*at].key, NodeKey::Task(..));
        Err(cycles
            .filter(|cycle| !cycle.iter().all(is_task))
            .map(|cycle| self.cycle(&cycle))
            .collect())
    }

    /// One way round a strongly connected component, from its first node by name.
    fn cycle(&self, component: &[NodeIndex]) -> Diagnostic {
        let start = component
            .iter()
            .copied()
            .min_by(|a, b| self.graph[*a].key.cmp(&self.graph[*b].key))
            .expect("a component holds a node");
        let mut path = vec![start];
        let mut place = None;
        loop {
            let at = *path.last().expect("the path starts with a node");
            let next = self
                .graph
                .edges(at)
                .filter(|edge| component.contains(&edge.target()))
                .min_by(|a, b| {
                    let order = |edge: NodeIndex| {
                        (
                            path.contains(&edge) && edge != start,
                            self.graph[edge].key.clone(),
                        )
                    };
                    order(a.target()).cmp(&order(b.target()))
                })
                .expect("every node of a component leads on inside it");
            place = place.or_else(|| next.weight().at.clone());
            let target = next.target();
            if let Some(first) = path.iter().position(|node| *node == target) {
                path.drain(..first);
                path.push(target);
                break;
            }
            path.push(target);
        }
        let words: Vec<String> = path
            .iter()
            .map(|node| format!("`{}`", self.graph[*node].key))
            .collect();
        let mut fault = Diagnostic::error("cycle", format!("files read one another: {}", words.join(" → ")))
            .hint("break the cycle, or waive one reference with `# taskgraph-images: not-an-input REASON`");
        fault.place = place;
        fault
    }
}
