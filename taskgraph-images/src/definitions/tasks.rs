//! How the tasks of images run that a recipe read: the rules under `images` of the settings.
//!
//! The sections are a native definition's. All rules that match an image are laid over one another in order; `by-…`
//! and templates in them see the image's name, cloud, system and architecture.

use std::collections::BTreeMap;
use std::sync::Arc;

use taskgraph_images_transforms::{Arch, Cloud, Duration, ImageName, Os};

use super::config::Config;
use super::foreign::{Foreign, UsedFolder};
use super::image::{self, ResolvedImage, WrittenBuilder};
use super::merge::merge;
use super::pins::Pins;
use super::text::Parsed;
use super::written::{Build, Publish, Treeherder, Verify};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::glob::Glob;
use crate::tree::TreePath;
use crate::yaml::{Key, Node, OneOrMany, Value, record};

record! {
    /// How the tasks run of the images that a pattern names.
    pub struct ImageTasks {
        /// Patterns of image names, `*` for any text; `name@cloud` names one. All images if absent.
        pub matches / "match": OneOrMany<String>,
        /// What the images are for.
        pub description / "description": Option<String>,
        /// Whom to ask about them.
        pub owner / "owner": Option<String>,
        /// The level of the worker pools that they serve.
        pub level / "level": Option<Parsed<taskgraph_images_transforms::Level>>,
        /// The task that builds.
        pub build / "build": Option<Build>,
        /// The task that verifies.
        pub verify / "verify": Option<Verify>,
        /// The task that publishes, at level 3.
        pub publish / "publish": Option<Publish>,
        /// How old the newest build may become before the cron graph builds the image again.
        pub max_age / "max-age": Option<Parsed<Duration>>,
        /// How Treeherder shows the tasks.
        pub treeherder / "treeherder": Option<Treeherder>,
    }
}

/// The alias that stands for all workers where no settings name any.
pub(crate) const NO_WORKER: &str = "unset";

/// What a recipe made of a definition.
pub(crate) struct Draft<'a> {
    pub(crate) path: &'a TreePath,
    /// Where the name was written.
    pub(crate) name_at: Place,
    /// What the repository calls the definition.
    pub(crate) key: String,
    /// What the image is to be called; what names cannot hold becomes `-`.
    pub(crate) name: String,
    pub(crate) cloud: Cloud,
    pub(crate) os: Os,
    pub(crate) arch: Arch,
    pub(crate) builder: taskgraph_images_transforms::Builder,
    pub(crate) written: WrittenBuilder,
    pub(crate) uploads: Vec<UsedFolder>,
    pub(crate) foreign: Foreign,
}

/// The settings that images of recipes are completed with.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) config: Option<&'a Config>,
    pub(crate) pins: &'a Pins,
}

/// The draft with its tasks. `None` when there are faults.
pub(crate) fn complete(
    draft: Draft<'_>,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let before = faults.len();
    let name = image_name(&draft.name);
    if let Err(error) = ImageName::new(&name) {
        let message = format!("`{}` makes no image name: {error}", draft.key);
        faults.push(Diagnostic::error("bad-value", message).at(draft.name_at));
        return None;
    }
    let node = node(&draft, &name, settings, faults)?;
    let sources: Arc<[TreePath]> = Arc::from([]);
    let axes = BTreeMap::new();
    let request = image::Request {
        node: &node,
        path: draft.path,
        axes: &axes,
        pins: settings.pins,
        config: settings.config,
        sources: &sources,
    };
    let mut resolved = image::resolve(&request, faults).filter(|_| faults.len() == before)?;
    let mut definition = Arc::unwrap_or_clone(resolved.definition);
    definition.definition = draft.key;
    definition.builder = draft.builder;
    resolved.definition = Arc::new(definition);
    resolved.written.builder = draft.written;
    resolved.written.uploads = draft.uploads;
    resolved.foreign = Some(draft.foreign);
    Some(resolved)
}

/// A name that an image can have: lower case, with `-` for what is neither letter nor digit.
fn image_name(text: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The native definition that has the image's attributes and the tasks of all rules that match it.
fn node(
    draft: &Draft<'_>,
    name: &str,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let make = |value| Node {
        path: draft.path.clone(),
        span: draft.name_at.span,
        value,
    };
    let key = |text: &str| Key {
        text: text.into(),
        path: draft.path.clone(),
        span: Span::default(),
    };
    let map = |entries: Vec<(&str, Node)>| {
        make(Value::Map(
            entries
                .into_iter()
                .map(|(name, value)| (key(name), value))
                .collect(),
        ))
    };
    let text = |text: &str| make(Value::Scalar(text.into(), false));
    let mut merged = map(vec![
        ("name", text(name)),
        ("cloud", text(draft.cloud.as_str())),
        ("os", text(draft.os.as_str())),
        ("arch", text(draft.arch.as_str())),
        ("builder", map(vec![("task", map(vec![]))])),
    ]);
    let Some(config) = settings.config else {
        let build = map(vec![("build", map(vec![("worker", text(NO_WORKER))]))]);
        return Some(merge(&merged, &build));
    };
    let id = format!("{name}@{}", draft.cloud);
    for rule in &config.images {
        if rule_matches(rule, name, &id) {
            let entries = rule.entries().unwrap_or_default();
            let sections = entries.iter().filter(|(key, _)| &*key.text != "match");
            merged = merge(&merged, &rule.with(Value::Map(sections.cloned().collect())));
        }
    }
    if merged.get("build").is_none() {
        faults.push(
            Diagnostic::error(
                "no-worker",
                format!("nothing says where the image `{id}` is built"),
            )
            .at(draft.name_at.clone())
            .hint("name its worker in the settings: `images: [{match: …, build: {worker: …}}]`"),
        );
        return None;
    }
    Some(merged)
}

fn rule_matches(rule: &Node, name: &str, id: &str) -> bool {
    let Some(patterns) = rule.get("match") else {
        return true;
    };
    let patterns = match &patterns.value {
        Value::List(items) => items.to_vec(),
        _ => vec![patterns.clone()],
    };
    patterns.iter().any(|pattern| {
        let Value::Scalar(text, _) = &pattern.value else {
            return false;
        };
        Glob::parse(text).is_ok_and(|glob| {
            glob.matches(&TreePath::from_git(name)) || glob.matches(&TreePath::from_git(id))
        })
    })
}
