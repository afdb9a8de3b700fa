//! `decision`: from an event to tasks in Taskcluster. The stages are the library's; here they are joined to the world.

mod args;
mod base;
mod floating;
pub(super) mod replay;
pub(super) mod tools;

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images::actions::{Action, document};
use taskgraph_images::comparison::{Comparison, ComparisonError, Head};
use taskgraph_images::decision::artifacts::{self, Optimization};
use taskgraph_images::decision::create::create;
use taskgraph_images::decision::graphs::Graphs;
use taskgraph_images::decision::lookup::Lookups;
use taskgraph_images::decision::optimize::{
    Optimized, Outcome, Question, floating as floating_pins, max_ages, queues, scheduler_id,
};
use taskgraph_images::decision::parameters::DecisionParameters;
use taskgraph_images::decision::plan::{Creator, Plan};
use taskgraph_images::decision::{report, scopes};
use taskgraph_images::output::preview::{Event, Preview, PreviewJson};
use taskgraph_images::output::text::count;
use taskgraph_images::output::{self, affected, images, text};
use taskgraph_images::taskcluster::{Auth as _, Client, Connection, Index as _, Queue, TaskId};
use taskgraph_images::transforms::{
    IndexPath, Label, Level, Parameters, ProjectConfig, TransformError,
};
use taskgraph_images::tree::{Files, TreePath, View};

use super::Global;
use super::artifacts::Folder;
use super::project::{self, Project, warnings};
use crate::exit::Failure;
use crate::printer::Printer;

/// The root URL of what is only looked at.
pub(super) const NOWHERE: &str = "https://taskcluster.invalid";

