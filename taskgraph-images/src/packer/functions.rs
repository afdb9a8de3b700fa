//! HCL's functions, as far as their value can be told without running Packer.
//!
//! A function that is not here (`timestamp`, `uuidv4`, `vault`, …) has an unknown value. What a function cannot do
//! with the values that it is given is a fault, as it is in Packer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::eval::{CWD, Evaluator};
use super::expr::Node;
use super::file_functions as on_files;
use super::text_functions as on_text;
use super::value::{MAX_SIZE, Value};

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) run: Run,
    /// Whether it can work on lists and maps that hold unknown values.
    pub(super) deep: bool,
}

pub(super) type Run = fn(&mut Evaluator<'_>, &Node, &[Value]) -> Result<Value, Fault>;

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
        known(|_, _, a| number(a, 0).and_then(|n| float(n.abs()))),
    ),
    ("abspath", known(abspath)),
    ("base64decode", known(on_text::base64decode)),
    ("base64encode", known(on_text::base64encode)),
    ("basename", known(on_text::basename)),
    (
        "ceil",
        known(|_, _, a| number(a, 0).and_then(|n| float(n.ceil()))),
    ),
    (
        "chomp",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.trim_end_matches(['\r', '\n'])))),
    ),
    ("chunklist", deep(chunklist)),
    ("coalesce", deep(coalesce)),
    ("coalescelist", deep(coalescelist)),
    ("compact", known(compact)),
    ("concat", deep(concat)),
    (
        "contains",
        known(|_, _, a| Ok(Value::Bool(list(a, 0)?.contains(argument(a, 1)?)))),
    ),
    ("dirname", known(on_text::dirname)),
    ("distinct", known(distinct)),
    ("element", deep(element)),
    (
        "endswith",
        known(|_, _, a| Ok(Value::Bool(text(a, 0)?.ends_with(&*text(a, 1)?)))),
    ),
    ("env", known(env)),
    ("file", known(on_files::file)),
    ("filebase64", known(on_files::filebase64)),
    ("fileexists", known(on_files::fileexists)),
    ("fileset", known(on_files::fileset)),
    ("flatten", deep(flatten)),
    (
        "floor",
        known(|_, _, a| number(a, 0).and_then(|n| float(n.floor()))),
    ),
    ("format", known(on_text::format)),
    ("formatlist", known(on_text::formatlist)),
    ("indent", known(on_text::indent)),
    ("index", known(index)),
    ("join", known(on_text::join)),
    ("jsondecode", known(jsondecode)),
    ("jsonencode", known(on_text::jsonencode)),
    (
        "keys",
        deep(|_, _, a| {
            Ok(Value::list(
                map(a, 0)?.keys().cloned().map(Value::String).collect(),
            ))
        }),
    ),
    ("length", deep(length)),
    ("lookup", deep(lookup)),
    (
        "lower",
        known(|_, _, a| Ok(Value::string(text(a, 0)?.to_lowercase()))),
    ),
    ("max", known(|_, _, a| extreme(a, f64::max))),
    ("merge", deep(merge)),
    ("min", known(|_, _, a| extreme(a, f64::min))),
    ("parseint", known(parseint)),
    ("range", known(range)),
    ("replace", known(on_text::replace)),
    (
        "reverse",
        deep(|_, _, a| Ok(Value::list(list(a, 0)?.iter().rev().cloned().collect()))),
    ),
    ("setintersection", known(setintersection)),
    ("setproduct", known(setproduct)),
    ("setunion", known(setunion)),
    ("sha256", known(on_text::sha256)),
    ("slice", deep(slice)),
    ("sort", known(sort)),
    ("split", known(on_text::split)),
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
    ("substr", known(on_text::substr)),
    ("templatefile", deep(on_files::templatefile)),
    ("title", known(on_text::title)),
    (
        "tobool",
        known(|_, _, a| {
            argument(a, 0)?
                .as_bool()
                .map(Value::Bool)
                .ok_or_else(|| "not a bool".into())
        }),
    ),
    ("tolist", deep(tolist)),
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
    ("toset", known(toset)),
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
    ("zipmap", deep(zipmap)),
];

/// The function of a name, if its value can be told.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .binary_search_by(|(row, _)| (*row).cmp(name))
        .ok()
        .map(|at| &FUNCTIONS[at].1)
}

pub(super) fn argument(arguments: &[Value], at: usize) -> Result<&Value, Fault> {
    arguments
        .get(at)
        .ok_or_else(|| format!("argument {} is missing", at + 1).into())
}

