//! [`Json`]: JSON with the place of every value.
//!
//! serde_json says whether the text is JSON, and bounds its depth (which it does for what it builds, not for what it
//! skips); the scanner here then walks text that is known to be right, and only adds the places.

mod syntax;

pub(super) use self::syntax::{STEPS, attributes, block, body, expression};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::TreePath;

/// The key under which HCL's JSON syntax has comments.
const COMMENT: &str = "//";

/// A value of JSON and where it stands.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) span: Span,
    pub(super) value: JsonValue,
}

#[derive(Debug)]
pub(super) enum JsonValue {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads a JSON text.
pub(super) fn read(path: &TreePath, text: &str) -> Result<Json, Diagnostic> {
    serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
        let at = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>()
            + error.column().saturating_sub(1);
        // The parser counts bytes and may stop inside of a character.
        let start = text.floor_char_boundary(at);
        let end = text.ceil_char_boundary(at.saturating_add(1));
        Diagnostic::error("packer-syntax", format!("not valid JSON: {error}"))
            .at(Place::new(path.clone(), start..end))
    })?;
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    Ok(scanner.value())
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> u8 {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    fn value(&mut self) -> Json {
        let first = self.peek();
        let start = self.at;
        let value = match first {
            b'{' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.peek() == b'"' {
                    let key = self.string();
                    self.peek();
                    self.at += 1;
                    items.push((key, self.value()));
                    if self.peek() == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                JsonValue::Object(items)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !matches!(self.peek(), b']' | 0) {
                    items.push(self.value());
                    if self.peek() == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                JsonValue::Array(items)
            }
            b'"' => JsonValue::String(self.string()),
            _ => {
                while self.bytes.get(self.at).is_some_and(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
                }) {
                    self.at += 1;
                }
                match &self.text[start..self.at] {
                    "null" => JsonValue::Null,
                    "true" => JsonValue::Bool(true),
                    "false" => JsonValue::Bool(false),
                    number => {
                        serde_json::from_str(number).map_or(JsonValue::Null, JsonValue::Number)
                    }
                }
            }
        };
        Json {
            span: Span::from(start..self.at),
            value,
        }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(&self.text[start..self.at.min(self.text.len())]).unwrap_or_default()
    }
}

impl Json {
    /// A value that nobody wrote: it stands nowhere.
    pub(super) fn made(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        let value = match value {
            Value::Null => JsonValue::Null,
            Value::Bool(value) => JsonValue::Bool(*value),
            Value::Number(number) => JsonValue::Number(number.clone()),
            Value::String(text) => JsonValue::String(text.clone()),
            Value::Array(items) => JsonValue::Array(items.iter().map(Self::made).collect()),
            Value::Object(entries) => JsonValue::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::made(value)))
                    .collect(),
            ),
        };
        Self {
            span: Span::default(),
            value,
        }
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            JsonValue::Object(items) => items,
            _ => &[],
        }
    }

    /// The entries without comments.
    pub(super) fn members(&self) -> impl Iterator<Item = &(String, Self)> {
        self.entries().iter().filter(|(name, _)| name != COMMENT)
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            JsonValue::Array(items) => items,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.value {
            JsonValue::String(text) => Some(text),
            _ => None,
        }
    }
}
