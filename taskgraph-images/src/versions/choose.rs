//! [`choose`]: which release a pin may go to, and what holds each newer one back.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use taskgraph_images_transforms::Duration;

use super::{
    Ancestry, Choice, Constraint, Held, Hold, Scheme, Version, VersionError, Warning, compare,
    is_major,
};
use crate::datasources::Release;
use crate::taskcluster::Timestamp;

/// What a pin has now.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// Its value.
    pub version: &'a str,
    /// When that was made, where the pin remembers it: of use once the source does not list it any more.
    pub released: Option<Timestamp>,
    /// The SHA-256 of its assets, as last seen.
    pub digests: &'a BTreeMap<String, String>,
}

/// What a release must be to be proposed.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// How versions are ordered.
    pub scheme: Scheme,
    /// The limits that a person has set.
    pub constraint: &'a Constraint,
    /// How long a release must have been out, by its source's time.
    pub cool_down: Option<Duration>,
    /// Whether prereleases are asked for.
    pub prereleases: bool,
    /// The time.
    pub now: Timestamp,
    /// How commits stand to the current one, for the scheme `git`: see [`unordered`].
    pub ancestry: &'a BTreeMap<String, Ancestry>,
}

/// Chooses among the releases of a source, which are in its order, newest first where it has one.
///
/// Whether an asset of the current version was replaced is seen as far as its release has digests: where the source
/// tells none, [`crate::datasources::fill_digests`] takes them from the assets.
pub fn choose(current: &Current<'_>, releases: &[Release], rules: &Rules<'_>) -> Choice {
    let mut choice = Choice::default();
    let now = match read_current(current, releases, rules) {
        Ok(version) => version,
        Err(error) => {
            choice.warnings.push(Warning::Unreadable(error));
            return choice;
        }
    };
    let mut candidates = Vec::new();
    // A branch is listed backwards, so nothing is to be found behind the current commit.
    let mut is_behind = false;
    for release in releases {
        let held = |why| Held {
            version: release.version.clone(),
            why,
        };
        let version = match rules.scheme.parse(&release.version) {
            Ok(version) => version.created(release.released),
            Err(error) => {
                choice.held.push(held(vec![Hold::Unreadable(error)]));
                continue;
            }
        };
        let order = order(&version, &now, rules);
        if order == Some(Ordering::Equal) {
            choice.warnings.extend(warnings(current, release));
        }
        if order.is_some_and(Ordering::is_le) {
            is_behind |= rules.scheme == Scheme::Git;
            continue;
        }
        let mut why = holds(release, &version, rules);
        if order.is_none() {
            match rules.ancestry.get(&release.version) {
                Some(_) => why.push(Hold::Apart),
                None if is_behind => continue,
                // What is held back in any case is not asked for.
                None if rules.scheme == Scheme::Git && !why.is_empty() => {}
                None => why.push(Hold::Incomparable),
            }
        }
        if why.is_empty() {
            candidates.push((version, release));
        } else {
            choice.held.push(held(why));
        }
    }
    let newest = newest(candidates, rules.scheme, &mut choice.held);
    let is_trusted = !choice
        .warnings
        .iter()
        .any(|w| matches!(w, Warning::Tampered { .. }));
    if let Some((version, release)) = newest.filter(|_| is_trusted) {
        choice.major = is_major(&now, &version);
        choice.newest = Some(release.clone());
    }
    choice
}

/// Chooses the newest release whatever somebody has now: what a floating pin stands for.
pub fn latest(releases: &[Release], rules: &Rules<'_>) -> Choice {
    let mut choice = Choice::default();
    let mut candidates = Vec::new();
    for release in releases {
        let held = |why| Held {
            version: release.version.clone(),
            why,
        };
        match rules.scheme.parse(&release.version) {
            Err(error) => choice.held.push(held(vec![Hold::Unreadable(error)])),
            Ok(version) => {
                let version = version.created(release.released);
                let why = holds(release, &version, rules);
                if why.is_empty() {
                    candidates.push((version, release));
                } else {
                    choice.held.push(held(why));
                }
            }
        }
    }
    let newest = newest(candidates, rules.scheme, &mut choice.held);
    choice.newest = newest.map(|(_, release)| release.clone());
    choice
}

