//! [`DecisionParameters`]: all that a decision depends on besides the repository, under Taskgraph's names.
//!
//! They are written to `public/parameters.yml`, and read back from there: the same parameters and the same revision
//! give the same graph. Making them out of an event is done in [`super::event`].

mod read;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Level, LevelError, Parameters};

pub use read::{ParametersError, Strictness};

/// Taskgraph's parameters with its meanings, and our own after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionParameters {
    /// The branch that the change is compared to.
    pub base_ref: Option<String>,
    /// The repository of the base.
    pub base_repository: String,
    /// The revision that the change is compared to; empty when nothing is known of it.
    pub base_rev: String,
    /// When the push happened, or else when the decision was made, in seconds since 1970: it ranks index entries.
    pub build_date: i64,
    /// Always 1.
    pub build_number: i64,
    /// Labels of tasks that the index may not replace.
    pub do_not_optimize: Vec<String>,
    /// Taskgraph's switch for tasks that are always wanted; there are none here.
    pub enable_always_target: bool,
    /// Ids of tasks that take the place of labels, whatever the index says.
    pub existing_tasks: BTreeMap<String, String>,
    /// Paths that differ between the base and the head, sorted.
    pub files_changed: Vec<String>,
    /// How target tasks are chosen; always `target_tasks_method`.
    pub filters: Vec<String>,
    /// The branch or tag of the head.
    pub head_ref: String,
    /// The repository of the head.
    pub head_repository: String,
    /// The revision of the head.
    pub head_rev: String,
    /// The tag that was pushed, or empty.
    pub head_tag: String,
    /// The level of the run: `1` or `3`.
    pub level: String,
    /// The build date as `%Y%m%d%H%M%S` in UTC.
    pub moz_build_date: String,
    /// Taskgraph's; not used here.
    pub next_version: Option<String>,
    /// Taskgraph's; not used here.
    pub optimize_strategies: Option<String>,
    /// Whether the index may replace target tasks; if not, all that was asked for is made anew.
    pub optimize_target_tasks: bool,
    /// Who caused the event, as an e-mail address.
    pub owner: String,
    /// The project's name.
    pub project: String,
    /// When the push happened, in seconds since 1970; 0 if that is not known.
    pub pushdate: i64,
    /// The push's number in Treeherder; `0` where there is none.
    pub pushlog_id: String,
    /// `git`.
    pub repository_type: String,
    /// How target tasks are chosen: `default`, `rebuild`, `all`, `image` or `none`.
    pub target_tasks_method: String,
    /// The event, such as `github-push`, `github-pull-request`, `cron` or `action`.
    pub tasks_for: String,
    /// The project's version, from `version.txt`, if there is one.
    pub version: Option<String>,

    /// Ours: the images that the target tasks method `image` is about, as `name@cloud`.
    pub images: Vec<String>,
    /// Ours: the number of the pull request, if the event is about one.
    pub pull_request_number: Option<u64>,
    /// Who asked for something other than what the event implies: `commit-message`, `label`, `comment`, `cron-input`.
    pub try_mode: Option<String>,
}

impl Default for DecisionParameters {
    /// What a reader that is not strict puts in the place of what is missing.
    fn default() -> Self {
        Self {
            base_ref: None,
            base_repository: String::new(),
            base_rev: String::new(),
            build_date: 0,
            build_number: 1,
            do_not_optimize: Vec::new(),
            enable_always_target: true,
            existing_tasks: BTreeMap::new(),
            files_changed: Vec::new(),
            filters: vec!["target_tasks_method".to_owned()],
            head_ref: String::new(),
            head_repository: String::new(),
            head_rev: String::new(),
            head_tag: String::new(),
            level: "1".to_owned(),
            moz_build_date: "19700101000000".to_owned(),
            next_version: None,
            optimize_strategies: None,
            optimize_target_tasks: true,
            owner: "nobody@noreply.mozilla.org".to_owned(),
            project: String::new(),
            pushdate: 0,
            pushlog_id: "0".to_owned(),
            repository_type: "git".to_owned(),
            target_tasks_method: "default".to_owned(),
            tasks_for: String::new(),
            version: None,
            images: Vec::new(),
            pull_request_number: None,
            try_mode: None,
        }
    }
}

impl DecisionParameters {
    /// What tasks depend on.
    ///
    /// # Errors
    /// When the level is none.
    pub fn for_tasks(&self) -> Result<Parameters, LevelError> {
        let level: Level = self.level.parse()?;
        Ok(Parameters {
            base_ref: self.base_ref.clone().unwrap_or_default(),
            base_repository: self.base_repository.clone(),
            base_rev: self.base_rev.clone(),
            build_date: self.build_date,
            head_ref: self.head_ref.clone(),
            head_repository: self.head_repository.clone(),
            head_rev: self.head_rev.clone(),
            level,
            moz_build_date: self.moz_build_date.clone(),
            owner: self.owner.clone(),
            plan: None,
            project: self.project.clone(),
            pull_request_number: self.pull_request_number,
            pushdate: self.pushdate,
            pushlog_id: self.pushlog_id.clone(),
            repository_type: self.repository_type.clone(),
            tasks_for: self.tasks_for.clone(),
        })
    }
}
