//! Versions of a Python project, from an index's JSON: `{index}/{name}/json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, is_sha256, time};
use super::{Release, SourceError, pattern};
use crate::http::encode;

/// Versions of a Python project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pypi {
    /// The address below which `{name}/json` is.
    pub index: String,
    /// The project.
    pub name: String,
    /// Files that are used: names by the pin's keys of digests. `*` is any text, `{version}` is the release's.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Project {
    releases: BTreeMap<String, Vec<File>>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    upload_time_iso_8601: Option<String>,
    #[serde(default)]
    yanked: bool,
    digests: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

pub(super) fn releases(settings: &Pypi, caller: &Caller<'_>) -> Result<Vec<Release>, SourceError> {
    let index = settings.index.trim_end_matches('/');
    let project: Project = caller.json(&format!("{index}/{}/json", encode(&settings.name)))?;
    let releases = project.releases.into_iter();
    Ok(releases
        .map(|(version, files)| read(settings, version, &files))
        .collect())
}

fn read(settings: &Pypi, version: String, files: &[File]) -> Release {
    let mut release = Release::new(version);
    release.prerelease = is_prerelease(&release.version);
    release.withdrawn = !files.is_empty() && files.iter().all(|file| file.yanked);
    // Files come one by one, and later ones are new, too.
    let times: Option<Vec<_>> = files
        .iter()
        .map(|file| time(file.upload_time_iso_8601.as_deref()))
        .collect();
    release.released = times.and_then(|times| times.into_iter().max());
    if files.is_empty() {
        release.missing.push("files".to_owned());
    }
    for (key, name) in &settings.assets {
        let mut found = files.iter().filter(|file| {
            !file.yanked
                && pattern::is_match(name, &file.filename, &release.version, &release.version)
        });
        match (found.next(), found.next()) {
            (Some(file), None) => {
                let sha256 = file
                    .digests
                    .sha256
                    .as_ref()
                    .filter(|sha256| is_sha256(sha256));
                let sha256 = sha256.map(|sha256| (key.clone(), sha256.to_ascii_lowercase()));
                release.digests.extend(sha256);
                release.downloads.insert(key.clone(), file.url.clone());
            }
            (Some(_), Some(_)) => release
                .missing
                .push(format!("one file `{name}` of several")),
            (None, _) => release.missing.push(format!("file `{name}`")),
        }
    }
    release
}

/// Whether a version has a part of PEP 440 that makes it one before a release: letters, other than `post` and the local
/// part after `+`.
fn is_prerelease(version: &str) -> bool {
    let public = version
        .split('+')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    public
        .trim_start_matches('v')
        .split(|c: char| !c.is_ascii_alphabetic())
        .any(|word| !matches!(word, "" | "post" | "rev" | "r"))
}
