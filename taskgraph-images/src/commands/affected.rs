//! `affected`: which images a change affects, and why.

use std::fmt::Write as _;
use std::mem::ManuallyDrop;

use clap::ValueEnum;
use taskgraph_images::affected::{Explanation, explain_image, explain_path};
use taskgraph_images::comparison::Comparison;
use taskgraph_images::output::{self, Locator, affected, text};
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::TreePath;

use super::Global;
use super::project::{self, Project, warnings};
use super::range::Range;
use crate::exit::Failure;
use crate::printer::Printer;

/// Say which images a change affects, and why
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    range: Range,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Explain one image (`name` or `name@cloud`), or what a path goes into, changed or not
    #[arg(long, value_name = "IMAGE|PATH")]
    explain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// The published JSON document
    Json,
    /// The labels of the affected tasks, one a line
    Labels,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    // The process ends with the command: taking two fleets apart first would only cost time.
    let comparison = ManuallyDrop::new(args.range.compare_partially(&project)?);
    warnings(&comparison.head, printer);
    if let Some(what) = &args.explain {
        return explain(what, &comparison, printer);
    }
    printer.note(&text::range(&comparison));
    let result = match args.format {
        Format::Text => text::affected(&comparison),
        Format::Json => output::json(&affected::Affected::new(&comparison)),
        Format::Labels => labels(&comparison),
    };
    printer.data(&result, None)?;
    if !comparison.affected.unresolved.is_empty() {
        return Err(project::unresolved(&comparison.head));
    }
    if comparison.affected.images.is_empty() {
        printer.note("no image is affected");
    }
    Ok(())
}

fn labels(comparison: &Comparison) -> String {
    let mut text = String::new();
    for (id, image) in &comparison.affected.images {
        for kind in &image.tasks {
            let _ = writeln!(text, "{}", id.label(*kind));
        }
    }
    text
}

fn explain(what: &str, comparison: &Comparison, printer: &mut Printer) -> Result<(), Failure> {
    let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
    let known = comparison
        .head
        .fleet
        .images
        .keys()
        .chain(comparison.affected.images.keys());
    let mut named: Vec<&ImageId> = known
        .filter(|id| id.name.as_str() == what || id.to_string() == what)
        .collect();
    named.sort_unstable();
    named.dedup();
    let mut answer = String::new();
    for id in &named {
        let explanation = explain_image(
            comparison.head.side(),
            &comparison.affected,
            id,
            &comparison.changes,
        );
        answer += &text::explanation(&explanation, &locate);
    }
    if named.is_empty() {
        let path =
            TreePath::parse(what).map_err(|error| Failure::Usage(error.to_string(), None))?;
        let base = Some(comparison.base.side());
        let explanation = explain_path(comparison.head.side(), base, &path, &comparison.changes);
        if matches!(explanation, Explanation::Unclaimed { exists: false, .. }) {
            return Err(Failure::Usage(
                format!("`{what}` is neither an image nor a path, at the head or at the base"),
                Some("`taskgraph-images images` lists the images and their files".to_owned()),
            ));
        }
        answer += &text::explanation(&explanation, &locate);
    }
    printer.data(&answer, None)
}
