//! `upgrade`: looks for newer versions of pins, and writes or proposes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ValueEnum;
use taskgraph_images::comparison::{Comparison, Head};
use taskgraph_images::datasources::Release;
use taskgraph_images::definitions::{Pin, Pins};
use taskgraph_images::output;
use taskgraph_images::output::text::count;
use taskgraph_images::proposals::Group;
use taskgraph_images::taskcluster::Timestamp;
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::{Files as _, View};
use taskgraph_images::upgrade::{
    Found, Upgrade, Words, ask, edited, markdown, proposals, recorded, rows, select, table,
};

use super::Global;
use super::artifacts::Folder;
use super::checkout;
use super::outside::Outside;
use super::project::Project;
use super::propose::{Delivery, Parcel, base_of, deliver, destinations, leave};
use crate::exit::Failure;
use crate::printer::Printer;

/// Look for newer versions of pins, and write them into `pins.yml`, or propose them
///
/// Each pin with a `datasource` is asked for there. A version is taken only if it is newer by the pin's scheme, within its
/// constraint, complete, out for long enough, and neither a prerelease nor withdrawn. Values and digests are edited in
/// place, and nothing else of the file changes. With `--check` nothing is written at all.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pins; all, if none is named
    #[arg(value_name = "PIN")]
    pins: Vec<String>,
    /// Only show what is newer
    #[arg(long)]
    check: bool,
    /// Take releases from a file instead of asking: JSON, a list of releases for each pin
    #[arg(long, value_name = "FILE")]
    releases: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(flatten)]
    delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Table,
    /// Markdown
    Markdown,
    /// JSON: an object for each pin
    Json,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let global = &checkout::place(global, printer)?;
    let project = Project::open(global)?;
    let snapshot = project.snapshot_quietly(&Head::WorkTree)?;
    let pins = &snapshot.fleet.pins;
    let names = select(pins, &args.pins).map_err(|unknown| {
        Failure::Usage(
            format!("there is no pin `{}`", unknown.join("`, `")),
            Some(format!("`{}` declares them", project.layout.pins())),
        )
    })?;
    let now = super::report_time();
    let upgrades: Vec<Upgrade> = match &args.releases {
        Some(path) => {
            let content = std::fs::read(path)
                .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))?;
            let all: BTreeMap<String, Vec<Release>> = serde_json::from_slice(&content)
                .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))?;
            let nothing = Vec::new();
            let each = names
                .iter()
                .filter_map(|name| Some((*name, &pins.pins.get(*name)?.value)));
            each.map(|(name, pin)| recorded(name, pin, all.get(name).unwrap_or(&nothing), now))
                .collect()
        }
        None => asked(&names, pins, now, printer)?,
    };

    let path = project.layout.pins();
    let text = View::new(&snapshot.fleet.tree)
        .read(&path)
        .map_err(|error| Failure::Files(error.to_string()))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let images = Rebuilt {
        project: &project,
        file: path.to_string(),
        text: &text,
    };
    let mut by_pin = BTreeMap::new();
    for upgrade in upgrades.iter().filter(|upgrade| upgrade.to().is_some()) {
        by_pin.insert(upgrade.pin.clone(), images.by(&[upgrade])?);
    }
    let rows = rows(&upgrades, &by_pin, now);
    let answer = match args.format {
        Format::Table => table(&rows),
        Format::Markdown => markdown(&rows),
        Format::Json => output::json(&rows),
    };
    printer.data(&answer, None)?;
    leave("upgrade.md", &markdown(&rows))?;
    leave("upgrade.json", &output::json(&rows))?;
    let new: Vec<&Upgrade> = upgrades
        .iter()
        .filter(|upgrade| upgrade.to().is_some())
        .collect();
    if !args.check {
        if args.delivery.is_asked_for() {
            propose(
                &args,
                global,
                &project,
                pins,
                (&upgrades, &by_pin),
                &images,
                printer,
            )?;
        } else if !new.is_empty() {
            write(&args, global, &images, &new, printer)?;
        }
    }
    failed(&upgrades)
}

/// Asks the datasources of pins.
fn asked(
    names: &[&str],
    pins: &Pins,
    now: Timestamp,
    printer: &mut Printer,
) -> Result<Vec<Upgrade>, Failure> {
    let outside = Outside::open()?;
    let each: Vec<(&str, &Pin)> = names
        .iter()
        .filter_map(|name| Some((*name, &pins.pins.get(*name)?.value)))
        .collect();
    let sources = each
        .iter()
        .filter_map(|(_, pin)| Some(&pin.datasource.as_ref()?.value.0));
    let mut notes = Vec::new();
    let mut say = |words: &str| notes.push(words.to_owned());
    let mut found = outside.ask(sources, now, &mut say, |services| {
        printer.progress("pins", each.len(), |progress| {
            let each = each.iter().enumerate();
            each.map(|(at, (name, pin))| {
                let found = ask(name, pin, services);
                progress(at + 1, names.len());
                found
            })
            .collect::<Vec<Upgrade>>()
        })
    })?;
    notes.iter().for_each(|words| printer.note(words));
    for upgrade in &mut found {
        if let Found::Failed { why, .. } = &mut upgrade.found {
            *why = outside.masked(why);
        }
    }
    Ok(found)
}

