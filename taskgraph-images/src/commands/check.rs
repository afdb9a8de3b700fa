//! `check`: every fault of every file in one run.

use clap::ValueEnum;
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::diagnostic::Severity;
use taskgraph_images::graph::Contents;
use taskgraph_images::lint;
use taskgraph_images::output::preview::task_graph;
use taskgraph_images::output::text::count;
use taskgraph_images::transforms::{Level, Parameters};

use super::Global;
use super::images::state;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Report every fault of every definition, and what looks wrong
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The revision to read; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head: Option<String>,
    /// Which findings end with exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    deny: Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Errors
    Error,
    /// Warnings, too
    Warning,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let tree = project.tree(&state(args.head.as_deref(), &project))?;
    let snapshot = Snapshot::load(&tree, &project.layout, &Contents::default())?;
    let mut findings = snapshot.fleet.findings.clone();
    // Of a fleet with errors, too much would look unused.
    if snapshot.fleet.is_sound() {
        findings.extend(lint::lint(snapshot.side()));
    }
    findings.sort_unstable();
    findings.dedup();
    let denied = |severity| severity == Severity::Error || args.deny == Deny::Warning;
    if findings.iter().any(|finding| denied(finding.severity)) {
        return Err(Failure::Definitions(findings, Some(tree)));
    }
    printer.findings(&findings, Some(&tree));
    // Labels, routes and limits are known only once the tasks are rendered.
    for level in Level::ALL {
        task_graph(
            &snapshot,
            None,
            &Parameters::new(level, "check", "https://example.org/check", &"0".repeat(40)),
        )?;
    }
    printer.note(&format!(
        "{} from {}: no errors, {}",
        count(snapshot.fleet.images.len(), "image"),
        snapshot.name,
        count(findings.len(), "warning"),
    ));
    Ok(())
}
