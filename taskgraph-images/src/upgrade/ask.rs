//! [`ask`]: what a pin's datasource has, and which of it the pin may go to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, COOL_DOWN, Found, Upgrade, overdue};
use taskgraph_images_transforms::Duration;

use crate::datasources::{
    Release, Services, Source, SourceError, WORKER_DEPLOYERS, ancestry, fill_digests, is_ancestor,
    notes, releases,
};
use crate::definitions::Pin;
use crate::taskcluster::Timestamp;
use crate::versions::{
    Ancestry, Constraint, Current, Rules, Scheme, choose, latest as newest_of, unordered,
};

/// What a pin that floats stands for now: the newest release that its rules allow.
///
/// # Errors
/// Why that is not known, in words, and whether a later run may help.
pub fn latest(pin: &Pin, services: &Services<'_>) -> Result<Release, (String, bool)> {
    let found = Declared::of(pin).and_then(|declared| match declared {
        None => Err(Fault::Declared("it names no `datasource`".to_owned())),
        Some(declared) => {
            let releases = releases(declared.source, services, &declared.assets)?;
            declared.latest(&releases, services.now)
        }
    });
    found.map_err(Fault::words)
}

/// Asks the datasource of a pin. What fails is an answer, too: the other pins are asked all the same.
pub fn ask(name: &str, pin: &Pin, services: &Services<'_>) -> Upgrade {
    if pin.is_floating() {
        return upgrade_of(name, pin, services.now, floats(latest(pin, services)));
    }
    upgrade(name, pin, services.now, |declared| {
        let source = declared.source;
        let mut releases = releases(source, services, &declared.assets)?;
        // A tag that was moved is seen only by what its assets are now.
        let current = releases
            .iter_mut()
            .find(|release| release.version == declared.value);
        if let Some(current) = current {
            current
                .downloads
                .retain(|asset, _| declared.digests.contains_key(asset));
            fill_digests(source, current, services)?;
        }
        if declared.scheme == Scheme::Git && !is_ancestor(source, services, declared.value)? {
            return Err(Fault::Declared(format!(
                "{source}: `{}` is no commit of its branch: any fork's commit can be had by its id",
                declared.value
            )));
        }
        let open = unordered(
            &declared.current(),
            &releases,
            &declared.rules(&releases, services.now, &BTreeMap::new()),
        );
        let known = if open.is_empty() {
            BTreeMap::new()
        } else {
            ancestry(source, services, declared.value, &open)?
        };
        let mut answer = declared.choose(&releases, services.now, &known);
        if let Some(newest) = &mut answer.choice.newest {
            fill_digests(source, newest, services)?;
        }
        Ok(answer)
    })
}

/// Answers for a pin from releases that somebody wrote down, in their source's order, newest first where it has one.
pub fn recorded(name: &str, pin: &Pin, releases: &[Release], now: Timestamp) -> Upgrade {
    if pin.is_floating() {
        let found = Declared::of(pin).and_then(|declared| {
            let declared = declared.map(|declared| declared.latest(releases, now));
            declared.transpose()
        });
        let found = match found {
            Ok(None) => Found::Nowhere,
            Ok(Some(release)) => floats(Ok(release)),
            Err(fault) => floats(Err(fault.words())),
        };
        return upgrade_of(name, pin, now, found);
    }
    upgrade(name, pin, now, |declared| {
        // A branch is listed backwards.
        let newer = releases
            .iter()
            .take_while(|release| release.version != declared.value)
            .map(|release| (release.version.clone(), Ancestry::Newer));
        let is_listed = releases
            .iter()
            .any(|release| release.version == declared.value);
        let known = if is_listed {
            newer.collect()
        } else {
            BTreeMap::new()
        };
        Ok(declared.choose(releases, now, &known))
    })
}

fn upgrade(
    name: &str,
    pin: &Pin,
    now: Timestamp,
    answer: impl FnOnce(&Declared<'_>) -> Result<Answer, Fault>,
) -> Upgrade {
    let found = Declared::of(pin).and_then(|declared| {
        declared
            .map(|declared| answer(&declared).and_then(|answer| declared.complete(answer)))
            .transpose()
    });
    let found = match found {
        Ok(None) => Found::Nowhere,
        Ok(Some(answer)) => Found::Answer(Box::new(answer)),
        Err(fault) => {
            let (why, transient) = fault.words();
            Found::Failed { why, transient }
        }
    };
    upgrade_of(name, pin, now, found)
}

fn floats(found: Result<Release, (String, bool)>) -> Found {
    match found {
        Ok(release) => Found::Floats(Box::new(release)),
        Err((why, transient)) => Found::Failed { why, transient },
    }
}

fn upgrade_of(name: &str, pin: &Pin, now: Timestamp, found: Found) -> Upgrade {
    let group = pin.group.as_ref();
    Upgrade {
        pin: name.to_owned(),
        group: group.map_or_else(|| name.to_owned(), |group| group.0.to_string()),
        from: pin.value.value.clone(),
        found,
        overdue: overdue(pin, now),
        reason: pin.reason.clone(),
    }
}

/// What a pin declares, as far as it decides what it may go to.
struct Declared<'a> {
    source: &'a Source,
    value: &'a str,
    scheme: Scheme,
    constraint: Constraint,
    digests: BTreeMap<String, String>,
    assets: BTreeSet<String>,
    cool_down: Option<Duration>,
    prereleases: bool,
}

