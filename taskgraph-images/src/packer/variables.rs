//! The template's variables: their types, their values, and the files that give them.

use super::body::Block;
use super::eval::{Eval, Evaluator, Scope, Slot};
use super::expr::Node;
use super::template::Variable;
use super::value::Value;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::TreePath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The variable that is passed to every template, and ignored by those that do not declare it.
pub(super) const SCRIPTS: &str = "scripts";

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
            validate(this, &declarations.variables[at]);
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

fn validate<'t>(this: &mut Evaluator<'t>, variable: &'t Variable) {
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
