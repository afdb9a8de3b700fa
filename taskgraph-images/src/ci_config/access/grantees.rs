//! [`Conditions`]: which projects a grant of fxci-config's is for, and at which levels of their jobs.

use super::project::{Project, glob, is_true};
use crate::ci_config::findings::{expected, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// The conditions that a grant can have.
const KEYS: [&str; 10] = [
    "access",
    "level",
    "alias",
    "feature",
    "repo_type",
    "is_try",
    "trust_domain",
    "job",
    "include_pull_requests",
    "has_trust_project",
];

/// The jobs that `*` is on a repository whose pull requests have another level than its pushes.
const SPLIT: [&str; 5] = [
    "pull-request:*",
    "cron:*",
    "action:*",
    "pr-action:*",
    "release:*",
];

/// Conditions that choose projects and their jobs. A list that is absent chooses all.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    lists: Vec<(&'static str, Vec<String>)>,
    is_try: Option<bool>,
    has_trust_project: Option<bool>,
    jobs: Vec<String>,
    pull_requests: bool,
}

impl Conditions {
    /// Reads them.
    pub(super) fn read(node: &Node) -> Result<Self, Diagnostic> {
        let entries = node
            .entries()
            .ok_or_else(|| expected("a map of conditions", node))?;
        if let Some((key, _)) = entries.iter().find(|(key, _)| !KEYS.contains(&&*key.text)) {
            return Err(Diagnostic::error(
                "unknown-key",
                format!("there is no condition `{}`", key.text),
            )
            .at(key.place())
            .hint(format!("there are: {}", KEYS.join(", "))));
        }
        let mut lists = Vec::new();
        for key in KEYS {
            if let Some(value) = node.get(key).filter(|value| !value.is_null()) {
                lists.push((key, texts(value)?));
            }
        }
        let truth = |key: &str| {
            let value = node.get(key).filter(|value| !value.is_null());
            value.map(is_true)
        };
        let jobs = lists.iter().find(|(key, _)| *key == "job");
        Ok(Self {
            jobs: jobs.map_or_else(|| vec!["*".to_owned()], |(_, jobs)| jobs.clone()),
            is_try: truth("is_try"),
            has_trust_project: truth("has_trust_project"),
            pull_requests: truth("include_pull_requests").unwrap_or(true),
            lists,
        })
    }

    fn list(&self, key: &str) -> Option<&[String]> {
        let found = self.lists.iter().find(|(name, _)| *name == key);
        found.map(|(_, list)| list.as_slice())
    }

    /// Whether a list of conditions takes a value.
    fn takes(&self, key: &str, value: Option<&str>) -> bool {
        self.list(key)
            .is_none_or(|list| list.iter().any(|one| Some(one.as_str()) == value))
    }

    fn takes_level(&self, level: Option<u8>) -> bool {
        let level = level.map(|level| level.to_string());
        self.takes("level", level.as_deref())
    }

    /// Whether a project is meant.
    pub(super) fn matches(&self, project: &Project) -> bool {
        let features = self.list("feature").unwrap_or_default();
        self.takes("access", project.access.as_deref())
            && self.takes("repo_type", project.text("repo_type"))
            && (project.access.is_none() || self.takes_level(project.default_level()))
            && self.takes("alias", Some(&project.alias))
            && features
                .iter()
                .all(|feature| match feature.strip_prefix('!') {
                    Some(feature) => !project.has(feature),
                    None => project.has(feature),
                })
            && self
                .is_try
                .is_none_or(|wanted| wanted == project.node.get("is_try").is_some_and(is_true))
            && self.has_trust_project.is_none_or(|wanted| {
                wanted
                    == project
                        .text("trust_project")
                        .is_some_and(|one| !one.is_empty())
            })
            && self.takes("trust_domain", project.text("trust_domain"))
    }

    /// The levels at which a project's jobs hold what is granted, each once; with the level of its pushes, which gives
    /// them their priority.
    pub(super) fn levels(&self, project: &Project) -> Vec<(Option<u8>, Option<u8>)> {
        let mut levels = Vec::new();
        let own = project.default_level();
        for job in self.jobs_of(project) {
            let is_pull = job.starts_with("pull-request");
            if project.is_git && !is_pull && self.list("level").is_some() && !self.takes_level(own)
            {
                continue;
            }
            let is_low = is_pull || job.starts_with("pr-action");
            levels.push((if is_low { Some(1) } else { own }, own));
        }
        for (branch, level) in &project.branches {
            let on_branch = self.jobs.iter().any(|job| match job.as_str() {
                "*" => true,
                job => job
                    .strip_prefix("branch")
                    .is_some_and(|rest| glob(rest.strip_prefix(':').unwrap_or("*"), branch)),
            });
            let resolved = project.level(branch);
            if on_branch && self.takes_level(*level) && self.takes_level(resolved) {
                levels.push((resolved, resolved));
            }
        }
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    /// The jobs of a project, other than pushes to its branches.
    fn jobs_of(&self, project: &Project) -> Vec<&str> {
        let mut jobs: Vec<&str> = self
            .jobs
            .iter()
            .map(String::as_str)
            .filter(|job| !job.starts_with("branch"))
            .collect();
        if jobs.contains(&"*") && project.is_git && project.default_level() != Some(1) {
            jobs.retain(|job| *job != "*");
            jobs.extend(SPLIT);
        }
        let has_actions = project.has("taskgraph-actions") || project.has("gecko-actions");
        let pulls = project.is_git
            && !project.policy().is_empty()
            && self.pull_requests
            && (self.list("level").is_none() || self.takes_level(Some(1)));
        jobs.retain(|job| {
            if job.starts_with("cron:") {
                project.has("taskgraph-cron")
            } else if job.starts_with("action:") {
                has_actions
            } else if job.starts_with("pr-action") {
                pulls && (!job.starts_with("pr-action:") || project.has("pr-actions"))
            } else if job.starts_with("pull-request") {
                pulls
            } else {
                true
            }
        });
        let policy = project.policy();
        jobs.retain(|job| match *job {
            "pull-request:trusted" => policy != "public",
            "pull-request:untrusted" => !policy.starts_with("collaborators"),
            _ => true,
        });
        jobs
    }
}

fn texts(node: &Node) -> Result<Vec<String>, Diagnostic> {
    let items = match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    };
    items
        .iter()
        .map(|item| {
            scalar(item)
                .map(str::to_owned)
                .ok_or_else(|| expected("a string", item))
        })
        .collect()
}
