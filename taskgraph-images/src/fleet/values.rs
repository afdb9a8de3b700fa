//! What the tasks of an image depend on besides files: the values that count, and nothing that does not.
//!
//! Left out on purpose: the description, owner, level, attributes, time limits, retries and Treeherder's settings.
//! They say how a task is shown or limited, not what it makes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskgraph_images_transforms::{Builder, ImageDefinition, Kind, Machine};

use super::canonical;
use crate::definitions::Foreign;
use crate::graph::{Digest, Fields};
use crate::tree::TreePath;

/// What a builder makes of the definition and its template.
pub(super) enum Recipe {
    /// A template's meaning for the image, which holds the variables' values that matter.
    Packer(Value),
    /// The definition's own words.
    Plain,
}

/// The digests of the values of each task that the image has.
pub(super) fn digests(
    definition: &ImageDefinition,
    recipe: Recipe,
    scripts: &[TreePath],
    checks: &[TreePath],
    foreign: Option<&Foreign>,
) -> BTreeMap<Kind, Digest> {
    let mut digests = BTreeMap::new();
    let mut put = |kind: Kind, value: Value| {
        let mut fields = Fields::new("taskgraph-images values 1");
        fields.add(kind.as_str()).add(canonical(&value));
        digests.insert(kind, fields.finish());
    };
    let paths = |paths: &[TreePath]| {
        paths
            .iter()
            .map(|path| json!(path.as_str()))
            .collect::<Value>()
    };
    let builder = match (&definition.builder, recipe) {
        (Builder::Packer { source, .. }, Recipe::Packer(meaning)) => {
            // Put in by hand: `json!` would copy the meaning, which is large.
            let mut builder = serde_json::Map::new();
            builder.insert("source".to_owned(), json!(source));
            builder.insert("template".to_owned(), meaning);
            Value::Object(builder)
        }
        (builder, _) => json!(builder),
    };
    let mut build = json!({
        "cloud": definition.id.cloud,
        "os": definition.os,
        "arch": definition.arch,
        "parent": definition.parent,
        "scripts": paths(scripts),
        "worker": definition.build.worker,
        "secrets": definition.build.secrets,
    });
    build["builder"] = builder;
    // Native definitions have none of it, and their digests must not know that it could be there.
    if let Some(foreign) = foreign {
        let pins: BTreeMap<&str, [&str; 2]> = foreign
            .pins
            .iter()
            .map(|(name, pin)| (name.as_str(), [&*pin.repository, &*pin.revision]))
            .collect();
        build["values"] = json!({"values": foreign.values, "pins": pins});
    }
    put(Kind::Build, build);
    if let Some(verify) = &definition.verify {
        let mut values = json!({
            "method": verify.method,
            "checks": paths(checks),
            "worker": verify.worker,
            "secrets": verify.secrets,
        });
        // The usual one is what there was before there was such a key.
        if verify.machine != Machine::of(definition.arch) {
            values["machine"] = json!(verify.machine);
        }
        if let Some(replicate) = &verify.replicate {
            // Without its limit of time, as elsewhere.
            values["replicate"] = json!({
                "pool": replicate.pool,
                "from": replicate.from,
                "at-most": replicate.at_most,
                "drop-scopes": replicate.drop_scopes,
            });
        }
        put(Kind::Verify, values);
    }
    if let Some(publish) = &definition.publish {
        let mut values = json!({
            "name": definition.id.name,
            "family": publish.family,
            "regions": publish.regions,
            "labels": publish.labels,
            "worker": publish.worker,
            "secrets": publish.secrets,
        });
        // What a definition does not have keeps its digest as it was before there was such a key.
        if let Some(destination) = &publish.destination {
            values["destination"] = json!(destination);
        }
        if !publish.share_with.is_empty() {
            values["share-with"] = json!(publish.share_with);
        }
        put(Kind::Publish, values);
    }
    digests
}
