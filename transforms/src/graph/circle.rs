//! Finds one circle among tasks that need each other, to report it as a whole path.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::graph::{DiGraph, NodeIndex};

use crate::definition::Label;
use crate::task::Task;

/// One circle through a strongly connected component, from its first label on, each task before one that it needs.
pub(super) fn circle(
    tasks: &[Task],
    edges: &DiGraph<(), ()>,
    component: &[NodeIndex],
) -> Vec<Label> {
    let members: BTreeSet<NodeIndex> = component.iter().copied().collect();
    let first = *members.first().expect("a component has a member");
    // A path back to the first member exists, and the walk records how it came to each.
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([first]);
    while let Some(index) = queue.pop_front() {
        let mut needed: Vec<_> = edges
            .neighbors(index)
            .filter(|next| members.contains(next))
            .collect();
        needed.sort_unstable();
        for next in needed {
            if next == first {
                let mut path = vec![index];
                while let Some(&before) =
                    came_from.get(path.last().expect("the path starts with a member"))
                {
                    path.push(before);
                }
                path.reverse();
                return path
                    .into_iter()
                    .map(|index| tasks[index.index()].label.clone())
                    .collect();
            }
            if let Entry::Vacant(unseen) = came_from.entry(next) {
                unseen.insert(index);
                queue.push_back(next);
            }
        }
    }
    unreachable!("every member of a component reaches every other")
}
