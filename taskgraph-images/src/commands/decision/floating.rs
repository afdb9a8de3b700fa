//! What pins that float stand for, for decisions that make images anew whose base has moved.

use std::cell::RefCell;
use std::collections::BTreeSet;

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::datasources::Services;
use taskgraph_images::decision::graphs::Graphs;
use taskgraph_images::decision::lookup::{Lookups, Now};
use taskgraph_images::decision::optimize::floating;
use taskgraph_images::taskcluster::{Client, Timestamp};
use taskgraph_images::upgrade::latest;

use crate::commands::outside::Outside;
use crate::exit::Failure;
use crate::printer::Printer;

/// Asks datasources what floats, and Taskcluster what the newest builds are on. A datasource that fails is said, and does not
/// keep the other images.
pub(super) fn look_up(
    lookups: &mut Lookups,
    head: &Snapshot,
    graphs: &Graphs,
    now: Timestamp,
    client: &Client,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let pins = floating(&head.fleet);
    let wanted: BTreeSet<&String> = pins
        .iter()
        .filter(|(label, _)| graphs.target.get(label).is_some())
        .flat_map(|(_, pins)| pins)
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let outside = Outside::open()?;
    let declared = &head.fleet.pins.pins;
    let sources = wanted
        .iter()
        .filter_map(|name| Some(&declared.get(*name)?.value.datasource.as_ref()?.value.0));
    let mut said = Vec::new();
    let notes = RefCell::new(Vec::new());
    let mut say = |words: &str| said.push(words.to_owned());
    let done = outside.ask(sources, now, &mut say, |services: &Services<'_>| {
        let ask = |name: &str| {
            let Some(pin) = declared.get(name) else {
                return Now::Unknown("there is no such pin".to_owned());
            };
            match latest(&pin.value, services) {
                Ok(release) => {
                    let version = release.version;
                    notes
                        .borrow_mut()
                        .push(format!("`{name}` floats, and is at `{version}`"));
                    Now::Version(version)
                }
                Err((why, _)) => {
                    let why = outside.masked(&why);
                    notes
                        .borrow_mut()
                        .push(format!("where `{name}` floats to is not known: {why}"));
                    Now::Unknown(why)
                }
            }
        };
        lookups.gather_floating(&graphs.target, &pins, &ask, client)
    })?;
    for words in said.iter().chain(&*notes.borrow()) {
        printer.note(words);
    }
    done.map_err(Failure::Taskcluster)
}
