//! `pools generate`: a pool for each image, and `latest`, from a template.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde_json::Value;
use taskgraph_images::ci_config::CiConfig;
use taskgraph_images::output;
use taskgraph_images::output::text::count;
use taskgraph_images::pools::generate::{Declared, Generated, Request, definitions, template};
use taskgraph_images::pools::update::{Mapping, entry_edits};
use taskgraph_images::proposals::{FileEdit, Group, Marker, Proposal};

use crate::commands::Global;
use crate::commands::ci_config::{self, Source};
use crate::commands::propose::{Delivery, Parcel, deliver, destinations};
use crate::exit::Failure;
use crate::printer::Printer;

/// Make a worker pool for each available image, and `latest`, from a template
///
/// The pools stand in a group of their own, in which every pool is generated: those whose image is gone leave. Names are
/// legal worker types, and no two images share one. Groups that `pools.yml` declares under `generate` need no `--template`;
/// without a group, all of them are made. Without `--out` or `--propose` they are only printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pool that the others are like: its id, or the id as its entry writes it; a file of JSON, of a definition
    #[arg(long, value_name = "POOL|FILE", requires = "group")]
    template: Option<String>,
    /// The group of the pools: the part of their ids before the slash
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// The images, by the keys of their entries; all that the template's provider has, if absent
    #[arg(long, value_name = "ENTRY", requires = "template")]
    image: Vec<String>,
    /// A pool of another name, such as `latest=ubuntu-2404-headless`
    #[arg(long, value_name = "NAME=ENTRY", requires = "template")]
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
    let groups = match args.format {
        Format::Entries => entries(args, &mapping, &config)?,
        Format::Definitions => definitions_of(args, &config)?,
    };
    for (group, made) in &groups {
        printer.note(&format!("{} of `{group}`", count(made.len(), "pool")));
    }
    if !args.delivery.is_asked_for() {
        let values: BTreeMap<&str, &Value> = groups
            .values()
            .flatten()
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
    let mut proposals = Vec::new();
    for (group, made) in &groups {
        proposals.extend(proposal(group, &config, &source, made, &settings)?);
    }
    if proposals.is_empty() {
        printer.note("every pool is as it would be made");
    }
    // Nobody asked about the groups that are not made now.
    let others = mapping
        .generate
        .keys()
        .filter(|name| !groups.contains_key(*name));
    let stay = others.map(|name| branch(name)).collect::<Result<_, _>>()?;
    let to = settings.of_pools();
    let files: BTreeSet<&String> = proposals.iter().flat_map(|one| one.files.keys()).collect();
    let files: Vec<String> = files.into_iter().cloned().collect();
    let parcel = Parcel {
        sort: "generate",
        to: &to,
        files: &files,
        // Pools come and go.
        structure: true,
        proposals: &proposals,
        stay: &stay,
        keeps: false,
        base: source.base.clone(),
    };
    deliver(&args.delivery, &settings, &parcel, printer).map(|_| ())
}

/// The entries that are made, by their group.
fn entries(
    args: &Args,
    mapping: &Mapping,
    config: &CiConfig,
) -> Result<BTreeMap<String, Vec<Generated>>, Failure> {
    let declared = match (&args.group, &args.template) {
        (Some(_), Some(name)) if template(config, name).is_none() => {
            return Err(Failure::Usage(
                format!("there is no pool `{name}` to be the template"),
                Some("name one by its id".to_owned()),
            ));
        }
        (Some(group), Some(name)) => BTreeMap::from([(
            group.clone(),
            Declared {
                template: name.clone(),
                images: (!args.image.is_empty()).then(|| args.image.iter().cloned().collect()),
                named: named(args)?,
            },
        )]),
        (Some(group), None) => match mapping.generate.get(group) {
            Some(one) => BTreeMap::from([(group.clone(), one.clone())]),
            None => {
                return Err(Failure::Usage(
                    format!("`{}` declares no group `{group}`", ci_config::MAPPING),
                    Some("declare it under `generate`, or name its `--template`".to_owned()),
                ));
            }
        },
        (None, _) if mapping.generate.is_empty() => {
            return Err(Failure::Usage(
                format!(
                    "`{}` declares no group of generated pools",
                    ci_config::MAPPING
                ),
                Some("declare one under `generate`, or name `--group` and `--template`".to_owned()),
            ));
        }
        (None, _) => mapping.generate.clone(),
    };
    let mut groups = BTreeMap::new();
    let mut faults = Vec::new();
    for (group, one) in declared {
        match one.entries(config, &group) {
            Ok(made) => {
                groups.insert(group, made);
            }
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(groups)
    } else {
        Err(Failure::Files(faults.join("; ")))
    }
}

/// Definitions for worker-manager, from one in a file.
fn definitions_of(
    args: &Args,
    config: &CiConfig,
) -> Result<BTreeMap<String, Vec<Generated>>, Failure> {
    let (Some(group), Some(path)) = (&args.group, &args.template) else {
        return Err(Failure::Usage(
            "definitions are made from one that is a file".to_owned(),
            Some("name it with `--template`, and the pools' `--group`".to_owned()),
        ));
    };
    let fault = |error: &dyn std::fmt::Display| Failure::Files(format!("`{path}`: {error}"));
    let content = std::fs::read(path).map_err(|error| fault(&error))?;
    let template: Value = serde_json::from_slice(&content).map_err(|error| fault(&error))?;
    let request = Request {
        template: &template,
        group,
        images: (!args.image.is_empty()).then(|| args.image.iter().cloned().collect()),
        named: named(args)?,
    };
    let made = definitions(config, &request).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Files(errors.join("; "))
    })?;
    Ok(BTreeMap::from([(group.clone(), made)]))
}

fn named(args: &Args) -> Result<BTreeMap<String, String>, Failure> {
    let mut named = BTreeMap::new();
    for text in &args.named {
        let (name, key) = text.split_once('=').ok_or_else(|| {
            Failure::Usage(format!("`--named {text}`: expected `NAME=ENTRY`"), None)
        })?;
        named.insert(name.to_owned(), key.to_owned());
    }
    Ok(named)
}

/// What a group's proposal is called.
fn branch(group: &str) -> Result<Group, Failure> {
    Group::new(&group.to_lowercase().replace('_', "-"))
        .map_err(|error| Failure::Usage(error.to_string(), None))
}

fn proposal(
    name: &str,
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
    let edits = entry_edits(config, name, made);
    if edits.is_empty() {
        return Ok(None);
    }
    let new = taskgraph_images::edit::apply(&file, &old, &edits).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Files(errors.join("; "))
    })?;
    let group = branch(name)?;
    let to = settings.of_pools();
    let lines: Vec<String> = made
        .iter()
        .map(|one| format!("| `{}` | `{}` |", one.id, one.image))
        .collect();
    Ok(Some(Proposal {
        title: format!("chore: pools of {name} for the images that there are"),
        body: format!(
            "Every pool of `{name}` is generated: one for each image.\n\n| pool | image |\n| --- | --- |\n{}\n",
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
