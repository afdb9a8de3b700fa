//! [`canonical`]: one text for one JSON value.

use serde_json::Value;

/// The value as JSON with sorted keys and no white space: equal values give equal bytes.
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

fn write(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(&str, &Value)> = object
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect();
            if !entries.is_sorted_by_key(|(key, _)| *key) {
                entries.sort_unstable_by_key(|(key, _)| *key);
            }
            into.push(b'{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    into.push(b',');
                }
                scalar(key, into);
                into.push(b':');
                write(value, into);
            }
            into.push(b'}');
        }
        Value::Array(items) => {
            into.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    into.push(b',');
                }
                write(item, into);
            }
            into.push(b']');
        }
        value => scalar(value, into),
    }
}

fn scalar(value: &(impl serde::Serialize + ?Sized), into: &mut Vec<u8>) {
    serde_json::to_writer(into, value)
        .expect("scalars are always written, and memory does not fail");
}
