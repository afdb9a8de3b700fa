//! [`ResolvedImage`]: one image of a definition, with its choices made and its templates rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use taskgraph_images_transforms::{
    self as transforms, Arch, AttributeValue, BuildTask, Cloud, Destination, Duration,
    ImageDefinition, ImageId, ImageName, Kind, Os, PublishTask, Treeherder, VerifyTask,
};

use super::config::Config;
use super::foreign::{Foreign, UsedFolder};
use super::machine;
use super::pins::Pins;
use super::replicate;

use super::select::Selection;
use super::text::Parsed;
use super::written::{self, Attribute, ImageFile, Publish, Stage};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::TreePath;
use crate::yaml::{Decode, Decoder, Node, Phase, Spanned};

/// One image of a definition.
#[derive(Debug)]
pub struct ResolvedImage {
    /// What the image is.
    pub definition: Arc<ImageDefinition>,
    /// The file that defines it.
    pub path: TreePath,
    /// The fragments that it starts from, in the order they apply.
    pub fragments: Arc<[TreePath]>,
    /// The pins that it names.
    pub pins: BTreeSet<String>,
    /// The axes' values that make it this variant.
    pub axes: BTreeMap<String, Attribute>,
    /// Where things were written, for messages.
    pub written: Written,
    /// What else is known of it where a recipe read the definition.
    pub foreign: Option<Foreign>,
}

/// The parts of a definition that name files or images, with their places.
#[derive(Debug)]
pub struct Written {
    /// The name.
    pub name: Place,
    /// The parent.
    pub parent: Option<Place>,
    /// Provisioning scripts.
    pub scripts: Vec<Spanned<String>>,
    /// Checks.
    pub checks: Vec<Spanned<String>>,
    /// Inputs that no analysis can see.
    pub inputs: Vec<(Kind, Spanned<String>)>,
    /// The files whose references need not be followed: waived, or stood for by declared inputs.
    pub waivers: Vec<Spanned<String>>,
    /// What the image uses of uploaded folders.
    pub uploads: Vec<UsedFolder>,
    /// What makes the image.
    pub builder: WrittenBuilder,
}

/// The files that a builder starts from.
#[derive(Debug)]
pub enum WrittenBuilder {
    /// Packer.
    Packer {
        /// The template.
        template: Spanned<TreePath>,
        /// The source.
        source: Place,
        /// Files of variables.
        var_files: Vec<Spanned<TreePath>>,
    },
    /// A container.
    Container {
        /// The context.
        context: Spanned<TreePath>,
        /// Where the Dockerfile is named; the context's place if it is not.
        file: Place,
    },
    /// A task.
    Task,
}

/// What [`resolve`] needs.
pub(super) struct Request<'a> {
    pub(super) node: &'a Node,
    pub(super) path: &'a TreePath,
    pub(super) axes: &'a BTreeMap<String, Attribute>,
    pub(super) pins: &'a Pins,
    pub(super) config: Option<&'a Config>,
    pub(super) sources: &'a Arc<[TreePath]>,
}

impl Request<'_> {
    /// What templates and choices know before the image's own attributes do.
    fn selection(&self) -> Selection<'_> {
        let context = json!({"definition": self.path.stem()});
        let mut selection = Selection::new(context).with_pins(self.pins.context());
        if let Some(config) = self.config {
            selection.define("trust-domain", json!(config.project.trust_domain.as_str()));
        }
        for (axis, value) in self.axes {
            selection.set(axis, json(value));
        }
        selection
    }
}

fn json(value: &Attribute) -> serde_json::Value {
    match value {
        Attribute::Bool(value) => json!(value),
        Attribute::Int(value) => json!(value),
        Attribute::String(value) => json!(value),
    }
}

