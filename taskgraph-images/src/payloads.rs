//! [`Payloads`]: what rendered tasks run, as digests; each shape of task is rendered once.

use std::sync::Mutex;

use taskgraph_images_transforms::{Fingerprints, ImageDefinition, Kind, TransformError};

use crate::fleet::Fleet;
use crate::graph::{Digest, Fields};

/// Digests of what the tasks of a fleet run.
pub(crate) struct Payloads<'a> {
    known: Option<Mutex<Fingerprints<'a>>>,
    error: Mutex<Option<TransformError>>,
}

impl<'a> Payloads<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        let known = fleet
            .config
            .as_ref()
            .map(|config| Mutex::new(Fingerprints::new(&config.project, &fleet.kinds)));
        Self {
            known,
            error: Mutex::default(),
        }
    }

    /// The digest of what a task of an image runs. Without settings there is nothing to run.
    pub(crate) fn digest(&self, image: &ImageDefinition, kind: Kind) -> Digest {
        let mut fields = Fields::new("taskgraph-images payload 1");
        if let Some(known) = &self.known {
            match known.lock().expect("no holder panics").of(kind, image) {
                Ok(fingerprint) => {
                    fields.add(fingerprint);
                }
                Err(error) => {
                    let error = TransformError {
                        task: Some((image.id.clone(), kind)),
                        kind: error,
                    };
                    self.error
                        .lock()
                        .expect("no holder panics")
                        .get_or_insert(error);
                }
            }
        }
        fields.finish()
    }

    /// The first error, if a kind's template cannot be rendered.
    pub(crate) fn into_error(self) -> Option<TransformError> {
        self.error.into_inner().expect("no holder panics")
    }
}
