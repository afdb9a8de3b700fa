//! What `decision` is told, by flags and by the environment of its task.

use std::path::PathBuf;

use clap::Parser;
use serde_json::Value;
use taskgraph_images::decision::event::Event;
use taskgraph_images::decision::target::Method;
use taskgraph_images::transforms::{Kind, Level};

use super::super::preview::level;
use crate::exit::Failure;

/// Decide which tasks an event leads to, and create them in Taskcluster
///
/// This is what a decision task runs. It is told of its event by options, or by the environment that `.taskcluster.yml`
/// sets; it asks the index for what there is already, checks the scopes that it needs, writes its artifacts, and
/// creates the rest. It can run again at any point: what was created is found again, and nothing is created twice.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) event: EventArgs,
    #[command(flatten)]
    pub(super) cron: CronArgs,
    /// The folder that artifacts are written to
    #[arg(
        long,
        value_name = "DIR",
        default_value = "artifacts",
        env = "TASKGRAPH_IMAGES_ARTIFACTS"
    )]
    pub(super) artifacts: PathBuf,
    /// Decide and write the artifacts, but create nothing; asks the index only if the environment names a Taskcluster
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Make a decision again, without creating anything: from a file, a folder of artifacts, `task-id=ID`,
    /// `project=NAME` or `index=PATH`
    #[arg(long, value_name = "SPEC", conflicts_with = "dry_run")]
    pub(super) parameters: Option<String>,
    /// Take parameters as they are: leave out unknown ones, and put defaults in the place of missing ones
    #[arg(long, requires = "parameters")]
    pub(super) lenient: bool,
    /// The id of this task, from which those of its tasks are derived
    #[arg(long, value_name = "ID", env = "TASK_ID", value_parser = task_id)]
    pub(super) task_id: Option<taskgraph_images::taskcluster::TaskId>,
    /// A folder with this program for other platforms, as `taskgraph-images-<os>-<arch>`, for tasks that run there
    #[arg(long, value_name = "DIR", env = "TASKGRAPH_IMAGES_TOOLS")]
    pub(super) tools: Option<PathBuf>,
    /// What a cron job adds to the options above, as one line of shell words
    #[arg(
        long,
        value_name = "WORDS",
        env = "TASKGRAPH_IMAGES_CRON_ARGUMENTS",
        allow_hyphen_values = true
    )]
    pub(super) cron_arguments: Option<String>,
}

fn task_id(text: &str) -> Result<taskgraph_images::taskcluster::TaskId, String> {
    text.parse()
        .map_err(|error: taskgraph_images::taskcluster::TaskIdError| error.to_string())
}

