//! From an image and a kind to a [`Task`]: an explicit list of small transforms, each in the file of its name. Tasks about
//! the fleet are made in `maintenance`.
//!
//! Order matters: each file says what it needs from earlier ones. Nothing here looks at other images' tasks; that is
//! for [`crate::verify`].

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{ByLevel, Duration, ImageId, Kind, Label, ProjectConfig, TaskQueueId};
use crate::error::TransformErrorKind;
use crate::full::ImageTasks;
use crate::parameters::Parameters;
use crate::payload::Payload;
use crate::shape::PayloadShape;
use crate::task::{
    Attributes, CachedTask, Extra, ImageAttributes, ImageExtra, IndexExtra, Metadata, Task,
    TaskDefinition, TaskString,
};
use crate::templates::KindTemplates;

pub(crate) mod caches;
mod chain_of_trust;
mod dependencies;
pub(crate) mod environment;
pub(crate) mod index;
pub(crate) mod maintenance;
mod metadata;
pub(crate) mod payload;
mod routes;
pub(crate) mod scopes;
pub(crate) mod subject;
mod treeherder;
pub(crate) mod worker;

use subject::Subject;

/// What all tasks of a run share.
pub(crate) struct Run<'a> {
    pub(crate) config: &'a ProjectConfig,
    pub(crate) parameters: &'a Parameters,
    pub(crate) templates: &'a KindTemplates,
    pub(crate) images: &'a BTreeSet<&'a ImageId>,
    /// The images whose build no worker signs.
    pub(crate) unsigned: &'a BTreeSet<&'a ImageId>,
}

/// What a transform sees of the task's origin.
pub(crate) struct Origin<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) image: &'a ImageTasks<'a>,
    pub(crate) kind: Kind,
    pub(crate) shape: &'a PayloadShape,
    /// The template's description, rendered.
    pub(crate) description: &'a str,
}

type Transform = fn(&Origin<'_>, &mut Task) -> Result<(), TransformErrorKind>;

/// What happens to a task once its worker and payload are known, in this order.
const TRANSFORMS: &[Transform] = &[
    dependencies::apply,
    index::apply,
    routes::apply,
    treeherder::apply,
    scopes::apply,
    chain_of_trust::apply,
    metadata::apply,
];

/// Makes one task of an image.
pub(crate) fn task(
    run: &Run<'_>,
    image: &ImageTasks<'_>,
    kind: Kind,
) -> Result<Task, TransformErrorKind> {
    let definition = image.definition;
    let (config, parameters) = (run.config, run.parameters);
    let shape = PayloadShape::of(kind, definition, config)?;
    let digest = |kind| {
        // What is validated is what would be built.
        let of = if kind == Kind::Validate {
            Kind::Build
        } else {
            kind
        };
        image
            .digests
            .get(&of)
            .ok_or(TransformErrorKind::MissingDigest)
    };
    let subject = Subject::of(definition, digest(kind)?);
    let limits = payload::Limits::of(kind, definition, config, parameters.level);
    let work = shape.work(&subject);
    let (payload, description) =
        payload::payload(&work, limits, config, parameters, run.templates)?;
    let attributes = Attributes {
        kind: kind.into(),
        image: Some(ImageAttributes {
            id: definition.id.clone(),
            cloud: definition.id.cloud,
            os: definition.os,
            arch: definition.arch,
            level: definition.level,
            cached_task: match index::cache_type(kind) {
                Some(r#type) => Some(CachedTask {
                    r#type,
                    name: definition.id.slug(),
                    digest: digest(kind)?.clone(),
                }),
                None => None,
            },
            own: own_attributes(definition)?,
        }),
    };
    let queue = worker::task_queue(definition, kind, config, parameters.level)?;
    let mut task = bare(run, definition.id.label(kind), attributes, queue, payload);
    if kind == Kind::Build {
        task.task.retries = definition.build.retries;
    }
    task.task.extra.image = Some(ImageExtra {
        id: definition.id.clone(),
        digest: digest(kind)?.clone(),
        build_digest: digest(Kind::Build)?.clone(),
    });
    let origin = Origin {
        run,
        image,
        kind,
        shape: &shape,
        description: &description,
    };
    for transform in TRANSFORMS {
        transform(&origin, &mut task)?;
    }
    Ok(task)
}

/// A task with what all tasks of a run have, and nothing else.
fn bare(
    run: &Run<'_>,
    label: Label,
    attributes: Attributes,
    task_queue_id: TaskQueueId,
    payload: Payload,
) -> Task {
    let (config, parameters) = (run.config, run.parameters);
    Task {
        kind: attributes.kind,
        label,
        description: String::new(),
        attributes,
        dependencies: BTreeMap::new(),
        soft_dependencies: Vec::new(),
        if_dependencies: Vec::new(),
        optimization: None,
        task: TaskDefinition {
            task_queue_id,
            priority: *config.tasks.priority.at(parameters.level),
            retries: None,
            created: Duration::seconds(0).into(),
            deadline: at(&config.tasks.deadline, parameters).into(),
            expires: at(&config.tasks.expires, parameters).into(),
            routes: Vec::new(),
            scopes: Vec::new(),
            payload,
            metadata: Metadata {
                name: String::new(),
                description: String::new(),
                owner: String::new(),
                source: String::new(),
            },
            tags: BTreeMap::new(),
            extra: Extra {
                parent: TaskString::task("decision"),
                index: IndexExtra {
                    rank: parameters.build_date,
                },
                image: None,
                treeherder: None,
                treeherder_platform: None,
                chain_of_trust: None,
            },
        },
    }
}

fn at<T: Copy>(values: &ByLevel<T>, parameters: &Parameters) -> T {
    *values.at(parameters.level)
}

fn own_attributes(
    definition: &crate::definition::ImageDefinition,
) -> Result<BTreeMap<String, crate::definition::AttributeValue>, TransformErrorKind> {
    match definition
        .attributes
        .keys()
        .find(|name| ImageAttributes::RESERVED.contains(&name.as_str()))
    {
        Some(name) => Err(TransformErrorKind::ReservedAttribute(name.clone())),
        None => Ok(definition.attributes.clone()),
    }
}
