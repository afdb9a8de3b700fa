//! [`TaskGraph`]: tasks and what they need, always acyclic, always in the order of their labels.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};

use crate::definition::Label;
use crate::json;
use crate::task::Task;

mod circle;
mod error;

use circle::circle;
pub use error::GraphError;

/// Tasks and what they need.
///
/// Its constructor checks that labels are unique, that every dependency exists and that nothing needs itself.
#[derive(Debug, Clone)]
pub struct TaskGraph {
    /// In the order of labels; a node's index is its task's.
    tasks: Vec<Task>,
    /// An edge goes from a task to one that it needs.
    edges: DiGraph<(), ()>,
}

impl TaskGraph {
    /// Makes a graph of tasks, in any order.
    ///
    /// # Errors
    /// Every duplicate label, unknown dependency and circle.
    pub fn new(mut tasks: Vec<Task>) -> Result<Self, Vec<GraphError>> {
        tasks.sort_by(|a, b| a.label.cmp(&b.label));
        let mut faults: BTreeMap<String, GraphError> = BTreeMap::new();
        let mut fault = |error: GraphError| {
            faults.insert(error.to_string(), error);
        };
        for pair in tasks.windows(2) {
            if pair[0].label == pair[1].label {
                fault(GraphError::DuplicateLabel(pair[0].label.clone()));
            }
        }
        let mut edges = DiGraph::with_capacity(tasks.len(), tasks.len() * 2);
        for _ in &tasks {
            edges.add_node(());
        }
        for (index, task) in tasks.iter().enumerate() {
            for (edge, needed) in &task.dependencies {
                match find(&tasks, needed) {
                    Some(other) => {
                        edges.add_edge(NodeIndex::new(index), other, ());
                    }
                    None => fault(GraphError::UnknownDependency {
                        label: task.label.clone(),
                        edge: edge.clone(),
                        missing: needed.clone(),
                    }),
                }
            }
        }
        for component in kosaraju_scc(&edges) {
            let alone = component.len() == 1 && !edges.contains_edge(component[0], component[0]);
            if !alone {
                fault(GraphError::Cycle(circle(&tasks, &edges, &component)));
            }
        }
        if faults.is_empty() {
            Ok(Self { tasks, edges })
        } else {
            Err(faults.into_values().collect())
        }
    }

    /// The tasks, in the order of their labels.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &Task> {
        self.tasks.iter()
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The task of a label.
    pub fn get(&self, label: &Label) -> Option<&Task> {
        find(&self.tasks, label).map(|index| &self.tasks[index.index()])
    }

    /// The labels of the tasks that need a task directly, sorted.
    pub fn dependents(&self, label: &Label) -> BTreeSet<&Label> {
        find(&self.tasks, label)
            .into_iter()
            .flat_map(|index| self.edges.neighbors_directed(index, Direction::Incoming))
            .map(|index| self.label(index))
            .collect()
    }

    /// All labels that some labels need, themselves among them.
    ///
    /// # Errors
    /// The first label that no task has.
    pub fn closure<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a Label>,
    ) -> Result<BTreeSet<Label>, GraphError> {
        self.reach(labels, false)
    }

    /// All labels that need some of the labels, themselves among them.
    ///
    /// # Errors
    /// The first label that no task has.
    pub fn dependents_closure<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a Label>,
    ) -> Result<BTreeSet<Label>, GraphError> {
        self.reach(labels, true)
    }

    /// The labels such that each comes after all that it needs; ties in the order of labels.
    pub fn topological(&self) -> Vec<&Label> {
        // The depth makes the order independent of how petgraph walks.
        let mut depth = vec![0usize; self.tasks.len()];
        let mut order = toposort(&self.edges, None).expect("the constructor found no circle");
        order.reverse();
        for index in &order {
            depth[index.index()] = self
                .edges
                .neighbors(*index)
                .map(|needed| depth[needed.index()] + 1)
                .max()
                .unwrap_or(0);
        }
        order.sort_by_key(|index| (depth[index.index()], index.index()));
        order.into_iter().map(|index| self.label(index)).collect()
    }

    /// The graph of some of the tasks.
    ///
    /// # Errors
    /// When one of them needs a task that is none of them, or a label is unknown.
    pub fn subgraph(&self, labels: &BTreeSet<Label>) -> Result<Self, Vec<GraphError>> {
        let unknown: Vec<_> = labels
            .iter()
            .filter(|label| self.get(label).is_none())
            .map(|label| GraphError::UnknownLabel(label.clone()))
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        Self::new(
            self.tasks
                .iter()
                .filter(|task| labels.contains(&task.label))
                .cloned()
                .collect(),
        )
    }

    /// The graph of some of the tasks and of all that they need.
    ///
    /// # Errors
    /// When a label is unknown.
    pub fn part<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a Label>,
    ) -> Result<Self, Vec<GraphError>> {
        let closure = self.closure(labels).map_err(|error| vec![error])?;
        self.subgraph(&closure)
    }

    /// The graph as Taskgraph writes `full-task-graph.json`: a map from label to task, without a final line break.
    pub fn to_json(&self) -> String {
        json::python_map(self.tasks.iter().map(|task| (task.label.as_str(), task)))
    }

    fn label(&self, index: NodeIndex) -> &Label {
        &self.tasks[index.index()].label
    }

    fn reach<'a>(
        &self,
        labels: impl IntoIterator<Item = &'a Label>,
        upwards: bool,
    ) -> Result<BTreeSet<Label>, GraphError> {
        let mut dfs = Dfs::empty(&self.edges);
        let mut reached = BTreeSet::new();
        for label in labels {
            let start =
                find(&self.tasks, label).ok_or_else(|| GraphError::UnknownLabel(label.clone()))?;
            dfs.move_to(start);
            loop {
                let next = if upwards {
                    dfs.next(Reversed(&self.edges))
                } else {
                    dfs.next(&self.edges)
                };
                let Some(index) = next else { break };
                reached.insert(self.label(index).clone());
            }
        }
        Ok(reached)
    }
}

