//! Pools as entries of `worker-pools.yml`.

use serde_json::{Map, Value, json};

use super::{GenerateError, Generated, Request, text, wanted};
use crate::ci_config::{CiConfig, Reference};

/// Makes entries like a template entry, sorted by id. The template has one plain `provider_id` and no variants;
/// `{image}` in its description is the key of the image. `regions` or `locations` are those that the image is in.
///
/// # Errors
/// Everything that is wrong with the template or the images.
pub fn entries(
    config: &CiConfig,
    request: &Request<'_>,
) -> Result<Vec<Generated>, Vec<GenerateError>> {
    let template = check(request.template)?;
    let provider = text(request.template, "provider_id").map_err(|error| vec![error])?;
    let (mut made, mut errors) = (Vec::new(), Vec::new());
    for pool in wanted(config, request, provider)? {
        let id = format!("{}/{}", request.group, pool.worker_type);
        match entry(config, template, provider, &id, &pool.image) {
            Ok(value) => made.push(Generated {
                id,
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

fn check(template: &Value) -> Result<&Map<String, Value>, Vec<GenerateError>> {
    let error = |key, expected| GenerateError::Template { key, expected };
    let Some(map) = template.as_object() else {
        return Err(vec![error("entry", "a map")]);
    };
    let mut errors = Vec::new();
    for key in ["description", "owner", "provider_id"] {
        errors.extend(text(template, key).err());
    }
    if !map.get("email_on_error").is_some_and(Value::is_boolean) {
        errors.push(error("email_on_error", "`true` or `false`"));
    }
    if !map.get("config").is_some_and(Value::is_object) {
        errors.push(error("config", "a map"));
    }
    if map.contains_key("variants") {
        errors.push(error("variants", "left out: each image has one pool"));
    }
    if errors.is_empty() {
        Ok(map)
    } else {
        Err(errors)
    }
}

fn entry(
    config: &CiConfig,
    template: &Map<String, Value>,
    provider: &str,
    id: &str,
    image: &str,
) -> Result<Value, GenerateError> {
    if image.ends_with(['-', '_']) {
        return Err(GenerateError::Unnameable(image.to_owned()));
    }
    // The key comes first where the template has none, as in the entries that people write.
    let mut entry = Map::new();
    entry.insert("pool_id".to_owned(), literal(id).into());
    for (key, value) in template.iter().filter(|(key, _)| *key != "pool_id") {
        entry.insert(key.clone(), value.clone());
    }
    if let Some(Value::String(description)) = entry.get_mut("description") {
        *description = description.replace("{image}", &literal(image));
    }
    let Some(Value::Object(settings)) = entry.get_mut("config") else {
        return Err(GenerateError::Template {
            key: "config",
            expected: "a map",
        });
    };
    settings.insert("image".to_owned(), literal(image).into());
    let location = config
        .image(image)
        .and_then(|found| found.location(provider));
    if let Some(there) = location.and_then(|location| location.reference.regions()) {
        let key = match location.map(|location| &location.reference) {
            Some(Reference::AzureImages { .. }) => "locations",
            _ => "regions",
        };
        let wanted = settings.get(key).and_then(Value::as_array);
        let kept: Vec<&str> = match wanted {
            Some(wanted) => wanted
                .iter()
                .filter_map(Value::as_str)
                .filter(|region| there.contains(region))
                .collect(),
            None => there,
        };
        if kept.is_empty() {
            return Err(GenerateError::NoRegion(image.to_owned()));
        }
        settings.insert(key.to_owned(), json!(kept));
    }
    Ok(Value::Object(entry))
}

/// Text that the configuration's own formats leave as it is.
fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
