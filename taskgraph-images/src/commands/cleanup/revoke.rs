//! `revoke`: who uses an image, and moving off it.

use std::collections::BTreeMap;

use taskgraph_images::inventory::Published;
use taskgraph_images::pools::update::identities;
use taskgraph_images::pools::usage::Usage;

use crate::commands::Global;
use crate::commands::ci_config;
use crate::commands::propose::destinations;
use crate::commands::published;
use crate::exit::Failure;
use crate::printer::Printer;

/// Show who uses an image that must not be used any more, what was built on it, and how to move off it
///
/// It changes nothing: to move off it, `pools rollback` proposes an earlier image and `pools update` a newer one; to keep it
/// from coming back, it is held in `pools.yml`. A held image is deleted only by a plan that a person has reviewed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: the start of its manifest's SHA-256, or a part of its name
    #[arg(value_name = "IMAGE")]
    image: String,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
}

pub(crate) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let users = Usage::new(&config);
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
    let mut entries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut out = String::new();
    for one in &named {
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
                entries
                    .entry(&entry.name)
                    .or_default()
                    .push(&location.provider);
                out += &format!("entry\t{}\t{}\n", entry.name, location.provider);
                let pools = users.pools_on(&config, &entry.name, &location.provider);
                for pool in pools {
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
    printer.data(&out, None)?;
    for key in entries.keys() {
        printer.note(&format!(
            "to move off it: taskgraph-images pools rollback {key}"
        ));
    }
    for one in named {
        printer.note(&format!(
            "to keep it from coming back, in `{}`: hold: [{{image: {}, manifest: {}, reason: …}}]",
            ci_config::MAPPING,
            one.manifest.image,
            one.sha256
        ));
    }
    Ok(())
}