/// What is known of the event.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Event")]
pub(super) struct EventArgs {
    /// The event, such as `github-push`, `github-pull-request`, `cron`
    #[arg(long, value_name = "EVENT", env = "TASKGRAPH_IMAGES_TASKS_FOR")]
    tasks_for: Option<String>,
    /// The level of the run: 1 or 3
    #[arg(long, value_name = "N", env = "TASKGRAPH_IMAGES_LEVEL", value_parser = level)]
    level: Option<Level>,
    /// The project's name; by default the last word of the head's repository
    #[arg(long, value_name = "NAME", env = "TASKGRAPH_IMAGES_PROJECT")]
    project: Option<String>,
    /// Who caused the event
    #[arg(long, value_name = "EMAIL", env = "TASKGRAPH_IMAGES_OWNER")]
    owner: Option<String>,
    /// The repository of the head
    #[arg(long, value_name = "URL", env = "TASKGRAPH_IMAGES_HEAD_REPOSITORY")]
    head_repository: Option<String>,
    /// The branch or tag of the head
    #[arg(long, value_name = "REF", env = "TASKGRAPH_IMAGES_HEAD_REF")]
    head_ref: Option<String>,
    /// The revision of the head; by default `HEAD`
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head_rev: Option<String>,
    /// The tag that was pushed
    #[arg(long, value_name = "TAG", env = "TASKGRAPH_IMAGES_HEAD_TAG")]
    head_tag: Option<String>,
    /// The repository of the base; by default the head's
    #[arg(long, value_name = "URL", env = "TASKGRAPH_IMAGES_BASE_REPOSITORY")]
    base_repository: Option<String>,
    /// The branch that the change is compared to
    #[arg(long, value_name = "REF", env = "TASKGRAPH_IMAGES_BASE_REF")]
    base_ref: Option<String>,
    /// The revision that the change is compared to
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_BASE_REV")]
    base_rev: Option<String>,
    /// The kind of repository
    #[arg(
        long,
        value_name = "TYPE",
        env = "TASKGRAPH_IMAGES_REPOSITORY_TYPE",
        default_value = "git",
        value_parser = ["git"]
    )]
    repository_type: String,
    /// The push's number in Treeherder
    #[arg(long, value_name = "N", env = "TASKGRAPH_IMAGES_PUSHLOG_ID")]
    pushlog_id: Option<String>,
    /// When the push happened, in seconds since 1970
    #[arg(long, value_name = "SECONDS", env = "TASKGRAPH_IMAGES_PUSHDATE")]
    pushdate: Option<String>,
    /// The number of the pull request
    #[arg(long, value_name = "N", env = "TASKGRAPH_IMAGES_PULL_REQUEST_NUMBER")]
    pull_request_number: Option<String>,
    /// The names of the pull request's labels, as a JSON list
    #[arg(
        long,
        value_name = "JSON",
        env = "TASKGRAPH_IMAGES_PULL_REQUEST_LABELS"
    )]
    pull_request_labels: Option<String>,
    /// The text of a comment to Taskcluster
    #[arg(
        long,
        value_name = "TEXT",
        env = "TASKGRAPH_IMAGES_COMMENT",
        allow_hyphen_values = true
    )]
    comment: Option<String>,
    /// The input of a cron job that somebody started, as JSON
    #[arg(long, value_name = "JSON", env = "TASKGRAPH_IMAGES_CRON_INPUT")]
    cron_input: Option<String>,
    /// The name of the cron job
    #[arg(long, value_name = "NAME", env = "TASKGRAPH_IMAGES_CRON_JOB_NAME")]
    pub(super) cron_job_name: Option<String>,
    /// An image that the target tasks method `image` is about, as `name` or `name@cloud`; may be repeated
    #[arg(long = "image", value_name = "IMAGE")]
    images: Vec<String>,
}

/// What a cron job may say, in build-decision's words.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Target tasks")]
pub(super) struct CronArgs {
    /// How target tasks are chosen: `default`, `rebuild`, `all`, `image`, `none`; or one task about the fleet: `upgrade`,
    /// `pools`, `projects`, `cleanup`
    #[arg(
        long,
        value_name = "METHOD",
        env = "TASKGRAPH_IMAGES_TARGET_TASKS_METHOD"
    )]
    pub(super) target_tasks_method: Option<String>,
    /// Whether the index may replace target tasks
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) optimize_target_tasks: Option<bool>,
    /// Let the tasks of the push's own decision stand in for those of this graph
    #[arg(long)]
    pub(super) include_push_tasks: bool,
    /// A kind of tasks that the push's own do not stand in for; may be repeated
    #[arg(long, value_name = "KIND", requires = "include_push_tasks", value_parser = kind)]
    pub(super) rebuild_kind: Vec<Kind>,
}

fn kind(text: &str) -> Result<Kind, String> {
    text.parse()
        .map_err(|error: taskgraph_images::transforms::UnknownWord| error.to_string())
}

/// The words of a cron job.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct CronLine {
    #[command(flatten)]
    cron: CronArgs,
}

/// What only the decision itself acts on.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) include_push_tasks: bool,
    pub(super) rebuild_kinds: Vec<Kind>,
}

