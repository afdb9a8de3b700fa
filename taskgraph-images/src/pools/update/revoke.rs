//! [`revoke`]: entries that leave an image which must not be used any more, and the mapping that holds it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::candidate::{self, Refusal};
use super::edits::edits;
use super::{Left, Move, Needs, Question, Updates, identities};
use crate::ci_config::{ImageEntry, Location};
use crate::edit::{self, Change, Edit, Path};
use crate::inventory::Published;
use crate::tree::TreePath;
use crate::yaml::{self, Value as Yaml};

/// Works out where the entries go that are on one of some revoked images: each to the newest published image that is not
/// revoked. A newer one is held to every rule of an update; one before it, to where it is, and to what is held or was
/// rolled back. What can go nowhere is left, with why.
pub fn revoke(question: Question<'_>, revoked: &[&Published]) -> Updates {
    let mut updates = Updates::default();
    let images = question.config.images.values();
    for image in images.filter(|image| image.alias_of.is_none()) {
        for at in &image.locations {
            let here = identities(at.cloud, &at.reference);
            let hit = revoked
                .iter()
                .find(|one| one.identities().any(|identity| here.contains(&identity)));
            let Some(hit) = hit else { continue };
            match away(question, image, at, hit, revoked) {
                Ok(step) => updates
                    .moves
                    .entry(image.name.clone())
                    .or_default()
                    .push(step),
                Err(why) => updates.left.push(Left {
                    key: image.name.clone(),
                    provider: at.provider.clone(),
                    why,
                }),
            }
        }
    }
    updates
}

fn away(
    question: Question<'_>,
    entry: &ImageEntry,
    at: &Location,
    hit: &Published,
    revoked: &[&Published],
) -> Result<Move, Vec<String>> {
    let key = &entry.name;
    let mapped = question.mapping.images.get(key);
    let Some((mapped, image)) =
        mapped.and_then(|mapped| Some((mapped, mapped.providers.get(&at.provider)?)))
    else {
        return Err(vec!["it is mapped to no image".to_owned()]);
    };
    let needs = Needs::of(question.config, key, at);
    let mut why = Vec::new();
    for published in question.inventory.of(image) {
        if revoked.iter().any(|one| one.sha256 == published.sha256) {
            continue;
        }
        let is_newer = published.manifest.finished > hit.manifest.finished;
        let checked = if is_newer {
            candidate::check(question, key, at, published, &needs)
        } else {
            before(question, key, at, published, &needs)
        };
        let edits = checked.and_then(|()| edits(mapped, Some(entry), at, published));
        match edits {
            Ok(edits) => {
                return Ok(Move {
                    key: key.clone(),
                    provider: at.provider.clone(),
                    cloud: at.cloud,
                    from: at.reference.clone(),
                    before: Some(hit.clone()),
                    to: published.clone(),
                    edits,
                    pools: needs.pools,
                });
            }
            Err(refusals) => {
                let what = published.manifest.finished;
                let words = refusals
                    .iter()
                    .map(|refusal| format!("{image} of {what}: {refusal}"));
                why.extend(words);
            }
        }
    }
    if why.is_empty() {
        why.push(format!("nothing else is published of `{image}`"));
    }
    Err(why)
}

