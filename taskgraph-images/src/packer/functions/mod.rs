//! HCL's functions, as far as their value can be told without running Packer.
//!
//! A function that is not here (`timestamp`, `uuidv4`, `vault`, …) has an unknown value. What a function cannot do
//! with the values that it is given is a fault, as it is in Packer. The table is here; the functions themselves stand
//! in a file for each family, except for those that are a line.

mod arguments;
mod collections;
mod encoding;
mod files;
mod format;
mod numbers;
mod paths;
mod sets;
mod text;

use self::arguments::{argument, list, map, number, text};
pub(super) use self::files::{file_code, glob};
pub(super) use self::sets::set;
use super::eval::Evaluator;
use super::expr::Node;
use super::value::Value;

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) run: Run,
    /// Whether it can work on lists and maps that hold unknown values.
    pub(super) deep: bool,
}

/// What every function of templates comes to.
type Answer = Result<Value, Fault>;

pub(super) type Run = fn(&mut Evaluator<'_>, &Node, &[Value]) -> Answer;

/// Why a function has no value.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new("wrong-type", message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::new("wrong-type", message)
    }
}

const fn known(run: Run) -> Function {
    Function { run, deep: false }
}

const fn deep(run: Run) -> Function {
    Function { run, deep: true }
}

/// Sorted by name.
static FUNCTIONS: &[(&str, Function)] = &[
    (
        "abs",
        known(|_, _, a| number(a, 0).and_then(|n| numbers::float(n.abs()))),
    ),
    ("abspath", known(paths::abspath)),
    ("base64decode", known(encoding::base64decode)),
    ("base64encode", known(encoding::base64encode)),
    ("basename", known(paths::basename)),
    (
        "ceil",
        known(|_, _, a| number(a, 0).and_then(|n| numbers::float(n.ceil()))),
    ),
    (
        "chomp",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.trim_end_matches(['\r', '\n'])))),
    ),
    ("chunklist", deep(collections::chunklist)),
    ("coalesce", deep(collections::coalesce)),
    ("coalescelist", deep(collections::coalescelist)),
    ("compact", known(collections::compact)),
    ("concat", deep(collections::concat)),
    (
        "contains",
        known(|_, _, a| Ok(Value::Bool(list(a, 0)?.contains(argument(a, 1)?)))),
    ),
    ("dirname", known(paths::dirname)),
    ("distinct", known(sets::distinct)),
    ("element", deep(collections::element)),
    (
        "endswith",
        known(|_, _, a| Ok(Value::Bool(text(a, 0)?.ends_with(&*text(a, 1)?)))),
    ),
    ("env", known(env)),
    ("file", known(files::file)),
    ("filebase64", known(files::filebase64)),
    ("fileexists", known(files::fileexists)),
    ("fileset", known(files::fileset)),
    ("flatten", deep(collections::flatten)),
    (
        "floor",
        known(|_, _, a| number(a, 0).and_then(|n| numbers::float(n.floor()))),
    ),
    ("format", known(format::format)),
    ("formatlist", known(format::formatlist)),
    ("indent", known(text::indent)),
    ("index", known(collections::index)),
    ("join", known(text::join)),
    ("jsondecode", known(encoding::jsondecode)),
    ("jsonencode", known(encoding::jsonencode)),
    (
        "keys",
        deep(|_, _, a| {
            Ok(Value::list(
                map(a, 0)?.keys().cloned().map(Value::String).collect(),
            ))
        }),
    ),
    ("length", deep(collections::length)),
    ("lookup", deep(collections::lookup)),
    (
        "lower",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.to_lowercase()))),
    ),
    ("max", known(|_, _, a| numbers::extreme(a, f64::max))),
    ("merge", deep(collections::merge)),
    ("min", known(|_, _, a| numbers::extreme(a, f64::min))),
    ("parseint", known(numbers::parseint)),
    ("range", known(numbers::range)),
    ("replace", known(text::replace)),
    (
        "reverse",
        deep(|_, _, a| Ok(Value::list(list(a, 0)?.iter().rev().cloned().collect()))),
    ),
    ("setintersection", known(sets::setintersection)),
    ("setproduct", known(sets::setproduct)),
    ("setunion", known(sets::setunion)),
    ("sha256", known(encoding::sha256)),
    ("slice", deep(collections::slice)),
    ("sort", known(sets::sort)),
    ("split", known(text::split)),
    (
        "startswith",
        known(|_, _, a| Ok(Value::Bool(text(a, 0)?.starts_with(&*text(a, 1)?)))),
    ),
    (
        "strcontains",
        known(|_, _, a| Ok(Value::Bool(text(a, 0)?.contains(&*text(a, 1)?)))),
    ),
    (
        "strrev",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.chars().rev().collect::<String>()))),
    ),
    ("substr", known(text::substr)),
    ("templatefile", deep(files::templatefile)),
    ("title", known(text::title)),
    (
        "tobool",
        known(|_, _, a| {
            argument(a, 0)?
                .as_bool()
                .map(Value::Bool)
                .ok_or_else(|| "not a bool".into())
        }),
    ),
    ("tolist", deep(sets::tolist)),
    ("tomap", deep(|_, _, a| map(a, 0).map(|_| a[0].clone()))),
    (
        "tonumber",
        known(|_, _, a| {
            argument(a, 0)?
                .as_number()
                .map(Value::Number)
                .ok_or_else(|| "not a number".into())
        }),
    ),
    ("toset", known(sets::toset)),
    ("tostring", known(|_, _, a| text(a, 0).map(Value::String))),
    (
        "trim",
        known(|_, _, a| {
            let characters: Vec<char> = text(a, 1)?.chars().collect();
            Ok(Value::string(
                text(a, 0)?.trim_matches(characters.as_slice()),
            ))
        }),
    ),
    (
        "trimprefix",
        known(|_, _, a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            Ok(Value::string(whole.strip_prefix(&*part).unwrap_or(&whole)))
        }),
    ),
    (
        "trimspace",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.trim()))),
    ),
    (
        "trimsuffix",
        known(|_, _, a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            Ok(Value::string(whole.strip_suffix(&*part).unwrap_or(&whole)))
        }),
    ),
    (
        "upper",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.to_uppercase()))),
    ),
    (
        "values",
        deep(|_, _, a| Ok(Value::list(map(a, 0)?.values().cloned().collect()))),
    ),
    ("zipmap", deep(collections::zipmap)),
];

/// The function of a name, if its value can be told.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .binary_search_by(|(row, _)| (*row).cmp(name))
        .ok()
        .map(|at| &FUNCTIONS[at].1)
}

/// The environment never matters: every variable of it is empty, and its name is kept.
fn env(this: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    this.environment.insert(text(a, 0)?);
    Ok(Value::string(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
