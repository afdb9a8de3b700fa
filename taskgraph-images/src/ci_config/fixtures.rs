//! What tests of configuration repositories share: small ones of both shapes without faults, and the real ones where
//! somebody names their folder.

use std::path::Path;

use super::{CiConfig, Options};
use crate::diagnostic::Diagnostic;
use crate::output::Locator;
use crate::tree::{Files as _, MemoryTree, TreePath};

macro_rules! fixture {
    ($folder:literal: $($file:literal)*) => {
        MemoryTree::new([$(($file, include_str!(concat!("fixtures/", $folder, "/", $file)))),*])
    };
}

/// A small fxci-config without faults.
pub(crate) fn fxci() -> MemoryTree {
    fixture!("fxci": "environments.yml" "worker-images.yml" "worker-pools.yml")
}

/// A small community-tc-config without faults.
pub(crate) fn community() -> MemoryTree {
    fixture!("community":
        "config/gcp.yml" "config/imagesets.yml" "config/projects/example.yml" "config/projects/none.yml")
}

/// The configuration that a tree holds.
pub(crate) fn load(tree: &MemoryTree) -> CiConfig {
    match CiConfig::load(tree, &Options::default()) {
        Ok(config) => config,
        Err(faults) => panic!("{}", lines(tree, &faults)),
    }
}

/// Findings, a line each.
pub(crate) fn lines(tree: &MemoryTree, findings: &[Diagnostic]) -> String {
    let tree = tree.tree();
    let locator = Locator::new([&tree]);
    let line = |finding: &Diagnostic| {
        let place = finding.place.as_ref().map(|place| locator.line(place));
        let hint = finding
            .hint
            .as_ref()
            .map_or_else(String::new, |hint| format!(" ({hint})"));
        format!(
            "{} {}: {}{hint}",
            place.unwrap_or_default(),
            finding.code,
            finding.message
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The files of a folder on disk whose names end as configuration does; none when nobody names the folder.
pub(crate) fn real(folder: &str) -> Option<MemoryTree> {
    let Some(root) = std::env::var_os("TASKGRAPH_IMAGES_REAL") else {
        skipped(&format!(
            "TASKGRAPH_IMAGES_REAL names no folder with {folder}"
        ));
        return None;
    };
    let root = Path::new(&root).join(folder);
    let mut tree = MemoryTree::default();
    let mut folders = vec![root.clone()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                tree = tree.file(name, std::fs::read(&path).unwrap());
            }
        }
    }
    Some(tree)
}

/// Says that a test did not run.
#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// A change of a fixture: one text for another.
pub(crate) fn edit(tree: MemoryTree, file: &str, from: &str, to: &str) -> MemoryTree {
    let text = tree.read(&TreePath::parse(file).unwrap()).unwrap();
    let text = std::str::from_utf8(&text).unwrap();
    assert!(text.contains(from), "{file} holds no {from:?}");
    tree.file(file, text.replacen(from, to, 1))
}