/// What must be true of an earlier image. Its age and its version say nothing against it.
fn before(
    question: Question<'_>,
    key: &str,
    at: &Location,
    published: &Published,
    needs: &Needs,
) -> Result<(), Vec<Refusal>> {
    let mut refusals = candidate::withheld(question, key, at, published);
    let stands = candidate::stands(at, published, needs);
    refusals.extend(stands.err().into_iter().flatten());
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

/// The text of a mapping in which some images are held, each with why; the same text where they all are already.
///
/// # Errors
/// Why it cannot be edited, in words.
pub fn hold(
    file: &str,
    text: &str,
    mapping: &super::Mapping,
    revoked: &[&Published],
    reason: &str,
) -> Result<String, Vec<String>> {
    let mut seen = BTreeSet::new();
    let items: Vec<Value> = revoked
        .iter()
        .filter(|one| {
            let is_held = mapping.hold.iter().any(|hold| {
                let sha256 = hold.manifest.as_deref();
                hold.image == one.manifest.image
                    && sha256.is_none_or(|sha256| sha256 == one.sha256.as_str())
            });
            !is_held && seen.insert(one.sha256.as_str())
        })
        .map(|one| {
            json!({
                "image": one.manifest.image.to_string(),
                "manifest": one.sha256.as_str(),
                "reason": reason,
            })
        })
        .collect();
    if items.is_empty() {
        return Ok(text.to_owned());
    }
    let path = TreePath::parse(file).map_err(|error| vec![format!("`{file}`: {error}")])?;
    let node = yaml::read(&path, text.as_bytes()).map_err(|faults| {
        faults
            .iter()
            .map(|fault| fault.message.clone())
            .collect::<Vec<_>>()
    })?;
    let list = Path::root().join("hold");
    let edits: Vec<Edit> = match node.get("hold").map(|node| &node.value) {
        Some(Yaml::List(_)) => items
            .into_iter()
            .map(|item| Edit {
                path: list.clone(),
                change: Change::Append(item),
            })
            .collect(),
        _ => vec![Edit {
            path: Path::root(),
            change: Change::Insert {
                key: "hold".to_owned(),
                value: Value::Array(items),
                after: None,
            },
        }],
    };
    edit::apply(file, text, &edits)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use taskgraph_images_transforms::Duration;

    use super::super::tests::{inventory, published};
    use super::super::{History, Mapping};
    use super::*;
    use crate::ci_config::fixtures::{edit, fxci, load};
    use crate::inventory::Inventory;

    const MAPPING: &str = "
images:
  headless:
    providers: {example-level1-gcp: headless@google, example-level3-gcp: trusted@google}
hold: []
";

    fn google(image: &str, day: &str, name: &str, project: &str) -> crate::manifest::Manifest {
        let path = format!("projects/{project}/global/images/{name}");
        published(image, day, "a", &[("", &path)])
    }

    /// What becomes of an image that is revoked, in a line for each entry.
    fn told(inventory: &Inventory, mapping: &str, used: &str, revoked: &str) -> String {
        let old = "projects/example-imaging/global/images/gw-l1-headless-2026-08-01";
        let tree = edit(fxci(), "worker-images.yml", old, used);
        let config = load(&tree);
        let mapping = Mapping::read(mapping).unwrap();
        let all: Vec<&Published> = inventory.published().iter().collect();
        let revoked: Vec<&Published> = all
            .into_iter()
            .filter(|one| one.is_named(revoked))
            .collect();
        let updates = revoke(
            Question {
                config: &config,
                mapping: &mapping,
                inventory,
                history: &History::default(),
                cool_down: Duration::days(2),
                now: "2026-09-20T00:00:00.000Z".parse().unwrap(),
            },
            &revoked,
        );
        let mut out = String::new();
        for step in updates.moves.values().flatten() {
            for edit in &step.edits {
                out += &format!("{} {}: {}\n", step.key, step.provider, edit.to);
            }
        }
        for left in &updates.left {
            out += &format!(
                "{} {} left: {}\n",
                left.key,
                left.provider,
                left.why.join("; ")
            );
        }
        out
    }

    #[test]
    fn entries_go_to_the_newest_that_is_not_revoked() {
        let used = "projects/example-imaging/global/images/two";
        let project = "example-imaging";
        let all = |more: &[crate::manifest::Manifest]| {
            let mut all = vec![
                google("headless@google", "09-01", "one", project),
                google("headless@google", "09-02", "two", project),
            ];
            all.extend(more.iter().cloned());
            inventory(&all)
        };
        insta::assert_snapshot!(told(&all(&[]), MAPPING, used, "two"), @"headless example-level1-gcp: projects/example-imaging/global/images/one");
        let three = google("headless@google", "09-03", "three", project);
        insta::assert_snapshot!(told(&all(std::slice::from_ref(&three)), MAPPING, used, "two"), @"headless example-level1-gcp: projects/example-imaging/global/images/three");
        // Too young, held, or elsewhere: the one before it.
        let young = google("headless@google", "09-19", "young", project);
        let away = google("headless@google", "09-05", "away", "example-other");
        insta::assert_snapshot!(told(&all(&[young, away]), MAPPING, used, "two"), @"headless example-level1-gcp: projects/example-imaging/global/images/one");
        let held = format!(
            "{}hold: [{{image: headless@google, reason: all of them}}]\n",
            MAPPING.replace("hold: []\n", "")
        );
        insta::assert_snapshot!(told(&all(&[three]), &held, used, "two"), @"headless example-level1-gcp left: headless@google of 2026-09-03T00:00:00.000Z: it is held: all of them; headless@google of 2026-09-01T00:00:00.000Z: it is held: all of them");
        // Nothing else, and nobody said what the entry is.
        let only = inventory(&[google("headless@google", "09-02", "two", project)]);
        insta::assert_snapshot!(told(&only, MAPPING, used, "two"), @"headless example-level1-gcp left: nothing else is published of `headless@google`");
        insta::assert_snapshot!(told(&only, "{}", used, "two"), @"headless example-level1-gcp left: it is mapped to no image");
        assert_eq!(
            told(
                &only,
                MAPPING,
                "projects/example-imaging/global/images/x",
                "two"
            ),
            ""
        );
    }

    #[test]
    fn a_mapping_holds_what_is_revoked_once() {
        let inventory = inventory(&[
            google("headless@google", "09-01", "one", "p"),
            google("headless@google", "09-02", "two", "p"),
        ]);
        let revoked: Vec<&Published> = inventory.published().iter().collect();
        let held = |text: &str, revoked: &[&Published]| {
            let mapping = Mapping::read(text).unwrap();
            hold(
                "image-defs/pools.yml",
                text,
                &mapping,
                revoked,
                "bug 1: \"it\"",
            )
        };
        let text = "# Ours.\nimages: {}\n\nhold:\n  # Why not.\n  - {image: a@google, reason: x}\n";
        let once = held(text, &revoked[..1]).unwrap();
        insta::assert_snapshot!(once, @r#"
    # Ours.
    images: {}

    hold:
      # Why not.
      - {image: a@google, reason: x}
      - {image: "headless@google", manifest: "948f20145b4596cc6e9446815a40c9a2d749be47726b9004f495d80d284b4b6d", reason: "bug 1: \"it\""}
    "#);
        assert_eq!(held(&once, &revoked[..1]).unwrap(), once);
        let twice = held(&once, &revoked).unwrap();
        assert_eq!(Mapping::read(&twice).unwrap().hold.len(), 3);
        insta::assert_snapshot!(held("images: {}\n", &revoked[..1]).unwrap(), @r#"
    images: {}
    hold:
      - image: "headless@google"
        manifest: "948f20145b4596cc6e9446815a40c9a2d749be47726b9004f495d80d284b4b6d"
        reason: "bug 1: \"it\""
    "#);
        let flow = held("images: {}\nhold: []\n", &revoked).unwrap();
        assert_eq!(Mapping::read(&flow).unwrap().hold.len(), 2, "{flow}");
    }
}
