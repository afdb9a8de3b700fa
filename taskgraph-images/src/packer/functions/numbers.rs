//! Functions on numbers.

use super::arguments::{number, text, whole};
use super::{Answer, Fault};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::Value;

pub(super) fn extreme(arguments: &[Value], choose: fn(f64, f64) -> f64) -> Answer {
    let mut best = number(arguments, 0)?;
    for at in 1..arguments.len() {
        best = choose(best, number(arguments, at)?);
    }
    float(best)
}

pub(super) fn range(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
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

pub(super) fn parseint(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let digits = text(a, 0)?;
    let base = u32::try_from(whole(a, 1)?)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or("the base is none of 2 to 36")?;
    i64::from_str_radix(&digits, base)
        .map(Value::integer)
        .map_err(|_| format!("`{digits}` is no whole number in base {base}").into())
}

pub(super) fn float(number: f64) -> Answer {
    Value::float(number).ok_or_else(|| "the result is no number".into())
}