impl Args {
    /// The event as the library takes it, but for what the repository says.
    ///
    /// An empty option is an absent one: `.taskcluster.yml` sets all variables for all events.
    pub(super) fn event(&self) -> Result<(Event, Extras), Failure> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let number = |name: &str, text: &Option<String>| match given(text) {
            None => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
                Failure::Usage(format!("--{name}: {text:?} is no whole number"), None)
            }),
        };
        let json = |name: &str, text: &Option<String>| match given(text) {
            None => Ok(Value::Null),
            Some(text) => serde_json::from_str::<Value>(&text).map_err(|error| {
                Failure::Usage(format!("--{name}: it is not JSON: {error}"), None)
            }),
        };
        let event = &self.event;
        let cron = self.cron_line()?;
        let method = given(&cron.target_tasks_method)
            .or_else(|| given(&self.cron.target_tasks_method))
            .map(|word| word.parse::<Method>())
            .transpose()
            .map_err(|error| Failure::Usage(error.to_string(), None))?;
        let labels = json("pull-request-labels", &event.pull_request_labels)?;
        let labels = match labels {
            Value::Null => Vec::new(),
            other => serde_json::from_value(other).map_err(|_| {
                Failure::Usage(
                    "--pull-request-labels: it is no JSON list of names".to_owned(),
                    None,
                )
            })?,
        };
        let cron_input = json("cron-input", &event.cron_input)?;
        let pull_request_number = number("pull-request-number", &event.pull_request_number)?
            .map(u64::try_from)
            .transpose()
            .map_err(|_| {
                Failure::Usage("--pull-request-number: it is negative".to_owned(), None)
            })?;
        let result = Event {
            base_ref: given(&event.base_ref),
            base_repository: given(&event.base_repository),
            base_rev: given(&event.base_rev),
            head_ref: given(&event.head_ref),
            head_repository: given(&event.head_repository),
            head_rev: given(&event.head_rev),
            head_tag: given(&event.head_tag),
            level: event.level,
            owner: given(&event.owner),
            project: given(&event.project),
            pull_request_number,
            pull_request_labels: labels,
            comment: given(&event.comment),
            pushdate: number("pushdate", &event.pushdate)?,
            pushlog_id: given(&event.pushlog_id),
            tasks_for: given(&event.tasks_for),
            target_tasks_method: method,
            optimize_target_tasks: cron
                .optimize_target_tasks
                .or(self.cron.optimize_target_tasks),
            images: event.images.clone(),
            cron_input: (!cron_input.is_null()).then_some(cron_input),
            message: String::new(),
            version: None,
        };
        let mut rebuild_kinds = self.cron.rebuild_kind.clone();
        rebuild_kinds.extend(&cron.rebuild_kind);
        let extras = Extras {
            include_push_tasks: self.cron.include_push_tasks || cron.include_push_tasks,
            rebuild_kinds,
        };
        Ok((result, extras))
    }

    /// The words that a cron job adds. They are split as a shell would, and never seen by one.
    fn cron_line(&self) -> Result<CronArgs, Failure> {
        let Some(line) = self.cron_arguments.as_deref() else {
            return Ok(CronArgs::default());
        };
        let words = shlex::split(line).ok_or_else(|| {
            Failure::Usage(
                format!("--cron-arguments: {line:?} has a quote that does not end"),
                None,
            )
        })?;
        CronLine::try_parse_from(words)
            .map(|line| line.cron)
            .map_err(|error| {
                let words = error.to_string();
                let first = words.lines().next().unwrap_or_default();
                Failure::Usage(
                    format!("--cron-arguments: {}", first.trim_start_matches("error: ")),
                    None,
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `decision` is told by these arguments.
    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn event(cron: &[&str]) -> Option<(Event, Extras)> {
        let told = [
            "decision",
            "--tasks-for=cron",
            "--level=1",
            "--head-repository=https://example.org/r",
        ];
        let line = Line::try_parse_from(told.iter().chain(cron)).unwrap();
        line.args.event().ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// A cron job says how targets are chosen, and nothing else of the event.
        #[test]
        fn a_cron_jobs_words_choose_no_more_than_targets(words in proptest::collection::vec(
            prop_oneof![
                3 => proptest::sample::select(vec![
                    "--target-tasks-method=rebuild", "--target-tasks-method", "all", "--optimize-target-tasks=false",
                    "--include-push-tasks", "--rebuild-kind=build", "--target-tasks-method=upgrade",
                ]),
                1 => proptest::sample::select(vec![
                    "--level=3", "--level", "3", "--tasks-for=github-push", "--head-rev=x", "--project=x", "--image=x",
                    "--artifacts=/", "--tools=/", "--", "$(id)", "'", "--parameters=x",
                ]),
            ],
            0..4,
        )) {
            let line = words.join(" ");
            let (before, _) = event(&[]).unwrap();
            let argument = format!("--cron-arguments={line}");
            if let Some((mut after, _)) = event(&[&argument]) {
                for foreign in ["level", "tasks-for", "head-rev", "project", "image", "artifacts", "tools", "parameters"] {
                    let foreign = format!("--{foreign}");
                    prop_assert!(!words.iter().any(|word| word.starts_with(&foreign)), "{}", line);
                }
                after.target_tasks_method = before.target_tasks_method;
                after.optimize_target_tasks = before.optimize_target_tasks;
                prop_assert_eq!(format!("{after:?}"), format!("{before:?}"));
            }
        }
    }
}
