//! `pools check`: what is wrong with images and worker pools.

use std::collections::BTreeMap;

use clap::ValueEnum;
use taskgraph_images::ci_config::Access;
use taskgraph_images::output::Locator;
use taskgraph_images::pools::check::{EndOfLife, Known, Options, Severity, check};
use taskgraph_images::pools::generate::expected;
use taskgraph_images::pools::update::Mapping;
use taskgraph_images::tree::View;

use crate::commands::Global;
use crate::commands::ci_config::{self, Source};
use crate::commands::propose::{destinations, leave};
use crate::commands::published;
use crate::exit::Failure;
use crate::printer::Printer;

/// Find unused images and pools, images that nothing builds or that are too old, and levels that do not fit
///
/// Who uses a pool is told by the configuration's grants, hooks and clients: a pool that none of them may create tasks in is
/// unused. Also regions that an image is missing from, names that no worker type can have, bases past their end of life, and what
/// the configuration repository's own generator would refuse. Manifests are looked at only if a folder of them is named or
/// Taskcluster is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How old an image may be, in days
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    max_age: u32,
    /// The day that ages are counted to; today, if absent
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<String>,
    /// How to write the report
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// From which severity on the command fails
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    deny: Deny,
    /// Say of each pool who may create tasks in it, in text and Markdown; JSON always does
    #[arg(long)]
    users: bool,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a finding
    Text,
    /// The published JSON document
    Json,
    /// A table
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Nothing
    Never,
    /// Notes, warnings and errors
    Note,
    /// Warnings and errors
    Warning,
    /// Errors
    Error,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let today = match &args.today {
        Some(day) => day
            .parse()
            .map_err(|_| Failure::Usage(format!("`{day}` is no day such as 2026-11-26"), None))?,
        None => chrono::DateTime::from_timestamp_millis(crate::commands::report_time().as_millis())
            .unwrap_or_default()
            .date_naive(),
    };
    let mut options = Options::new(today);
    options.max_age_days = Some(args.max_age);
    let in_mapping = |faults: Vec<String>| {
        Failure::Files(format!("`{}`: {}", ci_config::MAPPING, faults.join("; ")))
    };
    options.end_of_life = EndOfLife::with(&mapping.end_of_life).map_err(in_mapping)?;
    if !mapping.generate.is_empty() {
        options.generated = Some(expected(&config, &mapping.generate).map_err(in_mapping)?);
    }
    options.access = access(&source, printer)?;
    options.known = known(args, global, &mapping, printer)?;
    let locator = Locator::new([&source.tree]);
    let report = check(&config, &options, &|place| locator.number(place));
    let mut text = match args.format {
        Format::Text => report.to_text(),
        Format::Json => report.to_json(),
        Format::Markdown => report.to_markdown(),
        Format::Sarif => report.to_sarif(),
    };
    match args.format {
        Format::Text if args.users => text = report.users_text() + &text,
        Format::Markdown if args.users => text += &report.users_markdown(),
        _ => {}
    }
    printer.data(&text, None)?;
    leave(
        "pools-check.md",
        &(report.to_markdown() + &report.users_markdown()),
    )?;
    leave("pools-check.json", &report.to_json())?;
    let deny = match args.deny {
        Deny::Never => return Ok(()),
        Deny::Note => Severity::Note,
        Deny::Warning => Severity::Warning,
        Deny::Error => Severity::Error,
    };
    if report.is_denied(deny) {
        return Err(Failure::Denied(report.summary()));
    }
    Ok(())
}

/// Who may create tasks in which pools, where the configuration says it.
fn access(source: &Source, printer: &mut Printer) -> Result<Option<Access>, Failure> {
    let access = Access::load(&View::new(&source.tree), &source.options)
        .map_err(|fault| Failure::Definitions(vec![fault], Some(source.tree.clone())))?;
    match &access {
        None => printer.note(
            "the configuration has no grants here, so nobody knows who uses a pool, and unused ones are not looked for",
        ),
        Some(access) if !access.findings.is_empty() => printer.note(
            "not every grant could be read, and one of those may reach any pool, so unused pools are not looked for",
        ),
        Some(_) => {}
    }
    Ok(access)
}

/// What is published, where somebody can say.
fn known(
    args: &Args,
    global: &Global,
    mapping: &Mapping,
    printer: &mut Printer,
) -> Result<Option<Known>, Failure> {
    if !args.published.is_named() {
        printer.note("no manifests and no Taskcluster are named, so images are not held to what is published");
        return Ok(None);
    }
    let shelf = args.published.read(global, printer)?;
    let manifests: Vec<_> = shelf
        .inventory
        .published()
        .iter()
        .map(|published| published.manifest.clone())
        .collect();
    let mut known = Known::default().with_manifests(&manifests);
    let builds: BTreeMap<_, _> = mapping
        .images
        .iter()
        .map(|(key, entry)| (key.clone(), entry.providers.values().cloned().collect()))
        .collect();
    known.builds = builds;
    Ok(Some(known))
}