/// Makes all choices and renders all templates of one variant: the value that [`ImageFile`] is decoded from.
pub(super) fn select<'a>(
    request: &'a Request<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Node, Selection<'a>)> {
    let mut selection = request.selection();
    let node = request.node;
    // Each attribute may be chosen by those before it.
    for name in ["cloud", "os", "arch", "level"] {
        if selection.has(name) {
            continue;
        }
        let value = node
            .get(name)
            .and_then(|value| selection.resolve(value))
            .map(|value| value.to_json());
        match value {
            Some(value) if !value.is_object() && !value.is_array() => selection.set(name, value),
            Some(_) => {}
            None if name == "arch" => selection.set(name, json!("amd64")),
            None => {}
        }
    }
    if let Some(attributes) = node
        .get("attributes")
        .and_then(|value| selection.resolve(value))
    {
        for (key, value) in attributes.entries().unwrap_or_default() {
            if !selection.has(&key.text) {
                selection.set(&key.text, value.to_json());
            }
        }
    }
    let name = match node.get("name") {
        Some(name) => selection.resolve(name).map(|name| name.to_json()),
        None => Some(json!(request.path.stem())),
    };
    if let Some(name) = name {
        selection.define("name", name);
    }
    let resolved = selection.resolve(node);
    faults.append(&mut selection.faults);
    Some((resolved?, selection))
}

/// Resolves one variant. `None` when there are faults.
pub(super) fn resolve(
    request: &Request<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let before = faults.len();
    let (node, selection) = select(request, faults)?;
    for pin in &selection.pins {
        if request.pins.place(pin).is_none() && faults.len() == before {
            faults.push(
                Diagnostic::error("unknown-pin", format!("there is no pin `{pin}`"))
                    .at(node.place()),
            );
        }
    }
    if faults.len() > before {
        // What could not be chosen or rendered is now missing; everything else can be at fault by itself.
        let mut more = Vec::new();
        let mut decoder = Decoder::new(Phase::Resolved);
        if let Some(file) = ImageFile::decode(&node, &mut decoder) {
            build(request, &node, file, selection.pins, &mut more);
        }
        more.append(&mut decoder.faults);
        more.retain(|fault| !matches!(fault.code, "missing-key" | "builder"));
        faults.append(&mut more);
        return None;
    }
    for name in ["cloud", "os"] {
        if !selection.has(name) {
            faults.push(
                Diagnostic::error("missing-key", format!("the key `{name}` is missing"))
                    .at(Place::file(request.path.clone()))
                    .hint("set it here, in a fragment, or as an axis of `variants`"),
            );
        }
    }
    let mut decoder = Decoder::new(Phase::Resolved);
    let file = ImageFile::decode(&node, &mut decoder);
    faults.append(&mut decoder.faults);
    build(request, &node, file?, selection.pins, faults).filter(|_| faults.len() == before)
}

/// An attribute that an axis gives wins over the key of the same name.
fn attribute<T: super::text::Text>(
    request: &Request<'_>,
    name: &str,
    written: Option<Parsed<T>>,
    place: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<T> {
    let Some(value) = request.axes.get(name) else {
        return written.map(|value| value.0);
    };
    let text = json(value)
        .as_str()
        .map_or_else(|| json(value).to_string(), str::to_owned);
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            let mut fault = Diagnostic::error("bad-value", format!("{error}")).at(place.clone());
            if let Some(near) = nearest(&text, T::WORDS.iter().copied()) {
                fault = fault.hint(format!("did you mean `{near}`?"));
            }
            faults.push(fault);
            None
        }
    }
}

/// Whether what a definition says of where it is published is something in its cloud.
fn destination(publish: &Publish, cloud: Cloud, faults: &mut Vec<Diagnostic>) {
    if let Some(destination) = &publish.destination {
        let read = Destination::parse(cloud, &destination.value);
        checked(read, &destination.place, faults);
    }
    for account in &publish.share_with {
        let fault = if cloud != Cloud::Aws {
            format!("an image of {cloud} cannot be shared with accounts of AWS")
        } else if account.value.len() != 12
            || !account.value.bytes().all(|byte| byte.is_ascii_digit())
        {
            format!(
                "`{}` is no account of AWS: expected 12 digits, quoted",
                account.value
            )
        } else {
            continue;
        };
        faults.push(Diagnostic::error("bad-value", fault).at(account.place.clone()));
    }
}

