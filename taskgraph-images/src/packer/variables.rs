//! The template's variables: their types, their values, and the files that give them.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::Expression;

use super::body::Block;
use super::eval::{Eval, Evaluator, Scope, Slot};
use super::expr::Node;
use super::functions::set;
use super::template::Variable;
use super::value::Value;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::TreePath;

/// The variable that is passed to every template, and ignored by those that do not declare it.
pub(super) const SCRIPTS: &str = "scripts";

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

/// The values that a `*.pkrvars.hcl` or `*.json` file gives to variables. Parsed once, used for every image.
#[derive(Debug)]
pub struct VarFile {
    pub(super) path: TreePath,
    pub(super) values: BTreeMap<Arc<str>, (Value, Place)>,
}

impl VarFile {
    /// The file.
    pub fn path(&self) -> &TreePath {
        &self.path
    }
}

/// The value that a variable has when nobody gives one.
pub(super) fn default<'t>(this: &mut Evaluator<'t>, variable: &'t Variable) -> Eval<Value> {
    // Variables without a default and without a value were told of when the evaluation began.
    let Some(default) = &variable.default else {
        return Ok(Value::unknown(format!("var.{}", variable.name), Vec::new()));
    };
    let value = this.eval(default, None)?;
    variable.of.convert(&value).map_err(|fault| {
        this.error(
            default,
            "wrong-type",
            format!("`{}`: {fault}", variable.name),
        )
    })
}

/// Gives the variables their values. Later sources of values win: files in order, then what the caller passes.
pub(super) fn assign<'t>(
    this: &mut Evaluator<'t>,
    files: &[&VarFile],
    values: &BTreeMap<String, serde_json::Value>,
    warnings: &mut Vec<Diagnostic>,
) {
    let declarations = this.declarations;
    let names = &declarations.names.variables;
    let known = || names.keys().map(AsRef::as_ref);
    for file in files {
        for (name, (value, place)) in &file.values {
            match names.get(name) {
                Some(at) => give(this, *at, value, Some(place)),
                // Files of values are shared by templates that declare less than all of them.
                None => warnings.push(
                    Diagnostic::warning(
                        "unknown-variable",
                        format!("the template declares no variable `{name}`"),
                    )
                    .at(place.clone()),
                ),
            }
        }
    }
    for (name, value) in values {
        match names.get(name.as_str()) {
            Some(at) => give(this, *at, &Value::from_json(value), None),
            None if name == SCRIPTS => {}
            None => {
                let mut diagnostic = Diagnostic::error(
                    "unknown-variable",
                    format!("the template declares no variable `{name}`"),
                );
                if let Some(path) = declarations.files.first() {
                    diagnostic = diagnostic.at(Place::file(path.clone()));
                }
                diagnostic.hint = nearest(name, known()).map_or_else(
                    || Some(format!("declare it: `variable \"{name}\" {{}}`")),
                    |near| Some(format!("did you mean `{near}`?")),
                );
                this.faults.push(diagnostic);
            }
        }
    }
    for (at, variable) in declarations.variables.iter().enumerate() {
        if variable.default.is_none() && matches!(this.variables[at], Slot::Waiting) {
            this.faults.push(
                Diagnostic::error(
                    "missing-variable",
                    format!("the variable `{}` has no value", variable.name),
                )
                .at(this.place(variable.file, variable.span))
                .hint(format!(
                    "set it under `variables:` of the image's `packer:`, in a file of `var-files:`, or give it a `default`: `{}`",
                    variable.name
                )),
            );
        }
    }
    for at in 0..declarations.variables.len() {
        if matches!(this.variables[at], Slot::Done(Ok(_))) {
            validate(this, &declarations.variables[at], at);
        }
    }
}

fn give(this: &mut Evaluator<'_>, at: u32, value: &Value, place: Option<&Place>) {
    let variable = &this.declarations.variables[at as usize];
    let value = match variable.of.convert(value) {
        Ok(value) => Ok(value),
        Err(fault) => {
            let declared = this.place(variable.file, variable.span);
            let mut diagnostic = Diagnostic::error(
                "wrong-type",
                format!("the variable `{}`: {fault}", variable.name),
            );
            diagnostic = match place {
                Some(place) => diagnostic
                    .at(place.clone())
                    .note(declared, "the type is declared here"),
                None => diagnostic.at(declared),
            };
            this.faults.push(diagnostic.clone());
            Err(Box::new(diagnostic))
        }
    };
    this.variables[at as usize] = Slot::Done(value);
}

fn validate<'t>(this: &mut Evaluator<'t>, variable: &'t Variable, _at: usize) {
    for (condition, message) in &variable.validations {
        let Ok(value) = this.eval(condition, None::<&Scope<'_>>) else {
            continue;
        };
        if value.as_bool() == Some(false) {
            let message = message
                .as_ref()
                .and_then(|message| this.eval(message, None).ok())
                .and_then(|message| message.as_text())
                .map_or_else(String::new, |message| format!(": {message}"));
            let fault = this.error(
                condition,
                "invalid-variable",
                format!(
                    "the value of the variable `{}` is refused{message}",
                    variable.name
                ),
            );
            this.faults.push(*fault);
        }
    }
}

/// The conditions and messages of a `variable` block's `validation` blocks.
pub(super) fn validations(blocks: Vec<Block>) -> Vec<(Node, Option<Node>)> {
    blocks
        .into_iter()
        .filter(|block| &*block.name == "validation")
        .filter_map(|block| {
            let mut condition = None;
            let mut message = None;
            for attribute in block.body.attributes {
                match &*attribute.name {
                    "condition" => condition = Some(attribute.value),
                    "error_message" => message = Some(attribute.value),
                    _ => {}
                }
            }
            Some((condition?, message))
        })
        .collect()
}
