//! What commands that run Packer need to know of an image's template.

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::packer::ParsedTemplate;
use taskgraph_images::transforms::{Builder, ImageId};
use taskgraph_images::tree::{TreePath, View};
use taskgraph_images::worker::packer::TemplateFacts;

use crate::exit::Failure;

/// What of an image's template decides how Packer is run.
pub(super) fn facts(snapshot: &Snapshot, id: &ImageId) -> Result<TemplateFacts, Failure> {
    let fleet = &snapshot.fleet;
    let resolved = fleet.images[id].resolved();
    let rendered = resolved
        .foreign
        .as_ref()
        .is_some_and(|foreign| foreign.rendered.is_some());
    if rendered {
        return Err(Failure::Usage(
            format!("the template of `{id}` is made from its definition, with archives that its own tool packs"),
            Some("`taskgraph-images packer-template` prints it; `taskgraph-images import` writes it out".to_owned()),
        ));
    }
    let definition = &resolved.definition;
    let Builder::Packer { template, .. } = &definition.builder else {
        return Err(Failure::Usage(
            format!("`{id}` is not made by Packer"),
            None,
        ));
    };
    let path = TreePath::parse(template).map_err(|error| Failure::Files(error.to_string()))?;
    let parsed = ParsedTemplate::parse(&View::new(&fleet.tree), &path)
        .map_err(|faults| Failure::Definitions(faults, Some(fleet.tree.clone())))?;
    Ok(TemplateFacts {
        variables: parsed.variables().map(str::to_owned).collect(),
        plugins: parsed.asks_for_plugins(),
    })
}

/// The provisioning scripts of an image, in the order they run.
pub(super) fn scripts(snapshot: &Snapshot, id: &ImageId) -> Vec<String> {
    let fleet = &snapshot.fleet;
    let scripts = fleet.provisioning(&fleet.images[id]);
    scripts.iter().map(ToString::to_string).collect()
}
