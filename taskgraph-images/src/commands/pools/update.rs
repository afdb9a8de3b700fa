//! `pools update` and `pools rollback`: entries that move to newer images, or back to older ones.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images::output::text::count;
use taskgraph_images::pools::update::{
    Move, Question, Updates, Words, proposals, rollback as back,
};
use taskgraph_images::proposals::{Group, Proposal};
use taskgraph_images::transforms::{Cloud, Duration};

use crate::commands::Global;
use crate::commands::ci_config::{self, Source};
use crate::commands::propose::{Delivery, Parcel, deliver, destinations, leave};
use crate::commands::published::{self, Shelf};
use crate::exit::Failure;
use crate::printer::Printer;

/// How long an image must have been published, where nothing else is said.
pub(in crate::commands) const COOL_DOWN: Duration = Duration::days(2);

/// What to do where the settings name nothing.
const CHECKLIST: [&str; 2] = [
    "before merging: run the integration tests on these images (comment `/taskcluster integration`)",
    "after merging: watch worker-manager's errors for the pools above",
];

/// Propose that entries of the configuration repository move to newer images
///
/// Each entry that `pools.yml` maps moves to the newest published image that is everywhere where its pools need it, in the
/// project or gallery of its predecessor, not rolled back, and published long enough ago. What fails is left out and named.
/// One proposal for each family of images and cloud. Without `--out` or `--propose`, it is only shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
    #[command(flatten)]
    delivery: Delivery,
}

/// Propose that an entry goes back to an earlier image
///
/// What it goes back from is not proposed again; the next image is. The file's history remembers that, so nothing else has
/// to.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// The entry's key
    #[arg(value_name = "ENTRY")]
    entry: String,
    /// The image to go back to: the start of its manifest's SHA-256, or a part of its name; what the entry was before, if
    /// absent
    #[arg(long, value_name = "IMAGE")]
    to: Option<String>,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
    #[command(flatten)]
    delivery: Delivery,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    if mapping.images.is_empty() {
        return Err(Failure::Usage(
            "no entry of the configuration repository is mapped to an image".to_owned(),
            Some(format!(
                "say in `{}` which image each entry is",
                ci_config::MAPPING
            )),
        ));
    }
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    ci_config::unresolved(&config.findings, &source, printer);
    let shelf = args.published.read(global, printer)?;
    let pools = settings.pools.as_ref();
    let updates = Updates::new(Question {
        config: &config,
        mapping: &mapping,
        inventory: &shelf.inventory,
        history: &source.history(&config)?,
        cool_down: pools.and_then(|pools| pools.cool_down).unwrap_or(COOL_DOWN),
        now: crate::commands::report_time(),
    });
    let moves: Vec<&Move> = updates.moves.values().flatten().collect();
    let text = shown(&moves) + &left_out(&updates);
    printer.data(&text, None)?;
    leave("pools.txt", &text)?;
    printer.note(&format!(
        "{} to move, {} left, {} up to date",
        count(moves.len(), "location"),
        updates.left.len(),
        updates.current.len()
    ));
    let made = made(
        &updates,
        &|key| mapping.family(key).to_owned(),
        &source,
        &shelf,
        &settings,
    )?;
    // A family of which something could not be told keeps what is open, and so does a roll-back, which somebody asked for.
    let left = updates
        .left
        .iter()
        .flat_map(|left| groups(mapping.family(&left.key)));
    let backs = mapping
        .images
        .keys()
        .flat_map(|key| groups(&format!("{BACK}{key}")));
    let stay = left.chain(backs).collect();
    send(&args.delivery, &settings, &source, &made, &stay, printer)
}