impl<'a> Declared<'a> {
    fn of(pin: &'a Pin) -> Result<Option<Self>, Fault> {
        let source = pin.datasource.as_ref().map(|source| &source.value.0);
        let order = pin.order().map_err(Fault::Declared)?;
        let (Some(source), Some((scheme, constraint))) = (source, order) else {
            return Ok(None);
        };
        let digests = pin.sha256.iter();
        Ok(Some(Self {
            source,
            value: &pin.value.value,
            scheme,
            constraint,
            digests: digests
                .map(|(asset, digest)| (asset.clone(), digest.0.to_string()))
                // Nobody has seen what a placeholder stands for, so nothing can differ from it.
                .filter(|(_, digest)| digest.bytes().any(|byte| byte != b'0'))
                .collect(),
            assets: pin.sha256.keys().cloned().collect(),
            cool_down: pin.cool_down.as_ref().map(|duration| duration.0),
            prereleases: pin.prereleases.unwrap_or(false),
        }))
    }

    fn current(&self) -> Current<'_> {
        let is_overtaken = matches!(self.source, Source::AwsSsm(_));
        Current {
            version: self.value,
            // A parameter names one version, and was set to it after it was set to any other.
            released: is_overtaken.then(|| Timestamp::from_millis(0)),
            digests: &self.digests,
        }
    }

    fn rules<'r>(
        &'r self,
        releases: &[Release],
        now: Timestamp,
        ancestry: &'r BTreeMap<String, Ancestry>,
    ) -> Rules<'r> {
        // Where a source tells no time at all, only somebody who asks for a cool-down gets one, and then nothing passes.
        let is_timed = releases.iter().any(|release| release.released.is_some());
        Rules {
            scheme: self.scheme,
            constraint: &self.constraint,
            cool_down: self.cool_down.or_else(|| is_timed.then_some(COOL_DOWN)),
            prereleases: self.prereleases,
            now,
            ancestry,
        }
    }

    fn choose(
        &self,
        releases: &[Release],
        now: Timestamp,
        ancestry: &BTreeMap<String, Ancestry>,
    ) -> Answer {
        let mut choice = choose(
            &self.current(),
            releases,
            &self.rules(releases, now, ancestry),
        );
        let notes = choice.newest.as_ref().map_or_else(Vec::new, |newest| {
            notes(
                releases,
                self.scheme,
                self.value,
                &newest.version,
                WORKER_DEPLOYERS,
            )
        });
        if let Some(newest) = &mut choice.newest {
            // What the pin does not hold is not downloaded.
            newest
                .digests
                .retain(|asset, _| self.assets.contains(asset));
            newest
                .downloads
                .retain(|asset, _| self.assets.contains(asset));
        }
        let listed = releases
            .iter()
            .find(|release| release.version == self.value);
        Answer {
            released: listed.and_then(|release| release.released),
            choice,
            notes,
        }
    }

    fn latest(&self, releases: &[Release], now: Timestamp) -> Result<Release, Fault> {
        let choice = newest_of(releases, &self.rules(releases, now, &BTreeMap::new()));
        choice.newest.ok_or_else(|| {
            let held: Vec<String> = choice
                .held
                .iter()
                .take(3)
                .map(ToString::to_string)
                .collect();
            let why = if held.is_empty() {
                "there is none".to_owned()
            } else {
                held.join("; ")
            };
            Fault::Declared(format!("{}: no version may be taken: {why}", self.source))
        })
    }

    /// A version without the digests that the pin holds could not be verified, so it is no answer.
    fn complete(&self, answer: Answer) -> Result<Answer, Fault> {
        let Some(newest) = &answer.choice.newest else {
            return Ok(answer);
        };
        match self
            .assets
            .iter()
            .find(|asset| !newest.digests.contains_key(*asset))
        {
            None => Ok(answer),
            Some(asset) => Err(Fault::Declared(format!(
                "{}: no SHA-256 of `{asset}` can be had for `{}`",
                self.source, newest.version
            ))),
        }
    }
}

enum Fault {
    Declared(String),
    Source(SourceError),
}

impl Fault {
    /// Why, and whether a later run may help.
    fn words(self) -> (String, bool) {
        match self {
            Self::Declared(why) => (why, false),
            Self::Source(error) => (error.to_string(), error.is_transient()),
        }
    }
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}
