//! [`Value`]: what an expression of a template comes to, known or not.
//!
//! Values are shared, not copied. Each knows its size, so that a few lines of doubling locals cannot fill the memory,
//! and whether anything in it is unknown, so that functions need not look.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Number;

/// The most nodes and bytes that one value may hold.
pub(super) const MAX_SIZE: usize = 4 << 20;

/// A value of HCL's type system, or what is known of one that only a run of Packer can tell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    /// A list, tuple or (sorted, without duplicates) set.
    List(Arc<List>),
    /// A map or object.
    Map(Arc<Map>),
    /// A value that exists only while Packer runs: a canonical description of how it comes about.
    Unknown(Arc<Residual>),
}

#[derive(Debug, PartialEq)]
pub(super) struct List {
    pub(super) items: Vec<Value>,
    size: usize,
    unknown: bool,
}

#[derive(Debug, PartialEq)]
pub(super) struct Map {
    pub(super) items: BTreeMap<Arc<str>, Value>,
    size: usize,
    unknown: bool,
}

/// An operation that cannot be carried out, and the values that it would be given.
#[derive(Debug, PartialEq)]
pub(super) struct Residual {
    pub(super) what: Arc<str>,
    pub(super) of: Vec<Value>,
    size: usize,
}

impl Value {
    pub(super) fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        let size = items
            .iter()
            .fold(1usize, |sum, item| sum.saturating_add(item.size()));
        let unknown = items.iter().any(Self::has_unknown);
        Self::List(Arc::new(List {
            items,
            size,
            unknown,
        }))
    }

    pub(super) fn map(items: BTreeMap<Arc<str>, Self>) -> Self {
        let size = items.iter().fold(1usize, |sum, (key, item)| {
            sum.saturating_add(key.len()).saturating_add(item.size())
        });
        let unknown = items.values().any(Self::has_unknown);
        Self::Map(Arc::new(Map {
            items,
            size,
            unknown,
        }))
    }

    pub(super) fn unknown(what: impl Into<Arc<str>>, of: Vec<Self>) -> Self {
        let size = of
            .iter()
            .fold(1usize, |sum, item| sum.saturating_add(item.size()));
        Self::Unknown(Arc::new(Residual {
            what: what.into(),
            of,
            size,
        }))
    }

    /// A number in its one canonical form: whole numbers are integers. `None` for infinities and NaN.
    pub(super) fn float(number: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "guarded: exact below 2^53")]
        if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
            return Some(Self::Number((number as i64).into()));
        }
        Number::from_f64(number).map(Self::Number)
    }

    pub(super) fn integer(number: impl Into<Number>) -> Self {
        Self::Number(number.into())
    }

    /// How many nodes and bytes it holds.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 1,
            Self::String(text) => 1 + text.len(),
            Self::List(list) => list.size,
            Self::Map(map) => map.size,
            Self::Unknown(residual) => residual.size,
        }
    }

    /// Whether it, or anything in it, is unknown.
    pub(super) fn has_unknown(&self) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
            Self::List(list) => list.unknown,
            Self::Map(map) => map.unknown,
            Self::Unknown(_) => true,
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// What to call it in a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Unknown(_) => "a value that only a run of Packer knows",
        }
    }

    /// It as text, where HCL converts to text by itself.
    pub(super) fn as_text(&self) -> Option<Arc<str>> {
        match self {
            Self::String(text) => Some(text.clone()),
            Self::Bool(value) => Some(Arc::from(if *value { "true" } else { "false" })),
            Self::Number(number) => Some(Arc::from(number_text(number))),
            _ => None,
        }
    }

    /// It as a bool, where HCL converts to bool by itself.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::String(text) => match &**text {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// It as a number, where HCL converts to a number by itself.
    pub(super) fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(number.clone()),
            Self::String(text) => parse_number(text),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// The items, if it is a map.
    pub(super) fn as_map(&self) -> Option<&BTreeMap<Arc<str>, Self>> {
        match self {
            Self::Map(map) => Some(&map.items),
            _ => None,
        }
    }

    /// A value out of JSON.
    pub(super) fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => canonical(number),
            serde_json::Value::String(text) => Self::string(text.as_str()),
            serde_json::Value::Array(items) => {
                Self::list(items.iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(items) => Self::map(
                items
                    .iter()
                    .map(|(key, item)| (Arc::from(key.as_str()), Self::from_json(item)))
                    .collect(),
            ),
        }
    }

    /// Its canonical JSON: keys sorted; an unknown is a map with the key `$unknown`, and a key that starts with `$`
    /// gets a second one, so that no two values look alike.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(number) => serde_json::Value::Number(number.clone()),
            Self::String(text) => serde_json::Value::String(text.as_ref().to_owned()),
            Self::List(list) => list.items.iter().map(Self::to_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.items
                    .iter()
                    .map(|(key, item)| (json_key(key), item.to_json()))
                    .collect(),
            ),
            Self::Unknown(residual) => {
                let mut json = serde_json::Map::with_capacity(2);
                json.insert("$unknown".to_owned(), residual.what.as_ref().into());
                if !residual.of.is_empty() {
                    json.insert(
                        "of".to_owned(),
                        residual.of.iter().map(Self::to_json).collect(),
                    );
                }
                serde_json::Value::Object(json)
            }
        }
    }
}

/// A key as it stands in canonical JSON.
pub(super) fn json_key(key: &str) -> String {
    if key.starts_with('$') {
        format!("${key}")
    } else {
        key.to_owned()
    }
}

/// The canonical form of a number of JSON or HCL.
pub(super) fn canonical(number: &Number) -> Value {
    if number.is_i64() || number.is_u64() {
        return Value::Number(number.clone());
    }
    number
        .as_f64()
        .and_then(Value::float)
        .unwrap_or_else(|| Value::Number(number.clone()))
}

fn parse_number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    // What Rust reads and HCL does not: infinities and NaN.
    if !text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
    {
        return None;
    }
    match Value::float(text.parse().ok()?)? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// A number as HCL writes it into a string: no exponent.
pub(super) fn number_text(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => number.to_string(),
        (_, Some(number), _) => number.to_string(),
        (_, _, Some(number)) => number.to_string(),
        _ => number.to_string(),
    }
}
