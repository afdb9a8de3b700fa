//! [`Decode`]: nodes to typed values, with every fault collected.

use std::collections::BTreeMap;

use super::node::{Key, Node, Value, is_integer};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::TreePath;

/// What is being decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// One file as somebody wrote it: keys may be missing, `null`, appended to (`key+`), or chosen `by-` something.
    /// Nothing is returned; faults are.
    AsWritten,
    /// What an image resolves to.
    Resolved,
}

/// Collects the faults of a decoding.
#[derive(Debug)]
pub struct Decoder {
    /// What is being decoded.
    pub phase: Phase,
    /// What was wrong.
    pub faults: Vec<Diagnostic>,
}

impl Decoder {
    /// A decoder that has seen no fault.
    pub fn new(phase: Phase) -> Self {
        Self {
            phase,
            faults: Vec::new(),
        }
    }

    /// Notes a fault at a node.
    pub fn fault(&mut self, code: &'static str, node: &Node, message: impl Into<String>) {
        self.faults
            .push(Diagnostic::error(code, message).at(node.place()));
    }

    /// Notes that a node has the wrong type.
    pub fn expected<T>(&mut self, what: &str, node: &Node) -> Option<T> {
        let place = node.place();
        let mut fault = Diagnostic::error(
            "wrong-type",
            format!("expected {what}, found {}", node.describe()),
        )
        .at(place);
        if matches!(node.value, Value::Scalar(_, true)) && what.contains("string") {
            fault = fault.hint("quote it");
        }
        self.faults.push(fault);
        None
    }

    /// Decodes a value, or, as written, each of its branches.
    pub fn value<T: Decode>(&mut self, node: &Node) -> Option<T> {
        if self.phase == Phase::AsWritten {
            if node.is_null() {
                return None;
            }
            if let Some((_, branches)) = by(node) {
                match branches.entries() {
                    Some(entries) => entries.iter().for_each(|(_, branch)| {
                        self.value::<T>(branch);
                    }),
                    None => self.fault(
                        "wrong-type",
                        branches,
                        "expected a map from an attribute's values to choices",
                    ),
                }
                return None;
            }
            // Only rendering can tell what it becomes.
            if let Value::Scalar(text, _) = &node.value
                && text.contains("{{")
                && !T::LITERAL
            {
                return None;
            }
        }
        T::decode(node, self)
    }
}

/// The attribute and the branches of `{by-<attribute>: {…}}`.
pub(crate) fn by(node: &Node) -> Option<(&Key, &Node)> {
    match node.entries() {
        Some([(key, branches)]) if key.text.starts_with("by-") => Some((key, branches)),
        _ => None,
    }
}

/// A type that YAML can be decoded into.
pub trait Decode: Sized {
    /// Whether an inherited value can be appended to, with `key+`.
    const APPENDS: bool = false;
    /// Whether a text is checked as it stands, before templates in it are rendered.
    const LITERAL: bool = false;

    /// The value of a key that is absent; `None` when the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Decodes a node. `None` means that a fault was noted, or that the phase returns nothing.
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self>;
}

impl<T: Decode> Decode for Option<T> {
    const APPENDS: bool = T::APPENDS;
    const LITERAL: bool = T::LITERAL;

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if node.is_null() {
            Some(None)
        } else {
            T::decode(node, decoder).map(Some)
        }
    }
}

impl Decode for String {
    const LITERAL: bool = true;

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            Value::Scalar(text, false) => Some(text.to_string()),
            // A number or a date written plain keeps its text; an empty value or a boolean is a mistake.
            Value::Scalar(text, true)
                if !node.is_null() && !matches!(&**text, "true" | "false") =>
            {
                Some(text.to_string())
            }
            _ => decoder.expected("a string", node),
        }
    }
}

impl Decode for bool {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            Value::Scalar(text, true) if &**text == "true" => Some(true),
            Value::Scalar(text, true) if &**text == "false" => Some(false),
            _ => decoder.expected("`true` or `false`", node),
        }
    }
}

