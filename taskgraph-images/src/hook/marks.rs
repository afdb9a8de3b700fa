//! What stands, while a template is rendered, for what only a firing knows; and what becomes of it afterwards.
//!
//! A mark is made of characters that nothing else holds (Unicode's private use), so it is found again wherever the
//! template puts it: as a value, within a text, or as JSON within a text.

use serde_json::{Map, Value, json};

/// Stands for the id of the task that the hook creates.
pub(super) const OWN_ID: &str = "\u{E000}id\u{E001}";
/// Stands for what whoever fires the hook says.
pub(super) const INPUT: &str = "\u{E000}input\u{E001}";
/// Stands for the operator `$fromNow`.
const FROM_NOW: &str = "\u{E000}fromNow\u{E001}";

/// Whether a text holds a mark, or a part of one.
pub(super) fn marked(text: &str) -> bool {
    text.contains(['\u{E000}', '\u{E001}'])
}

/// Keeps `$fromNow` from being rendered.
pub(super) fn keep_times(template: Value) -> Value {
    match template {
        Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| {
                let key = if key == "$fromNow" {
                    FROM_NOW.to_owned()
                } else {
                    key
                };
                (key, keep_times(value))
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(keep_times).collect(),
        other => other,
    }
}

/// What was rendered, as a template for the hooks service: it renders to the same, with the marks filled in.
///
/// # Errors
/// Where a mark cannot be filled in, as the template took it apart, and which keys cannot be escaped.
pub(super) fn fill(rendered: Value) -> Result<Value, Vec<String>> {
    let mut lost = Vec::new();
    let value = filled(rendered, "", &mut lost);
    if lost.is_empty() {
        Ok(value)
    } else {
        Err(lost)
    }
}

fn filled(value: Value, at: &str, lost: &mut Vec<String>) -> Value {
    match value {
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let below = format!("{at}/{key}");
                let value = filled(value, &below, lost);
                if key == FROM_NOW {
                    return ("$fromNow".to_owned(), value);
                }
                // Implementations of JSON-e differ in whether they interpolate a key after its first dollar.
                if marked(&key) || (key.starts_with('$') && key.contains("${")) {
                    lost.push(format!("a key of `{at}`"));
                }
                (escaped_key(&key), value)
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(index, item)| filled(item, &format!("{at}/{index}"), lost))
                .collect()
        }
        Value::String(text) => filled_text(&text, at, lost),
        other => other,
    }
}

fn filled_text(text: &str, at: &str, lost: &mut Vec<String>) -> Value {
    // A hook that fires by its schedule has no payload.
    let input = json!({"$if": "defined(\"payload\")", "then": {"$eval": "payload"}, "else": {}});
    if text == INPUT {
        return input;
    }
    let as_json = format!("\"{INPUT}\"");
    let holds_input = text.contains(&as_json);
    let text = escaped(text)
        .replace(&as_json, "${cronInput}")
        .replace(OWN_ID, "${taskId}");
    if marked(&text) {
        lost.push(format!("`{at}`"));
    }
    if holds_input {
        json!({"$let": {"cronInput": {"$json": input}}, "in": text})
    } else {
        json!(text)
    }
}

/// A text that renders to this one.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// A key that renders to this one.
fn escaped_key(key: &str) -> String {
    let start = if key.starts_with('$') { "$" } else { "" };
    format!("{start}{}", escaped(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn render(template: &Value) -> Value {
        let context = json!({"taskId": "ID", "payload": {"b": [1, "${x}"], "a": "\""}});
        json_e::render(template, &context).unwrap()
    }

    #[test]
    fn marks_are_filled_in() {
        let rendered = json!({
            "whole": INPUT,
            "json": serde_json::to_string(INPUT).unwrap(),
            "within": format!("{{\"input\":\"{INPUT}\",\"id\":\"{OWN_ID}\",\"more\":\"${{x}}\"}}"),
            "id": OWN_ID,
            "route": format!("index.x.{OWN_ID}.y"),
        });
        assert_eq!(
            render(&fill(rendered).unwrap()),
            json!({
                "whole": {"b": [1, "${x}"], "a": "\""},
                "json": "{\"a\":\"\\\"\",\"b\":[1,\"${x}\"]}",
                "within": "{\"input\":{\"a\":\"\\\"\",\"b\":[1,\"${x}\"]},\"id\":\"ID\",\"more\":\"${x}\"}",
                "id": "ID",
                "route": "index.x.ID.y",
            })
        );
    }

    #[test]
    fn without_an_input_it_is_empty() {
        let template = fill(json!([INPUT, format!("\"{INPUT}\"")])).unwrap();
        let context = json!({"taskId": "ID", "firedBy": "schedule"});
        assert_eq!(
            json_e::render(&template, &context).unwrap(),
            json!([{}, "{}"])
        );
    }

    #[test]
    fn marks_that_were_taken_apart_are_told() {
        let rendered = json!({"a": [&OWN_ID[..3], format!("input {INPUT}")], OWN_ID: 1});
        assert_eq!(
            fill(rendered).unwrap_err(),
            ["`/a/0`", "`/a/1`", "a key of ``"]
        );
    }

    #[test]
    fn a_key_that_no_two_readers_read_alike_is_refused() {
        assert!(fill(json!({"${x}": 1})).is_err());
        assert!(fill(json!({"$$${x}": 1})).is_err());
        assert_eq!(
            fill(json!({"a${x}": 1, "$x": 2})).unwrap(),
            json!({"a$${x}": 1, "$$x": 2})
        );
    }

    #[test]
    fn times_stay() {
        let template = keep_times(json!({"a": {"$fromNow": "${n} day"}, "b": {"$$fromNow": "x"}}));
        let once = json_e::render(&template, &json!({"n": "1"})).unwrap();
        assert_eq!(
            fill(once).unwrap(),
            json!({"a": {"$fromNow": "1 day"}, "b": {"$$fromNow": "x"}})
        );
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = "[$x{}: ]{0,6}|\\$eval|\\$\\$eval|\\$\\{x\\}|\\$\\$\\{x\\}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            text.prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[$x{}: ]{0,6}|\\$\\$?eval", inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_holds_no_mark_renders_to_itself(value in values()) {
            if let Ok(template) = fill(value.clone()) {
                prop_assert_eq!(render(&template), value);
            }
        }
    }
}
