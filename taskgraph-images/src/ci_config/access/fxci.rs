//! Scopes of fxci-config: of projects, groups and roles by its grants, of hooks and of clients.

use super::grantees::Conditions;
use super::held::Held;
use super::project::Project;
use super::scope::is_relevant;
use super::{Holder, templates};
use crate::ci_config::findings::{expected, read as read_file};
use crate::ci_config::keyed::Attributes;
use crate::ci_config::text::fill;
use crate::diagnostic::Diagnostic;
use crate::tree::{FileKind, Files, TreePath};
use crate::yaml::{Node, Value};

/// Kinds of resources that hold scopes or use them.
const HOLDERS: [&str; 3] = ["Role=", "Client=", "Hook="];

pub(super) fn read(files: &dyn Files, root: &TreePath, environment: Option<&str>) -> Option<Held> {
    let mut held = Held::default();
    let folder = root.child("grants.d");
    let mut paths = match files.kind(&folder) {
        Ok(FileKind::Directory) => files.list(&folder, false).unwrap_or_else(|error| {
            held.findings
                .push(Diagnostic::error("unreadable", error.to_string()));
            Vec::new()
        }),
        // Earlier, all grants stood in one file.
        _ => [root.child("grants.yml")]
            .into_iter()
            .filter(|path| matches!(files.kind(path), Ok(FileKind::File)))
            .collect(),
    };
    paths.retain(|path| path.extension() == Some("yml"));
    if paths.is_empty() {
        return None;
    }
    let projects = match read_file(files, &root.child("projects.yml")) {
        Ok(node) => Project::all(&node, &mut held.findings),
        Err(faults) => {
            held.findings.extend(faults);
            Vec::new()
        }
    };
    templates::read(files, root, &projects, &mut held);
    let environment = environment
        .map(str::to_owned)
        .or_else(|| first_environment(files, root));
    let mut reader = Reader {
        held,
        projects,
        environment,
    };
    for path in &paths {
        match read_file(files, path) {
            Ok(node) => reader.grants(&node),
            Err(faults) => reader.held.findings.extend(faults),
        }
    }
    for (name, take) in [
        ("hooks.yml", Reader::hooks as fn(&mut Reader, &Node)),
        ("clients.yml", Reader::clients),
        ("clients-interpreted.yml", Reader::interpreted),
        ("externally-managed.yml", Reader::elsewhere),
    ] {
        let path = root.child(name);
        if matches!(files.kind(&path), Ok(FileKind::File)) {
            match read_file(files, &path) {
                Ok(node) => take(&mut reader, &node),
                Err(faults) => reader.held.findings.extend(faults),
            }
        }
    }
    Some(reader.held)
}

fn first_environment(files: &dyn Files, root: &TreePath) -> Option<String> {
    let node = read_file(files, &root.child("environments.yml")).ok()?;
    Some(node.entries()?.first()?.0.text.to_string())
}

struct Reader {
    held: Held,
    projects: Vec<Project>,
    /// The environment that is meant; what is for some environments counts where nobody knows which one this is.
    environment: Option<String>,
}

impl Reader {
    fn fault(&mut self, fault: Diagnostic) {
        self.held.findings.push(fault);
    }

    /// Whether something is for the environment that is meant.
    fn is_here(&mut self, node: &Node) -> bool {
        let Some(list) = node.get("environments").filter(|list| !list.is_null()) else {
            return true;
        };
        let names = self.held.texts(list);
        let own = self.environment.as_deref();
        names.is_empty() || own.is_none_or(|own| names.iter().any(|(_, name)| *name == own))
    }

