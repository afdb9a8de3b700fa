//! What must be true of a published image before an entry moves to it.

use std::collections::BTreeSet;
use std::fmt;

use taskgraph_images_transforms::Cloud;

use super::Question;
use crate::ci_config::{CiConfig, Location, Reference};
use crate::inventory::{Identity, Published};
use crate::pools::usage::Usage;

/// What a location and its pools need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The pools that boot it.
    pub pools: Vec<String>,
    /// The regions in which it must be, in the manifest's spelling.
    pub regions: BTreeSet<String>,
}

impl Needs {
    /// What the pools of an entry need of a provider's image.
    pub fn of(config: &CiConfig, key: &str, at: &Location) -> Self {
        let mut needs = Self::default();
        for pool in Usage::new(config).pools_on(config, key, &at.provider) {
            needs.pools.push(pool.id.clone());
            needs
                .regions
                .extend(pool.regions.iter().map(|name| region(name)));
        }
        for name in at.reference.regions().into_iter().flatten() {
            needs.regions.insert(region(name));
        }
        needs
    }
}

/// A region as clouds spell it: Azure's `east-us-2` is `eastus2`. AWS's have dashes that mean something.
pub(super) fn region(name: &str) -> String {
    let is_aws = name.rsplit('-').next().is_some_and(|end| end.len() == 1)
        && name.split('-').count() >= 3
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && [
            "us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-",
        ]
        .iter()
        .any(|start| name.starts_with(start));
    if is_aws {
        name.to_owned()
    } else {
        name.replace('-', "").to_lowercase()
    }
}

/// Why an entry does not move to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It is too young.
    Young(String),
    /// It was rolled back, or somebody holds it.
    Held(String),
    /// It is not in some regions.
    Regions(Vec<String>),
    /// It is elsewhere than its predecessor: another project, gallery or group, so perhaps another level's.
    Elsewhere(String),
    /// It would go back.
    Lower(String),
    /// It has another form than the entry.
    Form(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young(why)
            | Self::Held(why)
            | Self::Elsewhere(why)
            | Self::Lower(why)
            | Self::Form(why) => f.write_str(why),
            Self::Regions(regions) => {
                write!(f, "it is not in {}, which pools need", regions.join(", "))
            }
        }
    }
}

/// Checks all that can be checked without making the edits.
pub(super) fn check(
    question: Question<'_>,
    key: &str,
    at: &Location,
    published: &Published,
    needs: &Needs,
) -> Result<(), Vec<Refusal>> {
    let manifest = &published.manifest;
    let mut refusals = Vec::new();
    if manifest.finished.after(question.cool_down) > question.now {
        refusals.push(Refusal::Young(format!(
            "it has been published for less than {}",
            question.cool_down
        )));
    }
    refusals.extend(withheld(question, key, at, published));
    refusals.extend(lower(at, published));
    refusals.extend(stands(at, published, needs).err().into_iter().flatten());
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

/// Whether somebody holds it, or it was rolled back.
pub(super) fn withheld(
    question: Question<'_>,
    key: &str,
    at: &Location,
    published: &Published,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for hold in &question.mapping.hold {
        let is_it = hold.image == published.manifest.image
            && hold
                .manifest
                .as_deref()
                .is_none_or(|sha256| sha256 == published.sha256.as_str());
        if is_it {
            refusals.push(Refusal::Held(format!("it is held: {}", hold.reason)));
        }
    }
    if let Some(back) = published
        .identities()
        .find_map(|identity| question.history.rolled_back(key, &at.provider, &identity))
    {
        refusals.push(Refusal::Held(format!("it was rolled back ({back})")));
    }
    refusals
}

/// Checks that it is where it has to be, and nowhere else: what holds for any image, also one that is gone back to.
pub(super) fn stands(
    at: &Location,
    published: &Published,
    needs: &Needs,
) -> Result<(), Vec<Refusal>> {
    let refusals: Vec<Refusal> = regions(published, needs)
        .into_iter()
        .chain(elsewhere(at, published))
        .collect();
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

fn regions(published: &Published, needs: &Needs) -> Option<Refusal> {
    let here: BTreeSet<String> = published
        .manifest
        .artifacts
        .iter()
        .filter_map(|artifact| artifact.region.as_deref())
        .map(region)
        .collect();
    // Google's images are the same everywhere.
    if here.is_empty() && published.manifest.cloud == Cloud::Google {
        return None;
    }
    let missing: Vec<String> = needs.regions.difference(&here).cloned().collect();
    (!missing.is_empty()).then_some(Refusal::Regions(missing))
}

/// The boundary between levels is a project, or a group: nothing leaves the one it is in.
fn elsewhere(at: &Location, published: &Published) -> Option<Refusal> {
    let reference = &published.manifest.artifacts.first()?.reference;
    let part = |word: &str| {
        let parts: Vec<&str> = reference.split('/').collect();
        let at = parts
            .iter()
            .position(|part| part.eq_ignore_ascii_case(word))?;
        parts.get(at + 1).map(|part| (*part).to_owned())
    };
    let differs = |what: &str, was: &str, is: Option<String>| {
        let is = is.unwrap_or_default();
        (!is.eq_ignore_ascii_case(was)).then(|| {
            Refusal::Elsewhere(format!(
                "it is in the {what} `{is}`, and the entry's is in `{was}`"
            ))
        })
    };
    match &at.reference {
        Reference::Google {
            project: Some(project),
            ..
        } => differs("project", project, part("projects")),
        Reference::AzureGallery {
            resource_group,
            name,
            ..
        } => differs("resource group", resource_group, part("resourceGroups"))
            .or_else(|| differs("gallery image", name, part("images"))),
        Reference::AzureImages {
            resource_group: Some(group),
            ..
        } => differs("resource group", group, part("resourceGroups")),
        Reference::AzureImages { images, .. } => {
            let old = images.values().next()?;
            let parts: Vec<&str> = old.split('/').collect();
            let at = parts
                .iter()
                .position(|part| part.eq_ignore_ascii_case("resourceGroups"))?;
            differs("resource group", parts.get(at + 1)?, part("resourceGroups"))
        }
        Reference::Google { project: None, .. } | Reference::Aws { .. } => None,
    }
}

/// A version in a gallery counts, so it can be compared even where nobody knows what the entry's image was.
fn lower(at: &Location, published: &Published) -> Option<Refusal> {
    let Reference::AzureGallery { version, .. } = &at.reference else {
        return None;
    };
    let reference = &published.manifest.artifacts.first()?.reference;
    let new = reference.rsplit('/').next()?;
    let numbers = |text: &str| -> Option<Vec<u64>> {
        text.split('.').map(|part| part.parse().ok()).collect()
    };
    match (numbers(version), numbers(new)) {
        (Some(old), Some(next)) if next > old => None,
        (Some(_), Some(_)) => Some(Refusal::Lower(format!(
            "its version {new} is not higher than the entry's {version}"
        ))),
        _ => Some(Refusal::Lower(format!(
            "its version {new} and the entry's {version} cannot be compared"
        ))),
    }
}
/// What an identity means to people: how it differs from the other images of its name.
pub(super) fn label(identity: &Identity) -> String {
    let text = identity.to_string();
    let last = text.rsplit(['/', ':']).next().unwrap_or(&text);
    last.to_owned()
}
