//! `graph`: task graphs as Taskgraph's users know them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use taskgraph_images::comparison::{Comparison, Snapshot};
use taskgraph_images::difference::differences;
use taskgraph_images::graph::Contents;
use taskgraph_images::output::preview::{Preview, task_graph};
use taskgraph_images::transforms::{Label, TaskGraph};

use super::Global;
use super::preview::{LevelArg, parameters};
use super::project::{Project, settings};
use super::range::Range;
use crate::exit::Failure;
use crate::printer::Printer;

/// Print a task graph, or how it differs from another revision's
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum Which {
    /// Every task of every image
    Full(Options),
    /// The tasks of affected images, and what they need
    Target(Options),
}

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    level: LevelArg,
    /// How to write it
    #[arg(long, short, value_name = "FORMAT", default_value = "labels")]
    format: Format,
    /// Write how it differs from the same graph at this revision
    #[arg(long, value_name = "REV")]
    diff: Option<String>,
    /// The file to write to, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Labels, one a line
    Labels,
    /// Taskgraph's JSON
    Json,
    /// For Graphviz
    Dot,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let (options, full) = match &args.which {
        Which::Full(options) => (options, true),
        Which::Target(options) => (options, false),
    };
    let (snapshot, comparison) = if full {
        (
            Some(project.snapshot(&options.range.head(&project.repository), printer)?),
            None,
        )
    } else {
        (None, Some(options.range.compare(&project)?))
    };
    if let Some(snapshot) = snapshot
        .as_ref()
        .or(comparison.as_ref().map(|made| &made.head))
    {
        settings(snapshot)?;
    }
    let graph = of(options, snapshot.as_ref(), comparison.as_ref(), global)?;
    let text = match &options.diff {
        None => write(&graph, options.format),
        Some(revision) => {
            let tree = project
                .repository
                .tree(&project.repository.revision(revision)?)?;
            let before = Snapshot::load(&tree, &project.layout, &Contents::default())?;
            if !before.fleet.is_sound() {
                return Err(Failure::Definitions(before.fleet.findings, Some(tree)));
            }
            let mut before = task_graph(
                &before,
                None,
                &parameters(options.range.event.into(), options.level.level, global),
            )?;
            if !full {
                let labels: BTreeSet<Label> = graph
                    .tasks()
                    .map(|task| task.label.clone())
                    .filter(|label| before.get(label).is_some())
                    .collect();
                before = before.part(&labels).map_err(|_| {
                    Failure::Files("the earlier graph cannot be cut to the same tasks".to_owned())
                })?;
            }
            difference(&before, &graph)
        }
    };
    printer.data(&text, options.output.as_deref())
}

fn of(
    options: &Options,
    snapshot: Option<&Snapshot>,
    comparison: Option<&Comparison>,
    global: &Global,
) -> Result<TaskGraph, Failure> {
    let event = options.range.event.into();
    let parameters = parameters(event, options.level.level, global);
    Ok(match (snapshot, comparison) {
        (Some(snapshot), _) => task_graph(snapshot, None, &parameters)?,
        (None, Some(comparison)) => Preview::new(comparison, event, &parameters)?.target,
        (None, None) => unreachable!("one of them was made"),
    })
}

fn write(graph: &TaskGraph, format: Format) -> String {
    match format {
        Format::Json => graph.to_json() + "\n",
        Format::Labels => graph
            .tasks()
            .map(|task| format!("{}\n", task.label))
            .collect(),
        Format::Dot => {
            let mut text = "digraph tasks {\n  rankdir=RL;\n".to_owned();
            for task in graph.tasks() {
                let _ = writeln!(text, "  \"{}\";", task.label);
                for (edge, dependency) in &task.dependencies {
                    let _ = writeln!(
                        text,
                        "  \"{}\" -> \"{dependency}\" [label=\"{edge}\"];",
                        task.label
                    );
                }
            }
            text + "}\n"
        }
    }
}

/// A line for each label that was added, removed or changed, and for each key that changed.
fn difference(before: &TaskGraph, after: &TaskGraph) -> String {
    let tasks = |graph: &TaskGraph| -> BTreeMap<String, serde_json::Value> {
        graph
            .tasks()
            .map(|task| {
                (
                    task.label.to_string(),
                    serde_json::to_value(task).unwrap_or_default(),
                )
            })
            .collect()
    };
    let (before, after) = (tasks(before), tasks(after));
    let mut text = String::new();
    let labels: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for label in labels {
        match (before.get(label), after.get(label)) {
            (None, Some(_)) => {
                let _ = writeln!(text, "+ {label}");
            }
            (Some(_), None) => {
                let _ = writeln!(text, "- {label}");
            }
            (Some(old), Some(new)) if old != new => {
                let _ = writeln!(text, "~ {label}");
                for (key, old, new) in differences(old, new) {
                    let _ = writeln!(text, "    {key}: {old} → {new}");
                }
            }
            _ => {}
        }
    }
    text
}
