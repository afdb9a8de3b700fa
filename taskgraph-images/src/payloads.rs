//! [`Payloads`]: what rendered tasks run, as digests; each shape of task is rendered once.

use std::collections::HashMap;

use taskgraph_images_transforms::{
    AliasName, Arch, BuilderKind, Cloud, Fingerprints, ImageDefinition, Kind, Os, SecretName,
    TransformError, VerifyMethod,
};

use crate::fleet::Fleet;
use crate::graph::{Digest, Fields};

/// Digests of what the tasks of a fleet run.
pub(crate) struct Payloads<'a> {
    fingerprints: Option<Fingerprints<'a>>,
    known: HashMap<Words<'a>, Digest>,
    error: Option<TransformError>,
}

/// The words of a definition that decide the shape of a task. Many images share them, and looking at them is
/// cheaper than making the shape.
#[derive(PartialEq, Eq, Hash)]
struct Words<'a> {
    kind: Kind,
    cloud: Cloud,
    os: Os,
    arch: Arch,
    builder: BuilderKind,
    has_parent: bool,
    method: Option<VerifyMethod>,
    secrets: &'a [SecretName],
    worker: Option<&'a AliasName>,
}

impl<'a> Words<'a> {
    fn of(image: &'a ImageDefinition, kind: Kind) -> Self {
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
            secrets,
            worker: image.worker(kind),
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
            known: HashMap::new(),
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
                        task: Some((image.id.clone(), kind)),
                        kind: error,
                    });
                }
            }
        }
        let digest = fields.finish();
        self.known.insert(words, digest);
        digest
    }

    /// The first error, if a kind's template cannot be rendered.
    pub(crate) fn into_error(self) -> Option<TransformError> {
        self.error
    }
}