pub(crate) use args::Args;
use args::Extras;
use replay::Recorded;

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let creates = !args.dry_run && args.parameters.is_none();
    let client = connect(creates)?;
    let client = client.as_ref();
    let mut project = Project::open(global)?;
    let folder = Folder::make(&args.artifacts)?;

    let trust_domain = || {
        let snapshot = project.snapshot_quietly(&Head::Revision("HEAD".to_owned()))?;
        let config = snapshot.fleet.config.as_ref();
        config
            .map(|config| config.project.trust_domain.clone())
            .ok_or_else(|| Failure::Files("the repository has no settings".to_owned()))
    };
    let recorded = args
        .parameters
        .as_deref()
        .map(|spec| replay::read(spec, args.lenient, client, &trust_domain))
        .transpose()?;
    let (mut parameters, recorded, extras) = match recorded {
        Some(Recorded {
            parameters,
            optimization,
            ..
        }) => (parameters, optimization, Extras::default()),
        None => {
            let (parameters, extras) = of_event(&args, &project)?;
            (parameters, None, extras)
        }
    };
    let for_tasks = parameters
        .for_tasks()
        .map_err(|error| Failure::Usage(format!("the parameter `level`: {error}"), None))?;
    let pull_request = for_tasks.is_pull_request();
    let job = args.event.cron_job_name.as_deref().unwrap_or_default();
    let job = match (parameters.tasks_for.as_str(), job) {
        ("cron", job) if !job.is_empty() => format!(" (`{job}`)"),
        _ => String::new(),
    };
    printer.note(&format!(
        "{}{job} of {} at level {}: {}",
        parameters.tasks_for, parameters.project, parameters.level, parameters.head_rev
    ));

    let base = base::choose(
        &mut project.repository,
        &parameters,
        pull_request,
        global,
        printer,
    )?;
    let head = Head::Revision(parameters.head_rev.clone());
    let comparison = Comparison::new(&project.repository, &project.layout, &base, &head)
        .inspect_err(|error| report_faults(error, &folder))?;
    warnings(&comparison.head, printer);
    printer.note(&text::range(&comparison));
    parameters.files_changed = comparison
        .changes
        .iter()
        .map(|(path, _)| path.to_string())
        .collect();
    parameters.files_changed.sort_unstable();

    let graphs = Graphs::new(
        &comparison.head,
        &comparison.affected,
        &parameters,
        &for_tasks,
    )?;
    printer.note(&format!(
        "{} of {} affected, {} asked for by `{}`",
        comparison.affected.images.len(),
        count(comparison.head.fleet.images.len(), "image"),
        count(graphs.targets.labels.len(), "task"),
        parameters.target_tasks_method
    ));
    if !graphs.withheld.is_empty() {
        printer.note(&report::left_out(&parameters.tasks_for, &graphs));
    }
    let config = &settings(&comparison)?.project;
    if extras.include_push_tasks {
        let push = push_tasks(client, config, &parameters, &graphs, &extras)?;
        printer.note(&format!(
            "{} of the push stand in",
            count(push.len(), "task")
        ));
        parameters.existing_tasks = push;
    }

    let task_id = recorded
        .as_ref()
        .map(|recorded| recorded.decision_task_id.clone())
        .or_else(|| args.task_id.clone())
        .unwrap_or_else(TaskId::placeholder);
    let creator = Creator {
        // A decision task is its own group.
        decision: task_id.clone(),
        task_id,
        scheduler_id: scheduler_id(config, for_tasks.level),
        root_url: recorded
            .as_ref()
            .map(|recorded| recorded.root_url.clone())
            .or_else(|| client.map(|client| client.root_url().to_owned()))
            .unwrap_or_else(|| NOWHERE.to_owned()),
        variant: String::new(),
    };
    if creates && args.task_id.is_none() {
        return Err(Failure::Usage(
            "the id of this task is not known".to_owned(),
            Some("set `TASK_ID`, as a worker does, or use `--dry-run`".to_owned()),
        ));
    }
    let now = recorded
        .as_ref()
        .map_or_else(super::now, |recorded| recorded.now);
    let mut lookups = match (recorded, client) {
        (Some(recorded), _) => recorded.lookups,
        (None, Some(client)) => look_up(&graphs, &creator, creates, client, printer)?,
        (None, None) => {
            printer.note("no Taskcluster is named, so the index is not asked");
            Lookups::default()
        }
    };
    // What a pull request names is not called.
    let floats = graphs.targets.ages && !pull_request && args.parameters.is_none();
    if let (Some(client), true) = (client, floats) {
        floating::look_up(
            &mut lookups,
            &comparison.head,
            &graphs,
            now,
            client,
            printer,
        )?;
    }
    let optimized = {
        let question = Question {
            graph: &graphs.target,
            targets: &graphs.targets,
            config,
            level: for_tasks.level,
            now,
            optimize_targets: parameters.optimize_target_tasks,
            do_not_optimize: &labels(&parameters.do_not_optimize)?,
            existing: &existing(&parameters)?,
            max_age: &max_ages(&comparison.head.fleet),
            floating: &floating_pins(&comparison.head.fleet),
            queues: &queues(&comparison.head.fleet, config),
        };
        let queue = client.filter(|_| args.parameters.is_none());
        lookups
            .settle(&question, queue.map(|queue| queue as &dyn Queue))
            .map_err(Failure::Taskcluster)?
    };
    let plan = Plan::new(&graphs.target, &optimized, &creator);
    printer.note(&format!(
        "{} to create, {} found, {} not needed",
        count(plan.tasks().len(), "task"),
        optimized.replaced().count(),
        optimized.outcomes.len() - plan.tasks().len() - optimized.replaced().count()
    ));
    tools::provide(
        std::slice::from_ref(&plan),
        args.tools.as_deref(),
        &folder,
        creates,
    )?;

    folder.write(artifacts::PARAMETERS, &parameters.to_yaml())?;
    folder.write(artifacts::FULL_TASK_GRAPH, &graphs.full.to_json())?;
    folder.write(
        artifacts::RUNNABLE_JOBS,
        &artifacts::runnable_jobs(&graphs.full),
    )?;
    folder.write(
        artifacts::TARGET_TASKS,
        &artifacts::target_tasks(&graphs.targets),
    )?;
    folder.write(
        artifacts::TASK_GRAPH,
        &artifacts::task_graph(std::slice::from_ref(&plan)),
    )?;
    folder.write(
        artifacts::LABEL_TO_TASKID,
        &artifacts::label_to_taskid(&plan),
    )?;
    folder.write(
        artifacts::ACTIONS,
        &actions(&comparison, &parameters, &for_tasks, &creator, printer)?,
    )?;
    let document = Optimization::new(&plan, now, &optimized, &lookups);
    folder.write(artifacts::OPTIMIZATION, &output::json(&document))?;
    show(&comparison, &graphs, &optimized, &plan, &for_tasks, &folder)?;
    printer.data(&outcomes(&optimized, &plan), None)?;

    if !creates {
        printer.note(&format!(
            "nothing is created; the artifacts are in `{}`",
            args.artifacts.display()
        ));
        return Ok(());
    }
    let client = client.ok_or_else(Failure::no_taskcluster)?;
    let held = client.current_scopes().map_err(Failure::Taskcluster)?;
    if for_tasks.level == Level::One {
        let scopes = scopes::of_level_3(config, &held);
        if !scopes.is_empty() {
            return Err(Failure::TooMuch {
                tasks_for: parameters.tasks_for.clone(),
                scopes,
            });
        }
    }
    let missing = scopes::missing(&plan, &held);
    if !missing.is_empty() {
        return Err(Failure::Scopes(missing));
    }
    let done = printer
        .progress("tasks", plan.tasks().len(), |progress| {
            create(&plan, &lookups.created, client, &super::now, progress)
        })
        .map_err(Failure::Create)?;
    let there = match done.present {
        0 => String::new(),
        present => format!(", {present} were there already"),
    };
    printer.note(&format!("created {}{there}", count(done.created, "task")));
    Ok(())
}

