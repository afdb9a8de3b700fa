//! Reading nodes of somebody else's files: what is not as expected is noted, and the reading goes on.

use crate::diagnostic::Diagnostic;
use crate::tree::{FileError, Files, TreePath};
use crate::yaml::{Node, Value, read_merging};

/// Reads one file of the configuration, with merge keys as its own readers take them.
pub(super) fn read(files: &dyn Files, path: &TreePath) -> Result<Node, Vec<Diagnostic>> {
    let content = files.read(path).map_err(|error| {
        let code = match error {
            FileError::Missing(_) => "no-file",
            _ => "unreadable",
        };
        vec![Diagnostic::error(code, error.to_string())]
    })?;
    read_merging(path, &content)
}

/// The text of a scalar that is no null.
pub(super) fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text, _) if !node.is_null() => Some(text),
        _ => None,
    }
}

/// A finding about a node that has the wrong type.
pub(super) fn expected(what: &str, node: &Node) -> Diagnostic {
    Diagnostic::error(
        "wrong-type",
        format!("expected {what}, found {}", node.describe()),
    )
    .at(node.place())
}

/// The text under a key of a map, if there is one; what is no text is noted.
pub(super) fn text(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<String> {
    let value = node.get(key).filter(|value| !value.is_null())?;
    match scalar(value) {
        Some(text) => Some(text.to_owned()),
        None => {
            findings.push(expected("a string", value));
            None
        }
    }
}

/// The text under a key that a map must have.
pub(super) fn required(
    node: &Node,
    key: &'static str,
    of: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    let value = node.get(key).filter(|value| !value.is_null());
    match value {
        Some(_) => text(node, key, findings),
        None => {
            findings.push(
                Diagnostic::error("missing-key", format!("{of} says no `{key}`")).at(node.place()),
            );
            None
        }
    }
}
