//! Building an [`ImageGraph`] from a fleet.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use taskgraph_images_transforms::{AliasName, ImageDefinition, ImageId, Kind};

use super::{Contents, Digest, Edge, Fields, ImageGraph, Index, Node, NodeKey};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::{Fleet, Image, Role, Where, canonical};
use crate::tree::{Mode, TreePath};

/// Which of a fleet's images a graph holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// All.
    All,
    /// These, which must hold what they are built on. With `and_others` also what goes into the other images, and what
    /// they have in common: worker aliases and payloads. So all faults of the fleet are found; without, those of images
    /// that are known to have none are not looked for.
    Only {
        images: &'a BTreeSet<ImageId>,
        and_others: bool,
    },
}

impl ImageGraph {
    /// Builds the graph of a fleet. `payload` gives what the rendered task of a kind runs for an image.
    ///
    /// # Errors
    /// One diagnostic for each cycle among scripts, with its whole path, or for each file that cannot be read. None
    /// for cycles among images, which the fleet's findings name.
    pub fn new<'a>(
        fleet: &'a Fleet,
        contents: &Contents,
        payload: &mut dyn FnMut(&'a ImageDefinition, Kind) -> Digest,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::of(fleet, Scope::All, contents, payload)
    }

    /// Builds a part of a fleet's graph; as [`Self::new`].
    pub(crate) fn of<'a>(
        fleet: &'a Fleet,
        scope: Scope<'_>,
        contents: &Contents,
        payload: &mut dyn FnMut(&'a ImageDefinition, Kind) -> Digest,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (whole, others): (Vec<&'a Arc<Image>>, Vec<&'a Arc<Image>>) = match scope {
            Scope::All => (fleet.images.values().collect(), Vec::new()),
            Scope::Only {
                images,
                and_others: true,
            } => fleet
                .images
                .values()
                .partition(|image| images.contains(&image.resolved().definition.id)),
            // Their number is what changed, not the fleet's size.
            Scope::Only { images, .. } => {
                let known = images.iter().filter_map(|id| fleet.images.get(id));
                (known.collect(), Vec::new())
            }
        };
        // Counted beforehand: graphs that grow are copied, and end up half empty.
        let tasks: usize = whole.iter().map(|image| image.values.len()).sum();
        let inputs: usize = whole.iter().map(|image| image.inputs.len()).sum();
        let nodes = 2 * tasks + whole.len() + 1024;
        let mut builder = Builder {
            fleet,
            graph: DiGraph::with_capacity(nodes, inputs + 4 * tasks + whole.len()),
            index: Index::with_capacity_and_hasher(nodes, Default::default()),
            workers: HashMap::new(),
            pending: Vec::new(),
            read_for_others: Vec::new(),
            seen: HashSet::default(),
            task: Fields::new("taskgraph-images task 1").finish(),
            by_value: Fields::new("taskgraph-images file by value 1").finish(),
        };
        for image in &whole {
            builder.image(image, payload);
        }
        for image in &others {
            builder.other(image, payload);
            builder.files_of(image);
        }
        builder.parents(&whole);
        builder.follow_files();
        let read_for_others = builder.read_for_others;
        let mut graph = Self {
            graph: builder.graph,
            index: builder.index,
        };
        let order = graph.dependencies_first()?;
        graph.hash(&order, &read_for_others, fleet, contents)?;
        Ok(graph)
    }
}

struct Builder<'a> {
    fleet: &'a Fleet,
    graph: DiGraph<Node, Edge>,
    index: Index,
    workers: HashMap<&'a AliasName, NodeIndex>,
    /// Files whose own dependencies are not yet known.
    pending: Vec<(TreePath, NodeIndex)>,
    /// Files that go by their bytes into images that the graph does not hold.
    read_for_others: Vec<NodeIndex>,
    /// Where in memory the paths of such files stand: images share most of them.
    seen: HashSet<(*const u8, Role), foldhash::fast::RandomState>,
    /// What every task's own digest is, and every file's until it is read.
    task: Digest,
    by_value: Digest,
}

impl<'a> Builder<'a> {
    fn node(&mut self, key: NodeKey, own: Digest) -> NodeIndex {
        let graph = &mut self.graph;
        *self.index.entry(key).or_insert_with_key(|key| {
            graph.add_node(Node {
                key: key.clone(),
                own,
                digest: own,
            })
        })
    }

    fn edge(&mut self, from: NodeIndex, to: NodeIndex, role: Role, at: Option<&Place>) {
        self.graph.add_edge(
            from,
            to,
            Edge {
                role,
                at: at.cloned(),
            },
        );
    }

    fn file(&mut self, path: &TreePath) -> NodeIndex {
        let next = self.graph.node_count();
        // Read later, and only if its bytes count.
        let at = self.node(NodeKey::File(path.clone()), self.by_value);
        if at.index() == next {
            self.pending.push((path.clone(), at));
        }
        at
    }

