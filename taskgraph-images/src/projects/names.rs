//! [`names`]: where Taskgraph's `taskcluster/config.yml` names worker types.

use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::{Node, Value};

/// A place in a project's tree that names a worker type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The worker alias.
    pub alias: String,
    /// The provisioner, as it is written: `images-{level}`, perhaps. Empty if it is chosen by an attribute.
    pub provisioner: String,
    /// The worker type, as it is written.
    pub worker_type: String,
    /// The keys from the root of the document to the worker type.
    pub path: Vec<String>,
    /// Where it is.
    pub place: Place,
    /// Why it names more than one worker type, if it does.
    pub pattern: Option<&'static str>,
}

/// Finds all places under `workers.aliases` that name a worker type, also below `by-<attribute>`.
///
/// # Errors
/// Whatever there is not of the form that Taskgraph reads.
pub fn names(config: &Node) -> Result<Vec<Name>, Vec<Diagnostic>> {
    let mut names = Vec::new();
    let mut faults = Vec::new();
    let aliases = config
        .get("workers")
        .and_then(|workers| workers.get("aliases"));
    let Some(aliases) = aliases else {
        return Ok(names);
    };
    let Some(entries) = aliases.entries() else {
        return Err(vec![expected("a map of worker aliases", aliases)]);
    };
    for (key, alias) in entries {
        let Some(worker_type) = alias.get("worker-type") else {
            faults.push(expected("a worker alias with a `worker-type`", alias));
            continue;
        };
        let provisioner = match alias.get("provisioner").map(|node| &node.value) {
            Some(Value::Scalar(text, _)) => text.to_string(),
            _ => String::new(),
        };
        let path = ["workers", "aliases", &key.text, "worker-type"]
            .map(str::to_owned)
            .to_vec();
        let mut walk = Walk {
            alias: &key.text,
            provisioner: &provisioner,
            names: &mut names,
            faults: &mut faults,
        };
        walk.value(worker_type, path);
    }
    if faults.is_empty() {
        Ok(names)
    } else {
        Err(faults)
    }
}

struct Walk<'a> {
    alias: &'a str,
    provisioner: &'a str,
    names: &'a mut Vec<Name>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, path: Vec<String>) {
        match &node.value {
            Value::Scalar(text, _) if !node.is_null() => {
                let pattern = if text.contains('{') {
                    Some("it is put together from other words")
                } else if self
                    .alias
                    .contains(['|', '(', '*', '[', '+', '^', '$', '\\'])
                {
                    Some("its alias is a pattern, so it stands for many")
                } else {
                    None
                };
                self.names.push(Name {
                    alias: self.alias.to_owned(),
                    provisioner: self.provisioner.to_owned(),
                    worker_type: text.to_string(),
                    path,
                    place: node.place(),
                    pattern,
                });
            }
            Value::Map(entries) => {
                let is_choice = entries.len() == 1 && entries[0].0.text.starts_with("by-");
                let choices = entries.first().and_then(|(_, below)| below.entries());
                match (is_choice, choices) {
                    (true, Some(choices)) => {
                        for (key, below) in choices {
                            let mut path = path.clone();
                            path.extend([entries[0].0.text.to_string(), key.text.to_string()]);
                            self.value(below, path);
                        }
                    }
                    _ => self
                        .faults
                        .push(expected("a worker type, or `by-<attribute>`", node)),
                }
            }
            _ => self
                .faults
                .push(expected("a worker type, or `by-<attribute>`", node)),
        }
    }
}

fn expected(what: &str, node: &Node) -> Diagnostic {
    let message = format!("expected {what}, found {}", node.describe());
    Diagnostic::error("expected", message).at(node.place())
}