/// A client of the Taskcluster that the environment names, if it names one.
pub(super) fn connect(needed: bool) -> Result<Option<Client>, Failure> {
    let lookup = |name: &str| std::env::var(name).ok();
    let named = ["TASKCLUSTER_ROOT_URL", "TASKCLUSTER_PROXY_URL"]
        .iter()
        .any(|name| lookup(name).is_some_and(|value| !value.is_empty()));
    if !named {
        return if needed {
            Err(Failure::no_taskcluster())
        } else {
            Ok(None)
        };
    }
    let connection = Connection::from_variables(lookup).map_err(Failure::Taskcluster)?;
    Client::new(connection)
        .map(Some)
        .map_err(Failure::Taskcluster)
}

/// The parameters of the event that this task is told of.
fn of_event(args: &Args, project: &Project) -> Result<(DecisionParameters, Extras), Failure> {
    let (mut event, extras) = args.event()?;
    let repository = &project.repository;
    let head = repository.revision(event.head_rev.as_deref().unwrap_or("HEAD"))?;
    event.message = repository.message(&head)?;
    let tree = repository.tree(&head)?;
    event.version = TreePath::parse("version.txt")
        .ok()
        .and_then(|path| View::new(&tree).read(&path).ok())
        .and_then(|content| {
            let text = String::from_utf8_lossy(&content).into_owned();
            text.lines().next().map(|line| line.trim_end().to_owned())
        });
    event.head_rev = Some(head.id);
    let parameters = event.parameters(super::now()).map_err(Failure::Event)?;
    Ok((parameters, extras))
}

fn settings(comparison: &Comparison) -> Result<&taskgraph_images::definitions::Config, Failure> {
    project::settings(&comparison.head)
}

fn look_up(
    graphs: &Graphs,
    creator: &Creator,
    creates: bool,
    client: &Client,
    printer: &mut Printer,
) -> Result<Lookups, Failure> {
    let mut lookups =
        Lookups::gather(&graphs.target, client, client).map_err(Failure::Taskcluster)?;
    printer.note(&format!(
        "the index has {} under which tasks may be found",
        count(lookups.index.len(), "path")
    ));
    if creates {
        let ids: BTreeMap<Label, TaskId> = graphs
            .target
            .tasks()
            .map(|task| (task.label.clone(), creator.id(&task.label)))
            .collect();
        lookups
            .gather_created(&ids, client)
            .map_err(Failure::Taskcluster)?;
        if !lookups.created.is_empty() {
            printer.note(&format!(
                "an earlier run of this decision created {}",
                count(lookups.created.len(), "task")
            ));
        }
    }
    Ok(lookups)
}

/// The tasks of the push's own decision that stand in for those of this graph.
fn push_tasks(
    client: Option<&Client>,
    config: &ProjectConfig,
    parameters: &DecisionParameters,
    graphs: &Graphs,
    extras: &Extras,
) -> Result<BTreeMap<String, String>, Failure> {
    let client = client.ok_or_else(Failure::no_taskcluster)?;
    let path = format!(
        "{}.v2.{}.revision.{}.taskgraph.decision",
        config.trust_domain, parameters.project, parameters.head_rev
    );
    let path = IndexPath::new(&path).map_err(|error| Failure::Usage(error.to_string(), None))?;
    let found = client
        .find_tasks(&BTreeSet::from([path]))
        .map_err(Failure::Taskcluster)?;
    let Some(decision) = found.into_values().next().map(|entry| entry.task_id) else {
        return Ok(BTreeMap::new());
    };
    let name = format!("public/{}", artifacts::LABEL_TO_TASKID);
    let content = client
        .artifact(&decision, &name)
        .map_err(Failure::Taskcluster)?
        .unwrap_or_else(|| b"{}".to_vec());
    let labels: BTreeMap<String, TaskId> = serde_json::from_slice(&content)
        .map_err(|error| Failure::Files(format!("`{name}` of `{decision}`: {error}")))?;
    let reusable = |label: &str| {
        Label::new(label)
            .ok()
            .and_then(|label| graphs.full.get(&label))
            .and_then(|task| task.kind.image())
            .is_some_and(|kind| !extras.rebuild_kinds.contains(&kind))
    };
    Ok(labels
        .into_iter()
        .filter(|(label, _)| reusable(label))
        .map(|(label, id)| (label, id.to_string()))
        .collect())
}

