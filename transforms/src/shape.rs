//! [`PayloadShape`]: all that decides what a task runs, apart from which image it runs it for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::definition::{
    Arch, BuilderKind, ByLevel, Cloud, ContainerImage, Duration, ImageDefinition, Implementation,
    Kind, Level, Os, ProjectConfig, SecretName, VerifyMethod, WorkerAlias,
};
use crate::error::TransformErrorKind;
use crate::json;
use crate::parameters::Parameters;
use crate::templates::KindTemplates;
use crate::transforms::payload::{Limits, Work, payload};
use crate::transforms::subject::{SeenImage, Subject};
use crate::transforms::worker;

/// All that decides what a task runs, apart from which image it runs it for.
///
/// A fleet has few shapes and many images, so whoever needs the fingerprints of all images keeps them by shape;
/// [`Fingerprints`] does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PayloadShape {
    /// The kind of task.
    pub kind: Kind,
    /// The image's cloud.
    pub cloud: Cloud,
    /// The image's operating system.
    pub os: Os,
    /// The image's architecture.
    pub arch: Arch,
    /// What makes the image.
    pub builder: BuilderKind,
    /// How it is verified; only of verify tasks.
    pub method: Option<VerifyMethod>,
    /// The names of the edges to the tasks that it needs.
    pub edges: BTreeSet<&'static str>,
    /// The secrets it reads, as written.
    pub secrets: BTreeSet<SecretName>,
    /// The worker, as far as it changes the payload.
    pub worker: WorkerShape,
}

/// What of a worker alias changes the payload: not its name, provisioner or worker type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct WorkerShape {
    /// The worker's operating system.
    pub os: Os,
    /// The worker's architecture.
    pub arch: Arch,
    /// The worker software.
    pub implementation: ByLevel<Implementation>,
    /// The container that docker-worker runs.
    pub image: Option<ByLevel<ContainerImage>>,
    /// Groups that the task's user joins.
    pub os_groups: BTreeSet<String>,
    /// Whether the task runs as administrator.
    pub administrator: bool,
}

impl WorkerShape {
    /// What an alias gives to a task, with or without its privileges.
    pub(crate) fn of(alias: &WorkerAlias, privileged: bool) -> Self {
        let os_groups = if privileged {
            alias.os_groups.iter().cloned().collect()
        } else {
            BTreeSet::new()
        };
        Self {
            os: alias.os,
            arch: alias.arch,
            implementation: alias.implementation,
            image: alias.image.clone(),
            os_groups,
            administrator: alias.administrator && privileged,
        }
    }
}

impl PayloadShape {
    /// The shape of one of an image's tasks.
    ///
    /// # Errors
    /// When the image's worker alias is unknown, or asks its worker for what it cannot do.
    pub fn of(
        kind: Kind,
        image: &ImageDefinition,
        config: &ProjectConfig,
    ) -> Result<Self, TransformErrorKind> {
        let alias = worker::alias(image, kind, config)?;
        let mut edges = BTreeSet::new();
        match kind {
            // It looks at a template, and waits for nothing.
            Kind::Validate => {}
            Kind::Build => edges.extend(image.parent.is_some().then_some("parent")),
            Kind::Verify => edges.extend(["build"]),
            Kind::Publish => {
                edges.extend(["build"]);
                edges.extend(image.verify.is_some().then_some("verify"));
            }
        }
        let secrets = match kind {
            Kind::Validate => None,
            Kind::Build => Some(&image.build.secrets),
            Kind::Verify => image.verify.as_ref().map(|verify| &verify.secrets),
            Kind::Publish => image.publish.as_ref().map(|publish| &publish.secrets),
        };
        Ok(Self {
            kind,
            cloud: image.id.cloud,
            os: image.os,
            arch: image.arch,
            builder: image.builder.kind(),
            method: match kind {
                Kind::Verify => image.verify.as_ref().map(|verify| verify.method),
                Kind::Validate | Kind::Build | Kind::Publish => None,
            },
            edges,
            secrets: secrets.into_iter().flatten().cloned().collect(),
            // Looking at a template needs no privilege of the worker's.
            worker: WorkerShape::of(alias, kind != Kind::Validate),
        })
    }

