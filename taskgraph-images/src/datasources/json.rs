//! Some JSON document that lists versions, by pointers into it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Caller, is_sha256};
use super::{Release, SourceError};
use crate::taskcluster::Timestamp;
use crate::versions::day;

/// Some JSON document.
///
/// In its pointers `*` is every key or place of a list, and the other pointers have the key or place of the version
/// there: `versions: /releases/*/name` with `dates: /releases/*/published`. A pointer that ends in `#` means the key in
/// the place of its value: `/releases/*#`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JsonDocument {
    /// Where the document is.
    pub url: String,
    /// Where the versions are: texts, or whole numbers.
    pub versions: String,
    /// Where the time of a version is: `2026-05-04T12:00:00Z`, a day, or seconds since 1970.
    pub dates: Option<String>,
    /// Where SHA-256 are, by the pin's keys of digests.
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
    /// Where it is told whether a version is a prerelease.
    pub prereleases: Option<String>,
    /// Where it is told whether a version is withdrawn.
    pub withdrawn: Option<String>,
}

/// A pointer's parts.
struct Pointer {
    parts: Vec<String>,
    is_key: bool,
}

impl JsonDocument {
    /// All that is wrong with the pointers.
    pub(super) fn faults(&self) -> Vec<String> {
        let others = [&self.dates, &self.prereleases, &self.withdrawn];
        let others: Vec<&String> = others
            .into_iter()
            .flatten()
            .chain(self.digests.values())
            .collect();
        let mut faults = Vec::new();
        for text in others.iter().copied().chain([&self.versions]) {
            if !text.is_empty() && !text.starts_with('/') {
                faults.push(format!(
                    "{text:?} is no JSON pointer: expected one such as `/releases/*/version`"
                ));
            }
        }
        let stars = |text: &str| {
            text.split('/')
                .filter(|part| part.trim_end_matches('#') == "*")
                .count()
        };
        for text in others {
            if stars(text) > stars(&self.versions) {
                faults.push(format!("{text:?} has more `*` than `versions`"));
            }
        }
        faults
    }
}

pub(super) fn releases(
    settings: &JsonDocument,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let document: Value = caller.json(&settings.url)?;
    let mut found = Vec::new();
    let versions = Pointer::new(&settings.versions);
    walk(
        &document,
        &versions.parts,
        versions.is_key,
        &mut Vec::new(),
        &mut found,
    );
    if found.is_empty() {
        return Err(caller.unreadable(format!("there is nothing at `{}`", settings.versions)));
    }
    let mut releases = Vec::new();
    for (keys, version) in found {
        let version = match version {
            Value::String(text) => text,
            // Others are written in more than one way: 24.10 is 24.1.
            Value::Number(number) if number.is_u64() => number.to_string(),
            other => {
                let why = format!("`{}` leads to {other}, which is no text", settings.versions);
                return Err(caller.unreadable(why.chars().take(300).collect::<String>()));
            }
        };
        let at = |pointer: &Option<String>| {
            pointer
                .as_ref()
                .and_then(|text| get(&document, text, &keys))
        };
        let mut release = Release::new(version);
        release.released = at(&settings.dates).as_ref().and_then(read_time);
        release.prerelease = at(&settings.prereleases).as_ref().is_some_and(is_true);
        release.withdrawn = at(&settings.withdrawn).as_ref().is_some_and(is_true);
        for (key, pointer) in &settings.digests {
            let digest = get(&document, pointer, &keys);
            let digest = digest.as_ref().and_then(Value::as_str);
            let digest = digest.map(|digest| digest.strip_prefix("sha256:").unwrap_or(digest));
            match digest.filter(|digest| is_sha256(digest)) {
                Some(digest) => {
                    release
                        .digests
                        .insert(key.clone(), digest.to_ascii_lowercase());
                }
                None => release.missing.push(format!("SHA-256 of `{key}`")),
            }
        }
        releases.push(release);
    }
    Ok(releases)
}

impl Pointer {
    fn new(text: &str) -> Self {
        let (text, is_key) = match text.strip_suffix('#') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Self {
            parts: text.split('/').skip(1).map(unescape).collect(),
            is_key,
        }
    }
}

/// Every value to which the parts lead, with what each `*` stood for.
fn walk(
    value: &Value,
    parts: &[String],
    is_key: bool,
    keys: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, Value)>,
) {
    let Some((part, rest)) = parts.split_first() else {
        found.push((keys.clone(), value.clone()));
        return;
    };
    let is_star = part == "*";
    let children: Vec<(String, &Value)> = match value {
        _ if !is_star => child(value, part)
            .map(|below| (part.clone(), below))
            .into_iter()
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, below)| (key.clone(), below))
            .collect(),
        Value::Array(list) => {
            let places = list.iter().enumerate();
            places
                .map(|(place, below)| (place.to_string(), below))
                .collect()
        }
        _ => Vec::new(),
    };
    for (key, below) in children {
        if is_star {
            keys.push(key.clone());
        }
        if rest.is_empty() && is_key {
            found.push((keys.clone(), Value::String(key)));
        } else {
            walk(below, rest, is_key, keys, found);
        }
        if is_star {
            keys.pop();
        }
    }
}

/// The value of a pointer with each `*` as it was for the version.
fn get(document: &Value, pointer: &str, keys: &[String]) -> Option<Value> {
    let pointer = Pointer::new(pointer);
    let mut keys = keys.iter();
    let mut value = document;
    let mut last = None;
    for part in &pointer.parts {
        let key = if part == "*" { keys.next()? } else { part };
        value = child(value, key)?;
        last = Some(key);
    }
    if pointer.is_key {
        last.map(|key| Value::String(key.clone()))
    } else {
        Some(value.clone())
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

fn read_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok().or_else(|| day(text)),
        Value::Number(number) => Some(Timestamp::from_millis(number.as_i64()?.checked_mul(1000)?)),
        _ => None,
    }
}

/// Whether something is told of a version: `true`, or a reason.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is_true) => *is_true,
        Value::String(reason) => !reason.is_empty() && reason != "false",
        Value::Null => false,
        _ => true,
    }
}
