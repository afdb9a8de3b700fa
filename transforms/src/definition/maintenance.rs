//! [`MaintenanceTask`]: how a task runs that is about the fleet, and what it may change elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::text::TextError;
use super::{AliasName, Duration, SecretName};

/// How a task about the fleet runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MaintenanceTask {
    /// The worker alias. It shares no pool with tasks that publish.
    pub worker: AliasName,
    /// When the worker stops it.
    pub max_run_time: Duration,
    /// The secrets it reads.
    pub secrets: Vec<SecretName>,
    /// The tokens of GitHub's that it may ask Taskcluster for.
    pub github: Option<GithubTokens>,
    /// Variables of its command, besides those that every task has.
    pub environment: BTreeMap<String, String>,
}

/// Tokens of a GitHub App, for some repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GithubTokens {
    /// The App, as Taskcluster's configuration names it.
    pub app: GithubApp,
    /// The repositories that proposals go to.
    pub repositories: BTreeSet<GithubRepository>,
    /// The repository whose dashboard is written, an issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<GithubRepository>,
}

impl GithubTokens {
    /// What a token for proposals may be asked for: to write branches, and to open pull requests. Never to write
    /// workflows, which run with the repository's own secrets.
    pub const PERMISSIONS: [&str; 2] = ["contents:write", "pull_requests:write"];

    /// What a token for a dashboard may be asked for, and for nothing but that one repository.
    pub const DASHBOARD: &str = "issues:write";

    /// The scopes of all these tokens. Taskcluster writes repositories in lower case there.
    pub fn scopes(&self) -> BTreeSet<String> {
        let scope = |repository: &GithubRepository, permission: &str| {
            let (app, repository) = (&self.app, repository.as_str().to_ascii_lowercase());
            format!("auth:github-repo-token:{app}/{repository}:{permission}")
        };
        let proposals = self
            .repositories
            .iter()
            .flat_map(|repository| Self::PERMISSIONS.map(|what| scope(repository, what)));
        let dashboard = self.dashboard.iter();
        proposals
            .chain(dashboard.map(|repository| scope(repository, Self::DASHBOARD)))
            .collect()
    }
}

checked_text!(
    /// The name of a GitHub App in Taskcluster's configuration: 1 to 100 letters, digits, `-` and `_`.
    GithubApp,
    "name of a GitHub App",
    "1 to 100 letters, digits, `-` and `_`",
    |text| {
        (1..=100).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    }
);

checked_text!(
    /// A repository on GitHub, written `owner/name`.
    GithubRepository,
    "repository on GitHub",
    "`owner/name`, without an address and without `.git`",
    |text| {
        let Some((owner, name)) = text.split_once('/') else {
            return false;
        };
        let all = |text: &str, more: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        (1..=39).contains(&owner.len())
            && !owner.starts_with('-')
            && all(owner, b"-")
            && (1..=100).contains(&name.len())
            && all(name, b"-_.")
            && !matches!(name, "." | "..")
            && !name.to_ascii_lowercase().ends_with(".git")
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_writes_branches_and_pull_requests_or_one_issue() {
        let tokens = GithubTokens {
            app: GithubApp::new("example-bot").unwrap(),
            repositories: ["Example/Images", "example/images", "example/a.b"]
                .map(|name| GithubRepository::new(name).unwrap())
                .into(),
            dashboard: Some(GithubRepository::new("Example/Board").unwrap()),
        };
        let scopes: Vec<String> = tokens.scopes().into_iter().collect();
        insta::assert_snapshot!(scopes.join("\n"), @r"
        auth:github-repo-token:example-bot/example/a.b:contents:write
        auth:github-repo-token:example-bot/example/a.b:pull_requests:write
        auth:github-repo-token:example-bot/example/board:issues:write
        auth:github-repo-token:example-bot/example/images:contents:write
        auth:github-repo-token:example-bot/example/images:pull_requests:write
        ");
    }

    #[test]
    fn names_hold_nothing_of_a_scope() {
        for app in ["", "*", "a/b", "a:b", "ä"] {
            assert!(GithubApp::new(app).is_err(), "{app:?}");
        }
        for repository in [
            "",
            "images",
            "example/",
            "/images",
            "example/*",
            "*/images",
            "example/images:contents",
            "example/images/more",
            "example/..",
            "example/images.git",
            "https://github.com/example/images",
            "-example/images",
            "example/i mages",
        ] {
            assert!(GithubRepository::new(repository).is_err(), "{repository:?}");
        }
    }
}
