//! `format` and `formatlist`: the verbs of Go's `fmt` that templates use.

use std::fmt::Write as _;
use std::sync::Arc;

use super::arguments::text;
use super::encoding::plain;
use super::{Answer, Fault};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::{MAX_SIZE, Value};

pub(in crate::packer) fn format(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let rest = a.get(1..).unwrap_or_default();
    match formatted(&text(a, 0)?, rest)? {
        Some(text) => Ok(Value::string(text)),
        None => Ok(Value::unknown("format()", a.to_vec())),
    }
}

pub(super) fn formatlist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let pattern = text(a, 0)?;
    let rest = a.get(1..).unwrap_or_default();
    let length = rest
        .iter()
        .filter_map(|value| value.as_list().map(<[Value]>::len))
        .max()
        .unwrap_or(1);
    let mut rows = Vec::with_capacity(length);
    for at in 0..length {
        let row: Option<Vec<Value>> = rest
            .iter()
            .map(|value| match value.as_list() {
                Some(items) => items.get(at).cloned(),
                None => Some(value.clone()),
            })
            .collect();
        match formatted(&pattern, &row.ok_or("the lists differ in length")?)? {
            Some(text) => rows.push(Value::string(text)),
            None => return Ok(Value::unknown("formatlist()", a.to_vec())),
        }
    }
    Ok(Value::list(rows))
}

/// The verbs that templates use for names and paths. `None` where a verb is rendered in a way that only Packer's own
/// code knows: the value is unknown then, not wrong.
fn formatted(pattern: &str, values: &[Value]) -> Result<Option<String>, Fault> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(next) = characters.next_if(|c| c.is_ascii_digit() || "-+ #.[]*".contains(*c))
        {
            flags.push(next);
        }
        let verb = characters.next().ok_or("the pattern ends in `%`")?;
        if verb == '%' {
            out.push('%');
            continue;
        }
        let zeros = flags.strip_prefix('0').unwrap_or_default();
        let (width, padded) = match (flags.as_str(), zeros) {
            ("", _) => (0, false),
            (_, width) if !width.is_empty() && width.bytes().all(|b| b.is_ascii_digit()) => {
                (width.parse::<usize>().unwrap_or(usize::MAX), true)
            }
            _ => return Ok(None),
        };
        if width > 1024 {
            return Err("a width of more than 1024".into());
        }
        let value = values.next().ok_or("there are fewer values than verbs")?;
        let rendered: Arc<str> = match verb {
            's' => value.as_text().ok_or("`%s` expects a string")?,
            'd' => Arc::from(
                value
                    .as_number()
                    .and_then(|number| number.as_i64())
                    .ok_or("`%d` expects a whole number")?
                    .to_string(),
            ),
            'v' => match value {
                Value::List(_) | Value::Map(_) => Arc::from(plain(value).to_string()),
                Value::Null => Arc::from("null"),
                other => other.as_text().ok_or("`%v` cannot show the value")?,
            },
            't' => Arc::from(value.as_bool().ok_or("`%t` expects a bool")?.to_string()),
            _ => return Ok(None),
        };
        if padded && verb == 'd' {
            let (sign, digits) = match rendered.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", &*rendered),
            };
            let missing = width.saturating_sub(rendered.len());
            let _ = write!(out, "{sign}{}{digits}", "0".repeat(missing));
        } else if padded {
            return Ok(None);
        } else {
            out.push_str(&rendered);
        }
        if out.len() > MAX_SIZE {
            return Err(Fault::new("template-too-large", "the text is too long"));
        }
    }
    if values.next().is_some() {
        return Err("there are more values than verbs".into());
    }
    Ok(Some(out))
}
