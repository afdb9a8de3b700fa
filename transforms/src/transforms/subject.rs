//! [`Subject`]: the image that a task is for, as templates see it; and what else they see.

use handlebars::Context;
use serde::Serialize;

use crate::definition::{Digest, ImageDefinition, ProjectConfig, TaskKind};
use crate::json;
use crate::parameters::Parameters;
use crate::shape::PayloadShape;

/// What templates see of the image beyond the payload's shape. A fingerprint puts fixed words in its place.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Subject {
    image: String,
    name: String,
    definition: String,
    description: String,
    owner: String,
    family: String,
    digest: String,
}

impl Subject {
    pub(crate) fn of(image: &ImageDefinition, digest: &Digest) -> Self {
        let family = image
            .publish
            .as_ref()
            .and_then(|publish| publish.family.clone());
        Self {
            image: image.id.to_string(),
            name: image.id.name.to_string(),
            definition: image.definition.clone(),
            description: image.description.trim().to_owned(),
            owner: image.owner.clone(),
            family: family.unwrap_or_default(),
            digest: digest.to_string(),
        }
    }

    pub(crate) fn placeholder() -> Self {
        let word = |name: &str| format!("<{name}>");
        Self {
            image: word("image"),
            name: word("name"),
            definition: word("definition"),
            description: word("description"),
            owner: word("owner"),
            family: word("family"),
            digest: word("digest"),
        }
    }
}

/// All that templates see of an image.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct SeenImage<'a> {
    #[serde(flatten)]
    subject: &'a Subject,
    cloud: &'a str,
    os: &'a str,
    arch: &'a str,
    builder: &'a str,
    method: &'a str,
}

impl<'a> SeenImage<'a> {
    pub(crate) fn new(shape: &PayloadShape, subject: &'a Subject) -> Self {
        Self {
            subject,
            cloud: shape.cloud.as_str(),
            os: shape.os.as_str(),
            arch: shape.arch.as_str(),
            builder: shape.builder.as_str(),
            method: shape.method.map_or("", |method| method.as_str()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Seen<'a> {
    /// What is not there at all, no template can name.
    #[serde(flatten)]
    image: Option<SeenImage<'a>>,
    kind: &'a str,
    tool: &'a str,
    trust_domain: &'a str,
    definitions: &'a str,
    run: SeenRun<'a>,
}

#[derive(Serialize)]
struct SeenRun<'a> {
    level: String,
    project: &'a str,
    head_repository: &'a str,
    head_ref: &'a str,
    head_rev: &'a str,
    base_repository: &'a str,
    base_ref: &'a str,
    base_rev: &'a str,
    tasks_for: &'a str,
    owner: &'a str,
    pushlog_id: &'a str,
    build_date: String,
    moz_build_date: &'a str,
    pull_request: String,
}

/// All that templates see. An absent value is the empty string, so that strict mode only refuses unknown names; what
/// tells of an image is unknown where there is none.
pub(crate) fn context(
    kind: TaskKind,
    image: Option<SeenImage<'_>>,
    tool: &str,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Context {
    Context::from(json::tree(&Seen {
        image,
        kind: kind.as_str(),
        tool,
        trust_domain: config.trust_domain.as_str(),
        definitions: &config.definitions,
        run: SeenRun {
            level: parameters.level.to_string(),
            project: &parameters.project,
            head_repository: &parameters.head_repository,
            head_ref: &parameters.head_ref,
            head_rev: &parameters.head_rev,
            base_repository: &parameters.base_repository,
            base_ref: &parameters.base_ref,
            base_rev: &parameters.base_rev,
            tasks_for: &parameters.tasks_for,
            owner: &parameters.owner,
            pushlog_id: &parameters.pushlog_id,
            build_date: parameters.build_date.to_string(),
            moz_build_date: &parameters.moz_build_date,
            pull_request: parameters
                .pull_request_number
                .map_or_else(String::new, |number| number.to_string()),
        },
    }))
}
