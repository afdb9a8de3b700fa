//! `cleanup plan`: which published images are kept and which go.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use taskgraph_images::ci_config::CiConfig;
use taskgraph_images::destinations::Destinations;
use taskgraph_images::glob::Glob;
use taskgraph_images::inventory::Published;
use taskgraph_images::pools::update::identities;
use taskgraph_images::pools::usage::Usage as PoolUsage;
use taskgraph_images::retention::{Plan, Usage, images_of_pool};
use taskgraph_images::taskcluster::{Timestamp, WorkerManager as _};
use taskgraph_images::transforms::Digest;
use taskgraph_images::tree::{TreePath, View};

use super::{last, stock};
use crate::commands::checkout;
use crate::commands::ci_config::{self, Source};
use crate::commands::decision::connect;
use crate::commands::propose::{destinations, leave};
use crate::commands::published::{self, Shelf};
use crate::commands::{Global, report_time};
use crate::exit::Failure;
use crate::printer::Printer;

/// Plan which published images are kept, deprecated, disabled and deleted, each with why
///
/// An image is kept while anybody uses it: an entry or a pool of the configuration repository, on any branch that may be
/// live, also of open proposals; a running worker pool, where Taskcluster is named; an image that was built on it. So are the
/// newest of each image, to roll back to. What nobody uses goes a step further each time a limit passes since the first plan
/// that saw it so. Where there are credentials of a cloud, its provider is asked what carries the project's label: what no
/// manifest accounts for goes the same way, and what manifests name and is not there is said. Nothing is planned while anything that uses images cannot be asked, or much of the inventory is gone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// Write the plan to a file, for `cleanup apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to write the plan
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What a plan is made of.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Inputs {
    /// The plan that was made before: since when images are unused; in a task, that of the last one, if absent
    #[arg(long, value_name = "FILE")]
    pub(super) previous: Option<PathBuf>,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
    #[command(flatten)]
    stock: stock::Args,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line an image
    Text,
    /// A table of what changes
    Markdown,
    /// The plan itself
    Json,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let global = &checkout::place(global, printer)?;
    let (plan, _) = args.inputs.plan(report_time(), global, printer)?;
    let plan = plan.capped();
    let json = plan.to_json();
    let sha256 = crate::commands::worker::sha256(json.as_bytes());
    if let Some(path) = &args.out {
        printer.data(&json, Some(path))?;
        printer.note(&format!(
            "the plan's SHA-256 is {sha256}; `cleanup apply` asks for it"
        ));
    }
    leave("cleanup-plan.json", &json)?;
    leave(
        "cleanup-plan.md",
        &format!("{}\n{}", plan.to_markdown(), how_to_apply(&sha256)),
    )?;
    let text = match args.format {
        Format::Text => plan.to_text(),
        Format::Markdown => plan.to_markdown(),
        Format::Json => plan.to_json(),
    };
    printer.data(&text, None)?;
    let counts: Vec<String> = plan
        .counts()
        .iter()
        .map(|(action, count)| format!("{count} to {action}"))
        .collect();
    printer.note(&counts.join(", "));
    if own_task().is_some() {
        printer.note(how_to_apply(&sha256).trim_end());
    }
    Ok(())
}

/// What a person who has read the plan of a task needs, to have it carried out.
fn how_to_apply(sha256: &Digest) -> String {
    let task = own_task().map_or_else(String::new, |id| format!("`plan-task-id: {id}` and "));
    format!("To carry it out, start the action `apply-cleanup` with {task}`sha256: {sha256}`.\n")
}

fn own_task() -> Option<String> {
    std::env::var("TASK_ID").ok().filter(|id| !id.is_empty())
}

impl Inputs {
    /// Makes a plan of what is so now.
    pub(super) fn plan(
        &self,
        now: Timestamp,
        global: &Global,
        printer: &mut Printer,
    ) -> Result<(Plan, Shelf), Failure> {
        let settings = destinations(global)?;
        let mapping = self.config.mapping(global)?;
        let source = self.config.open(&settings, &mapping, printer)?;
        let shelf = self.published.read(global, printer)?;
        let stock = self.stock.ask(&shelf.inventory, global, printer)?;
        let mut usage = usage(&source, &settings, printer)?;
        running(&mut usage)?;
        let mut previous = match &self.previous {
            Some(path) => Some(read(path)?),
            None => last::of_index(now, global, printer)?,
        };
        if let Some(previous) = &mut previous {
            forget_gone(previous, &settings)?;
        }
        let cleanup = settings.cleanup.clone().unwrap_or_default();
        let kept = |published: &Published| {
            let held = mapping.hold.iter().find(|hold| {
                let is_it = hold
                    .manifest
                    .as_deref()
                    .is_none_or(|one| one == published.sha256.as_str());
                hold.image == published.manifest.image && is_it
            });
            held.map(|hold| format!("held: {}", hold.reason))
        };
        let plan = Plan::new(
            (&shelf.inventory, &stock),
            &usage,
            &cleanup.policy,
            previous.as_ref(),
            (settings.keep_label(), &kept),
            now,
        )
        .map_err(|refusal| {
            let errors: Vec<String> = refusal.0.iter().map(ToString::to_string).collect();
            Failure::Denied(format!("no plan is made: {}", errors.join("; ")))
        })?;
        Ok((plan, shelf))
    }
}

