//! Formats such as `{pool-group}/b-linux{suffix}`, as Python's `str.format` fills them, as far as anybody uses it.

use super::keyed::Attributes;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// Fills a format with attributes.
pub(super) fn fill(
    node: &Node,
    format: &str,
    attributes: &Attributes,
) -> Result<String, Diagnostic> {
    let fault = |message: String| Diagnostic::error("bad-format", message).at(node.place());
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (sign, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(sign) {
            out.push_str(sign);
            rest = after;
            continue;
        }
        let end = after.find('}').filter(|_| sign == "{").ok_or_else(|| {
            fault(format!("`{format}` has a `{sign}` without its other half"))
                .hint(format!("write `{sign}{sign}` for the sign itself"))
        })?;
        let name = &after[..end];
        if name.is_empty() || name.contains(['!', ':', '.', '[', '{']) {
            return Err(fault(format!(
                "`{{{name}}}` is more than the name of an attribute, which is all that is read here"
            )));
        }
        let value = attributes
            .get(name)
            .ok_or_else(|| fault(format!("`{{{name}}}` names no attribute of the variant")))?;
        let text =
            shown(value).ok_or_else(|| fault(format!("`{{{name}}}` is {}", value.describe())))?;
        out.push_str(&text);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// A scalar as Python shows what a YAML 1.1 reader makes of it.
fn shown(node: &Node) -> Option<String> {
    let Value::Scalar(text, plain) = &node.value else {
        return None;
    };
    if node.is_null() {
        return Some("None".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    Some(match &*lower {
        "true" | "yes" | "on" if *plain => "True".to_owned(),
        "false" | "no" | "off" if *plain => "False".to_owned(),
        _ => text.to_string(),
    })
}