impl Decode for u32 {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            Value::Scalar(text, true) if is_integer(text) => match text.parse() {
                Ok(number) => Some(number),
                Err(_) => decoder.expected("an integer from 0 to 4294967295", node),
            },
            _ => decoder.expected("an integer", node),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    const APPENDS: bool = true;

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Value::List(items) = &node.value else {
            return decoder.expected("a list", node);
        };
        let mut values = Self::with_capacity(items.len());
        values.extend(items.iter().filter_map(|item| decoder.value(item)));
        (values.len() == items.len()).then_some(values)
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Some(entries) = node.entries() else {
            return decoder.expected("a map", node);
        };
        let values: Self = entries
            .iter()
            .filter_map(|(key, value)| Some((key.text.to_string(), decoder.value(value)?)))
            .collect();
        (values.len() == entries.len()).then_some(values)
    }
}

/// Any value, as JSON.
impl Decode for serde_json::Value {
    fn decode(node: &Node, _: &mut Decoder) -> Option<Self> {
        Some(node.to_json())
    }
}

/// One value or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// A list.
    Many(Vec<T>),
    /// None at all.
    #[default]
    #[schemars(skip)]
    None,
}

impl<T> OneOrMany<T> {
    /// The values, however they were written.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
            Self::None => Vec::new(),
        }
    }
}

impl<T: Decode> Decode for OneOrMany<T> {
    const APPENDS: bool = true;

    fn absent() -> Option<Self> {
        Some(Self::None)
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, decoder).map(Self::Many),
            _ => T::decode(node, decoder).map(Self::One),
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T: Decode> Decode for Spanned<T> {
    const APPENDS: bool = T::APPENDS;
    const LITERAL: bool = T::LITERAL;

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder).map(|value| Self {
            value,
            place: node.place(),
        })
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<T>()
    }
}

/// A path of the tree, as somebody wrote it.
impl Decode for TreePath {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let text = String::decode(node, decoder)?;
        match Self::parse(&text) {
            Ok(path) => Some(path),
            Err(error) => {
                decoder.fault("path", node, error.to_string());
                None
            }
        }
    }
}

impl schemars::JsonSchema for TreePath {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TreePath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "description": "A path relative to the root of the repository."})
    }
}

/// The entries of a record while it is decoded.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    entries: Vec<Option<&'a (Key, Node)>>,
    known: Vec<&'static str>,
    node: &'a Node,
}

impl<'a> Fields<'a> {
    /// Takes a map apart; notes a fault when the node is none.
    pub(crate) fn new(node: &'a Node, decoder: &mut Decoder) -> Option<Self> {
        match node.entries() {
            Some(entries) => Some(Self {
                entries: entries.iter().map(Some).collect(),
                known: Vec::new(),
                node,
            }),
            None => decoder.expected("a map", node),
        }
    }

    /// Takes one field out and decodes it.
    pub(crate) fn field<T: Decode>(
        &mut self,
        name: &'static str,
        decoder: &mut Decoder,
    ) -> Option<T> {
        self.known.push(name);
        let as_written = decoder.phase == Phase::AsWritten;
        let mut found = None;
        for slot in &mut self.entries {
            let Some((key, value)) = *slot else { continue };
            let appended = as_written && T::APPENDS && key.text.strip_suffix('+') == Some(name);
            if &*key.text == name || appended {
                *slot = None;
                found = decoder.value(value);
                if !appended {
                    return found;
                }
            }
        }
        if found.is_some() || as_written {
            return found;
        }
        T::absent().or_else(|| {
            decoder.faults.push(
                Diagnostic::error("missing-key", format!("the key `{name}` is missing"))
                    .at(self.node.place()),
            );
            None
        })
    }

    /// Notes every key that no field took.
    pub(crate) fn finish(&mut self, decoder: &mut Decoder) {
        for (key, _) in self.entries.drain(..).flatten() {
            let name = key.text.trim_end_matches('+');
            let mut fault = Diagnostic::error(
                "unknown-key",
                format!("the key `{}` is not known here", key.text),
            )
            .at(key.place());
            fault = if self.known.contains(&name) {
                fault.hint(format!("`{name}` is no list: write it without `+`"))
            } else if let Some(near) = nearest(name, self.known.iter().copied()) {
                fault.hint(format!("did you mean `{near}`?"))
            } else {
                fault.hint(format!("known keys: {}", self.known.join(", ")))
            };
            decoder.faults.push(fault);
        }
    }
}
