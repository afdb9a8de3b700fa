//! [`Destinations`]: `proposals.yml`: where proposals go, what they may touch, and how long images are kept.
//!
//! It is read from the work tree of the command that proposes, which in CI is the default branch at level 3: a pull request
//! cannot send proposals elsewhere. What is proposed names no repository; this does.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Duration, Level};

use crate::proposals::{Allowance, BranchName, Branches, Prefix, Reviewer, Rules};
use crate::retention::Policy;

/// The name of the file, in the folder of the definitions.
pub const NAME: &str = "proposals.yml";

/// Where proposals go, and what they may touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Destinations {
    /// Whom patches, and revisions on Phabricator, name as their author: `Image bot <images@example.org>`.
    #[serde(default)]
    pub author: Option<String>,
    /// What the branches of proposals begin with; `taskgraph-images` if absent.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Upgrades of pins: proposals to the repository of the definitions.
    #[serde(default)]
    pub upgrade: Option<Destination>,
    /// Moves of worker pools: proposals to the configuration repository.
    #[serde(default)]
    pub pools: Option<Pools>,
    /// Moves of projects: proposals to each of them.
    #[serde(default)]
    pub projects: Option<Projects>,
    /// How long published images are kept.
    #[serde(default)]
    pub cleanup: Option<Cleanup>,
}

/// Where the proposals of one sort go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Destination {
    /// The repository on GitHub, `owner/name`.
    #[serde(default)]
    pub github: Option<String>,
    /// The repository on Phabricator.
    #[serde(default)]
    pub phabricator: Option<Phabricator>,
    /// The branch that proposals are for; `main` if absent.
    #[serde(default)]
    pub base: Option<String>,
    /// The files that may be edited: paths and patterns. What the command edits by itself, if absent.
    #[serde(default)]
    pub files: Vec<String>,
    /// Labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// People who are asked to review.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// Teams that are asked to review.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Branches whose pushes have a level, so that no proposal's branch gets one of level 3.
    #[serde(default)]
    pub branches: Vec<LevelBranch>,
    /// What to do before and after merging, for the text.
    #[serde(default)]
    pub checklist: Vec<String>,
    /// The bug that proposals belong to: their titles begin with it, and a revision on Phabricator names it.
    #[serde(default)]
    pub bug: Option<u64>,
}

/// Branches whose pushes have a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LevelBranch {
    /// The name, in which `*` is any text.
    pub name: String,
    /// The level.
    pub level: u8,
}

/// A repository on Phabricator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Phabricator {
    /// Where Phabricator is, `https://…`.
    pub url: String,
    /// The repository's short name.
    pub repository: String,
    /// The secret of Taskcluster's that holds the token.
    #[serde(default)]
    pub secret: Option<String>,
}

/// Moves of worker pools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pools {
    /// Where the configuration repository is fetched from.
    pub repository: String,
    /// The folder of the configuration in it; the root if absent.
    #[serde(default)]
    pub folder: Option<String>,
    /// The environment that is meant, where it has several.
    #[serde(default)]
    pub environment: Option<String>,
    /// Where proposals go.
    #[serde(default)]
    pub to: Destination,
    /// How long an image must have been published before a pool moves to it; two days if absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub cool_down: Option<Duration>,
}

/// Moves of projects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Projects {
    /// The file of projects in the configuration repository; `projects.yml` if absent.
    #[serde(default)]
    pub file: Option<String>,
    /// The projects that are looked at; all, if absent.
    #[serde(default)]
    pub only: Vec<String>,
    /// Projects that are left alone, each with why.
    #[serde(default)]
    pub except: BTreeMap<String, String>,
    /// What is particular to a project: where its proposals go, labels, reviewers.
    #[serde(default)]
    pub to: BTreeMap<String, Destination>,
    /// Labels of all.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The issue that says how all projects stand; none if absent.
    #[serde(default)]
    pub dashboard: Option<DashboardIssue>,
}

