//! [`Loader`]: the definitions of a tree, read and resolved, one [`DefinitionFile`] a file.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::config::{self, Config};
use super::image::{self, ResolvedImage};
use super::layout::Layout;
use super::merge::merge;
use super::pins::{self, Pins};
use super::variants::combinations;
use super::written::ImageFile;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::{FileError, Files, Look, Tree, TreePath, View};
use crate::yaml::{self, Decoder, Node, OneOrMany, Phase, Value};

/// One file and the images that it makes.
#[derive(Debug)]
pub struct DefinitionFile {
    /// The file.
    pub path: TreePath,
    /// The images, those without faults.
    pub images: Vec<ResolvedImage>,
    /// What was wrong.
    pub faults: Vec<Diagnostic>,
    /// Which files were looked at to read it.
    pub looks: Vec<Look>,
}

/// Reads definitions through one tree; remembers fragments.
pub(crate) struct Loader<'a> {
    tree: &'a Tree,
    layout: &'a Layout,
    pins: &'a Pins,
    config: Option<&'a Config>,
    fragments: Mutex<HashMap<TreePath, Arc<Fragment>>>,
    /// Merged lists of fragments: most definitions start from the same ones.
    merged: Mutex<HashMap<Vec<TreePath>, Node>>,
}

/// A fragment as read, or why it cannot be.
#[derive(Debug)]
struct Fragment {
    node: Option<Node>,
    extends: Vec<(String, Place)>,
    faults: Vec<Diagnostic>,
}

/// Reads a YAML file, if it exists.
pub(crate) fn read(view: &View<'_>, path: &TreePath) -> Result<Option<Node>, Vec<Diagnostic>> {
    match yaml::load(view, path) {
        Ok(node) => Result::clone(&node).map(Some),
        Err(FileError::Missing(_)) => Ok(None),
        Err(error) => Err(vec![
            Diagnostic::error("unreadable", error.to_string()).at(Place::file(path.clone())),
        ]),
    }
}