fn build(
    request: &Request<'_>,
    node: &Node,
    file: ImageFile,
    pins: BTreeSet<String>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let whole = Place::file(request.path.clone());
    let axes = request
        .node
        .get("variants")
        .map_or_else(|| whole.clone(), Node::place);
    let cloud: Option<Cloud> = attribute(request, "cloud", file.cloud, &axes, faults);
    let os: Option<Os> = attribute(request, "os", file.os, &axes, faults);
    let arch = attribute(request, "arch", file.arch, &axes, faults).unwrap_or(Arch::Amd64);
    let level = attribute(request, "level", file.level, &axes, faults);
    let (name, name_place) = match &file.name {
        Some(name) => (name.value.as_str(), name.place.clone()),
        None => (request.path.stem(), whole.clone()),
    };
    let name = checked(ImageName::new(name), &name_place, faults);
    let parent_place = file.parent.as_ref().map(|parent| parent.place.clone());
    let parent = file.parent.and_then(|parent| {
        let id = if parent.value.contains('@') {
            parent
                .value
                .parse::<ImageId>()
                .map_err(|error| error.to_string())
        } else {
            ImageName::new(&parent.value)
                .map(|name| ImageId::new(name, cloud.unwrap_or(Cloud::Google)))
                .map_err(|error| error.to_string())
        };
        checked(id, &parent.place, faults)
    });
    let (builder, written_builder) = builder(file.builder, node.get("builder"), &whole, faults)?;
    let treeherder = file.treeherder.and_then(|shown| {
        checked(
            Treeherder::new(&shown.platform.value, &shown.symbol),
            &shown.platform.place,
            faults,
        )
    });
    if let Some(config) = request.config {
        let verify = file.verify.as_ref().map(|verify| &verify.worker);
        let publish = file.publish.as_ref().map(|publish| &publish.worker);
        let pool = file
            .verify
            .as_ref()
            .and_then(|verify| verify.replicate.as_ref())
            .map(|replicate| &replicate.pool);
        for worker in [Some(&file.build.worker), verify, pool, publish]
            .into_iter()
            .flatten()
        {
            if !config.project.workers.contains_key(&worker.value.0) {
                let message = format!("there is no worker alias `{}`", worker.value.0);
                let mut fault =
                    Diagnostic::error("unknown-worker", message).at(worker.place.clone());
                let known = config.project.workers.keys().map(|alias| alias.as_str());
                fault = match nearest(worker.value.0.as_str(), known.clone()) {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault.hint(format!(
                        "aliases of `config.yml`: {}",
                        known.collect::<Vec<_>>().join(", ")
                    )),
                };
                faults.push(fault);
            }
        }
    }
    let retries = file
        .build
        .retries
        .and_then(|retries| match u8::try_from(retries.value) {
            Ok(count) if count <= 49 => Some(count),
            _ => {
                faults.push(Diagnostic::error("bad-value", "expected 0 to 49").at(retries.place));
                None
            }
        });
    if let (Some(publish), Some(cloud)) = (&file.publish, cloud) {
        destination(publish, cloud, faults);
    }
    let replicate = replicate::checked(
        file.verify.as_ref(),
        node.get("verify"),
        os,
        request.config,
        faults,
    );
    let secrets =
        |names: Vec<Parsed<transforms::SecretName>>| names.into_iter().map(|name| name.0).collect();
    let run_time = |time: Option<Parsed<Duration>>, default| time.map_or(default, |time| time.0);
    let texts = |list: &[Spanned<String>]| {
        list.iter()
            .map(|text| text.value.clone())
            .collect::<Vec<_>>()
    };
    let checks = file
        .verify
        .as_ref()
        .map_or_else(Vec::new, |verify| verify.checks.clone());
    let definition = ImageDefinition {
        id: ImageId::new(name?, cloud?),
        definition: request.path.stem().to_owned(),
        description: file.description.unwrap_or_default(),
        owner: file.owner.unwrap_or_else(|| {
            request
                .config
                .map_or_else(String::new, |config| config.project.owner.clone())
        }),
        os: os?,
        arch,
        level,
        attributes: file
            .attributes
            .into_iter()
            .chain(
                request
                    .axes
                    .iter()
                    .filter(|(axis, _)| !matches!(axis.as_str(), "cloud" | "os" | "arch" | "level"))
                    .map(|(axis, value)| (axis.clone(), value.clone())),
            )
            .map(|(name, value)| (name, AttributeValue::from(value)))
            .collect(),
        parent,
        builder,
        scripts: texts(&file.scripts),
        build: BuildTask {
            worker: file.build.worker.value.0,
            max_run_time: run_time(file.build.max_run_time, Duration::hours(2)),
            retries,
            secrets: secrets(file.build.secrets),
        },
        verify: file.verify.map(|verify| VerifyTask {
            machine: machine::checked(&verify, node.get("verify"), arch, faults),
            method: verify.method.0,
            checks: texts(&verify.checks),
            worker: verify.worker.value.0,
            max_run_time: run_time(verify.max_run_time, Duration::hours(1)),
            secrets: secrets(verify.secrets),
            replicate,
        }),
        publish: file.publish.map(|publish| PublishTask {
            worker: publish.worker.value.0,
            family: publish.family,
            destination: publish.destination.map(|destination| destination.value),
            regions: publish.regions,
            share_with: texts(&publish.share_with),
            labels: publish.labels,
            max_run_time: run_time(publish.max_run_time, Duration::hours(1)),
            secrets: secrets(publish.secrets),
        }),
        max_age: file.max_age.map(|age| age.0),
        treeherder,
    };
    Some(ResolvedImage {
        definition: Arc::new(definition),
        path: request.path.clone(),
        fragments: request.sources.clone(),
        pins,
        axes: request.axes.clone(),
        written: Written {
            name: name_place,
            parent: parent_place,
            scripts: file.scripts,
            checks,
            waivers: file
                .inputs
                .iter()
                .filter_map(|input| input.within.clone())
                .chain(file.waivers.into_iter().map(|waiver| waiver.within))
                .collect(),
            inputs: file
                .inputs
                .into_iter()
                .map(|input| (kind(input.of), input.path))
                .collect(),
            uploads: file.uploads.into_iter().map(used).collect(),
            builder: written_builder,
        },
        foreign: None,
    })
}

