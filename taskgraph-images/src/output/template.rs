//! `packer-template`: what Packer is given for an image.

use serde_json::{Value, json};
use taskgraph_images_transforms::{Builder, ImageId};

use crate::comparison::Snapshot;
use crate::formats::BuildValues;

/// The Packer template of an image whose definition stands for one; of others the template's path, the source and the
/// variables, all as one build is given them. `None` when Packer does not build it.
pub fn of(snapshot: &Snapshot, id: &ImageId, build: &BuildValues) -> Option<Value> {
    let resolved = snapshot.fleet.images.get(id)?.resolved();
    let Builder::Packer {
        template,
        source,
        variables,
        var_files,
    } = &resolved.definition.builder
    else {
        return None;
    };
    let foreign = resolved.foreign.as_ref();
    if let Some(rendered) = foreign.and_then(|foreign| foreign.rendered.as_ref()) {
        return Some(build.fill(&rendered.template));
    }
    let filled = foreign.map(|_| build.definition(&resolved.definition).builder);
    let variables = match &filled {
        Some(Builder::Packer { variables, .. }) => variables,
        _ => variables,
    };
    Some(json!({
        "template": template,
        "only": source,
        "variables": variables,
        "var-files": var_files,
    }))
}
