//! [`ask`]: what a pin's datasource has, and which of it the pin may go to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, COOL_DOWN, Found, Upgrade, overdue};
use crate::datasources::{
    Services, SourceError, WORKER_DEPLOYERS, ancestry, fill_digests, notes, releases,
};
use crate::definitions::Pin;
use crate::versions::{Constraint, Current, Rules, Scheme, choose, unordered};

/// Asks the datasource of a pin. What fails is an answer, too: the other pins are asked all the same.
pub fn ask(name: &str, pin: &Pin, services: &Services<'_>) -> Upgrade {
    let found = match found(pin, services) {
        Ok(None) => Found::Nowhere,
        Ok(Some(answer)) => Found::Answer(Box::new(answer)),
        Err(Fault::Declared(why)) => Found::Failed {
            why,
            transient: false,
        },
        Err(Fault::Source(error)) => Found::Failed {
            transient: error.is_transient(),
            why: error.to_string(),
        },
    };
    Upgrade {
        pin: name.to_owned(),
        group: pin
            .group
            .as_ref()
            .map_or_else(|| name.to_owned(), |group| group.0.to_string()),
        from: pin.value.value.clone(),
        found,
        overdue: overdue(pin, services.now),
        reason: pin.reason.clone(),
    }
}

enum Fault {
    Declared(String),
    Source(SourceError),
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

fn found(pin: &Pin, services: &Services<'_>) -> Result<Option<Answer>, Fault> {
    let Some(source) = pin.datasource.as_ref().map(|source| &source.value.0) else {
        return Ok(None);
    };
    let scheme = scheme(pin, source.scheme())?;
    let constraint = match &pin.constraint {
        Some(text) => {
            Constraint::parse(scheme, text).map_err(|error| Fault::Declared(error.to_string()))?
        }
        None => Constraint::none(scheme),
    };
    let digests: BTreeMap<String, String> = pin
        .sha256
        .iter()
        .map(|(asset, digest)| (asset.clone(), digest.0.to_string()))
        // Nobody has seen what a placeholder stands for, so nothing can differ from it.
        .filter(|(_, digest)| digest.bytes().any(|byte| byte != b'0'))
        .collect();
    let assets: BTreeSet<String> = pin.sha256.keys().cloned().collect();
    let releases = releases(source, services, &assets)?;
    let current = Current {
        version: &pin.value.value,
        released: None,
        digests: &digests,
    };
    let rules = |ancestry| Rules {
        scheme,
        constraint: &constraint,
        cool_down: Some(
            pin.cool_down
                .as_ref()
                .map_or(COOL_DOWN, |duration| duration.0),
        ),
        prereleases: pin.prereleases.unwrap_or(false),
        now: services.now,
        ancestry,
    };
    let nothing = BTreeMap::new();
    let open = unordered(&current, &releases, &rules(&nothing));
    let known = if open.is_empty() {
        BTreeMap::new()
    } else {
        ancestry(source, services, current.version, &open)?
    };
    let mut choice = choose(&current, &releases, &rules(&known));
    if let Some(newest) = &mut choice.newest {
        // What the pin does not hold is not downloaded.
        newest.digests.retain(|asset, _| assets.contains(asset));
        newest.downloads.retain(|asset, _| assets.contains(asset));
        fill_digests(source, newest, services)?;
        let missing: Vec<&String> = assets
            .iter()
            .filter(|asset| !newest.digests.contains_key(*asset))
            .collect();
        if let Some(asset) = missing.first() {
            let why = format!(
                "{source}: no SHA-256 of `{asset}` can be had for `{}`",
                newest.version
            );
            return Err(Fault::Declared(why));
        }
    }
    let notes = choice.newest.as_ref().map_or_else(Vec::new, |newest| {
        notes(
            &releases,
            scheme,
            current.version,
            &newest.version,
            WORKER_DEPLOYERS,
        )
    });
    let listed = releases
        .iter()
        .find(|release| release.version == current.version);
    Ok(Some(Answer {
        released: listed.and_then(|release| release.released),
        choice,
        notes,
    }))
}

fn scheme(pin: &Pin, of_source: Option<Scheme>) -> Result<Scheme, Fault> {
    let declared = pin.scheme.as_ref().map(|scheme| scheme.0);
    match (declared, of_source) {
        (Some(declared), Some(of_source)) if declared != of_source => {
            Err(Fault::Declared(format!(
                "its `scheme` is `{declared}`, and its datasource has versions of the scheme `{of_source}`"
            )))
        }
        (Some(scheme), _) | (None, Some(scheme)) => Ok(scheme),
        (None, None) => Err(Fault::Declared(
            "it names no `scheme`, and its datasource may have versions of any".to_owned(),
        )),
    }
}
