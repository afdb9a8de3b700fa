//! [`differences`]: where two JSON values differ.

use std::collections::BTreeSet;

use serde_json::Value;

/// The dotted keys at which two values differ, with both values, sorted by key level by level. Lists are compared
/// whole; a key that one side lacks is null there.
pub fn differences<'a>(before: &'a Value, after: &'a Value) -> Vec<(String, &'a Value, &'a Value)> {
    let mut found = Vec::new();
    compare(before, after, "", &mut found);
    found
}

fn compare<'a>(
    before: &'a Value,
    after: &'a Value,
    at: &str,
    found: &mut Vec<(String, &'a Value, &'a Value)>,
) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let key = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                let value =
                    |map: &'a serde_json::Map<String, Value>| map.get(name).unwrap_or(&Value::Null);
                compare(value(old), value(new), &key, found);
            }
        }
        _ => found.push((at.to_owned(), before, after)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_every_key_that_differs() {
        let before = json!({"a": {"x": 1, "y": 2}, "l": [1], "gone": true, "same": 0});
        let after = json!({"a": {"x": 1, "y": 3}, "l": [1, 2], "new": "n", "same": 0});
        let text: Vec<String> = differences(&before, &after)
            .into_iter()
            .map(|(key, old, new)| format!("{key}: {old} → {new}"))
            .collect();
        assert_eq!(
            text,
            [
                "a.y: 2 → 3",
                "gone: true → null",
                "l: [1] → [1,2]",
                "new: null → \"n\""
            ]
        );
    }
}
