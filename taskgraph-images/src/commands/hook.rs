//! `hook`: the hook of a cron job or of actions, for deployments where no other program makes them.

use std::path::{Path, PathBuf};

use taskgraph_images::actions::Action;
use taskgraph_images::diagnostic::nearest;
use taskgraph_images::hook::{ActionSetting, ActionSources, Hook, Setting, Sources};
use taskgraph_images::output;
use taskgraph_images::transforms::Level;

use super::images::state;
use super::project::Project;
use super::{Global, address};
use crate::exit::Failure;
use crate::printer::Printer;

/// Print the hook of a cron job or of actions, where no other program makes it
///
/// Renders `.taskcluster.yml` for the job as build-decision does, and leaves what only the firing knows to the hooks
/// service: the task's id, the time, and the input. The revision is the tip of the branch at that time. The result is a
/// JSON document for `hooks.createHook`, or for the repository that manages the deployment's hooks. The scopes that the
/// hook's role needs are said beside it.
///
/// With `--action`, the hook that starts the actions of a permission instead, as `public/actions.json` names it. It is
/// made of the bytes of `.taskcluster.yml`, so each version of that file needs one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The name of the job in `.cron.yml`
    #[arg(value_name = "JOB", required_unless_present = "action")]
    job: Option<String>,
    /// Make the hook of the actions of a permission
    #[arg(long, value_name = "PERMISSION", conflicts_with_all = ["job", "hook_group", "hook_id", "root_url"],
        value_parser = clap::builder::PossibleValuesParser::new(Action::PERMISSIONS))]
    action: Option<String>,
    /// Make the hook for the decisions of pull requests, which are of level 1
    #[arg(long, requires = "action", conflicts_with = "level")]
    pull_requests: bool,
    /// The repository's address; by default that of the remote `origin`
    #[arg(long, value_name = "URL", value_parser = address::parse)]
    repository: Option<String>,
    /// The branch whose tip is decided upon
    #[arg(long, value_name = "NAME", default_value = "main")]
    branch: String,
    /// The project's name; by default the last word of the repository's address
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The level that the deployment gives to the branch: 1 or 3
    #[arg(long, value_name = "N", default_value = "3", value_parser = level)]
    level: Level,
    /// The first half of the hook's id; by default `project-<trust domain>`
    #[arg(long, value_name = "ID")]
    hook_group: Option<String>,
    /// The second half of the hook's id; by default `cron-task-<project>/<job>`
    #[arg(long, value_name = "ID")]
    hook_id: Option<String>,
    /// Whom to ask about the hook; by default the owner that the settings name
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// Do not tell the owner when a task cannot be created
    #[arg(long)]
    no_email_on_error: bool,
    /// The deployment's root URL, if `.taskcluster.yml` uses it
    #[arg(long, value_name = "URL", env = "TASKCLUSTER_ROOT_URL")]
    root_url: Option<String>,
    /// The revision to read; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head: Option<String>,
    /// The file to write to, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn level(text: &str) -> Result<Level, String> {
    text.parse()
        .map_err(|error: taskgraph_images::transforms::LevelError| error.to_string())
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let tree = project.tree(&state(args.head.as_deref(), &project))?;
    let definitions = |faults| Failure::Definitions(faults, Some(tree.clone()));
    if let Some(permission) = args.action.clone() {
        let sources = ActionSources::read(&tree, &project.layout).map_err(definitions)?;
        let repository = repository(&args, &project)?;
        let setting = ActionSetting {
            project: args.project.unwrap_or_else(|| last(&repository)),
            branch: args.branch,
            repository,
            permission,
            pull_requests: args.pull_requests,
            level: if args.pull_requests {
                Level::One
            } else {
                args.level
            },
            owner: args.owner.unwrap_or_else(|| sources.config.owner.clone()),
            email_on_error: !args.no_email_on_error,
        };
        let scopes = sources.scopes(&setting).map_err(definitions)?;
        return print(
            &sources.hook(&setting),
            &scopes,
            args.output.as_deref(),
            printer,
        );
    }
    let name = args.job.clone().unwrap_or_default();
    let sources = Sources::read(&tree, &project.layout).map_err(definitions)?;
    let job = sources.job(&name).ok_or_else(|| {
        let hint = match nearest(&name, sources.names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "there is: {}",
                sources.names().collect::<Vec<_>>().join(", ")
            ),
        };
        Failure::Usage(format!("`.cron.yml` has no job `{name}`"), Some(hint))
    })?;
    let repository = repository(&args, &project)?;
    let project = args.project.unwrap_or_else(|| last(&repository));
    let group = args
        .hook_group
        .unwrap_or_else(|| format!("project-{}", sources.config.trust_domain));
    let id = args
        .hook_id
        .unwrap_or_else(|| format!("cron-task-{project}/{name}"));
    check_id("--hook-group", &group, "")?;
    check_id("--hook-id", &id, "/")?;
    let setting = Setting {
        repository,
        branch: args.branch,
        project,
        level: args.level,
        root_url: args.root_url.filter(|url| !url.is_empty()),
        group,
        id,
        owner: args.owner.unwrap_or_else(|| sources.config.owner.clone()),
        email_on_error: !args.no_email_on_error,
    };
    let hook = sources.hook(job, &setting).map_err(definitions)?;
    print(&hook, &hook.scopes(), args.output.as_deref(), printer)
}

/// The last word of an address.
fn last(address: &str) -> String {
    address.rsplit('/').next().unwrap_or_default().to_owned()
}

fn repository(args: &Args, project: &Project) -> Result<String, Failure> {
    args.repository
        .clone()
        .or_else(|| address::origin(&project.repository))
        .ok_or_else(|| {
            Failure::Usage(
                "the repository's address is not known".to_owned(),
                Some("name it with `--repository`".to_owned()),
            )
        })
}

fn print(
    hook: &Hook,
    scopes: &[String],
    to: Option<&Path>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    printer.data(&output::json(hook), to)?;
    let scopes: String = scopes.iter().map(|scope| format!("\n  {scope}")).collect();
    printer.note(&format!(
        "the role `hook-id:{}/{}` needs:{scopes}",
        hook.hook_group_id, hook.hook_id
    ));
    Ok(())
}

/// Whether the hooks service takes it as a half of an id.
fn check_id(option: &str, id: &str, more: &str) -> Result<(), Failure> {
    let legal = |letter: char| {
        letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' || more.contains(letter)
    };
    if (1..=1000).contains(&id.len()) && id.chars().all(legal) {
        return Ok(());
    }
    Err(Failure::Usage(
        format!("`{id}` is no half of a hook's id"),
        Some(format!(
            "name one of letters, digits, `-`, `_`{} with `{option}`",
            if more.is_empty() { "" } else { ", `/`" }
        )),
    ))
}