fn labels(texts: &[String]) -> Result<BTreeSet<Label>, Failure> {
    texts
        .iter()
        .map(|text| Label::new(text))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Usage(format!("the parameter `do_not_optimize`: {error}"), None))
}

fn existing(parameters: &DecisionParameters) -> Result<BTreeMap<Label, TaskId>, Failure> {
    parameters
        .existing_tasks
        .iter()
        .map(|(label, id)| {
            let fault = |error: &dyn std::fmt::Display| {
                Failure::Usage(format!("the parameter `existing_tasks`: {error}"), None)
            };
            Ok((
                Label::new(label).map_err(|error| fault(&error))?,
                id.parse().map_err(|error| fault(&error))?,
            ))
        })
        .collect()
}

/// What happens to each task, a line each: what, label, id, why.
pub(super) fn outcomes(optimized: &Optimized, plan: &Plan<'_>) -> String {
    let mut text = String::new();
    for (label, outcome) in &optimized.outcomes {
        let what = match outcome {
            Outcome::Kept { .. } => "create",
            Outcome::Replaced { .. } => "found",
            Outcome::Removed { .. } => "drop",
        };
        let id = plan.ids().get(label).map_or("-", |id| id.as_str());
        text += &format!("{what}\t{label}\t{id}\t{}\n", outcome.reason());
    }
    text
}

/// `actions.json`. Hooks are made of `.taskcluster.yml`, so without that file nothing can be asked for.
fn actions(
    comparison: &Comparison,
    parameters: &DecisionParameters,
    for_tasks: &Parameters,
    creator: &Creator,
    printer: &mut Printer,
) -> Result<String, Failure> {
    let config = settings(comparison)?;
    let mut disabled = config.disabled_actions.clone();
    let template = TreePath::parse(".taskcluster.yml")
        .ok()
        .and_then(|path| View::new(&comparison.head.fleet.tree).read(&path).ok());
    if template.is_none() {
        printer.note("there is no `.taskcluster.yml`, so no action is offered");
        disabled.extend(Action::ALL);
    }
    Ok(document::actions(
        parameters,
        for_tasks,
        &config.project,
        &disabled,
        &creator.decision,
        &template.unwrap_or_default(),
    ))
}

/// The documents for people: what is affected, the page, and what GitHub shows.
fn show(
    comparison: &Comparison,
    graphs: &Graphs,
    optimized: &Optimized,
    plan: &Plan<'_>,
    parameters: &Parameters,
    folder: &Folder,
) -> Result<(), Failure> {
    let kept: BTreeSet<Label> = optimized.kept().cloned().collect();
    let shown = graphs.target.part(&kept).map_err(|errors| {
        errors
            .into_iter()
            .map(TransformError::from)
            .collect::<Vec<_>>()
    })?;
    let needed = shown
        .tasks()
        .map(|task| task.label.clone())
        .filter(|label| !kept.contains(label))
        .collect();
    let preview = Preview {
        event: match parameters.tasks_for.as_str() {
            "cron" | "action" => Event::Cron,
            _ if parameters.is_pull_request() => Event::PullRequest,
            _ => Event::Push,
        },
        level: parameters.level,
        target: shown,
        affected: kept,
        needed,
    };
    folder.write(
        artifacts::IMAGE_GRAPH,
        &output::json(&images::Images::new(&comparison.head)),
    )?;
    folder.write(
        artifacts::AFFECTED,
        &output::json(&affected::Affected::new(comparison)),
    )?;
    let document = PreviewJson::new(comparison, &preview);
    folder.write(artifacts::PREVIEW, &output::html::page(&document))?;
    if parameters.is_pull_request() {
        folder.write(
            report::TEXT,
            &report::text(comparison, &document, optimized, plan, graphs, parameters),
        )?;
        let warnings = &comparison.head.fleet.findings;
        let annotations = report::annotations(warnings, Some(&comparison.head.fleet.tree));
        folder.write(report::ANNOTATIONS, &output::json(&annotations))?;
    }
    Ok(())
}

/// Shows faults of definitions where the change is looked at. The command fails with them in any case.
fn report_faults(error: &ComparisonError, folder: &Folder) {
    if let ComparisonError::Definitions(findings, tree) = error {
        let annotations = report::annotations(findings, Some(tree));
        // What cannot be shown there is still printed.
        let _ = folder.write(report::TEXT, &report::faults(findings, Some(tree)));
        let _ = folder.write(report::ANNOTATIONS, &output::json(&annotations));
    }
}
