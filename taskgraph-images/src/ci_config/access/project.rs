//! [`Project`]: a project of fxci-config, as far as grants choose it and its roles.

use std::collections::BTreeMap;

use crate::ci_config::findings::{expected, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// Levels that groups of people stand for by name.
const GROUPS: [&str; 5] = [
    "scm_versioncontrol",
    "scm_autoland",
    "scm_nss",
    "scm_allow_direct_push",
    "scm_firefoxci",
];

/// A project.
#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) alias: String,
    pub(super) node: Node,
    pub(super) repo_path: String,
    pub(super) is_git: bool,
    pub(super) access: Option<String>,
    /// Each branch with its level: `*` at its end is any text.
    pub(super) branches: Vec<(String, Option<u8>)>,
    default_branch: String,
    features: BTreeMap<String, Node>,
}

impl Project {
    /// Reads `projects.yml`.
    pub(super) fn all(file: &Node, findings: &mut Vec<Diagnostic>) -> Vec<Self> {
        let Some(entries) = file.entries() else {
            findings.push(expected("a map of projects", file));
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(alias, node)| match Self::read(&alias.text, node) {
                Ok(project) => Some(project),
                Err(fault) => {
                    findings.push(fault);
                    None
                }
            })
            .collect()
    }

    fn read(alias: &str, node: &Node) -> Result<Self, Diagnostic> {
        let text = |key: &str| node.get(key).and_then(scalar).map(str::to_owned);
        let repo = text("repo")
            .ok_or_else(|| expected(&format!("a `repo` of the project `{alias}`"), node))?;
        let address = repo
            .split_once("://")
            .map_or(repo.as_str(), |(_, rest)| rest);
        let address = address.trim_end_matches('/').trim_end_matches(".git");
        let is_git = text("repo_type").as_deref() == Some("git");
        let mut branches = Vec::new();
        if let Some(list) = node.get("branches") {
            let Value::List(items) = &list.value else {
                return Err(expected("a list of branches", list));
            };
            for item in items.iter() {
                let name = item
                    .get("name")
                    .and_then(scalar)
                    .ok_or_else(|| expected("a branch with a `name`", item))?;
                let level = item.get("level").and_then(scalar);
                branches.push((name.to_owned(), level.and_then(|level| level.parse().ok())));
            }
        }
        let features = node
            .get("features")
            .and_then(Node::entries)
            .unwrap_or_default();
        Ok(Self {
            alias: alias.to_owned(),
            node: node.clone(),
            repo_path: address
                .split_once('/')
                .map_or("", |(_, path)| path)
                .to_owned(),
            is_git,
            access: text("access"),
            branches,
            default_branch: text("default_branch")
                .unwrap_or_else(|| if is_git { "main" } else { "default" }.to_owned()),
            features: features
                .iter()
                .map(|(key, value)| (key.text.to_string(), value.clone()))
                .collect(),
        })
    }

    /// The text under a key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.node.get(key).and_then(scalar)
    }

    /// Whether a feature is on.
    pub(super) fn has(&self, feature: &str) -> bool {
        let Some(node) = self.features.get(feature) else {
            return false;
        };
        // A map is on unless it says otherwise.
        let node = match node.entries() {
            Some(_) => match node.get("enabled") {
                Some(enabled) => enabled,
                None => return true,
            },
            None => node,
        };
        is_true(node)
    }

    /// The cron jobs that have a hook of their own.
    pub(super) fn cron_targets(&self) -> Vec<&str> {
        let targets = self.node.get("cron").and_then(|cron| cron.get("targets"));
        let Some(Value::List(targets)) = targets.map(|targets| &targets.value) else {
            return Vec::new();
        };
        let name = |target| scalar(target).or_else(|| scalar(target.get("target")?));
        targets.iter().filter_map(name).collect()
    }

    /// Who may start tasks by a pull request; empty if nobody.
    pub(super) fn policy(&self) -> &str {
        let feature = self.features.get("github-pull-request");
        feature
            .and_then(|feature| feature.get("policy"))
            .and_then(scalar)
            .unwrap_or_default()
            .trim()
    }

    /// The level of a branch.
    pub(super) fn level(&self, branch: &str) -> Option<u8> {
        match self.access.as_deref() {
            Some(access) if access.starts_with("scm_level_") => {
                access["scm_level_".len()..].parse().ok()
            }
            Some(access) if GROUPS.contains(&access) => Some(3),
            _ => {
                let found = self.branches.iter().find(|(name, _)| glob(name, branch));
                found.and_then(|(_, level)| *level)
            }
        }
    }

    /// The level of the default branch.
    pub(super) fn default_level(&self) -> Option<u8> {
        self.level(&self.default_branch)
    }
}

/// Whether a name matches a pattern that may end in `*`.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// Whether a YAML 1.1 reader takes a value for true.
pub(super) fn is_true(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text, true) if matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"))
}