/// Reads a plan.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let fault = |why: String| Failure::Files(format!("`{}`: {why}", path.display()));
    let content = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    Plan::read(&content).map_err(fault)
}

/// Who uses images, by the configuration repository: its tree that is looked at, and every branch that may be live.
pub(super) fn usage(
    source: &Source,
    settings: &Destinations,
    printer: &mut Printer,
) -> Result<Usage, Failure> {
    let mut usage = Usage::default();
    let config = source.load()?;
    if !config.findings.is_empty() {
        // A pool that cannot be resolved may use any image.
        ci_config::unresolved(&config.findings, source, printer);
    }
    add(&mut usage, "the configuration", &config);
    let Some(repository) = &source.repository else {
        return Ok(usage);
    };
    let mut globs = branches_of(settings)?;
    // What somebody may merge at any minute.
    let prefix = settings.prefix.as_deref().unwrap_or("taskgraph-images");
    globs.push(glob(&format!("{prefix}/**"))?);
    let branches = repository.branches()?;
    let mut live = 0;
    for (name, id) in branches {
        if !is_one_of(&globs, &name) {
            continue;
        }
        live += 1;
        let tree = repository.tree(&repository.revision(&id)?)?;
        match CiConfig::load(&View::new(&tree), &source.options) {
            Ok(config) => add(&mut usage, &source_of(&name), &config),
            Err(faults) => {
                let why = faults
                    .first()
                    .map_or("it has no configuration", |fault| fault.message.as_str());
                usage.unknown(&source_of(&name), why);
            }
        }
    }
    match live {
        1 => printer.note("1 other branch may be live, and counts too"),
        live => printer.note(&format!("{live} other branches may be live, and count too")),
    }
    Ok(usage)
}

/// Leaves out the sources of an earlier plan that nobody misses: a proposal that was merged or closed since, and a branch that
/// the settings do not name any more. They would forbid every plan from then on.
fn forget_gone(previous: &mut Plan, settings: &Destinations) -> Result<(), Failure> {
    let globs = branches_of(settings)?;
    previous.sources.retain(|source, _| {
        let name = source
            .strip_prefix(BRANCH)
            .and_then(|rest| rest.strip_suffix('`'));
        name.is_none_or(|name| is_one_of(&globs, name))
    });
    Ok(())
}

/// What the source of a branch begins with.
const BRANCH: &str = "the branch `";

fn source_of(branch: &str) -> String {
    format!("{BRANCH}{branch}`")
}

/// The branches that use images as long as the settings name them.
fn branches_of(settings: &Destinations) -> Result<Vec<Glob>, Failure> {
    let cleanup = settings.cleanup.as_ref();
    let patterns = cleanup.into_iter().flat_map(|cleanup| &cleanup.branches);
    patterns.map(|pattern| glob(pattern)).collect()
}

fn glob(pattern: &str) -> Result<Glob, Failure> {
    Glob::parse(pattern).map_err(|error| Failure::Files(format!("`cleanup.branches`: {error}")))
}

fn is_one_of(globs: &[Glob], branch: &str) -> bool {
    TreePath::parse(branch).is_ok_and(|path| globs.iter().any(|glob| glob.matches(&path)))
}

/// Every image that an entry names is used by it, and by the pools that boot it.
fn add(usage: &mut Usage, source: &str, config: &CiConfig) {
    let users = PoolUsage::new(config);
    let mut uses = Vec::new();
    for entry in config.images.values() {
        for location in &entry.locations {
            for identity in identities(location.cloud, &location.reference) {
                let pools = users.pools_on(config, &entry.name, &location.provider);
                let mut pools = pools.map(|pool| pool.id.as_str());
                let user = match pools.next() {
                    Some(pool) => format!("pool `{pool}`"),
                    None => format!("entry `{}`, which no pool boots", entry.name),
                };
                uses.push((identity, user));
            }
        }
    }
    usage.add(source, uses);
}

/// Who uses images, by the worker pools that run now, where Taskcluster is named.
fn running(usage: &mut Usage) -> Result<(), Failure> {
    let Some(client) = connect(false)? else {
        return Ok(());
    };
    let pools = client.worker_pools().map_err(Failure::Taskcluster)?;
    let uses = pools.iter().flat_map(|(id, config)| {
        let user = format!("running pool `{id}`");
        images_of_pool(config)
            .into_iter()
            .map(move |identity| (identity, user.clone()))
    });
    usage.add("worker-manager", uses);
    Ok(())
}
