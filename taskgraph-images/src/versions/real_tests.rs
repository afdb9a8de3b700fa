//! The versions of real repositories, where `TASKGRAPH_IMAGES_REAL` names their folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Scheme, compare};

/// Every scalar of the YAML files below a folder, by its key.
fn values(folder: &Path, found: &mut BTreeMap<String, Vec<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            values(&path, found);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap_or_default().lines() {
            if let Some((key, value)) = line.trim().split_once(": ") {
                let value = value.split(" #").next().unwrap_or_default();
                let value = value.trim().trim_matches(['"', '\'']).to_owned();
                found.entry(key.to_owned()).or_default().push(value);
            }
        }
    }
}

#[test]
fn versions_in_use_are_read() {
    let Some(real) = std::env::var_os("TASKGRAPH_IMAGES_REAL") else {
        std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: TASKGRAPH_IMAGES_REAL names no folder of real repositories\n",
        )
        .unwrap();
        return;
    };
    let real = Path::new(&real);
    let mut found = BTreeMap::new();
    values(&real.join("worker-images/config"), &mut found);
    let keys = [
        ("taskcluster_version", Scheme::Semver),
        ("image_version", Scheme::Dotted),
        ("version", Scheme::Dotted),
        ("deploymentId", Scheme::Git),
    ];
    for (key, scheme) in keys {
        let words = ["latest", "default", "NA"];
        let texts = found[key]
            .iter()
            .filter(|text| !words.contains(&text.as_str()));
        let versions: Vec<_> = texts.map(|text| scheme.parse(text).unwrap()).collect();
        assert!(!versions.is_empty(), "{key}");
        for a in &versions {
            for b in &versions {
                let is_told = compare(a, b).is_some();
                assert!(is_told || scheme == Scheme::Git, "{key}: {a} {b}");
            }
        }
    }
}
