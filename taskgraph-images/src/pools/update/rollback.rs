//! [`rollback`]: an entry that goes back to an earlier image.

use super::edits::edits;
use super::{Move, Needs, Question, Updates};
use crate::ci_config::Location;
use crate::inventory::Published;

/// Works out how an entry goes back: to what it was before by the file's history, or to what `to` names, by the start of
/// its manifest's SHA-256 or a part of its name. Rules of age and order do not hold here; where an image is, and where it
/// has to be, does.
///
/// # Errors
/// What is not there, or not clear, in words.
pub fn rollback(question: &Question<'_>, key: &str, to: Option<&str>) -> Result<Updates, String> {
    let Question {
        config, mapping, ..
    } = *question;
    let entry = mapping
        .images
        .get(key)
        .ok_or_else(|| format!("`{key}` is mapped to no image"))?;
    let mut updates = Updates::default();
    for (provider, image) in &entry.providers {
        let at = config
            .images
            .get(key)
            .and_then(|entry| entry.location(provider))
            .ok_or_else(|| format!("the configuration has no `{provider}` of an entry `{key}`"))?;
        let all: Vec<&Published> = question.inventory.of(image).collect();
        let back = match to {
            Some(text) => named(&all, text, at)?,
            None => {
                let before = question.history.before(key, provider).ok_or_else(|| {
                    format!("the history does not say what `{provider}` of `{key}` was before; name it with `--to`")
                })?;
                let found = all
                    .iter()
                    .find(|one| one.identities().any(|identity| before.contains(&identity)));
                found.copied().ok_or_else(|| {
                    let before: Vec<String> = before.iter().map(ToString::to_string).collect();
                    format!(
                        "`{provider}` of `{key}` was {} before, and nothing says that this is published still; name another with `--to`",
                        before.join(", ")
                    )
                })?
            }
        };
        let needs = Needs::of(config, key, at);
        let edits = super::candidate::stands(at, back, &needs)
            .and_then(|()| edits(entry, config.images.get(key), at, back))
            .map_err(|refusals| {
                let words: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                format!(
                    "`{provider}` of `{key}` cannot go back to it: {}",
                    words.join("; ")
                )
            })?;
        if edits.is_empty() {
            updates.current.push((key.to_owned(), provider.clone()));
            continue;
        }
        updates.moves.entry(key.to_owned()).or_default().push(Move {
            key: key.to_owned(),
            provider: provider.clone(),
            cloud: at.cloud,
            from: at.reference.clone(),
            before: all
                .iter()
                .find(|one| at.reference.is_of(&one.manifest))
                .map(|one| (*one).clone()),
            to: back.clone(),
            edits,
            pools: needs.pools,
        });
    }
    if updates.moves.is_empty() {
        return Err(format!("`{key}` is there already"));
    }
    Ok(updates)
}

/// The one image that a text names.
fn named<'a>(all: &[&'a Published], text: &str, at: &Location) -> Result<&'a Published, String> {
    let found: Vec<&&Published> = all.iter().filter(|one| one.is_named(text)).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(format!(
            "nothing that is published for `{}` is named by `{text}`",
            at.provider
        )),
        _ => Err(format!(
            "`{text}` names {} published images: say more of it",
            found.len()
        )),
    }
}
