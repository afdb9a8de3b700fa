//! `packer-template`: what Packer is given for an image.

use serde_json::{Value, json};
use taskgraph_images_transforms::{Builder, ImageId};

use crate::comparison::Snapshot;
use crate::formats::REVISION;

/// How many digits of a revision are shown, as git does in a repository of some thousand objects.
const SHORT: usize = 7;

/// The Packer template of an image whose definition stands for one; of others the template's path, the source and the
/// variables. `None` when Packer does not build it.
pub fn of(snapshot: &Snapshot, id: &ImageId) -> Option<Value> {
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
        let name = &snapshot.name;
        let is_commit = name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let revision = if is_commit { &name[..SHORT] } else { "unknown" };
        return Some(with_revision(&rendered.template, revision));
    }
    Some(json!({
        "template": template,
        "only": source,
        "variables": variables,
        "var-files": var_files,
    }))
}

/// The template with the revision in its place.
fn with_revision(value: &Value, revision: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(REVISION, revision)),
        Value::Array(items) => items
            .iter()
            .map(|item| with_revision(item, revision))
            .collect(),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), with_revision(value, revision)))
                .collect(),
        ),
        other => other.clone(),
    }
}
