//! [`Changes`]: what differs between two builds, by what their manifests and SBOMs say. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Manifest, Packages, VERSION};

/// A manifest, with what its SBOM lists, if that can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The manifest.
    pub manifest: Manifest,
    /// What is on the image.
    pub packages: Option<Packages>,
}

/// What differs between two builds: a published JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The version of the document.
    pub version: u32,
    /// The earlier build.
    pub from: Build,
    /// The later build.
    pub to: Build,
    /// The image itself: its name, system, level, digests.
    pub image: Vec<Change>,
    /// The versions from outside that its definition names.
    pub pins: Vec<Change>,
    /// The image that it was built on.
    pub parent: Vec<Change>,
    /// The files that went into it.
    pub inputs: Vec<Change>,
    /// What is on it; `None` where one of the two SBOMs cannot be had.
    pub packages: Option<Vec<Change>>,
    /// Where it is.
    pub places: Vec<Change>,
}

/// Which build a manifest is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The image.
    pub image: String,
    /// `candidate` or `published`.
    pub stage: super::Stage,
    /// The repository's address; empty for a build by hand.
    pub repository: String,
    /// The commit.
    pub revision: String,
    /// When it was done.
    pub finished: String,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub name: String,
    /// What it was; `None` if it is new.
    pub from: Option<String>,
    /// What it is; `None` if it is gone.
    pub to: Option<String>,
}

type Facts = BTreeMap<String, String>;

impl Changes {
    /// What differs between an earlier and a later build. Times and task ids always do, and are left out.
    pub fn between(from: &Recorded, to: &Recorded) -> Self {
        let of =
            |facts: fn(&Manifest) -> Facts| changes(&facts(&from.manifest), &facts(&to.manifest));
        Self {
            version: VERSION,
            from: Build::of(&from.manifest),
            to: Build::of(&to.manifest),
            image: of(image),
            pins: of(pins),
            parent: of(parent),
            inputs: of(inputs),
            packages: match (&from.packages, &to.packages) {
                (Some(from), Some(to)) => Some(changes(&from.lines(), &to.lines())),
                _ => None,
            },
            places: of(places),
        }
    }

    /// The groups of changes in the order they are read, with their names.
    pub fn groups(&self) -> [(&'static str, &[Change]); 6] {
        [
            ("image", &self.image),
            ("pins", &self.pins),
            ("parent", &self.parent),
            ("inputs", &self.inputs),
            ("packages", self.packages.as_deref().unwrap_or_default()),
            ("places", &self.places),
        ]
    }
}

impl Build {
    fn of(manifest: &Manifest) -> Self {
        Self {
            image: manifest.image.to_string(),
            stage: manifest.stage,
            repository: manifest.source.repository.clone(),
            revision: manifest.source.revision.clone(),
            finished: manifest.finished.to_string(),
        }
    }
}

fn changes(from: &Facts, to: &Facts) -> Vec<Change> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    names
        .into_iter()
        .filter(|name| from.get(*name) != to.get(*name))
        .map(|name| Change {
            name: name.clone(),
            from: from.get(name).cloned(),
            to: to.get(name).cloned(),
        })
        .collect()
}

fn facts<const N: usize>(facts: [(&str, String); N]) -> Facts {
    let facts = facts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    facts.collect()
}

fn image(manifest: &Manifest) -> Facts {
    let mut all = facts([
        ("name", manifest.image.name.to_string()),
        ("cloud", manifest.cloud.to_string()),
        ("os", manifest.os.to_string()),
        ("arch", manifest.arch.to_string()),
        ("level", manifest.level.to_string()),
        ("chain-of-trust", manifest.chain_of_trust.to_string()),
        ("repository", manifest.source.repository.clone()),
        ("revision", manifest.source.revision.clone()),
        ("modified", manifest.source.modified.to_string()),
    ]);
    let digests = manifest.digests.iter();
    all.extend(digests.map(|(kind, digest)| (format!("digest of {kind}"), digest.to_string())));
    all
}

fn pins(manifest: &Manifest) -> Facts {
    let pins = manifest.pins.iter().map(|(name, pin)| {
        let value = match &pin.resolved {
            Some(resolved) if *resolved != pin.value => format!("{} ({resolved})", pin.value),
            _ => pin.value.clone(),
        };
        (name.clone(), value)
    });
    pins.collect()
}