/// An issue that says how all projects stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DashboardIssue {
    /// The repository on GitHub, `owner/name`.
    pub github: String,
    /// Its title, when it is opened; `Projects and their images` if absent.
    #[serde(default)]
    pub title: Option<String>,
    /// Labels that it gets when it is opened.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// How long published images are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cleanup {
    /// The rules.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub policy: Policy,
    /// Branches of the configuration repository that use images, besides the default one: patterns.
    #[serde(default)]
    pub branches: Vec<String>,
    /// The label that keeps an image for good; `keep` if absent.
    #[serde(default)]
    pub keep_label: Option<String>,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{NAME}`: {0}")]
pub struct DestinationsError(pub String);

impl Destinations {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong, with line and column; or all values that are none.
    pub fn read(text: &str) -> Result<Self, DestinationsError> {
        let read: Self =
            serde_yaml::from_str(text).map_err(|error| DestinationsError(error.to_string()))?;
        let mut faults: Vec<String> = read.prefix("x").err().into_iter().collect();
        let destinations = [
            ("upgrade", read.upgrade.as_ref()),
            ("pools.to", read.pools.as_ref().map(|pools| &pools.to)),
        ];
        let projects = read.projects.iter().flat_map(|projects| &projects.to);
        let projects: Vec<(String, &Destination)> = projects
            .map(|(name, to)| (format!("projects.to.{name}"), to))
            .collect();
        let all = destinations
            .into_iter()
            .filter_map(|(name, to)| Some((name.to_owned(), to?)))
            .chain(projects);
        for (name, to) in all {
            faults.extend(
                to.faults()
                    .into_iter()
                    .map(|fault| format!("`{name}`: {fault}")),
            );
        }
        let projects = read.projects.as_ref();
        let dashboard = projects.and_then(|projects| projects.dashboard.as_ref());
        faults.extend(dashboard.and_then(|one| {
            let fault = repository_fault(&one.github)?;
            Some(format!("`projects.dashboard`: {fault}"))
        }));
        let policy = read
            .cleanup
            .as_ref()
            .and_then(|cleanup| cleanup.policy.fault());
        faults.extend(policy.map(|fault| format!("`cleanup.policy`: {fault}")));
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(DestinationsError(faults.join("; ")))
        }
    }

    /// The label that keeps an image for good.
    pub fn keep_label(&self) -> &str {
        let cleanup = self.cleanup.as_ref();
        cleanup
            .and_then(|cleanup| cleanup.keep_label.as_deref())
            .unwrap_or("keep")
    }

    /// Where proposals to the configuration repository go.
    pub fn of_pools(&self) -> Destination {
        let pools = self.pools.as_ref();
        pools.map(|pools| pools.to.clone()).unwrap_or_default()
    }

    /// What the branches of proposals of one sort begin with: each sort has its own, so that none closes another's.
    ///
    /// # Errors
    /// When it is no beginning of a branch's name.
    pub fn prefix(&self, sort: &str) -> Result<Prefix, String> {
        let prefix = self.prefix.as_deref().unwrap_or("taskgraph-images");
        Prefix::new(&format!("{prefix}/{sort}")).map_err(|error| format!("`prefix`: {error}"))
    }
}

impl Destination {
    /// The branch that proposals are for.
    ///
    /// # Errors
    /// When it is no name of a branch.
    pub fn base(&self) -> Result<BranchName, String> {
        BranchName::new(self.base.as_deref().unwrap_or("main")).map_err(|error| error.to_string())
    }

    /// Who is asked to review.
    pub fn reviewers(&self) -> Vec<Reviewer> {
        let people = self.reviewers.iter().cloned().map(Reviewer::User);
        people
            .chain(self.teams.iter().cloned().map(Reviewer::Team))
            .collect()
    }

    /// The rules of its proposals: they change values of some files, and nothing else. `own` are the files that the
    /// command edits, where the settings name none.
    ///
    /// # Errors
    /// Every pattern that is none.
    pub fn rules(&self, prefix: Prefix, own: &[String], structure: bool) -> Result<Rules, String> {
        let files = if self.files.is_empty() {
            own
        } else {
            &self.files
        };
        let allowance = Allowance::new(files, structure).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("; ")
        })?;
        let branches = self.branches.iter();
        Ok(Rules {
            prefix,
            branches: Branches(branches.map(|one| (one.name.clone(), one.level)).collect()),
            allowance,
        })
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(self.base().err().map(|error| format!("`base`: {error}")));
        let rules = self.rules(Prefix::default(), &[], false);
        faults.extend(rules.err().map(|error| format!("`files`: {error}")));
        if self.github.is_some() && self.phabricator.is_some() {
            faults.push("both `github` and `phabricator` are named".to_owned());
        }
        faults.extend(self.github.as_deref().and_then(repository_fault));
        if self.bug == Some(0) {
            faults.push("`bug` is 0, expected the number of a bug".to_owned());
        }
        if let Some(phabricator) = &self.phabricator
            && !phabricator.url.starts_with("https://")
            && !phabricator.url.starts_with("http://127.0.0.1")
        {
            faults.push(format!(
                "`phabricator.url` is `{}`, expected `https://…`",
                phabricator.url
            ));
        }
        let wrong = self
            .branches
            .iter()
            .find(|branch| Level::try_from(branch.level).is_err() && branch.level != 2);
        faults.extend(wrong.map(|branch| {
            format!(
                "`branches`: `{}` has the level {}",
                branch.name, branch.level
            )
        }));
        faults
    }
}

/// Why a text is no repository on GitHub.
fn repository_fault(text: &str) -> Option<String> {
    let parts = text.split('/').filter(|part| !part.is_empty()).count();
    (parts != 2).then(|| format!("`github` is `{text}`, expected `owner/name`"))
}
