//! Functions on text.

use super::arguments::{list, text, whole};
use super::{Answer, Fault};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::{MAX_SIZE, Value};

pub(super) fn join(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let separator = text(a, 0)?;
    let mut joined = String::new();
    let mut first = true;
    for at in 1..a.len() {
        for item in list(a, at)? {
            if !std::mem::take(&mut first) {
                joined.push_str(&separator);
            }
            joined.push_str(&item.as_text().ok_or_else(|| {
                Fault::from(format!("an item is {}, expected a string", item.kind()))
            })?);
            if joined.len() > MAX_SIZE {
                return Err(Fault::new("template-too-large", "the text is too long"));
            }
        }
    }
    Ok(Value::string(joined))
}

pub(super) fn split(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let (separator, whole) = (text(a, 0)?, text(a, 1)?);
    if whole.is_empty() {
        return Ok(Value::list(vec![Value::string("")]));
    }
    Ok(Value::list(if separator.is_empty() {
        whole
            .chars()
            .map(|c| Value::string(c.to_string()))
            .collect()
    } else {
        whole.split(&*separator).map(Value::string).collect()
    }))
}

/// `/…/` as what to replace is a regular expression only in other tools of the family: in Packer it is text.
pub(super) fn replace(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let (whole, from, to) = (text(a, 0)?, text(a, 1)?, text(a, 2)?);
    if from.is_empty() && whole.len().saturating_mul(to.len()) > MAX_SIZE
        || (!from.is_empty() && whole.matches(&*from).count().saturating_mul(to.len()) > MAX_SIZE)
    {
        return Err(Fault::new("template-too-large", "the text is too long"));
    }
    Ok(Value::string(whole.replace(&*from, &to)))
}

pub(super) fn indent(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let spaces = usize::try_from(whole(a, 0)?).map_err(|_| "the number of spaces is negative")?;
    let lines = text(a, 1)?;
    if spaces.saturating_mul(lines.matches('\n').count() + 1) > MAX_SIZE {
        return Err(Fault::new("template-too-large", "the text is too long"));
    }
    Ok(Value::string(
        lines.replace('\n', &format!("\n{}", " ".repeat(spaces))),
    ))
}

pub(super) fn substr(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let characters: Vec<char> = text(a, 0)?.chars().collect();
    let count = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let (offset, length) = (whole(a, 1)?, whole(a, 2)?);
    let start = if offset < 0 {
        offset.saturating_add(count)
    } else {
        offset
    }
    .clamp(0, count);
    let end = if length < 0 {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let at = |n: i64| usize::try_from(n).unwrap_or_default();
    Ok(Value::string(
        characters[at(start)..at(end)].iter().collect::<String>(),
    ))
}

pub(super) fn title(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut titled = String::new();
    let mut start = true;
    for c in text(a, 0)?.chars() {
        if start {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    Ok(Value::string(titled))
}