fn mismatch(at: usize, expected: &str, found: &Value) -> Fault {
    format!(
        "argument {} is {}, expected {expected}",
        at + 1,
        found.kind()
    )
    .into()
}

pub(super) fn text(arguments: &[Value], at: usize) -> Result<Arc<str>, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_text()
        .ok_or_else(|| mismatch(at, "a string", value))
}

pub(super) fn number(arguments: &[Value], at: usize) -> Result<f64, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_number()
        .and_then(|number| number.as_f64())
        .ok_or_else(|| mismatch(at, "a number", value))
}

pub(super) fn whole(arguments: &[Value], at: usize) -> Result<i64, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_number()
        .and_then(|number| number.as_i64())
        .ok_or_else(|| mismatch(at, "a whole number", value))
}

pub(super) fn list(arguments: &[Value], at: usize) -> Result<&[Value], Fault> {
    let value = argument(arguments, at)?;
    value.as_list().ok_or_else(|| mismatch(at, "a list", value))
}

pub(super) fn map(arguments: &[Value], at: usize) -> Result<&BTreeMap<Arc<str>, Value>, Fault> {
    let value = argument(arguments, at)?;
    value.as_map().ok_or_else(|| mismatch(at, "a map", value))
}

fn float(number: f64) -> Result<Value, Fault> {
    Value::float(number).ok_or_else(|| "the result is no number".into())
}

/// The environment never matters: every variable of it is empty, and its name is kept.
fn env(this: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    this.environment.insert(text(a, 0)?);
    Ok(Value::string(""))
}

fn abspath(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let path = text(a, 0)?;
    if path.starts_with('/') {
        return Ok(Value::String(path));
    }
    let joined = on_text::clean(&format!("{CWD}/{path}"));
    Ok(Value::string(joined))
}

fn extreme(arguments: &[Value], choose: fn(f64, f64) -> f64) -> Result<Value, Fault> {
    let mut best = number(arguments, 0)?;
    for at in 1..arguments.len() {
        best = choose(best, number(arguments, at)?);
    }
    float(best)
}

fn concat(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut items = Vec::new();
    for at in 0..a.len() {
        items.extend_from_slice(list(a, at)?);
    }
    Ok(Value::list(items))
}

fn merge(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut items = BTreeMap::new();
    for (at, value) in a.iter().enumerate() {
        if *value == Value::Null {
            continue;
        }
        for (key, item) in map(a, at)? {
            items.insert(key.clone(), item.clone());
        }
    }
    Ok(Value::map(items))
}

fn lookup(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let key = text(a, 1)?;
    map(a, 0)?
        .get(&key)
        .or_else(|| a.get(2))
        .cloned()
        .ok_or_else(|| format!("the map has no key `{key}`").into())
}

fn element(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let items = list(a, 0)?;
    let at = whole(a, 1)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return Err("the list is empty".into());
    }
    let at = usize::try_from(at.rem_euclid(length)).unwrap_or_default();
    Ok(items[at].clone())
}

fn index(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let item = argument(a, 1)?;
    list(a, 0)?
        .iter()
        .position(|candidate| candidate == item)
        .map(Value::integer)
        .ok_or_else(|| "the item is not in the list".into())
}

fn length(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    Ok(Value::integer(match argument(a, 0)? {
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.items.len(),
        Value::String(text) => text.chars().count(),
        other => return Err(mismatch(0, "a list, map or string", other)),
    }))
}

fn flatten(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    fn into(items: &[Value], out: &mut Vec<Value>) {
        for item in items {
            match item {
                Value::List(list) => into(&list.items, out),
                other => out.push(other.clone()),
            }
        }
    }
    let mut out = Vec::new();
    let items = list(a, 0)?;
    if items.iter().any(Value::is_unknown) {
        return Ok(Value::unknown("flatten()", a.to_vec()));
    }
    into(items, &mut out);
    Ok(Value::list(out))
}

fn coalesce(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    a.iter()
        .find(|value| **value != Value::Null && **value != Value::string(""))
        .cloned()
        .ok_or_else(|| "all arguments are empty".into())
}

fn coalescelist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    for at in 0..a.len() {
        if !list(a, at)?.is_empty() {
            return Ok(a[at].clone());
        }
    }
    Err("all arguments are empty".into())
}

fn compact(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let items = list(a, 0)?.iter();
    Ok(Value::list(
        items
            .filter(|item| **item != Value::Null && **item != Value::string(""))
            .cloned()
            .collect(),
    ))
}

/// A value by which others are ordered and told apart.
fn order(value: &Value) -> String {
    value.to_json().to_string()
}

