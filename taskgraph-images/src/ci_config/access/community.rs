//! Scopes of community-tc-config: `grants.yml`, and the grants, clients and administrators of `projects/*.yml`.

use super::Holder;
use super::held::Held;
use super::project::is_true;
use crate::ci_config::findings::{expected, read as read_file};
use crate::diagnostic::Diagnostic;
use crate::tree::{FileKind, Files, TreePath};
use crate::yaml::{Node, Value};

pub(super) fn read(files: &dyn Files, root: &TreePath) -> Option<Held> {
    let mut held = Held::default();
    let mut any = false;
    let path = root.child("grants.yml");
    if matches!(files.kind(&path), Ok(FileKind::File)) {
        any = true;
        match read_file(files, &path) {
            Ok(node) => grants(&node, &mut held),
            Err(faults) => held.findings.extend(faults),
        }
    }
    let folder = root.child("projects");
    let paths = match files.kind(&folder) {
        Ok(FileKind::Directory) => files.list(&folder, false).unwrap_or_else(|error| {
            held.findings
                .push(Diagnostic::error("unreadable", error.to_string()));
            Vec::new()
        }),
        _ => Vec::new(),
    };
    for path in paths.iter().filter(|path| path.extension() == Some("yml")) {
        match read_file(files, path) {
            Ok(node) => {
                for (name, project) in node.entries().unwrap_or_default() {
                    any |= ["grants", "adminRoles", "clients"]
                        .iter()
                        .any(|key| project.get(key).is_some());
                    one(&name.text, project, &mut held);
                }
            }
            Err(faults) => held.findings.extend(faults),
        }
    }
    any.then_some(held)
}

fn one(name: &str, project: &Node, held: &mut Held) {
    if let Some(node) = project.get("grants").filter(|node| !node.is_null()) {
        grants(node, held);
    }
    if let Some(roles) = project.get("adminRoles").filter(|node| !node.is_null()) {
        for (_, role) in held.texts(roles) {
            let scope = format!("assume:project-admin:{name}");
            held.add(&scope, Holder::Role(role.to_owned()));
        }
    }
    let clients = project.get("clients").and_then(Node::entries);
    for (key, client) in clients.unwrap_or_default() {
        if let Some(scopes) = client.get("scopes") {
            for (_, scope) in held.texts(scopes) {
                let client = Holder::Client(format!("project/{name}/{}", key.text));
                held.add(scope, client);
            }
        }
    }
    match project.get("externallyManaged") {
        None => {}
        Some(node) if is_true(node) => {
            held.elsewhere.extend([
                format!("Role=project:{name}:.*"),
                format!("Role=hook-id:project-{name}/.*"),
                format!("Client=project/{name}/.*"),
            ]);
        }
        Some(node) => {
            let patterns = match &node.value {
                Value::Scalar(_, true) => Vec::new(),
                _ => held.texts(node),
            };
            let patterns = patterns.into_iter().map(|(_, text)| text.to_owned());
            let holders = ["Role=", "Client=", "Hook="];
            let own = patterns.filter(|text| holders.iter().any(|start| text.starts_with(start)));
            held.elsewhere.extend(own);
        }
    }
}

fn grants(node: &Node, held: &mut Held) {
    let Value::List(items) = &node.value else {
        held.findings.push(expected("a list of grants", node));
        return;
    };
    for item in items.iter() {
        let (Some(scopes), Some(to)) = (item.get("grant"), item.get("to")) else {
            held.findings
                .push(expected("a grant with `grant` and `to`", item));
            continue;
        };
        let (scopes, to) = (held.texts(scopes), held.texts(to));
        for (_, scope) in &scopes {
            for (_, role) in &to {
                held.add(scope, holder(role));
            }
        }
    }
}

/// Whose a role is.
fn holder(role: &str) -> Holder {
    match role.strip_prefix("hook-id:") {
        Some(hook) => Holder::Hook(hook.to_owned()),
        None => Holder::Role(role.to_owned()),
    }
}
