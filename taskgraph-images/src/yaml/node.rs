//! [`Node`]: a YAML value with the place it was written at.

use std::sync::Arc;

use crate::diagnostic::{Place, Span};
use crate::tree::TreePath;

/// A value and its place. Cheap to clone: children are shared.
#[derive(Debug, Clone)]
pub struct Node {
    /// The file it was written in.
    pub path: TreePath,
    /// Where in the file.
    pub span: Span,
    /// What was written.
    pub value: Value,
}

/// The shapes of YAML.
#[derive(Debug, Clone)]
pub enum Value {
    /// A scalar: its text, and whether it was written plain, so that it may be a number, boolean or null.
    Scalar(Arc<str>, bool),
    /// A sequence.
    List(Arc<[Node]>),
    /// Lists to be joined, of which some are still to be chosen by an attribute. Only merging makes it.
    Concat(Arc<[Node]>),
    /// A mapping in written order; keys are unique.
    Map(Arc<[(Key, Node)]>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key's text.
    pub text: Arc<str>,
    /// The file it was written in.
    pub path: TreePath,
    /// Where in the file.
    pub span: Span,
}

impl Key {
    /// Where the key was written.
    pub fn place(&self) -> Place {
        Place {
            path: self.path.clone(),
            span: self.span,
        }
    }
}

impl Node {
    /// Where the value was written.
    pub fn place(&self) -> Place {
        Place {
            path: self.path.clone(),
            span: self.span,
        }
    }

    /// Whether it is null: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[(Key, Self)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?
            .iter()
            .find(|(candidate, _)| &*candidate.text == key)
            .map(|(_, value)| value)
    }

    /// Where the value of a dotted key was written: the nearest above it that somebody wrote, if not the whole.
    pub fn place_of(&self, key: &str) -> Option<Place> {
        let mut at = self;
        for part in key.split('.') {
            match at.get(part) {
                Some(below) => at = below,
                None => break,
            }
        }
        (!std::ptr::eq(at, self)).then(|| at.place())
    }

    /// The same place with another value.
    #[must_use]
    pub fn with(&self, value: Value) -> Self {
        Self {
            path: self.path.clone(),
            span: self.span,
            value,
        }
    }

    /// What it is, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar(text, true) if matches!(&**text, "true" | "false") => "a boolean",
            Value::Scalar(text, true) if is_integer(text) => "an integer",
            Value::Scalar(text, true) if text.parse::<f64>().is_ok() => "a number",
            Value::Scalar(..) => "a string",
            Value::List(_) | Value::Concat(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The value as JSON, by YAML 1.2's core schema. Numbers whose text JSON would not keep (`24.10`, `1e3`)
    /// stay text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            _ if self.is_null() => Json::Null,
            Value::Scalar(text, true) => match &**text {
                "true" | "True" | "TRUE" => Json::Bool(true),
                "false" | "False" | "FALSE" => Json::Bool(false),
                text if is_integer(text) => text
                    .parse::<i64>()
                    .map_or_else(|_| Json::String(text.to_owned()), Json::from),
                text => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() && number.to_string() == text => {
                        Json::from(number)
                    }
                    _ => Json::String(text.to_owned()),
                },
            },
            Value::Scalar(text, false) => Json::String(text.to_string()),
            Value::List(items) | Value::Concat(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.to_string(), value.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Whether the text is a decimal integer as it would be written: `7` and `-1`, but not `007` or `+7`.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'))
}
