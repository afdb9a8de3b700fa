//! [`as_written`]: from the schema of what a file resolves to, to the schema of what may be written.

use serde_json::{Map, Value, json};

/// Widens the schema of a resolved record to what a file may hold: no key is required, every value may be `null`,
/// a template, or chosen by an attribute, and every list `key` has a twin `key+`.
pub fn as_written(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => widen_properties(properties),
                    ("enum" | "const" | "required" | "default" | "examples", _) => {}
                    (_, value) => as_written(value),
                }
            }
            object.remove("required");
        }
        Value::Array(items) => items.iter_mut().for_each(as_written),
        _ => {}
    }
}

fn widen_properties(properties: &mut Map<String, Value>) {
    let names: Vec<String> = properties.keys().cloned().collect();
    for name in names {
        let Some(property) = properties.get_mut(&name) else {
            continue;
        };
        as_written(property);
        if takes_list(property) {
            let mut twin = property.clone();
            twin["description"] = json!(format!("Appended to the inherited `{name}`."));
            properties.insert(format!("{name}+"), widened(twin));
        }
        let property = properties
            .get_mut(&name)
            .map(Value::take)
            .unwrap_or_default();
        properties.insert(name, widened(property));
    }
}

/// Makes keys optional whose absence means none: lists, and maps with free keys.
pub fn absence_is_none(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(absence_is_none);
            let properties = object.get("properties").cloned().unwrap_or_default();
            let optional = |name: &Value| {
                let property = name.as_str().and_then(|name| properties.get(name));
                property.is_some_and(|property| {
                    takes_list(property)
                        || property
                            .get("additionalProperties")
                            .is_some_and(Value::is_object)
                })
            };
            if let Some(Value::Array(required)) = object.get_mut("required") {
                required.retain(|name| !optional(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(absence_is_none),
        _ => {}
    }
}

fn takes_list(schema: &Value) -> bool {
    let is_list = |value: &Value| {
        value == "array"
            || value
                .as_array()
                .is_some_and(|types| types.contains(&json!("array")))
    };
    schema.get("type").is_some_and(is_list)
        || schema
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|options| options.iter().any(takes_list))
}

fn widened(mut schema: Value) -> Value {
    let description = schema
        .as_object_mut()
        .and_then(|object| object.remove("description"));
    let by = json!({
        "type": "object",
        "description": "Chosen by an attribute: its exact value, else the one regular expression that matches it, else `default`.",
        "minProperties": 1,
        "maxProperties": 1,
        "patternProperties": {"^by-": {"type": "object"}},
        "additionalProperties": false
    });
    let template = json!({"type": "string", "pattern": "\\{\\{"});
    let mut widened = json!({"anyOf": [schema, by, template, {"type": "null"}]});
    if let Some(description) = description {
        widened["description"] = description;
    }
    widened
}
