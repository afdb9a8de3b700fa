//! Functions on paths, which look at their text only.

use super::Answer;
use super::arguments::text;
use crate::packer::eval::{CWD, Evaluator};
use crate::packer::expr::Node;
use crate::packer::value::Value;

/// A path without `.`, `..` and doubled slashes, as far as its text tells.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

pub(super) fn basename(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = text(a, 0)?;
    let trimmed = path.trim_end_matches('/');
    Ok(Value::string(match trimmed.rsplit('/').next() {
        Some("") | None if path.is_empty() => ".",
        Some("") | None => "/",
        Some(name) => name,
    }))
}

pub(super) fn dirname(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = text(a, 0)?;
    let folder = match path.rsplit_once('/') {
        None => ".".to_owned(),
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => clean(folder),
    };
    Ok(Value::string(folder))
}

pub(super) fn abspath(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = text(a, 0)?;
    if path.starts_with('/') {
        return Ok(Value::String(path));
    }
    let joined = clean(&format!("{CWD}/{path}"));
    Ok(Value::string(joined))
}
