//! [`Payloads`]: what rendered tasks run, as digests; each shape of task is rendered once.

use std::collections::HashMap;
use std::sync::Mutex;

use taskgraph_images_transforms::{
    AliasName, Arch, BuilderKind, Cloud, Fingerprints, ImageDefinition, Kind, Os, SecretName,
    TaskName, TransformError, VerifyMethod,
};

use crate::fleet::Fleet;
use crate::graph::{Digest, Fields};

/// What is known of settings and kinds: fleets that share these share it.
#[derive(Debug, Default)]
pub(crate) struct KnownPayloads(Mutex<HashMap<Words, Digest>>);

/// Digests of what the tasks of a fleet run.
pub(crate) struct Payloads<'a> {
    fingerprints: Option<Fingerprints<'a>>,
    shared: &'a KnownPayloads,
    /// A copy of what is shared: most tasks ask for the same few.
    known: HashMap<Words, Digest>,
    error: Option<TransformError>,
}

/// The words of a definition that decide the shape of a task. Many images share them, and looking at them is
/// cheaper than making the shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Words {
    kind: Kind,
    cloud: Cloud,
    os: Os,
    arch: Arch,
    builder: BuilderKind,
    has_parent: bool,
    method: Option<VerifyMethod>,
    secrets: Vec<SecretName>,
    worker: Option<AliasName>,
}

impl Words {
    fn of(image: &ImageDefinition, kind: Kind) -> Self {
        let verify = image.verify.as_ref();
        let secrets: &[SecretName] = match kind {
            Kind::Validate => &[],
            Kind::Build => &image.build.secrets,
            Kind::Verify => verify.map_or(&[], |verify| &verify.secrets),
            Kind::Publish => image
                .publish
                .as_ref()
                .map_or(&[], |publish| &publish.secrets),
        };
        Self {
            kind,
            cloud: image.id.cloud,
            os: image.os,
            arch: image.arch,
            builder: image.builder.kind(),
            has_parent: image.parent.is_some(),
            method: verify.map(|verify| verify.method),
            secrets: secrets.to_vec(),
            worker: image.worker(kind).cloned(),
        }
    }
}

impl<'a> Payloads<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        Self {
            fingerprints: fleet
                .config
                .as_ref()
                .map(|config| Fingerprints::new(&config.project, &fleet.kinds)),
            shared: &fleet.payloads,
            known: fleet.payloads.0.lock().expect("no holder panics").clone(),
            error: None,
        }
    }

    /// The digest of what a task of an image runs. Without settings there is nothing to run.
    pub(crate) fn digest(&mut self, image: &'a ImageDefinition, kind: Kind) -> Digest {
        let words = Words::of(image, kind);
        if let Some(digest) = self.known.get(&words) {
            return *digest;
        }
        let mut fields = Fields::new("taskgraph-images payload 1");
        if let Some(fingerprints) = &mut self.fingerprints {
            match fingerprints.of(kind, image) {
                Ok(fingerprint) => {
                    fields.add(fingerprint);
                }
                Err(error) => {
                    self.error.get_or_insert(TransformError {
                        task: Some(TaskName::Image(image.id.clone(), kind)),
                        kind: error,
                    });
                }
            }
        }
        let digest = fields.finish();
        // Whoever meets an error must be told of it.
        if self.error.is_none() {
            let mut shared = self.shared.0.lock().expect("no holder panics");
            shared.insert(words.clone(), digest);
        }
        self.known.insert(words, digest);
        digest
    }

    /// The first error, if a kind's template cannot be rendered.
    pub(crate) fn into_error(self) -> Option<TransformError> {
        self.error
    }
}
