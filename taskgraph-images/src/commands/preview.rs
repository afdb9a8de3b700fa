//! `preview`: what would happen.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::ValueEnum;
use taskgraph_images::output::preview::{Event, Preview, PreviewJson};
use taskgraph_images::output::{self, summary, text};
use taskgraph_images::transforms::{Level, Parameters};

use super::Global;
use super::project::{Project, settings, warnings};
use super::range::Range;
use crate::exit::Failure;
use crate::printer::Printer;

/// Show what would happen: the affected images, why, and the tasks
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    level: LevelArg,
    /// How to show it
    #[arg(long, short, value_name = "FORMAT", default_value = "tree")]
    format: Format,
    /// The file to write to, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The level of the run.
#[derive(Debug, clap::Args)]
pub(crate) struct LevelArg {
    /// The level of the run: 1 or 3; by default 1 for a pull request, 3 for a push or the cron graph
    #[arg(long, value_name = "N", value_parser = level, env = "MOZ_SCM_LEVEL")]
    pub(super) level: Option<Level>,
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    text.parse()
        .map_err(|error: taskgraph_images::transforms::LevelError| error.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Images with their reasons, then tasks
    Tree,
    /// One line a task
    Table,
    /// The published JSON document
    Json,
    /// The task graph as Taskgraph's JSON
    Tasks,
    /// The task graph for Graphviz
    Dot,
    /// The task graph for Mermaid
    Mermaid,
    /// One self-contained page
    Html,
}

/// The parameters of an event that has not happened.
pub(super) fn parameters(event: Event, level: Option<Level>, global: &Global) -> Parameters {
    let root = std::path::absolute(&global.root).unwrap_or_else(|_| global.root.clone());
    let project = root.file_name().map_or_else(
        || "project".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let project: String = project
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let level = level.unwrap_or_else(|| event.level());
    let mut parameters = Parameters::new(
        level,
        &project,
        &format!("https://example.org/{project}"),
        &"0".repeat(40),
    );
    parameters.tasks_for = event.tasks_for().to_owned();
    parameters.owner = "nobody@example.org".to_owned();
    parameters
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    // The process ends with the command: taking two fleets apart first would only cost time.
    let comparison = ManuallyDrop::new(args.range.compare(&project)?);
    warnings(&comparison.head, printer);
    let event = args.range.event.into();
    let preview = Preview::new(
        &comparison,
        event,
        &parameters(event, args.level.level, global),
    )?;
    let document = || PreviewJson::new(&comparison, &preview);
    let result = match args.format {
        Format::Tree => summary::tree(&comparison, &preview),
        Format::Table => summary::table(&document()),
        Format::Json => output::json(&document()),
        Format::Tasks => preview.target.to_json() + "\n",
        Format::Dot => output::dot::graph(&document()),
        Format::Mermaid => output::mermaid::graph(&document()),
        Format::Html => output::html::page(&document()),
    };
    printer.note(&text::range(&comparison));
    printer.data(&result, args.output.as_deref())?;
    if let Err(Failure::Definitions(faults, tree)) = settings(&comparison.head) {
        printer.findings(&faults, tree.as_ref());
    }
    if comparison.affected.images.is_empty() {
        printer.note("no image is affected; `--base REV` compares with another revision, `--all` shows every image");
    }
    Ok(())
}
