//! `duplicate-image`: the same image of a provider under two keys.

use std::collections::BTreeMap;

use super::{Context, Draft, Rule};
use crate::ci_config::{ImageEntry, Location, Reference};

pub(super) const RULE: Rule = Rule {
    id: "duplicate-image",
    summary: "two keys name the same image",
    run,
};

fn run(context: &mut Context<'_>) {
    // By what is the same: the first that says so, and whether an alias could say it for the other.
    let mut first: BTreeMap<(&str, Vec<String>), (&ImageEntry, &Location)> = BTreeMap::new();
    for (image, location) in context.locations() {
        let identity = identity(&location.reference);
        let Some((other, twin)) = first
            .get(&(location.provider.as_str(), identity.clone()))
            .copied()
        else {
            first.insert((&location.provider, identity), (image, location));
            continue;
        };
        let whole = |image: &ImageEntry| {
            let mut all: Vec<(String, Vec<String>)> = image
                .locations
                .iter()
                .map(|location| {
                    (
                        location.provider.clone(),
                        self::identity(&location.reference),
                    )
                })
                .collect();
            all.sort();
            all
        };
        let message = format!(
            "`{}` and `{}` are the same image for `{}`",
            other.name, image.name, location.provider
        );
        let hint = if whole(image) == whole(other) {
            "make one an alias of the other, so that both move together"
        } else {
            "if they are meant to move together, let pools use one of them"
        };
        context.find(
            Draft::warning(&image.name, &location.place)
                .say(message)
                .note(&twin.place, format!("`{}` says it first", other.name))
                .hint(hint),
        );
    }
}

/// What makes it the same image, wherever it is written: what it was configured from does not.
fn identity(reference: &Reference) -> Vec<String> {
    match reference {
        Reference::AzureGallery {
            version,
            resource_group,
            name,
            ..
        } => vec![resource_group.clone(), name.clone(), version.clone()],
        Reference::Google { path, .. } => vec![path.clone()],
        Reference::AzureImages {
            resource_group,
            deployment_id,
            images,
        } => [resource_group, deployment_id]
            .into_iter()
            .map(|part| part.clone().unwrap_or_default())
            .chain(
                images
                    .iter()
                    .map(|(region, image)| format!("{region}={image}")),
            )
            .collect(),
        Reference::Aws { amis } => amis
            .iter()
            .map(|(region, ami)| format!("{region}={ami}"))
            .collect(),
    }
}
