//! Decoding of the small types of [`written`](super::written) that are no records.

use taskgraph_images_transforms::AttributeValue;

use super::written::{Any, Attribute, Stage};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Decode, Decoder, Node, Value};

impl Decode for Stage {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match String::decode(node, decoder)?.as_str() {
            "build" => Some(Self::Build),
            "verify" => Some(Self::Verify),
            "publish" => Some(Self::Publish),
            _ => decoder.expected("one of `build`, `verify`, `publish`", node),
        }
    }
}

impl Decode for Attribute {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match node.to_json() {
            serde_json::Value::Bool(value) => Some(Self::Bool(value)),
            serde_json::Value::Number(value) if value.is_i64() => value.as_i64().map(Self::Int),
            serde_json::Value::String(value) => Some(Self::String(value)),
            _ => decoder.expected("a string, boolean or integer", node),
        }
    }
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        AttributeValue::from(self.clone()).fmt(f)
    }
}

impl From<Attribute> for AttributeValue {
    fn from(attribute: Attribute) -> Self {
        match attribute {
            Attribute::Bool(value) => Self::Bool(value),
            Attribute::Int(value) => Self::Int(value),
            Attribute::String(value) => Self::String(value),
        }
    }
}

impl Decode for Any {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        numbers_keep_their_text(node, decoder).then(|| Self(node.to_json()))
    }
}

/// A plain `24.10` would reach Packer as 24.1; better to ask than to guess.
fn numbers_keep_their_text(node: &Node, decoder: &mut Decoder) -> bool {
    match &node.value {
        Value::Scalar(text, true) => {
            let ambiguous =
                node.to_json().is_string() && text.parse::<f64>().is_ok_and(f64::is_finite);
            if ambiguous {
                decoder.faults.push(
                    Diagnostic::error(
                        "ambiguous-number",
                        format!("`{text}` is a number whose text would change"),
                    )
                    .at(node.place())
                    .hint("quote it to keep the text"),
                );
            }
            !ambiguous
        }
        Value::Scalar(_, false) => true,
        // Every one is looked at, so that every fault is noted.
        Value::List(items) | Value::Concat(items) => {
            items
                .iter()
                .filter(|item| !numbers_keep_their_text(item, decoder))
                .count()
                == 0
        }
        Value::Map(entries) => {
            entries
                .iter()
                .filter(|(_, value)| !numbers_keep_their_text(value, decoder))
                .count()
                == 0
        }
    }
}
