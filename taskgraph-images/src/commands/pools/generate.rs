//! `pools generate`: a pool for each image, and `latest`, from a template.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde_json::Value;
use taskgraph_images::ci_config::CiConfig;
use taskgraph_images::output;
use taskgraph_images::output::text::count;
use taskgraph_images::pools::generate::{Generated, Request, definitions, entries};
use taskgraph_images::pools::update::entry_edits;
use taskgraph_images::proposals::{FileEdit, Group, Marker, Proposal};

use crate::commands::Global;
use crate::commands::ci_config::{self, Source};
use crate::commands::propose::{Delivery, Parcel, deliver, destinations};
use crate::exit::Failure;
use crate::printer::Printer;

/// Make a worker pool for each available image, and `latest`, from a template
///
/// The pools stand in a group of their own, in which every pool is generated: those whose image is gone leave. Names are
/// legal worker types, and no two images share one. Without `--out` or `--propose` they are only printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pool that the others are like: its id, or the id as its entry writes it; a file of JSON, of a definition
    #[arg(long, value_name = "POOL|FILE")]
    template: String,
    /// The group of the pools: the part of their ids before the slash
    #[arg(long, value_name = "GROUP")]
    group: String,
    /// The images, by the keys of their entries; all that the template's provider has, if absent
    #[arg(long, value_name = "ENTRY")]
    image: Vec<String>,
    /// A pool of another name, such as `latest=ubuntu-2404-headless`
    #[arg(long, value_name = "NAME=ENTRY")]
    named: Vec<String>,
    /// What is made
    #[arg(long, short, value_name = "FORMAT", default_value = "entries")]
    format: Format,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Entries of `worker-pools.yml`
    Entries,
    /// Definitions for worker-manager
    Definitions,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let template = template(args, &config)?;
    let mut named = BTreeMap::new();
    for text in &args.named {
        let (name, key) = text.split_once('=').ok_or_else(|| {
            Failure::Usage(format!("`--named {text}`: expected `NAME=ENTRY`"), None)
        })?;
        named.insert(name.to_owned(), key.to_owned());
    }
    let request = Request {
        template: &template,
        group: &args.group,
        images: (!args.image.is_empty()).then(|| args.image.iter().cloned().collect()),
        named,
    };
    let made = match args.format {
        Format::Entries => entries(&config, &request),
        Format::Definitions => definitions(&config, &request),
    }
    .map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Files(errors.join("; "))
    })?;
    printer.note(&format!(
        "{} of `{}`",
        count(made.len(), "pool"),
        args.group
    ));
    if !args.delivery.is_asked_for() {
        let values: BTreeMap<&str, &Value> = made
            .iter()
            .map(|one| (one.id.as_str(), &one.value))
            .collect();
        return printer.data(&output::json(&values), None);
    }
    if args.format == Format::Definitions {
        return Err(Failure::Usage(
            "definitions stand in no file that could be proposed".to_owned(),
            Some("print them, or propose entries".to_owned()),
        ));
    }
    let Some(proposal) = proposal(args, &config, &source, &made, &settings)? else {
        printer.note("every pool is as it would be made");
        return Ok(());
    };
    let to = settings.of_pools();
    let files: Vec<String> = proposal.files.keys().cloned().collect();
    let parcel = Parcel {
        sort: "generate",
        to: &to,
        files: &files,
        // Pools come and go.
        structure: true,
        proposals: std::slice::from_ref(&proposal),
        stay: &BTreeSet::new(),
        base: source.base.clone(),
    };
    deliver(&args.delivery, &settings, &parcel, printer).map(|_| ())
}

/// The template: the entry of a pool, or a definition in a file.
fn template(args: &Args, config: &CiConfig) -> Result<Value, Failure> {
    if args.format == Format::Definitions {
        let content = std::fs::read(&args.template)
            .map_err(|error| Failure::Files(format!("`{}`: {error}", args.template)))?;
        return serde_json::from_slice(&content)
            .map_err(|error| Failure::Files(format!("`{}`: {error}", args.template)));
    }
    let by_id = config.pools.iter().find(|pool| pool.id == args.template);
    let entry = by_id
        .and_then(|pool| config.entries.get(pool.entry))
        .or_else(|| {
            config.entries.iter().find(|entry| {
                let id = entry.get("pool_id").map(|id| id.to_json());
                id.as_ref().and_then(Value::as_str) == Some(&args.template)
            })
        });
    entry.map(|entry| entry.to_json()).ok_or_else(|| {
        Failure::Usage(
            format!("there is no pool `{}` to be the template", args.template),
            Some("name one by its id".to_owned()),
        )
    })
}

fn proposal(
    args: &Args,
    config: &CiConfig,
    source: &Source,
    made: &[Generated],
    settings: &taskgraph_images::destinations::Destinations,
) -> Result<Option<Proposal>, Failure> {
    let Some(file) = config.entries.first().map(|entry| entry.path.to_string()) else {
        return Err(Failure::Files(
            "the configuration has no pools, so nothing says where they stand".to_owned(),
        ));
    };
    let old = source.text(&file)?;
    let edits = entry_edits(config, &args.group, made);
    if edits.is_empty() {
        return Ok(None);
    }
    let new = taskgraph_images::edit::apply(&file, &old, &edits).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Files(errors.join("; "))
    })?;
    let group = Group::new(&args.group.to_lowercase().replace('_', "-"))
        .map_err(|error| Failure::Usage(error.to_string(), None))?;
    let to = settings.of_pools();
    let lines: Vec<String> = made
        .iter()
        .map(|one| format!("| `{}` | `{}` |", one.id, one.image))
        .collect();
    Ok(Some(Proposal {
        title: format!(
            "chore: pools of {} for the images that there are",
            args.group
        ),
        body: format!(
            "Every pool of `{}` is generated: one for each image.\n\n| pool | image |\n| --- | --- |\n{}\n",
            args.group,
            lines.join("\n")
        ),
        files: BTreeMap::from([(
            file,
            FileEdit {
                old: Some(old),
                new,
            },
        )]),
        labels: to.labels.clone(),
        reviewers: to.reviewers(),
        marker: Marker {
            group: group.clone(),
            subjects: BTreeMap::new(),
        },
        group,
        base: to.base().map_err(Failure::Files)?,
    }))
}
