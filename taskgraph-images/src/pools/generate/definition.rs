//! Pools as definitions of worker-manager's, for those who have no configuration repository's generator.

use serde_json::{Map, Value};

use super::{GenerateError, Generated, Request, text, wanted};
use crate::ci_config::{CiConfig, Reference};

/// Where the template has the image.
const PLACEHOLDER: &str = "<image>";

/// Makes definitions like a template definition, sorted by id. In every text of its launch configs, `<image>` becomes
/// what the image is in the launch config's region or location: a path for Google, an id for AWS, and for Azure the path
/// behind the subscription, which the template has before it, where the configuration does not name one. Launch configs
/// of regions that the image is not in are left out, and so are their ids, which must never mean two things.
///
/// # Errors
/// Everything that is wrong with the template or the images.
pub fn definitions(
    config: &CiConfig,
    request: &Request<'_>,
) -> Result<Vec<Generated>, Vec<GenerateError>> {
    check(request.template)?;
    let provider = text(request.template, "providerId").map_err(|error| vec![error])?;
    let (mut made, mut errors) = (Vec::new(), Vec::new());
    for pool in wanted(config, request, provider)? {
        let location = config
            .image(&pool.image)
            .and_then(|image| image.location(provider));
        let Some(location) = location else { continue };
        match definition(request.template, &pool.image, &location.reference) {
            Ok(value) => made.push(Generated {
                id: format!("{}/{}", request.group, pool.worker_type),
                image: pool.image,
                provider: provider.to_owned(),
                value,
            }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(made)
    } else {
        Err(errors)
    }
}

fn check(template: &Value) -> Result<(), Vec<GenerateError>> {
    let error = |key, expected| GenerateError::Template { key, expected };
    let mut errors: Vec<GenerateError> = ["providerId", "description", "owner"]
        .into_iter()
        .filter_map(|key| text(template, key).err())
        .collect();
    if !template.get("emailOnError").is_some_and(Value::is_boolean) {
        errors.push(error("emailOnError", "`true` or `false`"));
    }
    let configs = template.pointer("/config/launchConfigs");
    match configs.and_then(Value::as_array) {
        Some(configs) if !configs.is_empty() && configs.iter().all(Value::is_object) => {
            if configs.iter().any(|config| !holds_image(config)) {
                errors.push(error(
                    "config.launchConfigs",
                    "a list in which each holds `<image>`",
                ));
            }
        }
        _ => errors.push(error("config.launchConfigs", "a list of maps")),
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn holds_image(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(PLACEHOLDER),
        Value::Array(items) => items.iter().any(holds_image),
        Value::Object(map) => map.values().any(holds_image),
        _ => false,
    }
}

fn definition(
    template: &Value,
    image: &str,
    reference: &Reference,
) -> Result<Value, GenerateError> {
    let mut value = template.clone();
    if let Some(Value::String(description)) = value.get_mut("description") {
        *description = description.replace("{image}", image);
    }
    let configs = value
        .pointer_mut("/config/launchConfigs")
        .and_then(Value::as_array_mut)
        .ok_or(GenerateError::Template {
            key: "config.launchConfigs",
            expected: "a list of maps",
        })?;
    let mut kept = Vec::with_capacity(configs.len());
    for mut config in std::mem::take(configs) {
        let region = ["region", "location"]
            .into_iter()
            .find_map(|key| config.get(key)?.as_str());
        let Some(there) = reference.in_region(region) else {
            continue;
        };
        fill(&mut config, &there);
        // The id of a launch config belongs to what it says: worker-manager makes one.
        if let Some(Value::Object(manager)) = config.get_mut("workerManager") {
            manager.shift_remove("launchConfigId");
        }
        kept.push(config);
    }
    if kept.is_empty() {
        return Err(GenerateError::NoRegion(image.to_owned()));
    }
    *configs = kept;
    let known = [
        "providerId",
        "description",
        "owner",
        "emailOnError",
        "config",
    ];
    Ok(match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(key, _)| known.contains(&key.as_str()))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    })
}

/// Writes the image into every text that asks for it.
fn fill(value: &mut Value, image: &str) {
    match value {
        Value::String(text) if text == PLACEHOLDER => image.clone_into(text),
        Value::String(text) => *text = text.replace(PLACEHOLDER, image.trim_start_matches('/')),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, image)),
        Value::Object(map) => map.values_mut().for_each(|item| fill(item, image)),
        _ => {}
    }
}