pub(super) fn rollback(
    args: &RollbackArgs,
    global: &Global,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let shelf = args.published.read(global, printer)?;
    let history = source.history(&config)?;
    let updates = back(
        &Question {
            config: &config,
            mapping: &mapping,
            inventory: &shelf.inventory,
            history: &history,
            cool_down: Duration::days(0),
            now: crate::commands::now(),
        },
        &args.entry,
        args.to.as_deref(),
    )
    .map_err(|why| Failure::Usage(why, None))?;
    let moves: Vec<&Move> = updates.moves.values().flatten().collect();
    printer.data(&shown(&moves), None)?;
    let made = made(
        &updates,
        &|key| format!("{BACK}{key}"),
        &source,
        &shelf,
        &settings,
    )?;
    // Open proposals are of other groups, and nobody asked about them.
    let all = mapping
        .images
        .keys()
        .flat_map(|key| groups(mapping.family(key)).chain(groups(&format!("{BACK}{key}"))))
        .collect();
    send(&args.delivery, &settings, &source, &made, &all, printer)
}

/// What the groups of roll-backs begin with.
pub(in crate::commands) const BACK: &str = "rollback-";

/// The groups of a family: one for each cloud that has accounts.
fn groups(family: &str) -> impl Iterator<Item = Group> + use<> {
    let clouds = Cloud::ALL.iter().filter(|cloud| cloud.has_accounts());
    let texts: Vec<String> = clouds.map(|cloud| format!("{family}-{cloud}")).collect();
    texts
        .into_iter()
        .filter_map(|text| Group::new(&text.to_lowercase().replace('_', "-")).ok())
}

pub(in crate::commands) fn shown(moves: &[&Move]) -> String {
    let mut text = String::new();
    for step in moves {
        for edit in &step.edits {
            let below = edit.path.last().filter(|last| **last != step.provider);
            let below = below.map_or_else(String::new, |last| format!("{last}: "));
            let line = format!(
                "move\t{}\t{}\t{below}{} -> {}\n",
                step.key, step.provider, edit.from, edit.to
            );
            text += &line;
        }
    }
    text
}

pub(in crate::commands) fn made(
    updates: &Updates,
    family: &dyn Fn(&str) -> String,
    source: &Source,
    shelf: &Shelf,
    settings: &taskgraph_images::destinations::Destinations,
) -> Result<Vec<Proposal>, Failure> {
    let files: BTreeSet<&str> = updates
        .moves
        .values()
        .flatten()
        .flat_map(|step| &step.edits)
        .map(|edit| edit.file.as_str())
        .collect();
    let texts = files
        .into_iter()
        .map(|file| Ok((file.to_owned(), source.text(file)?)))
        .collect::<Result<BTreeMap<String, String>, Failure>>()?;
    let to = settings.of_pools();
    let words = Words {
        base: to.base().map_err(Failure::Files)?,
        labels: to.labels.clone(),
        reviewers: to.reviewers(),
        checklist: if to.checklist.is_empty() {
            CHECKLIST.map(str::to_owned).to_vec()
        } else {
            to.checklist.clone()
        },
    };
    proposals(updates, family, &texts, &|one| shelf.packages(one), &words)
        .map_err(|faults| Failure::Files(faults.join("; ")))
}

/// What no image is found for, a line a location, with why.
pub(in crate::commands) fn left_out(updates: &Updates) -> String {
    let lines = updates.left.iter().map(|left| {
        format!(
            "left\t{}\t{}\t{}\n",
            left.key,
            left.provider,
            left.why.join("; ")
        )
    });
    lines.collect()
}

fn send(
    delivery: &Delivery,
    settings: &taskgraph_images::destinations::Destinations,
    source: &Source,
    made: &[Proposal],
    stay: &BTreeSet<Group>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    if !delivery.is_asked_for() {
        return Ok(());
    }
    let to = settings.of_pools();
    let files: BTreeSet<&String> = made.iter().flat_map(|one| one.files.keys()).collect();
    let files: Vec<String> = files.into_iter().cloned().collect();
    let parcel = Parcel {
        sort: "pools",
        to: &to,
        files: &files,
        structure: false,
        proposals: made,
        stay,
        keeps: false,
        base: source.base.clone(),
    };
    if deliver(delivery, settings, &parcel, printer)?.is_empty() {
        printer.note("nothing to propose");
    }
    Ok(())
}
