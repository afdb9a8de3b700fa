//! A function's arguments, converted as HCL converts them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use crate::packer::value::Value;

pub(in crate::packer) fn argument(arguments: &[Value], at: usize) -> Result<&Value, Fault> {
    arguments
        .get(at)
        .ok_or_else(|| format!("argument {} is missing", at + 1).into())
}

pub(in crate::packer) fn text(arguments: &[Value], at: usize) -> Result<Arc<str>, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_text()
        .ok_or_else(|| mismatch(at, "a string", value))
}

pub(in crate::packer) fn number(arguments: &[Value], at: usize) -> Result<f64, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_number()
        .and_then(|number| number.as_f64())
        .ok_or_else(|| mismatch(at, "a number", value))
}

pub(in crate::packer) fn whole(arguments: &[Value], at: usize) -> Result<i64, Fault> {
    let value = argument(arguments, at)?;
    value
        .as_number()
        .and_then(|number| number.as_i64())
        .ok_or_else(|| mismatch(at, "a whole number", value))
}

pub(in crate::packer) fn list(arguments: &[Value], at: usize) -> Result<&[Value], Fault> {
    let value = argument(arguments, at)?;
    value.as_list().ok_or_else(|| mismatch(at, "a list", value))
}

pub(in crate::packer) fn map(
    arguments: &[Value],
    at: usize,
) -> Result<&BTreeMap<Arc<str>, Value>, Fault> {
    let value = argument(arguments, at)?;
    value.as_map().ok_or_else(|| mismatch(at, "a map", value))
}

pub(super) fn mismatch(at: usize, expected: &str, found: &Value) -> Fault {
    format!(
        "argument {} is {}, expected {expected}",
        at + 1,
        found.kind()
    )
    .into()
}
