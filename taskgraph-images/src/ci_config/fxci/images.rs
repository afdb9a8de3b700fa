//! `worker-images.yml`: each key an alias, or what the image is for each provider.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use super::Environment;
use crate::ci_config::findings::{expected, required, scalar, text};
use crate::ci_config::yaml11::misread;
use crate::ci_config::{ImageEntry, Location, Reference};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Key, Node, Value};

/// Keys of an Azure entry that are no location.
const AZURE_KEYS: &[&str] = &[
    "version",
    "resource_group",
    "deployment_id",
    "name",
    "sbom",
    "armDeployment",
];

pub(super) fn read(
    node: &Node,
    environment: &Environment,
    findings: &mut Vec<Diagnostic>,
) -> BTreeMap<String, ImageEntry> {
    let Some(entries) = node.entries() else {
        findings.push(expected("a map of images", node));
        return BTreeMap::new();
    };
    entries
        .iter()
        .filter_map(|(key, value)| {
            let entry = image(key, value, environment, findings)?;
            Some((entry.name.clone(), entry))
        })
        .collect()
}

fn image(
    key: &Key,
    value: &Node,
    environment: &Environment,
    findings: &mut Vec<Diagnostic>,
) -> Option<ImageEntry> {
    let mut entry = ImageEntry {
        name: key.text.to_string(),
        place: key.place(),
        alias_of: None,
        value: value.place(),
        locations: Vec::new(),
        provenance: None,
    };
    if let Some(other) = scalar(value) {
        entry.alias_of = Some(other.to_owned());
        return Some(entry);
    }
    let Some(providers) = value.entries() else {
        findings.push(expected(
            "the key of another image, or a map of providers",
            value,
        ));
        return None;
    };
    for (provider, value) in providers {
        let Some((cloud, reference)) = reference(&provider.text, value, environment, findings)
        else {
            continue;
        };
        entry.locations.push(Location {
            provider: provider.text.to_string(),
            cloud,
            reference,
            place: value.place(),
            path: vec![entry.name.clone(), provider.text.to_string()],
        });
    }
    Some(entry)
}

fn reference(
    provider: &str,
    value: &Node,
    environment: &Environment,
    findings: &mut Vec<Diagnostic>,
) -> Option<(Cloud, Reference)> {
    if environment.providers.is_some() && environment.cloud(provider).is_none() {
        findings.push(
            Diagnostic::error(
                "unknown-provider",
                format!("there is no provider `{provider}` in the environment"),
            )
            .at(value.place()),
        );
        return None;
    }
    // Without an environment, the form of the value tells the cloud.
    let cloud = environment.cloud(provider).unwrap_or_else(|| {
        if scalar(value).is_some() {
            Cloud::Google
        } else if value.get("version").is_some() {
            Cloud::Azure
        } else {
            Cloud::Aws
        }
    });
    let reference = match cloud {
        Cloud::Google => match scalar(value) {
            Some(path) => google(path),
            None => {
                findings.push(expected("the path of an image", value));
                return None;
            }
        },
        Cloud::Azure => azure(provider, value, findings)?,
        _ => Reference::Aws {
            amis: by_region(value, &[], findings)?,
        },
    };
    Some((cloud, reference))
}

pub(in crate::ci_config) fn google(path: &str) -> Reference {
    let project = match path.split('/').collect::<Vec<_>>()[..] {
        ["projects", project, "global", "images", ..] if !project.is_empty() => {
            Some(project.to_owned())
        }
        _ => None,
    };
    Reference::Google {
        project,
        path: path.to_owned(),
    }
}

fn azure(provider: &str, value: &Node, findings: &mut Vec<Diagnostic>) -> Option<Reference> {
    if value.entries().is_none() {
        findings.push(expected(
            "a map of `version`, `resource_group`, `deployment_id` and a name",
            value,
        ));
        return None;
    }
    for (key, scalar) in value.entries().unwrap_or_default() {
        if let Value::Scalar(text, true) = &scalar.value
            && let Some(what) = misread(text)
            && !matches!(&*key.text, "sbom" | "armDeployment")
        {
            findings.push(
                Diagnostic::warning(
                    "misread-value",
                    format!("the generator takes `{}`, `{text}`, for {what}", key.text),
                )
                .at(scalar.place())
                .hint("quote it"),
            );
        }
    }
    let of = format!("the image for `{provider}`");
    let version = required(value, "version", &of, findings);
    let resource_group = required(value, "resource_group", &of, findings);
    let deployment_id = required(value, "deployment_id", &of, findings);
    if version.as_deref() == Some("NA") {
        return Some(Reference::AzureImages {
            resource_group: Some(resource_group?),
            deployment_id: Some(deployment_id?),
            images: by_region(value, AZURE_KEYS, findings)?,
        });
    }
    let name = required(value, "name", &of, findings);
    Some(Reference::AzureGallery {
        version: version?,
        resource_group: resource_group?,
        deployment_id: deployment_id?,
        name: name?,
    })
}

/// A map from regions to images; the keys of `besides` are none.
pub(in crate::ci_config) fn by_region(
    value: &Node,
    besides: &[&str],
    findings: &mut Vec<Diagnostic>,
) -> Option<BTreeMap<String, String>> {
    let Some(entries) = value.entries() else {
        findings.push(expected("a map from regions to images", value));
        return None;
    };
    Some(
        entries
            .iter()
            .filter(|(key, _)| !besides.contains(&&*key.text))
            .filter_map(|(key, _)| Some((key.text.to_string(), text(value, &key.text, findings)?)))
            .collect(),
    )
}
