//! [`Detect`] and [`Pattern`]: values of recipes that have a form of their own.

use std::borrow::Cow;

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::yaml::{Decode, Decoder, Node, Spanned, Value};

/// How a repository is recognised: lists of globs. Each glob of one of the lists matches some file.
#[derive(Debug, Clone, Default)]
pub struct Detect(pub(in crate::formats) Vec<Vec<Spanned<String>>>);

impl Decode for Detect {
    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            Value::List(items)
                if items
                    .iter()
                    .any(|item| matches!(item.value, Value::List(_))) =>
            {
                Vec::decode(node, decoder).map(Self)
            }
            _ => Vec::decode(node, decoder).map(|globs| Self(vec![globs])),
        }
    }
}

impl JsonSchema for Detect {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Detect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let globs = json_schema!({"type": "array", "items": {"type": "string"}});
        json_schema!({"anyOf": [globs, {"type": "array", "items": globs}]})
    }
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern(pub(in crate::formats) Regex);

impl Decode for Pattern {
    const LITERAL: bool = true;

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let text = String::decode(node, decoder)?;
        match Regex::new(&text) {
            Ok(pattern) => Some(Self(pattern)),
            Err(error) => {
                // The crate draws the place below the pattern, in several lines.
                let words = error.to_string();
                let last = words.lines().last().unwrap_or_default().trim();
                let last = last.trim_start_matches("error: ");
                decoder.fault("expression", node, format!("no regular expression: {last}"));
                None
            }
        }
    }
}

impl JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "regex"})
    }
}