/// Which images an edit of the pins rebuilds.
struct Rebuilt<'a> {
    project: &'a Project,
    file: String,
    text: &'a str,
}

impl Rebuilt<'_> {
    fn text_with(&self, upgrades: &[&Upgrade]) -> Result<String, Failure> {
        edited(&self.file, self.text, upgrades).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::Files(errors.join("; "))
        })
    }

    fn by(&self, upgrades: &[&Upgrade]) -> Result<Vec<ImageId>, Failure> {
        let new = self.text_with(upgrades)?;
        let files = BTreeMap::from([(self.project.layout.pins(), new.into_bytes())]);
        let comparison = Comparison::edited(
            &self.project.repository,
            &self.project.layout,
            &Head::WorkTree,
            &files,
        )?;
        Ok(comparison.affected.images.keys().cloned().collect())
    }
}

fn write(
    args: &Args,
    global: &Global,
    images: &Rebuilt<'_>,
    new: &[&Upgrade],
    printer: &mut Printer,
) -> Result<(), Failure> {
    let text = images.text_with(new)?;
    let root = images
        .project
        .repository
        .work_dir()
        .unwrap_or_else(|| global.root.clone());
    if !args.delivery.dry_run {
        // Whoever reads it meanwhile sees one or the other.
        Folder::make(&root)?.write(&images.file, &text)?;
    }
    let verb = if args.delivery.dry_run {
        "would write"
    } else {
        "wrote"
    };
    printer.note(&format!(
        "{verb} {} to `{}`",
        count(new.len(), "pin"),
        images.file
    ));
    Ok(())
}

fn propose(
    args: &Args,
    global: &Global,
    project: &Project,
    pins: &Pins,
    (upgrades, by_pin): (&[Upgrade], &BTreeMap<String, Vec<ImageId>>),
    images: &Rebuilt<'_>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let to = settings.upgrade.clone().unwrap_or_default();
    let words = Words {
        base: to.base().map_err(Failure::Files)?,
        labels: to.labels.clone(),
        reviewers: to.reviewers(),
    };
    let mut by_group = BTreeMap::new();
    for group in upgrades.iter().map(|upgrade| &upgrade.group) {
        let of_group: Vec<&Upgrade> = upgrades
            .iter()
            .filter(|upgrade| upgrade.group == *group && upgrade.to().is_some())
            .collect();
        if !of_group.is_empty() && !by_group.contains_key(group) {
            let rebuilt = match of_group[..] {
                [one] => by_pin.get(&one.pin).cloned().unwrap_or_default(),
                _ => images.by(&of_group)?,
            };
            by_group.insert(group.clone(), rebuilt);
        }
    }
    let made = proposals(
        upgrades,
        (&images.file, images.text),
        &|group| by_group.get(group).cloned().unwrap_or_default(),
        &words,
    )
    .map_err(|faults| Failure::Files(faults.join("; ")))?;
    // What could not be asked may still be wanted, and so is what nobody asked about.
    let failed = upgrades
        .iter()
        .filter(|upgrade| matches!(upgrade.found, Found::Failed { .. }));
    let mut stay: BTreeSet<Group> = failed
        .filter_map(|upgrade| Group::new(&upgrade.group).ok())
        .collect();
    if !args.pins.is_empty() {
        let all = pins.pins.iter();
        stay.extend(all.filter_map(|(name, pin)| {
            let group = pin.value.group.as_ref().map(|group| group.0.clone());
            group.or_else(|| Group::new(name).ok())
        }));
    }
    let parcel = Parcel {
        sort: "upgrade",
        to: &to,
        files: std::slice::from_ref(&images.file),
        structure: false,
        proposals: &made,
        stay: &stay,
        keeps: false,
        base: base_of(project)?,
    };
    if deliver(&args.delivery, &settings, &parcel, printer)?.is_empty() {
        printer.note("nothing to propose");
    }
    Ok(())
}

/// Fails when a pin could not be asked for: by then all others have been.
fn failed(upgrades: &[Upgrade]) -> Result<(), Failure> {
    let failed: Vec<(&str, bool)> = upgrades
        .iter()
        .filter_map(|upgrade| match &upgrade.found {
            Found::Failed { transient, .. } => Some((upgrade.pin.as_str(), *transient)),
            _ => None,
        })
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = failed.iter().map(|(name, _)| *name).collect();
    let words = format!(
        "{} could not be looked up: {}",
        count(names.len(), "pin"),
        names.join(", ")
    );
    if failed.iter().all(|(_, transient)| *transient) {
        Err(Failure::Infrastructure(words))
    } else {
        Err(Failure::Files(words))
    }
}