fn parent(manifest: &Manifest) -> Facts {
    manifest.parent.as_ref().map_or_else(Facts::new, |parent| {
        facts([
            ("image", parent.image.to_string()),
            ("manifest", parent.manifest.to_string()),
            ("reference", parent.reference.clone()),
        ])
    })
}

fn inputs(manifest: &Manifest) -> Facts {
    let inputs = manifest.inputs.iter();
    inputs
        .map(|(path, digest)| (path.clone(), digest.to_string()))
        .collect()
}

fn places(manifest: &Manifest) -> Facts {
    let mut places = Facts::new();
    for artifact in &manifest.artifacts {
        let place = artifact.region.clone();
        let place = place.unwrap_or_else(|| manifest.cloud.to_string());
        let what = match &artifact.file {
            Some(file) => format!("{} (sha256:{})", artifact.reference, file.sha256),
            None => artifact.reference.clone(),
        };
        places
            .entry(place)
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(&what);
            })
            .or_insert(what);
    }
    places
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A manifest of a build, with a few of everything.
    pub(crate) fn manifest() -> Manifest {
        let digest = |digit: &str| digit.repeat(64);
        Manifest::read(
            serde_json::json!({
                "version": 1, "stage": "candidate", "image": "debian@aws", "cloud": "aws", "os": "linux", "arch": "amd64",
                "digests": {"build": digest("b")},
                "inputs": {"image-defs/images/debian.yml": digest("1"), "image-defs/scripts/a|b`.sh": digest("2")},
                "source": {"repository": "https://example.org/images", "revision": "a".repeat(40), "modified": false},
                "parent": {"image": "base@aws", "task-id": "fN1SbArXTPSVFNUvaOlinQ", "manifest": digest("3"),
                           "reference": "ami-0"},
                "pins": {"taskcluster": {"value": "105.0.0", "resolved": null},
                         "base": {"value": "latest", "resolved": "12.1"}},
                "artifacts": [{"region": "us-west-2", "reference": "ami-1", "file": null}],
                "sbom": {"name": "sbom.tsv", "sha256": digest("4"), "size": 1},
                "files": [], "tasks": {"build": "fN1SbArXTPSVFNUvaOlinQ"}, "level": 3, "chain-of-trust": true,
                "started": "2026-11-25T17:00:00.000Z", "finished": "2026-11-25T17:30:00.000Z",
            })
            .to_string()
            .as_bytes(),
        )
        .unwrap()
    }

    /// The same, built again later with other versions.
    pub(crate) fn later() -> Manifest {
        let mut later = manifest();
        later.source.revision = "c".repeat(40);
        later
            .digests
            .insert("build".to_owned(), "d".repeat(64).parse().unwrap());
        later.inputs.remove("image-defs/scripts/a|b`.sh");
        later.inputs.insert(
            "image-defs/scripts/new.sh".to_owned(),
            "5".repeat(64).parse().unwrap(),
        );
        later.inputs.insert(
            "image-defs/images/debian.yml".to_owned(),
            "6".repeat(64).parse().unwrap(),
        );
        later.pins.get_mut("base").unwrap().resolved = Some("12.2".to_owned());
        later.parent = None;
        later.artifacts[0].reference = "ami-2".to_owned();
        later.finished = "2026-12-01T00:00:00.000Z".parse().unwrap();
        later
    }

    pub(crate) fn recorded(manifest: Manifest, sbom: &str) -> Recorded {
        Recorded {
            manifest,
            packages: Some(Packages::read(sbom.as_bytes()).unwrap()),
        }
    }

    #[test]
    fn a_build_does_not_differ_from_itself() {
        let one = recorded(manifest(), "deb\tbash\t5.2\n");
        let mut again = one.clone();
        again.manifest.started = again.manifest.finished;
        again.manifest.tasks.clear();
        let changes = Changes::between(&one, &again);
        assert!(changes.groups().iter().all(|(_, group)| group.is_empty()));
    }

    proptest! {
        /// Whatever is added by one way is removed by the other.
        #[test]
        fn the_way_back_is_the_inverse(
            from in prop::collection::btree_map("[a-c]", "[0-2]", 0..4),
            to in prop::collection::btree_map("[a-c]", "[0-2]", 0..4),
        ) {
            let mut back = changes(&to, &from);
            for change in &mut back {
                std::mem::swap(&mut change.from, &mut change.to);
            }
            prop_assert_eq!(changes(&from, &to), back);
        }
    }
}
