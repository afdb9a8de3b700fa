//! [`Listed`]: the projects of a configuration repository, as its `projects.yml` lists them.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value as Yaml};

/// A project, as far as proposals to it need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its alias.
    pub name: String,
    /// Where its repository is.
    pub repository: String,
    /// Whether that is a Mercurial repository.
    pub is_hg: bool,
    /// Whether it is private.
    pub is_private: bool,
    /// Its trust domain, if it names one.
    pub trust_domain: Option<String>,
    /// Its default branch, if it names one.
    pub default_branch: Option<String>,
    /// Its branches, each with the level of its pushes; a `*` stands for any text.
    pub branches: Vec<(String, u8)>,
    /// Who may start tasks by a pull request, in GitHub's service's word.
    pub policy: Option<String>,
}

impl Listed {
    /// The repository on GitHub, `owner/name`, if it is there.
    pub fn github(&self) -> Option<String> {
        let rest = self.repository.strip_prefix("https://github.com/")?;
        let rest = rest.trim_end_matches('/').trim_end_matches(".git");
        (rest.split('/').filter(|part| !part.is_empty()).count() == 2).then(|| rest.to_owned())
    }

    /// The branch that proposals are for: the default one, or else the only one of level 3 that is no pattern, `main`
    /// or `master` before others.
    pub fn base(&self) -> Option<&str> {
        if let Some(branch) = &self.default_branch {
            return Some(branch);
        }
        let plain: Vec<&str> = self
            .branches
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !name.contains('*'))
            .collect();
        let known = ["main", "master"]
            .into_iter()
            .find(|name| plain.contains(name));
        known.or(match plain[..] {
            [one] => Some(one),
            _ => None,
        })
    }

    /// Whether a robot's pull requests start no tasks there.
    pub fn is_silent(&self) -> bool {
        self.policy
            .as_deref()
            .is_some_and(|policy| policy.starts_with("collaborators"))
    }
}

/// Reads a list of projects. What cannot be read of one does not hide the others.
pub fn listed(file: &Node) -> (Vec<Listed>, Vec<Diagnostic>) {
    let Some(entries) = file.entries() else {
        let fault = Diagnostic::error(
            "expected",
            format!("expected a map of projects, found {}", file.describe()),
        );
        return (Vec::new(), vec![fault.at(file.place())]);
    };
    let (mut projects, mut faults) = (Vec::new(), Vec::new());
    for (key, node) in entries {
        match project(&key.text, node) {
            Ok(project) => projects.push(project),
            Err(fault) => faults.push(fault),
        }
    }
    (projects, faults)
}

fn project(name: &str, node: &Node) -> Result<Listed, Diagnostic> {
    let fault = |at: &Node, what: &str| {
        Diagnostic::error(
            "expected",
            format!(
                "the project `{name}`: expected {what}, found {}",
                at.describe()
            ),
        )
        .at(at.place())
    };
    if node.entries().is_none() {
        return Err(fault(node, "a map"));
    }
    let text = |key: &str| match node.get(key).map(|node| &node.value) {
        Some(Yaml::Scalar(text, _)) => Some(text.to_string()),
        _ => None,
    };
    let repository = text("repo").ok_or_else(|| fault(node, "a `repo`"))?;
    let mut branches = Vec::new();
    if let Some(list) = node.get("branches") {
        let Yaml::List(items) = &list.value else {
            return Err(fault(list, "a list of branches"));
        };
        for item in items.iter() {
            let branch = match item.get("name").map(|node| &node.value) {
                Some(Yaml::Scalar(text, _)) => text.to_string(),
                _ => return Err(fault(item, "a branch with a `name`")),
            };
            // A branch that names no level has the group's, which may be the highest.
            let level = item.get("level").map(|node| node.to_json());
            let level = level
                .as_ref()
                .and_then(Value::as_u64)
                .and_then(|level| u8::try_from(level).ok());
            branches.push((branch, level.unwrap_or(3)));
        }
    }
    let feature = |key: &str| {
        node.get("features")
            .and_then(|features| features.get(key))
            .map(Node::to_json)
    };
    let policy = feature("github-pull-request");
    Ok(Listed {
        name: name.to_owned(),
        is_hg: text("repo_type").as_deref() == Some("hg"),
        is_private: feature("github-private-repo") == Some(Value::Bool(true)),
        trust_domain: text("trust_domain"),
        default_branch: text("default_branch"),
        policy: policy
            .as_ref()
            .and_then(|policy| policy.get("policy"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        branches,
        repository,
    })
}
