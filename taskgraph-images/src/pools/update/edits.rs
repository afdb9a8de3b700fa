//! The scalars that change when a location moves.

use super::candidate::{Refusal, region};
use super::mapping::Entry;
use crate::ci_config::{ImageEntry, Location, Reference};
use crate::inventory::Published;

/// A scalar that gets another text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScalarEdit {
    /// The file, as a path in the repository.
    pub file: String,
    /// The keys from the root of the file to the scalar.
    pub path: Vec<String>,
    /// What is written.
    pub from: String,
    /// What will be.
    pub to: String,
}

/// The edits by which a location becomes a published image.
pub(super) fn edits(
    entry: &Entry,
    image: Option<&ImageEntry>,
    at: &Location,
    published: &Published,
) -> Result<Vec<ScalarEdit>, Vec<Refusal>> {
    let form = |why: &str| vec![Refusal::Form(why.to_owned())];
    let file = at.place.path.to_string();
    let artifacts = &published.manifest.artifacts;
    let first = artifacts
        .first()
        .map(|artifact| artifact.reference.as_str())
        .ok_or_else(|| form("its manifest names no place"))?;
    let in_region = |name: &str| {
        artifacts
            .iter()
            .find(|artifact| artifact.region.as_deref().map(region) == Some(region(name)))
            .map(|artifact| artifact.reference.as_str())
            .ok_or_else(|| vec![Refusal::Regions(vec![name.to_owned()])])
    };
    let mut edits = Vec::new();
    let mut set = |path: Vec<String>, from: &str, to: String| {
        if from != to {
            edits.push(ScalarEdit {
                file: file.clone(),
                path,
                from: from.to_owned(),
                to,
            });
        }
    };
    let below = |key: &str| [at.path.clone(), vec![key.to_owned()]].concat();
    match &at.reference {
        Reference::Google { path, .. } => {
            // Whatever stands before it, such as an address of the service, is no part of the path.
            let start = first
                .find("projects/")
                .ok_or_else(|| form("its manifest names no path of a project"))?;
            set(at.path.clone(), path, first[start..].to_owned());
        }
        Reference::AzureGallery {
            version,
            deployment_id,
            ..
        } => {
            let new = match first.rsplit_once("/versions/") {
                Some((_, version)) => version.to_owned(),
                None => return Err(form("its manifest names no version of a gallery's image")),
            };
            set(below("version"), version, new);
            let id = match &entry.deployment_id {
                Some(pin) => published
                    .manifest
                    .pins
                    .get(pin)
                    .map(|pin| pin.resolved.clone().unwrap_or_else(|| pin.value.clone()))
                    .ok_or_else(|| {
                        form(&format!(
                            "its manifest names no pin `{pin}`, which the deployment id is"
                        ))
                    })?,
                None => published.manifest.source.revision.clone(),
            };
            // As long as the one before it: people write seven digits of a revision.
            let is_revision = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let id = if is_revision { id[..7].to_owned() } else { id };
            set(below("deployment_id"), deployment_id, id);
        }
        Reference::AzureImages {
            images,
            deployment_id,
            ..
        } => {
            for (name, old) in images {
                let new = in_region(name)?;
                let new = if old.contains('/') {
                    new.to_owned()
                } else {
                    let name = new.rsplit('/').next().unwrap_or(new);
                    let end = deployment_id.as_ref().map(|id| format!("-{id}"));
                    match end {
                        None => name.to_owned(),
                        Some(end) => name.strip_suffix(end.as_str()).map(str::to_owned).ok_or_else(|| {
                            form(&format!("its name `{name}` does not end in `{end}`, which the entry's deployment id adds"))
                        })?,
                    }
                };
                set(below(name), old, new);
            }
        }
        Reference::Aws { amis } => {
            for (name, old) in amis {
                set(below(name), old, in_region(name)?.to_owned());
            }
        }
    }
    if let Some(provenance) = image.and_then(|image| image.provenance.as_ref()) {
        let source = &published.manifest.source;
        let repository = source
            .repository
            .trim_end_matches('/')
            .trim_end_matches(".git");
        set(
            provenance.path.clone(),
            &provenance.value,
            format!("{repository}/tree/{}", source.revision),
        );
    }
    Ok(edits)
}
