//! [`Containers`]: container images, by skopeo: pushed to a registry or into an OCI layout, and known by their digest.
//!
//! The archive is an artifact of the task that publishes it in any case: that is where docker-worker finds it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use taskgraph_images_transforms::Destination;

use super::session::file_error;
use super::{
    Promotion, Provider, ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind,
    Session, Variables,
};
use crate::manifest::Artifact;
use crate::worker::process::Program;

/// How long a push may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Container images, by skopeo.
pub struct Containers<'a> {
    session: &'a Session<'a>,
    variables: &'a Variables,
}

impl<'a> Containers<'a> {
    /// Credentials of registries are skopeo's own: a file that `REGISTRY_AUTH_FILE` names, or its usual places.
    pub fn new(session: &'a Session<'a>, variables: &'a Variables) -> Self {
        Self { session, variables }
    }

    fn skopeo(&self, arguments: &[&str]) -> Program {
        let name = self.variables.get("TASKGRAPH_IMAGES_SKOPEO");
        let program = Program::new(name.unwrap_or("skopeo"), arguments, Path::new("."), LIMIT);
        program.with(self.variables.all().clone())
    }

    /// Runs skopeo; what it answered.
    fn run(
        &self,
        program: &Program,
        changes: bool,
        assumed: impl FnOnce() -> String,
    ) -> Result<String, ProviderError> {
        let result = self.session.program(program, changes, assumed);
        result.map_err(|error| match error.kind {
            ProviderErrorKind::Refused { message, .. } if is_passing(&message) => {
                ProviderError::new(error.call, ProviderErrorKind::NoAnswer(message))
            }
            kind => ProviderError::new(error.call, kind),
        })
    }

    /// The JSON that skopeo says of an image.
    fn inspect(&self, what: &str, image: &str, assumed: Value) -> Result<Value, ProviderError> {
        let program = self.skopeo(&["inspect", what, "--raw", image]);
        let program = if what == "--manifest" {
            self.skopeo(&["inspect", "--raw", image])
        } else {
            program
        };
        let text = self.run(&program, false, || assumed.to_string())?;
        serde_json::from_str(&text).map_err(|error| {
            let kind = ProviderErrorKind::NoAnswer(format!("skopeo answered no JSON: {error}"));
            ProviderError::new(format!("skopeo inspect {image}"), kind)
        })
    }

    /// The digests of the unpacked layers: what an image is made of, however it is packed.
    fn layers(&self, image: &str) -> Result<Value, ProviderError> {
        let assumed = serde_json::json!({"rootfs": {"diff_ids": []}});
        let mut config = self.inspect("--config", image, assumed)?;
        Ok(config["rootfs"]["diff_ids"].take())
    }

    /// Pushes an archive; the digest of what is then there.
    fn push(
        &self,
        promotion: &Promotion,
        repository: &str,
        candidate: &Artifact,
        archive: &str,
    ) -> Result<String, ProviderError> {
        let call = "container.promote";
        let source = self.inspect(
            "--manifest",
            archive,
            serde_json::json!({"config": {"digest": candidate.reference}}),
        )?;
        if source["config"]["digest"].as_str() != Some(&candidate.reference) {
            let words = format!(
                "the archive holds {}, and the manifest says `{}`: it is of another build",
                source["config"]["digest"], candidate.reference
            );
            return Err(ProviderError::new(call, ProviderErrorKind::Input(words)));
        }
        let target = format!("{repository}:{}", promotion.name);
        let note = tempfile::NamedTempFile::new()
            .map_err(|error| file_error(call, Path::new("digest"), &error))?;
        let file = format!("--digestfile={}", note.path().display());
        let copy = self.skopeo(&["copy", "--retry-times=3", &file, archive, &target]);
        let shown = self.session.is_dry_run();
        self.run(&copy, true, String::new)?;
        if shown {
            return Ok(format!("{repository}@sha256:{}", "0".repeat(64)));
        }
        let digest = std::fs::read_to_string(note.path())
            .map_err(|error| file_error(call, note.path(), &error))?;
        if self.layers(archive)? != self.layers(&target)? {
            let words = format!("what is at `{target}` is not what was pushed: push it again");
            return Err(ProviderError::new(call, ProviderErrorKind::Conflict(words)));
        }
        Ok(format!("{repository}@{}", digest.trim()))
    }
}

impl Provider for Containers<'_> {
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError> {
        let mut published = Vec::new();
        for candidate in &promotion.candidate {
            let file = candidate.file.as_ref().ok_or_else(|| {
                let words = format!("the candidate `{}` has no archive", candidate.reference);
                ProviderError::new("container.promote", ProviderErrorKind::Input(words))
            })?;
            let archive = format!(
                "docker-archive:{}",
                promotion.folder.join(&file.name).display()
            );
            let reference = match &promotion.destination {
                Some(Destination::Container { repository }) => {
                    self.push(promotion, repository, candidate, &archive)?
                }
                _ => {
                    self.session
                        .say(&format!("keep {} as an artifact", file.name));
                    candidate.reference.clone()
                }
            };
            published.push(Artifact {
                region: None,
                reference,
                file: Some(file.clone()),
            });
        }
        Ok(published)
    }

    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError> {
        let name = &image.name;
        match self.inspect(
            "--manifest",
            name,
            serde_json::json!({"mediaType": "assumed"}),
        ) {
            Ok(manifest) => Ok(Some(Resource {
                reference: image.clone(),
                kind: ResourceKind::Image,
                state: manifest["mediaType"]
                    .as_str()
                    .unwrap_or("available")
                    .to_owned(),
                labels: std::collections::BTreeMap::new(),
            })),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Registries do not find images by labels, and builds leave none in them before they are published.
    fn list(&self, _: &str, _: &str) -> Result<Vec<Resource>, ProviderError> {
        Ok(Vec::new())
    }

    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError> {
        let words = format!(
            "registries cannot say that `{}` is deprecated: delete it when it is not used",
            image.name
        );
        Err(ProviderError::new(
            "container.deprecate",
            ProviderErrorKind::Input(words),
        ))
    }

    fn disable(&self, image: &Reference) -> Result<(), ProviderError> {
        self.deprecate(image)
    }

    fn delete(&self, resource: &Resource) -> Result<(), ProviderError> {
        let program = self.skopeo(&["delete", &resource.reference.name]);
        match self.run(&program, true, String::new) {
            Err(error) if is_absent(&error) => Ok(()),
            result => result.map(|_| ()),
        }
    }
}

/// Whether skopeo says that the registry was not to be had, or asks to come later.
fn is_passing(words: &str) -> bool {
    let words = words.to_lowercase();
    [
        "connection refused",
        "connection reset",
        "i/o timeout",
        "timeout exceeded",
        "no such host",
        "temporary failure",
        "toomanyrequests",
        "too many requests",
        "bad gateway",
        "service unavailable",
        "unexpected eof",
    ]
    .iter()
    .any(|known| words.contains(known))
}

/// Whether the registry has no such image.
fn is_absent(error: &ProviderError) -> bool {
    let words = error.to_string().to_lowercase();
    matches!(error.kind, ProviderErrorKind::Refused { .. })
        && [
            "manifest unknown",
            "name unknown",
            "no such file",
            "not found",
        ]
        .iter()
        .any(|known| words.contains(known))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