    fn list<'a>(&mut self, node: &'a Node, what: &str) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.fault(expected(what, node));
                &[]
            }
        }
    }

    /// The scopes of a grant, a hook or a client that have to do with pools.
    fn scopes<'a>(&mut self, node: &'a Node, key: &str) -> Vec<(&'a Node, &'a str)> {
        let Some(list) = node.get(key) else {
            return Vec::new();
        };
        let mut scopes = self.held.texts(list);
        scopes.retain(|(_, scope)| is_relevant(scope));
        scopes
    }

    /// Notes scopes with their placeholders filled.
    fn hold(&mut self, scopes: &[(&Node, &str)], attributes: &Attributes, holder: &Holder) {
        for (node, scope) in scopes {
            match fill(node, scope, attributes) {
                Ok(scope) => self.held.add(&scope, holder.clone()),
                Err(fault) => self.fault(fault),
            }
        }
    }

    fn grants(&mut self, file: &Node) {
        for grant in self.list(file, "a list of grants") {
            if !self.is_here(grant) {
                continue;
            }
            let scopes = self.scopes(grant, "grant");
            if scopes.is_empty() {
                continue;
            }
            let Some(to) = grant.get("to") else {
                self.fault(expected("a grant with a list `to`", grant));
                continue;
            };
            for grantee in self.list(to, "a list of grantees") {
                self.grantee(grantee, &scopes);
            }
        }
    }

    fn grantee(&mut self, node: &Node, scopes: &[(&Node, &str)]) {
        let what = "one of `project`, `projects`, `group`, `groups`, `role`, `roles`";
        let Some([(key, value)]) = node.entries() else {
            self.fault(expected(what, node));
            return;
        };
        match &*key.text {
            "project" | "projects" => match Conditions::read(value) {
                Ok(conditions) => self.grant_projects(&conditions, scopes),
                Err(fault) => self.fault(fault),
            },
            "group" | "groups" => {
                for (_, name) in self.held.texts(value) {
                    let holder = Holder::Group(name.to_owned());
                    self.hold(scopes, &Attributes::new(), &holder);
                }
            }
            "role" | "roles" => {
                for (_, name) in self.held.texts(value) {
                    let holder = Holder::Role(name.to_owned());
                    self.hold(scopes, &Attributes::new(), &holder);
                }
            }
            _ => self.fault(expected(what, node)),
        }
    }

    fn grant_projects(&mut self, conditions: &Conditions, scopes: &[(&Node, &str)]) {
        for project in self.projects.clone() {
            if !conditions.matches(&project) {
                continue;
            }
            let holder = Holder::Project(project.alias.clone());
            for (level, pushes) in conditions.levels(&project) {
                let attributes = attributes(&project, level, pushes);
                self.hold(scopes, &attributes, &holder);
            }
        }
    }

    fn hooks(&mut self, file: &Node) {
        let Some(entries) = file.entries() else {
            self.fault(expected("a map of hooks", file));
            return;
        };
        for (key, hook) in entries.iter().filter(|(key, _)| &*key.text != "meta") {
            let own = hook.get("attributes").and_then(Node::entries);
            let variants = match hook.get("variants") {
                Some(variants) => self.list(variants, "a list of variants").to_vec(),
                None => vec![hook.with(Value::Map([].into()))],
            };
            for variant in &variants {
                let more = variant.entries().unwrap_or_default();
                let attributes: Attributes = own
                    .unwrap_or_default()
                    .iter()
                    .chain(more)
                    .map(|(key, value)| (key.text.to_string(), value.clone()))
                    .collect();
                let mut scopes = self.scopes(hook, "scopes");
                scopes.extend(self.scopes(variant, "extra_scopes"));
                match fill(hook, &key.text, &attributes) {
                    Ok(name) => self.hold(&scopes, &attributes, &Holder::Hook(name)),
                    Err(fault) => self.fault(fault),
                }
            }
        }
    }

    fn clients(&mut self, file: &Node) {
        let Some(entries) = file.entries() else {
            self.fault(expected("a map of clients", file));
            return;
        };
        for (key, client) in entries {
            if self.is_here(client) {
                for (_, scope) in self.scopes(client, "scopes") {
                    self.held.add(scope, Holder::Client(key.text.to_string()));
                }
            }
        }
    }

    /// Clients that there are once for each project that is chosen.
    fn interpreted(&mut self, file: &Node) {
        for entry in self.list(file, "a list of clients") {
            let (Some(clients), Some(of)) = (entry.get("client"), entry.get("for")) else {
                self.fault(expected("an entry with `client` and `for`", entry));
                continue;
            };
            if !self.is_here(entry) {
                continue;
            }
            for grantee in self.list(of, "a list of projects") {
                let conditions = match grantee.entries() {
                    Some([(_, value)]) => Conditions::read(value),
                    _ => Err(expected("a `project`", grantee)),
                };
                let conditions = match conditions {
                    Ok(conditions) => conditions,
                    Err(fault) => {
                        self.fault(fault);
                        continue;
                    }
                };
                for (key, client) in clients.entries().unwrap_or_default() {
                    let scopes = self.scopes(client, "scopes");
                    for project in self.projects.clone() {
                        if !conditions.matches(&project) {
                            continue;
                        }
                        let attributes: Attributes = project
                            .node
                            .get("trust_domain")
                            .map(|domain| ("trust_domain".to_owned(), domain.clone()))
                            .into_iter()
                            .collect();
                        match fill(client, &key.text, &attributes) {
                            Ok(name) => self.hold(&scopes, &attributes, &Holder::Client(name)),
                            Err(fault) => self.fault(fault),
                        }
                    }
                }
            }
        }
    }

    fn elsewhere(&mut self, file: &Node) {
        for (_, patterns) in file.entries().unwrap_or_default() {
            for (_, pattern) in self.held.texts(patterns) {
                if HOLDERS.iter().any(|start| pattern.starts_with(start)) {
                    self.held.elsewhere.push(pattern.to_owned());
                }
            }
        }
    }
}

/// What placeholders of a grant stand for.
fn attributes(project: &Project, level: Option<u8>, pushes: Option<u8>) -> Attributes {
    let mut attributes = Attributes::new();
    let mut set = |key: &str, text: &str| {
        let node = project.node.with(Value::Scalar(text.into(), false));
        attributes.insert(key.to_owned(), node);
    };
    set("alias", &project.alias);
    set("repo_path", &project.repo_path);
    for key in ["trust_domain", "trust_project", "lando_repo"] {
        if let Some(text) = project.text(key).filter(|text| !text.is_empty()) {
            set(key, text);
        }
    }
    if let Some(level) = level {
        set("level", &level.to_string());
    }
    match pushes {
        Some(1 | 2) => set("priority", "low"),
        Some(3) => set("priority", "highest"),
        _ => {}
    }
    attributes
}
