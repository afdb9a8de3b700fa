//! `revoke`: who uses an image, and moving off it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use taskgraph_images::destinations::{Destination, Destinations, NAME};
use taskgraph_images::inventory::Published;
use taskgraph_images::output::text::count;
use taskgraph_images::pools::update::{
    Mapping, Move, Question, Updates, hold, identities, revoke as away,
};
use taskgraph_images::pools::usage::Usage;
use taskgraph_images::proposals::{FileEdit, Group, Marker, Proposal};

use crate::commands::Global;
use crate::commands::ci_config::{self, Source};
use crate::commands::pools::update::{BACK, COOL_DOWN, left_out, made, shown};
use crate::commands::project::Project;
use crate::commands::propose::{Delivery, Parcel, base_of, deliver, destinations};
use crate::commands::published::{self, Shelf};
use crate::exit::Failure;
use crate::printer::Printer;

/// Show who uses an image that must not be used any more and what was built on it, and propose to move off it
///
/// Each entry on it goes to the newest published image that is not revoked: a newer one that an update could take, or else the
/// one before it. What can go nowhere is named. The image is held in `pools.yml`, so that it is not proposed again: that is a
/// proposal to the repository of the definitions. Without `--out` or `--propose`, all of it is only shown. A revoked image is
/// deleted only by a plan that a person has reviewed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: the start of its manifest's SHA-256, or a part of its name
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Why, for the proposals and whoever reads `pools.yml` later
    #[arg(long, value_name = "WORDS", default_value = "revoked")]
    reason: String,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
    #[command(flatten)]
    delivery: Delivery,
}

pub(crate) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let shelf = args.published.read(global, printer)?;
    let all = shelf.inventory.published();
    let text = args.image.as_str();
    let named: Vec<&Published> = all.iter().filter(|one| one.is_named(text)).collect();
    if named.is_empty() {
        return Err(Failure::Usage(
            format!("nothing that is published is named by `{text}`"),
            None,
        ));
    }
    let pools = settings.pools.as_ref();
    let updates = away(
        Question {
            config: &config,
            mapping: &mapping,
            inventory: &shelf.inventory,
            history: &source.history(&config)?,
            cool_down: pools.and_then(|pools| pools.cool_down).unwrap_or(COOL_DOWN),
            now: crate::commands::report_time(),
        },
        &named,
    );
    let mut out = hit(&config, &named, all);
    let moves: Vec<&Move> = updates.moves.values().flatten().collect();
    out += &shown(&moves);
    out += &left_out(&updates);
    printer.data(&out, None)?;
    printer.note(&format!(
        "{} to move, {} left",
        count(moves.len(), "location"),
        updates.left.len()
    ));
    for left in &updates.left {
        printer.note(&format!(
            "`{}` of `{}` stays on a revoked image until somebody moves it by hand",
            left.provider, left.key
        ));
    }
    let mut holding = holding(args, global, &mapping, &named)?;
    if let Holding::By(edit) = &holding
        && args.delivery.propose
        && !settings.upgrade.as_ref().is_some_and(goes_somewhere)
    {
        printer.note(&format!(
            "`{NAME}` names no repository under `upgrade`, which is where the definitions are, so it is held by hand"
        ));
        holding = Holding::ByHand(edit.file.clone());
    }
    match &holding {
        Holding::Nothing => printer.note("it is held already, so it is not proposed again"),
        Holding::By(edit) if !args.delivery.is_asked_for() => {
            printer.note(&format!("it would be held in `{}`", edit.file));
        }
        Holding::By(_) => {}
        Holding::ByHand(file) => {
            for one in &named {
                printer.note(&format!(
                    "to keep it from coming back, in `{file}`: hold: [{{image: {}, manifest: {}, reason: …}}]",
                    one.manifest.image, one.sha256
                ));
            }
        }
    }
    if !args.delivery.is_asked_for() {
        return Ok(());
    }
    let moved = send_moves(args, &settings, &source, &shelf, &updates, printer);
    let held = match &holding {
        Holding::By(edit) => send_hold(args, global, &settings, edit, &named, printer),
        _ => Ok(()),
    };
    // Neither keeps the other.
    match (moved, held) {
        (Ok(()), result) | (result, Ok(())) => result,
        (Err(one), Err(other)) => {
            let transient = one.is_transient() && other.is_transient();
            Err(Failure::Proposals(
                vec![one.words(), other.words()],
                transient,
            ))
        }
    }
}

/// Who uses some images, and what was built on them.
fn hit(
    config: &taskgraph_images::ci_config::CiConfig,
    named: &[&Published],
    all: &[Published],
) -> String {
    let users = Usage::new(config);
    let mut out = String::new();
    for one in named {
        let manifest = &one.manifest;
        out += &format!(
            "revoke\t{}\t{}\t{}\n",
            manifest.image, manifest.finished, one.sha256
        );
        let own: Vec<_> = one.identities().collect();
        for entry in config.images.values() {
            for location in &entry.locations {
                let here = identities(location.cloud, &location.reference);
                if !here.iter().any(|identity| own.contains(identity)) {
                    continue;
                }
                out += &format!("entry\t{}\t{}\n", entry.name, location.provider);
                for pool in users.pools_on(config, &entry.name, &location.provider) {
                    out += &format!("pool\t{}\n", pool.id);
                }
            }
        }
        let build = manifest.tasks.get("build");
        let children = all.iter().filter(|child| {
            let parent = child.manifest.parent.as_ref().map(|parent| &parent.task_id);
            parent.is_some() && parent == build
        });
        for child in children {
            out += &format!(
                "child\t{}\t{}\t{}\n",
                child.manifest.image, child.manifest.finished, child.sha256
            );
        }
    }
    out
}

