//! JSON as Taskgraph writes it, byte for byte: sorted keys, an indent of two, nothing but ASCII.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// Writes a map as Python's `json.dumps(sort_keys=True, indent=2, separators=(",", ": "))` does.
///
/// The entries come in the order of their keys. Each is made a tree and written before the next, because a tree takes
/// many times the room of its text.
pub fn python_map<K: AsRef<str>, V: Serialize>(entries: impl Iterator<Item = (K, V)>) -> String {
    let mut text = String::new();
    for (key, value) in entries {
        let before = if text.is_empty() { "{" } else { "," };
        line(&mut text, before, 1);
        string(&mut text, key.as_ref());
        text.push_str(": ");
        write(&mut text, &tree(&value), 1);
    }
    if text.is_empty() {
        return "{}".to_owned();
    }
    line(&mut text, "", 0);
    text.push('}');
    text
}

/// Writes a value in the same way.
///
/// # Panics
/// When the value is none that JSON can hold, such as a map whose keys are not text.
pub fn python(value: &impl Serialize) -> String {
    let mut text = String::new();
    write(&mut text, &tree(value), 0);
    text
}

/// Writes a value on one line, in the order of its fields.
pub(crate) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .expect("this crate's types are maps with text keys, lists and scalars")
}

/// Whether some text in a tree holds a NUL, which the queue's database cannot store.
pub(crate) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::String(text) => text.contains('\0'),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value as a JSON tree.
pub(crate) fn tree(value: &impl Serialize) -> Value {
    serde_json::to_value(value)
        .expect("this crate's types are maps with text keys, lists and scalars")
}

fn write(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|entry| entry.0);
            for (index, (key, value)) in entries.into_iter().enumerate() {
                line(out, if index == 0 { "{" } else { "," }, depth + 1);
                string(out, key);
                out.push_str(": ");
                write(out, value, depth + 1);
            }
            line(out, "", depth);
            out.push('}');
        }
        Value::Array(list) if list.is_empty() => out.push_str("[]"),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                line(out, if index == 0 { "[" } else { "," }, depth + 1);
                write(out, value, depth + 1);
            }
            line(out, "", depth);
            out.push(']');
        }
        Value::String(text) => string(out, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn line(out: &mut String, before: &str, depth: usize) {
    out.push_str(before);
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Most text needs no escape, so it is copied in runs.
    while let Some(end) = rest.find(|c: char| !matches!(c, ' '..='~') || matches!(c, '"' | '\\')) {
        let (plain, special) = rest.split_at(end);
        out.push_str(plain);
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            escape(out, character);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("text takes every write");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_python_writes_it() {
        let value = serde_json::json!({
            "b": [1, -2, true, null, "a\"\\\n\t\u{7f}é😀"], "a": {}, "C": [], "d": {"y": [[]], "x": {"z": "/"}},
        });
        assert_eq!(
            python(&value),
            r#"{
  "C": [],
  "a": {},
  "b": [
    1,
    -2,
    true,
    null,
    "a\"\\\n\t\u007f\u00e9\ud83d\ude00"
  ],
  "d": {
    "x": {
      "z": "/"
    },
    "y": [
      []
    ]
  }
}"#
        );
    }
}