    /// Whether the task is root on its worker: it makes the worker's own disk into an image.
    pub(crate) fn is_root(&self) -> bool {
        self.kind == Kind::Build && self.builder == BuilderKind::Task
    }

    /// What a task of this shape does for an image.
    pub(crate) fn work<'a>(&'a self, subject: &'a Subject) -> Work<'a> {
        Work {
            kind: self.kind.into(),
            worker: &self.worker,
            edges: &self.edges,
            secrets: &self.secrets,
            root: self.is_root(),
            image: Some(SeenImage::new(self, subject)),
            maintenance: None,
        }
    }

    /// The SHA-256, in hexadecimal, of what a task of this shape runs.
    ///
    /// Names, descriptions, digests, revisions, refs and the event are replaced by fixed words; limits of time and
    /// the worker type are left out. The payloads of both levels go in, so that the result is the same in a run of
    /// either. It enters images' digests: a change of a kind template, of the worker software or of the tool rebuilds
    /// just the images that it concerns.
    ///
    /// # Errors
    /// When the kind's template cannot be rendered.
    pub fn fingerprint(
        &self,
        config: &ProjectConfig,
        templates: &KindTemplates,
    ) -> Result<String, TransformErrorKind> {
        let subject = Subject::placeholder();
        let limits = Limits {
            max_run_time: 1,
            expires: Duration::days(1),
        };
        let payloads = ByLevel::try_from_fn(|level| {
            payload(
                &self.work(&subject),
                limits,
                config,
                &placeholder(level),
                templates,
            )
            .map(|(payload, _)| payload)
        })?;
        let mut hasher = Sha256::new();
        hasher.update(b"taskgraph-images payload 1\n");
        hasher.update(json::python(&payloads));
        Ok(hex(&hasher.finalize()))
    }
}

/// What the fingerprint of a payload says in place of an event.
fn placeholder(level: Level) -> Parameters {
    let word = |name: &str| format!("<{name}>");
    Parameters {
        base_ref: word("base_ref"),
        base_repository: word("base_repository"),
        base_rev: word("base_rev"),
        build_date: 0,
        head_ref: word("head_ref"),
        head_repository: word("head_repository"),
        head_rev: word("head_rev"),
        level,
        moz_build_date: word("moz_build_date"),
        owner: word("owner"),
        plan: None,
        project: word("project"),
        pull_request_number: None,
        pushdate: 0,
        pushlog_id: word("pushlog_id"),
        repository_type: "git".to_owned(),
        tasks_for: word("tasks_for"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The SHA-256, in hexadecimal, of what one of an image's tasks runs: see [`PayloadShape::fingerprint`].
///
/// # Errors
/// When the image's worker alias cannot be used, or the kind's template cannot be rendered.
pub fn payload_fingerprint(
    kind: Kind,
    image: &ImageDefinition,
    config: &ProjectConfig,
    templates: &KindTemplates,
) -> Result<String, TransformErrorKind> {
    PayloadShape::of(kind, image, config)?.fingerprint(config, templates)
}

/// Fingerprints of many images' tasks, each shape rendered once.
#[derive(Debug)]
pub struct Fingerprints<'a> {
    config: &'a ProjectConfig,
    templates: &'a KindTemplates,
    known: BTreeMap<PayloadShape, String>,
}

impl<'a> Fingerprints<'a> {
    /// Knows no shape yet.
    pub const fn new(config: &'a ProjectConfig, templates: &'a KindTemplates) -> Self {
        Self {
            config,
            templates,
            known: BTreeMap::new(),
        }
    }

    /// How many shapes it has met.
    pub fn shapes(&self) -> usize {
        self.known.len()
    }

    /// The fingerprint of one of an image's tasks.
    ///
    /// # Errors
    /// As [`payload_fingerprint`].
    pub fn of(&mut self, kind: Kind, image: &ImageDefinition) -> Result<&str, TransformErrorKind> {
        let shape = PayloadShape::of(kind, image, self.config)?;
        match self.known.entry(shape) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let fingerprint = new.key().fingerprint(self.config, self.templates)?;
                Ok(new.insert(fingerprint))
            }
        }
    }
}