/// How revoked images are held.
enum Holding {
    /// They are held.
    Nothing,
    /// By an edit of the mapping in this repository.
    By(HoldEdit),
    /// By hand, in a file: it stands elsewhere, there is none, or nothing says where a proposal goes.
    ByHand(String),
}

/// Whether proposals to a destination go anywhere.
fn goes_somewhere(to: &Destination) -> bool {
    to.github.is_some() || to.phabricator.is_some()
}

/// An edit of the mapping.
struct HoldEdit {
    /// The file, as a path in the repository.
    file: String,
    old: String,
    new: String,
}

fn holding(
    args: &Args,
    global: &Global,
    mapping: &Mapping,
    named: &[&Published],
) -> Result<Holding, Failure> {
    let path = args.config.mapping_path(global);
    let fault =
        |words: &dyn std::fmt::Display| Failure::Files(format!("`{}`: {words}", path.display()));
    let Some(file) = in_repository(global, &path) else {
        return Ok(Holding::ByHand(path.display().to_string()));
    };
    let old = std::fs::read_to_string(&path).map_err(|error| fault(&error))?;
    let new = hold(&file, &old, mapping, named, &args.reason)
        .map_err(|faults| fault(&faults.join("; ")))?;
    Ok(if new == old {
        Holding::Nothing
    } else {
        Holding::By(HoldEdit { file, old, new })
    })
}

/// A file's path in the repository of the definitions, if it is there.
fn in_repository(global: &Global, path: &Path) -> Option<String> {
    let project = Project::open(global).ok()?;
    let root = project.repository.work_dir()?.canonicalize().ok()?;
    let file = path.canonicalize().ok()?;
    Some(file.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"))
}

fn send_moves(
    args: &Args,
    settings: &Destinations,
    source: &Source,
    shelf: &Shelf,
    updates: &Updates,
    printer: &mut Printer,
) -> Result<(), Failure> {
    // A revocation is a roll-back that names its image, wherever the entry goes.
    let mut made = made(
        updates,
        &|key| format!("{BACK}{key}"),
        source,
        shelf,
        settings,
    )?;
    for proposal in &mut made {
        let why = taskgraph_images::output::markdown_text(&args.reason);
        proposal.body = format!(
            "The image that this leaves is revoked: {why}\n\n{}",
            proposal.body
        );
    }
    let to = settings.of_pools();
    let files: BTreeSet<&String> = made.iter().flat_map(|one| one.files.keys()).collect();
    let files: Vec<String> = files.into_iter().cloned().collect();
    let parcel = Parcel {
        sort: "pools",
        to: &to,
        files: &files,
        structure: false,
        proposals: &made,
        stay: &BTreeSet::new(),
        keeps: true,
        base: source.base.clone(),
    };
    deliver(&args.delivery, settings, &parcel, printer).map(|_| ())
}

fn send_hold(
    args: &Args,
    global: &Global,
    settings: &Destinations,
    edit: &HoldEdit,
    named: &[&Published],
    printer: &mut Printer,
) -> Result<(), Failure> {
    let to = settings.upgrade.clone().unwrap_or_default();
    let first = named.first().map(|one| one.sha256.as_str());
    let short: String = first.unwrap_or_default().chars().take(12).collect();
    let group = Group::new(&format!("hold-{short}"))
        .map_err(|error| Failure::Usage(error.to_string(), None))?;
    let images: Vec<String> = named
        .iter()
        .map(|one| {
            format!(
                "- `{}` of {}, manifest `{}`",
                one.manifest.image, one.manifest.finished, one.sha256
            )
        })
        .collect();
    let names: BTreeSet<String> = named
        .iter()
        .map(|one| one.manifest.image.to_string())
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let why = taskgraph_images::output::markdown_text(&args.reason);
    let proposal = Proposal {
        title: format!("chore: hold {} back: {}", names.join(", "), args.reason),
        body: format!(
            "Nothing moves to these images any more: {why}\n\n{}\n",
            images.join("\n")
        ),
        files: BTreeMap::from([(
            edit.file.clone(),
            FileEdit {
                old: Some(edit.old.clone()),
                new: edit.new.clone(),
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
    };
    let mut delivery = args.delivery.clone();
    // It is for another repository than the moves.
    delivery.out = delivery.out.map(|out| out.join("definitions"));
    let parcel = Parcel {
        sort: "revoke",
        to: &to,
        files: std::slice::from_ref(&edit.file),
        // The list of what is held gets longer.
        structure: true,
        proposals: std::slice::from_ref(&proposal),
        stay: &BTreeSet::new(),
        keeps: true,
        base: base_of(&Project::open(global)?)?,
    };
    deliver(&delivery, settings, &parcel, printer).map(|_| ())
}