/// The commits of which only their order to the current one is left to ask, in the source's order. For every scheme but
/// `git` there are none.
pub fn unordered<'a>(
    current: &Current<'_>,
    releases: &'a [Release],
    rules: &Rules<'_>,
) -> Vec<&'a str> {
    if rules.scheme != Scheme::Git {
        return Vec::new();
    }
    let is_open = |release: &&Release| {
        let version = rules.scheme.parse(&release.version);
        version.is_ok_and(|version| holds(release, &version, rules).is_empty())
            && !rules.ancestry.contains_key(&release.version)
    };
    releases
        .iter()
        .take_while(|release| release.version != current.version)
        .filter(is_open)
        .map(|release| release.version.as_str())
        .collect()
}

fn read_current(
    current: &Current<'_>,
    releases: &[Release],
    rules: &Rules<'_>,
) -> Result<Version, VersionError> {
    let listed = releases
        .iter()
        .find(|release| release.version == current.version);
    let created = listed
        .and_then(|release| release.released)
        .or(current.released);
    Ok(rules.scheme.parse(current.version)?.created(created))
}

fn order(version: &Version, current: &Version, rules: &Rules<'_>) -> Option<Ordering> {
    let told = rules
        .ancestry
        .get(version.as_str())
        .filter(|_| rules.scheme == Scheme::Git);
    match told {
        Some(Ancestry::Same) => Some(Ordering::Equal),
        Some(Ancestry::Newer) => Some(Ordering::Greater),
        Some(Ancestry::Older) => Some(Ordering::Less),
        Some(Ancestry::Apart) => None,
        None => compare(version, current),
    }
}

/// All that holds a release back, whatever its order.
fn holds(release: &Release, version: &Version, rules: &Rules<'_>) -> Vec<Hold> {
    let mut why = Vec::new();
    if !release.is_complete() {
        why.push(Hold::Incomplete(release.missing.clone()));
    }
    if (release.prerelease || version.is_prerelease()) && !rules.prereleases {
        why.push(Hold::Prerelease);
    }
    if release.withdrawn {
        why.push(Hold::Withdrawn);
    }
    match (release.released, rules.cool_down) {
        (Some(released), _) if released > rules.now => why.push(Hold::Future { released }),
        (Some(released), Some(cool_down)) if released.after(cool_down) > rules.now => {
            why.push(Hold::TooYoung {
                until: released.after(cool_down),
            });
        }
        (None, Some(cool_down)) if cool_down.as_seconds() > 0 => why.push(Hold::NoTime),
        _ => {}
    }
    if !rules.constraint.matches(version) {
        why.push(Hold::Outside(rules.constraint.to_string()));
    }
    why
}

/// What the source says of the current version.
fn warnings(current: &Current<'_>, release: &Release) -> Vec<Warning> {
    let replaced = current.digests.iter().filter_map(|(asset, was)| {
        let is = release.digests.get(asset)?;
        (!is.eq_ignore_ascii_case(was)).then(|| Warning::Tampered {
            asset: asset.clone(),
            was: was.clone(),
            is: is.clone(),
        })
    });
    let mut warnings: Vec<Warning> = replaced.collect();
    if !release.is_complete() {
        warnings.push(Warning::Incomplete(release.missing.clone()));
    }
    if release.withdrawn {
        warnings.push(Warning::Withdrawn);
    }
    warnings
}

/// The one candidate that is newer than all others. Of some that are equally new none is taken, but what comes next.
fn newest<'a>(
    mut candidates: Vec<(Version, &'a Release)>,
    scheme: Scheme,
    held: &mut Vec<Held>,
) -> Option<(Version, &'a Release)> {
    if scheme == Scheme::Git {
        // All have the current one among their ancestors; the branch's own order tells the rest.
        return (!candidates.is_empty()).then(|| candidates.swap_remove(0));
    }
    loop {
        // Whatever is newer than the last one taken would have been newer than those before it, too.
        let top = candidates.iter().fold(candidates.first()?, |top, next| {
            match compare(&next.0, &top.0) {
                Some(Ordering::Greater) => next,
                _ => top,
            }
        });
        let top = top.clone();
        let (rivals, older): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .filter(|next| next.1 != top.1)
            .partition(|next| compare(&next.0, &top.0) != Some(Ordering::Less));
        if rivals.is_empty() {
            return Some(top);
        }
        let first = rivals[0].1.version.clone();
        let others = rivals
            .iter()
            .map(|(_, rival)| (&rival.version, top.1.version.clone()));
        for (version, other) in std::iter::once((&top.1.version, first)).chain(others) {
            held.push(Held {
                version: version.clone(),
                why: vec![Hold::Ambiguous(other)],
            });
        }
        candidates = older;
    }
}