fn find(tasks: &[Task], label: &Label) -> Option<NodeIndex> {
    tasks
        .binary_search_by(|task| task.label.cmp(label))
        .ok()
        .map(NodeIndex::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Level;
    use crate::testing;

    fn tasks() -> Vec<Task> {
        testing::graph(&testing::push(Level::Three))
            .tasks()
            .cloned()
            .collect()
    }

    fn label(text: &str) -> Label {
        Label::new(text).unwrap()
    }

    fn messages(tasks: Vec<Task>) -> Vec<String> {
        TaskGraph::new(tasks)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_fault_is_reported() {
        let mut tasks = tasks();
        tasks.push(tasks[3].clone());
        tasks[0]
            .dependencies
            .insert("child".to_owned(), label("build-child-google"));
        tasks[2]
            .dependencies
            .insert("parent".to_owned(), label("build-missing-google"));
        assert_eq!(
            messages(tasks),
            [
                "`build-decision-google`: the dependency `parent` names the unknown task `build-missing-google`",
                "tasks need each other in a circle: `build-base-google` → `build-child-google` → `build-base-google`",
                "two tasks have the label `build-win11-azure`; rename one of the images",
            ]
        );
        let mut tasks = self::tasks();
        tasks[0]
            .dependencies
            .insert("parent".to_owned(), label("build-base-google"));
        assert_eq!(
            messages(tasks),
            ["tasks need each other in a circle: `build-base-google` → `build-base-google`"]
        );
    }

    #[test]
    fn closures_follow_edges() {
        let graph = TaskGraph::new(tasks()).unwrap();
        let names =
            |labels: BTreeSet<Label>| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            names(graph.closure([&label("publish-child-google")]).unwrap()),
            [
                "build-base-google",
                "build-child-google",
                "publish-child-google"
            ]
        );
        assert_eq!(
            names(
                graph
                    .dependents_closure([&label("build-child-google")])
                    .unwrap()
            ),
            ["build-child-google", "publish-child-google"]
        );
        assert_eq!(graph.dependents(&label("build-base-google")).len(), 3);
        let unknown = graph.closure([&label("x")]).unwrap_err();
        assert_eq!(unknown.to_string(), "unknown task `x`");
    }

    #[test]
    fn what_is_needed_comes_first() {
        let graph = TaskGraph::new(tasks()).unwrap();
        let order = graph.topological();
        assert_eq!(order.len(), graph.len());
        for task in graph.tasks() {
            let place = |label: &Label| order.iter().position(|other| *other == label).unwrap();
            assert!(
                task.dependencies
                    .values()
                    .all(|needed| place(needed) < place(&task.label))
            );
        }
    }

    #[test]
    fn a_subgraph_is_whole() {
        let graph = TaskGraph::new(tasks()).unwrap();
        let part = graph.part([&label("verify-base-google")]).unwrap();
        assert_eq!(part.len(), 2);
        assert!(
            graph
                .subgraph(&BTreeSet::from([label("verify-base-google")]))
                .is_err()
        );
        assert_eq!(TaskGraph::new(Vec::new()).unwrap().to_json(), "{}");
    }
}