fn distinct(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut seen = BTreeSet::new();
    let items = list(a, 0)?.iter();
    Ok(Value::list(
        items
            .filter(|item| seen.insert(order(item)))
            .cloned()
            .collect(),
    ))
}

/// The set of some values: sorted, strings by their bytes.
pub(super) fn set<'v>(items: impl IntoIterator<Item = &'v Value>) -> Value {
    let sorted: BTreeMap<(Option<Arc<str>>, String), &Value> = items
        .into_iter()
        .map(|item| match item {
            Value::String(text) => ((Some(text.clone()), String::new()), item),
            other => ((None, order(other)), item),
        })
        .collect();
    Value::list(sorted.into_values().cloned().collect())
}

fn toset(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    Ok(set(list(a, 0)?))
}

fn tolist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    list(a, 0).map(|_| a[0].clone())
}

fn setunion(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut items = Vec::new();
    for at in 0..a.len() {
        items.extend(list(a, at)?);
    }
    Ok(set(items))
}

fn setintersection(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut common: BTreeMap<String, &Value> =
        list(a, 0)?.iter().map(|item| (order(item), item)).collect();
    for at in 1..a.len() {
        let here: BTreeSet<String> = list(a, at)?.iter().map(order).collect();
        common.retain(|key, _| here.contains(key));
    }
    Ok(set(common.into_values()))
}

fn setproduct(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for at in 0..a.len() {
        let items = list(a, at)?;
        if rows.len().saturating_mul(items.len()) > MAX_SIZE / 16 {
            return Err(Fault::new("template-too-large", "the product is too large"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    Ok(Value::list(rows.into_iter().map(Value::list).collect()))
}

fn sort(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let mut items = Vec::new();
    for item in list(a, 0)? {
        items.push(item.as_text().ok_or("only strings can be sorted")?);
    }
    items.sort();
    Ok(Value::list(items.into_iter().map(Value::String).collect()))
}

fn slice(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let items = list(a, 0)?;
    let start = usize::try_from(whole(a, 1)?).ok();
    let end = usize::try_from(whole(a, 2)?).ok();
    start
        .zip(end)
        .and_then(|(start, end)| items.get(start..end))
        .map(|items| Value::list(items.to_vec()))
        .ok_or_else(|| "the indices are not those of items of the list".into())
}

fn chunklist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let items = list(a, 0)?;
    let size = usize::try_from(whole(a, 1)?).map_err(|_| "the size is negative")?;
    if size == 0 {
        return Ok(Value::list(vec![a[0].clone()]));
    }
    Ok(Value::list(
        items
            .chunks(size)
            .map(|chunk| Value::list(chunk.to_vec()))
            .collect(),
    ))
}

fn zipmap(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let (keys, values) = (list(a, 0)?, list(a, 1)?);
    if keys.len() != values.len() {
        return Err("the lists differ in length".into());
    }
    let mut items = BTreeMap::new();
    for (at, value) in values.iter().enumerate() {
        if keys[at].is_unknown() {
            return Ok(Value::unknown("zipmap()", a.to_vec()));
        }
        items.insert(text(keys, at)?, value.clone());
    }
    Ok(Value::map(items))
}

fn range(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let (start, end) = match a.len() {
        1 => (0.0, number(a, 0)?),
        2 | 3 => (number(a, 0)?, number(a, 1)?),
        _ => return Err("takes one to three numbers".into()),
    };
    let step = match a.len() {
        3 => number(a, 2)?,
        _ if end < start => -1.0,
        _ => 1.0,
    };
    if step == 0.0 || (end - start).signum() * step.signum() < 0.0 && (end - start) != 0.0 {
        return Err("the step leads away from the end".into());
    }
    // As in HCL: longer ranges are taken for mistakes.
    if ((end - start) / step).abs() > 1024.0 {
        return Err(Fault::new("template-too-large", "more than 1024 numbers"));
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < end) || (step < 0.0 && at > end) {
        items.push(float(at)?);
        at += step;
    }
    Ok(Value::list(items))
}

fn parseint(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    let digits = text(a, 0)?;
    let base = u32::try_from(whole(a, 1)?)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or("the base is none of 2 to 36")?;
    i64::from_str_radix(&digits, base)
        .map(Value::integer)
        .map_err(|_| format!("`{digits}` is no whole number in base {base}").into())
}

fn jsondecode(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Result<Value, Fault> {
    serde_json::from_str(&text(a, 0)?)
        .map(|json: serde_json::Value| Value::from_json(&json))
        .map_err(|error| format!("not valid JSON: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