    fn image(
        &mut self,
        image: &'a Image,
        payload: &mut dyn FnMut(&'a ImageDefinition, Kind) -> Digest,
    ) {
        let resolved = image.resolved();
        let definition = &resolved.definition;
        let mut tasks = Vec::new();
        for (kind, values) in &image.values {
            let task = self.node(NodeKey::Task(definition.id.clone(), *kind), self.task);
            let leaf = self.node(NodeKey::Values(definition.id.clone(), *kind), *values);
            self.edge(task, leaf, Role::Values, Some(&resolved.written.name));
            let runs = payload(definition, *kind);
            let leaf = self.settings(NodeKey::Payload(*kind, runs), runs, Some(*kind));
            self.edge(task, leaf, Role::Payload, None);
            for alias in definition.workers(*kind) {
                let leaf = self.worker(alias);
                self.edge(task, leaf, Role::Worker, None);
            }
            // verify depends on build, publish on verify, or on build where nothing verifies.
            if let Some((_, before)) = tasks.last() {
                self.edge(task, *before, Role::Stage, None);
            }
            tasks.push((*kind, task));
        }
        for input in &image.inputs {
            let Some((_, task)) = tasks.iter().find(|(kind, _)| *kind == input.kind) else {
                continue;
            };
            let task = *task;
            let file = self.file(&input.path);
            self.edge(task, file, input.role, Some(&input.at));
        }
    }

    /// What an image that the graph does not hold has in common with others.
    fn other(
        &mut self,
        image: &'a Image,
        payload: &mut dyn FnMut(&'a ImageDefinition, Kind) -> Digest,
    ) {
        let definition = &image.resolved().definition;
        for kind in image.kinds() {
            let runs = payload(definition, kind);
            self.settings(NodeKey::Payload(kind, runs), runs, Some(kind));
            for alias in definition.workers(kind) {
                self.worker(alias);
            }
        }
    }

    /// The files of an image that the graph does not hold.
    fn files_of(&mut self, image: &'a Image) {
        for input in &image.inputs {
            if !image.values.contains_key(&input.kind)
                || !self.seen.insert((input.path.as_str().as_ptr(), input.role))
            {
                continue;
            }
            let at = self.file(&input.path);
            if input.role.counts() == Where::Bytes {
                self.read_for_others.push(at);
            }
        }
    }

    /// A node that the settings, or a kind's own template, make.
    fn settings(&mut self, key: NodeKey, own: Digest, kind: Option<Kind>) -> NodeIndex {
        if let Some(at) = self.index.get(&key) {
            return *at;
        }
        let leaf = self.node(key, own);
        let layout = &self.fleet.layout;
        let path = match kind {
            None => layout.config(),
            Some(kind) => layout.kind(kind),
        };
        if self.fleet.tree.find(&path).is_ok() {
            let file = self.file(&path);
            self.edge(leaf, file, Role::Settings, Some(&Place::file(path)));
        }
        leaf
    }

    fn worker(&mut self, alias: &'a AliasName) -> NodeIndex {
        if let Some(at) = self.workers.get(alias) {
            return *at;
        }
        let worker = self
            .fleet
            .config
            .as_ref()
            .and_then(|config| config.project.workers.get(alias));
        let value = serde_json::to_value(worker).unwrap_or_default();
        let mut fields = Fields::new("taskgraph-images worker 1");
        fields.add(canonical(&value));
        let at = self.settings(NodeKey::Worker(alias.clone()), fields.finish(), None);
        self.workers.insert(alias, at);
        at
    }

    fn parents(&mut self, images: &[&'a Arc<Image>]) {
        for image in images {
            let resolved = image.resolved();
            let Some(parent) = &resolved.definition.parent else {
                continue;
            };
            let child = NodeKey::Task(resolved.definition.id.clone(), Kind::Build);
            let parent = NodeKey::Task(parent.clone(), Kind::Build);
            if let (Some(child), Some(parent)) = (self.index.get(&child), self.index.get(&parent)) {
                let (child, parent) = (*child, *parent);
                self.edge(
                    child,
                    parent,
                    Role::Parent,
                    resolved.written.parent.as_ref(),
                );
            }
        }
    }

    fn follow_files(&mut self) {
        while let Some((path, at)) = self.pending.pop() {
            if let Ok(found) = self.fleet.tree.find(&path)
                && found.path != path
            {
                for link in found.links.iter().filter(|link| **link != path) {
                    let target = self.file(link);
                    self.edge(
                        at,
                        target,
                        Role::LinkTarget,
                        Some(&Place::file(path.clone())),
                    );
                }
                // A link to a folder has no content of its own here; what is used below it has edges.
                if found.mode != Mode::Directory {
                    let target = self.file(&found.path);
                    self.edge(
                        at,
                        target,
                        Role::LinkTarget,
                        Some(&Place::file(path.clone())),
                    );
                }
            }
            if !self.fleet.is_run(&path) {
                continue;
            }
            let Some(script) = self.fleet.scripts.known(&path) else {
                continue;
            };
            for (read, role, span) in &script.reads {
                let target = self.file(read);
                self.edge(
                    at,
                    target,
                    *role,
                    Some(&Place {
                        path: path.clone(),
                        span: *span,
                    }),
                );
            }
        }
    }
}