/// Reads the settings and pins of a tree. Unless they are `required`, there need not be settings.
pub(crate) fn read_settings(
    view: &View<'_>,
    layout: &Layout,
    required: bool,
) -> (Option<Config>, Arc<Pins>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let mut file = |path: TreePath| match read(view, &path) {
        Ok(node) => node,
        Err(mut more) => {
            faults.append(&mut more);
            None
        }
    };
    let (config_node, pins_node) = (file(layout.config()), file(layout.pins()));
    if required && config_node.is_none() && faults.is_empty() {
        faults.push(
            Diagnostic::error("no-config", format!("`{}` does not exist", layout.config()))
                .hint("`taskgraph-images init` writes a starting tree"),
        );
    }
    let mut config = config_node.and_then(|node| config::resolve(&node, &mut faults));
    if let Some(config) = &mut config {
        config.project.definitions = layout.root.to_string();
        config.project.path = layout.config().to_string();
    }
    let pins = pins_node
        .and_then(|node| pins::resolve(&node, &mut faults))
        .unwrap_or_default();
    (config, Arc::new(pins), faults)
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        tree: &'a Tree,
        layout: &'a Layout,
        config: Option<&'a Config>,
        pins: &'a Pins,
    ) -> Self {
        Self {
            tree,
            layout,
            pins,
            config,
            fragments: Mutex::default(),
            merged: Mutex::default(),
        }
    }

    /// Every file with a definition.
    pub(crate) fn files(&self, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
        match view.list(&self.layout.images(), true) {
            Ok(files) => Ok(files
                .into_iter()
                .filter(|file| matches!(file.extension(), Some("yml" | "yaml")))
                .collect()),
            Err(FileError::Missing(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Reads one definition.
    pub(crate) fn file(&self, path: &TreePath) -> DefinitionFile {
        let view = View::new(self.tree);
        let mut faults = Vec::new();
        let images = self.images(&view, path, &mut faults).unwrap_or_default();
        DefinitionFile {
            path: path.clone(),
            images,
            faults,
            looks: view.into_looks(),
        }
    }

    fn images(
        &self,
        view: &View<'_>,
        path: &TreePath,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Vec<ResolvedImage>> {
        let (node, sources) = self.merged(view, path, faults)?;
        let variants = node.get("variants").map(|node| {
            let mut decoder = Decoder::new(Phase::Resolved);
            let variants = decoder.value(node);
            faults.append(&mut decoder.faults);
            (variants, node.place())
        });
        let (variants, place) = match variants {
            Some((variants, place)) => (Some(variants?), place),
            None => (None, node.place()),
        };
        let combinations = combinations(variants.as_ref(), &place, faults);
        let mut images = Vec::new();
        for axes in combinations {
            let mut found = Vec::new();
            let image = image::resolve(
                &image::Request {
                    node: &node,
                    path,
                    axes: &axes,
                    pins: self.pins,
                    config: self.config,
                    sources: &sources,
                },
                &mut found,
            );
            for fault in found {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
            images.extend(image);
        }
        images.shrink_to_fit();
        Some(images)
    }

    /// The file laid over its fragments, and the fragments in the order they apply.
    pub(crate) fn merged(
        &self,
        view: &View<'_>,
        path: &TreePath,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<(Node, Arc<[TreePath]>)> {
        let node = match read(view, path) {
            Ok(node) => node?,
            Err(mut more) => {
                faults.append(&mut more);
                return None;
            }
        };
        let fragment = as_written(node);
        faults.extend(fragment.faults.iter().cloned());
        let mut order = Vec::new();
        let complete = self.collect(view, &fragment, &mut vec![path.clone()], &mut order, faults);
        let node = fragment.node.as_ref()?;
        if !complete || !fragment.faults.is_empty() {
            return None;
        }
        let below = self.merge_fragments(view, &order);
        Some((merge(&below, node), order.into()))
    }

    /// Lists the fragments that `fragment` starts from, each once. False when one of them cannot be used.
    fn collect(
        &self,
        view: &View<'_>,
        fragment: &Fragment,
        above: &mut Vec<TreePath>,
        order: &mut Vec<TreePath>,
        faults: &mut Vec<Diagnostic>,
    ) -> bool {
        let mut complete = true;
        for (name, place) in &fragment.extends {
            let path = match self.layout.fragment(name) {
                Ok(path) => path,
                Err(error) => {
                    faults.push(Diagnostic::error("path", error.to_string()).at(place.clone()));
                    complete = false;
                    continue;
                }
            };
            if !path.is_within(&self.layout.fragments()) {
                faults.push(self.unknown_fragment(view, name, place));
                complete = false;
                continue;
            }
            if let Some(at) = above.iter().position(|ancestor| *ancestor == path) {
                // Every cycle is met from each of its fragments; it is told from the first by name.
                let cycle = &above[at..];
                if cycle.iter().min() == Some(&path) {
                    let words: Vec<String> = cycle
                        .iter()
                        .chain([&path])
                        .map(|path| format!("`{path}`"))
                        .collect();
                    let message = format!("fragments extend one another: {}", words.join(" → "));
                    faults.push(Diagnostic::error("cycle", message).at(place.clone()));
                }
                complete = false;
                continue;
            }
            if order.contains(&path) {
                continue;
            }
            let below = self.fragment(view, &path);
            if below.node.is_none() && below.faults.is_empty() {
                faults.push(self.unknown_fragment(view, name, place));
            }
            // The faults of a fragment are its own; they are reported once, not for each that extends it.
            complete &= below.node.is_some() && below.faults.is_empty();
            above.push(path.clone());
            complete &= self.collect(view, &below, above, order, faults);
            above.pop();
            order.push(path);
        }
        complete
    }

    fn unknown_fragment(&self, view: &View<'_>, name: &str, place: &Place) -> Diagnostic {
        let folder = self.layout.fragments();
        let known: Vec<String> = view
            .list(&folder, true)
            .unwrap_or_default()
            .iter()
            .filter_map(|path| {
                path.strip_prefix(&folder)?
                    .strip_suffix(".yml")
                    .map(str::to_owned)
            })
            .collect();
        let fault = Diagnostic::error("unknown-fragment", format!("there is no fragment `{name}`"))
            .at(place.clone());
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint(format!(
                "fragments stand in `{folder}`: {}",
                known.join(", ")
            )),
        }
    }

    fn fragment(&self, view: &View<'_>, path: &TreePath) -> Arc<Fragment> {
        // Looked at again even if it is known: the view must note it.
        let content = view.find(path);
        if let Some(fragment) = self.fragments.lock().expect("no holder panics").get(path) {
            return fragment.clone();
        }
        let without_node = |faults| Fragment {
            node: None,
            extends: Vec::new(),
            faults,
        };
        let parsed = view.parse(path, |content| match yaml::read(path, content) {
            Ok(node) => as_written(node),
            Err(faults) => without_node(faults),
        });
        let fragment = match (content, parsed) {
            (_, Ok(fragment)) => fragment,
            (Err(_), _) | (_, Err(FileError::Missing(_))) => Arc::new(without_node(Vec::new())),
            (Ok(_), Err(error)) => {
                let fault = Diagnostic::error("unreadable", error.to_string());
                Arc::new(without_node(vec![fault.at(Place::file(path.clone()))]))
            }
        };
        self.fragments
            .lock()
            .expect("no holder panics")
            .insert(path.clone(), fragment.clone());
        fragment
    }

    fn merge_fragments(&self, view: &View<'_>, order: &[TreePath]) -> Node {
        if let Some(node) = self.merged.lock().expect("no holder panics").get(order) {
            return node.clone();
        }
        let empty = Node {
            path: order.first().cloned().unwrap_or_else(TreePath::root),
            span: Default::default(),
            value: Value::Map(Arc::from([])),
        };
        let node = order.iter().fold(empty, |below, path| {
            self.fragment(view, path)
                .node
                .as_ref()
                .map_or_else(|| below.clone(), |above| merge(&below, above))
        });
        self.merged
            .lock()
            .expect("no holder panics")
            .insert(order.to_vec(), node.clone());
        node
    }

    /// Faults of all fragments of the tree, used or not.
    pub(crate) fn fragment_faults(&self, view: &View<'_>) -> Vec<Diagnostic> {
        let Ok(files) = view.list(&self.layout.fragments(), true) else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        for path in files
            .iter()
            .filter(|path| matches!(path.extension(), Some("yml")))
        {
            let fragment = self.fragment(view, path);
            faults.extend(fragment.faults.iter().cloned());
            self.collect(
                view,
                &fragment,
                &mut vec![path.clone()],
                &mut Vec::new(),
                &mut faults,
            );
        }
        faults
    }

    /// What an image was decoded from: its values, each with the place where it was written.
    pub(crate) fn written(&self, image: &ResolvedImage) -> Option<Node> {
        let view = View::new(self.tree);
        let (node, sources) = self.merged(&view, &image.path, &mut Vec::new())?;
        let request = image::Request {
            node: &node,
            path: &image.path,
            axes: &image.axes,
            pins: self.pins,
            config: self.config,
            sources: &sources,
        };
        image::select(&request, &mut Vec::new()).map(|(node, _)| node)
    }
}

/// Checks a file by itself and takes out what it extends.
fn as_written(node: Node) -> Fragment {
    let mut decoder = Decoder::new(Phase::AsWritten);
    decoder.value::<ImageFile>(&node);
    let extends = node.get("extends").map_or_else(Vec::new, |extends| {
        let mut names = Decoder::new(Phase::Resolved);
        let names: OneOrMany<yaml::Spanned<String>> = names.value(extends).unwrap_or_default();
        names
            .into_vec()
            .into_iter()
            .map(|name| (name.value, name.place))
            .collect()
    });
    // `extends` says where values come from; it is no value itself.
    let value = match node.entries() {
        Some(entries) => Value::Map(
            entries
                .iter()
                .filter(|(key, _)| &*key.text != "extends")
                .cloned()
                .collect::<Vec<_>>()
                .into(),
        ),
        None => node.value.clone(),
    };
    let node = node.with(value);
    Fragment {
        node: Some(node),
        extends,
        faults: decoder.faults,
    }
}

/// All distinct images by name, for messages and parents.
pub(crate) fn by_id(
    files: &[Arc<DefinitionFile>],
) -> BTreeMap<&taskgraph_images_transforms::ImageId, Vec<&ResolvedImage>> {
    let mut images: BTreeMap<_, Vec<&ResolvedImage>> = BTreeMap::new();
    for image in files.iter().flat_map(|file| &file.images) {
        images.entry(&image.definition.id).or_default().push(image);
    }
    images
}
