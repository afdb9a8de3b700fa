//! Pins that float: a build takes what is newest, and says so in its manifest.

use std::collections::BTreeMap;

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::datasources::Services;
use taskgraph_images::definitions::Pin;
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::{Files as _, View};
use taskgraph_images::upgrade::{latest, settled};

use crate::commands::outside::Outside;
use crate::exit::Failure;
use crate::printer::Printer;

/// Definitions with what floating pins stand for in their place, and that by itself, by the pins' names.
pub(super) type Settled = (Snapshot, BTreeMap<String, String>);

/// What the floating pins of an image stand for, and the definitions with that in their place; nothing if none floats.
///
/// # Errors
/// When a pin's datasource does not say: what is built on something unknown could not be told from what is not.
pub(super) fn settle(
    snapshot: &Snapshot,
    id: &ImageId,
    printer: &mut Printer,
) -> Result<Option<Settled>, Failure> {
    let declared = &snapshot.fleet.pins.pins;
    let names = &snapshot.fleet.images[id].resolved().pins;
    let pins: BTreeMap<&str, &Pin> = names
        .iter()
        .filter_map(|name| Some((name.as_str(), &declared.get(name)?.value)))
        .filter(|(_, pin)| pin.is_floating())
        .collect();
    if pins.is_empty() {
        return Ok(None);
    }
    let outside = Outside::open()?;
    let sources = pins
        .values()
        .filter_map(|pin| Some(&pin.datasource.as_ref()?.value.0));
    let mut said = Vec::new();
    let mut say = |words: &str| said.push(words.to_owned());
    let now = crate::commands::now();
    let found = outside.ask(sources, now, &mut say, |services: &Services<'_>| {
        let each = pins
            .iter()
            .map(|(name, pin)| (*name, latest(pin, services)));
        each.collect::<Vec<_>>()
    })?;
    said.iter().for_each(|words| printer.note(words));
    let (mut versions, mut faults, mut all_pass) = (BTreeMap::new(), Vec::new(), true);
    for (name, found) in found {
        match found {
            Ok(release) => {
                printer.note(&format!("`{name}` floats, and is at `{}`", release.version));
                versions.insert(name.to_owned(), release.version);
            }
            Err((why, transient)) => {
                all_pass &= transient;
                faults.push(format!("the pin `{name}`: {}", outside.masked(&why)));
            }
        }
    }
    if !faults.is_empty() {
        let words = faults.join("; ");
        return Err(if all_pass {
            Failure::Infrastructure(words)
        } else {
            Failure::Files(words)
        });
    }
    let path = snapshot.fleet.layout.pins();
    let unreadable = |error: &dyn std::fmt::Display| Failure::Files(error.to_string());
    let text = View::new(&snapshot.fleet.tree)
        .read(&path)
        .map_err(|error| unreadable(&error))?;
    let text = String::from_utf8_lossy(&text);
    let text = settled(&path.to_string(), &text, &versions).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Files(errors.join("; "))
    })?;
    let edited = snapshot.edited(&BTreeMap::from([(path, text.into_bytes())]))?;
    if !edited.fleet.is_sound() || !edited.fleet.images.contains_key(id) {
        let tree = edited.fleet.tree.clone();
        return Err(Failure::Definitions(edited.fleet.findings, Some(tree)));
    }
    Ok(Some((edited, versions)))
}