fn used(upload: written::Upload) -> UsedFolder {
    let uses = upload.uses.into_iter().map(|name| Spanned {
        value: format!("{}/{}", upload.folder, name.value),
        place: name.place,
    });
    UsedFolder {
        uses: uses.collect(),
        key: "uploads".to_owned(),
        folder: upload.folder,
    }
}

fn kind(stage: Option<Stage>) -> Kind {
    match stage {
        None | Some(Stage::Build) => Kind::Build,
        Some(Stage::Verify) => Kind::Verify,
        Some(Stage::Publish) => Kind::Publish,
    }
}

fn checked<T>(
    value: Result<T, impl std::fmt::Display>,
    place: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<T> {
    value
        .map_err(|error| {
            faults.push(Diagnostic::error("bad-value", error.to_string()).at(place.clone()))
        })
        .ok()
}

fn builder(
    written: written::Builder,
    node: Option<&Node>,
    whole: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<(transforms::Builder, WrittenBuilder)> {
    match (written.packer, written.container, written.task) {
        (Some(packer), None, None) => {
            let builder = transforms::Builder::Packer {
                template: packer.template.value.to_string(),
                source: packer.source.value,
                variables: packer
                    .variables
                    .iter()
                    .map(|(name, value)| (name.clone(), value.value.0.clone()))
                    .collect(),
                var_files: packer
                    .var_files
                    .iter()
                    .map(|file| file.value.to_string())
                    .collect(),
            };
            let written = WrittenBuilder::Packer {
                template: packer.template,
                source: packer.source.place,
                var_files: packer.var_files,
            };
            Some((builder, written))
        }
        (None, Some(container), None) => {
            let file = container
                .file
                .as_ref()
                .map_or("Dockerfile", |file| &file.value)
                .to_owned();
            let place = container
                .file
                .map_or_else(|| container.context.place.clone(), |file| file.place);
            let builder = transforms::Builder::Container {
                context: container.context.value.to_string(),
                file,
                target: container.target,
                arguments: container.arguments,
            };
            Some((
                builder,
                WrittenBuilder::Container {
                    context: container.context,
                    file: place,
                },
            ))
        }
        (None, None, Some(_)) => Some((transforms::Builder::Task {}, WrittenBuilder::Task)),
        _ => {
            let place = node.map_or_else(|| whole.clone(), Node::place);
            faults.push(
                Diagnostic::error(
                    "builder",
                    "expected exactly one of `packer`, `container`, `task`",
                )
                .at(place),
            );
            None
        }
    }
}
