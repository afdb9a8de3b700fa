//! [`Type`]: type constraints, and the conversions that they bring about.

use super::functions::set;
use super::value::Value;
use hcl_edit::expr::Expression;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A type constraint of a variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Any,
    String,
    Number,
    Bool,
    List(Box<Self>),
    Set(Box<Self>),
    Map(Box<Self>),
    Object(BTreeMap<Arc<str>, (Self, bool)>),
    Tuple(Vec<Self>),
}

impl Type {
    /// Reads a type constraint. What is none is taken for any type: Packer itself refuses it.
    pub(super) fn read(expression: &Expression) -> Self {
        match expression {
            Expression::Variable(name) => Self::named(name.as_str()),
            // The quoted form of older templates.
            Expression::String(name) => Self::named(name.as_str()),
            Expression::FuncCall(call) => {
                let first = call.args.iter().next();
                let inner = || Box::new(first.map_or(Self::Any, Self::read));
                match (call.name.name.as_str(), first) {
                    ("list", _) => Self::List(inner()),
                    ("set", _) => Self::Set(inner()),
                    ("map", _) => Self::Map(inner()),
                    ("optional", Some(first)) => Self::read(first),
                    ("tuple", Some(Expression::Array(items))) => {
                        Self::Tuple(items.iter().map(Self::read).collect())
                    }
                    ("object", Some(Expression::Object(items))) => Self::Object(
                        items
                            .iter()
                            .filter_map(|(key, value)| {
                                let key = match key {
                                    hcl_edit::expr::ObjectKey::Ident(name) => name.as_str(),
                                    hcl_edit::expr::ObjectKey::Expression(key) => key.as_str()?,
                                };
                                let optional = matches!(
                                    value.expr(),
                                    Expression::FuncCall(call)
                                        if call.name.name.as_str() == "optional"
                                );
                                Some((Arc::from(key), (Self::read(value.expr()), optional)))
                            })
                            .collect(),
                    ),
                    _ => Self::Any,
                }
            }
            Expression::Parenthesis(inner) => Self::read(inner.inner()),
            _ => Self::Any,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "string" => Self::String,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "list" => Self::List(Box::new(Self::Any)),
            "set" => Self::Set(Box::new(Self::Any)),
            "map" => Self::Map(Box::new(Self::Any)),
            _ => Self::Any,
        }
    }

    fn noun(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a bool",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
        }
    }

    /// Converts as HCL does, or says what was expected where.
    pub(super) fn convert(&self, value: &Value) -> Result<Value, String> {
        let wrong = || format!("expected {}, found {}", self.noun(), value.kind());
        if matches!(value, Value::Null | Value::Unknown(_)) {
            return Ok(value.clone());
        }
        match self {
            Self::Any => Ok(value.clone()),
            Self::String => value.as_text().map(Value::String).ok_or_else(wrong),
            Self::Number => value.as_number().map(Value::Number).ok_or_else(wrong),
            Self::Bool => value.as_bool().map(Value::Bool).ok_or_else(wrong),
            Self::List(inner) | Self::Set(inner) => {
                let items: Result<Vec<Value>, String> = value
                    .as_list()
                    .ok_or_else(wrong)?
                    .iter()
                    .enumerate()
                    .map(|(at, item)| {
                        inner
                            .convert(item)
                            .map_err(|fault| format!("item {}: {fault}", at + 1))
                    })
                    .collect();
                let items = items?;
                Ok(if matches!(self, Self::Set(_)) {
                    set(&items)
                } else {
                    Value::list(items)
                })
            }
            Self::Map(inner) => {
                let items: Result<BTreeMap<Arc<str>, Value>, String> = value
                    .as_map()
                    .ok_or_else(wrong)?
                    .iter()
                    .map(|(key, item)| {
                        let item = inner
                            .convert(item)
                            .map_err(|fault| format!("key `{key}`: {fault}"))?;
                        Ok((key.clone(), item))
                    })
                    .collect();
                Ok(Value::map(items?))
            }
            Self::Object(members) => {
                let given = value.as_map().ok_or_else(wrong)?;
                let mut items = BTreeMap::new();
                for (key, (inner, optional)) in members {
                    let item = match given.get(key) {
                        Some(item) => inner
                            .convert(item)
                            .map_err(|fault| format!("key `{key}`: {fault}"))?,
                        None if *optional => Value::Null,
                        None => return Err(format!("the key `{key}` is missing")),
                    };
                    items.insert(key.clone(), item);
                }
                Ok(Value::map(items))
            }
            Self::Tuple(members) => {
                let given = value.as_list().ok_or_else(wrong)?;
                if given.len() != members.len() {
                    return Err(format!(
                        "expected {} items, found {}",
                        members.len(),
                        given.len()
                    ));
                }
                let items: Result<Vec<Value>, String> = members
                    .iter()
                    .zip(given)
                    .map(|(inner, item)| inner.convert(item))
                    .collect();
                Ok(Value::list(items?))
            }
        }
    }
}
