//! Native definitions for what a recipe read.

use std::fmt::Write as _;

use taskgraph_images::import::import;
use taskgraph_images::tree::TreePath;

use super::support::{Repository, SETTINGS, checkout};

/// The files of an import, and how they compare.
fn imported(repository: &Repository) -> (String, taskgraph_images::import::Import) {
    let import = import(&repository.snapshot(), &TreePath::from_git("image-defs")).unwrap();
    let mut text = String::new();
    for (path, content) in &import.files {
        if path.extension() == Some("yml") {
            let _ = writeln!(text, "## {path}\n{content}");
        }
    }
    for note in &import.notes {
        let _ = writeln!(text, "not carried over: {note}");
    }
    for (id, difference) in &import.proof.differences {
        for path in &difference.came {
            let _ = writeln!(text, "{id}: more: {path}");
        }
    }
    (text, import)
}

#[test]
fn templates_are_imported_and_lose_no_input() {
    let (text, import) = imported(&Repository::templates());
    assert!(import.proof.holds(), "{:#?}", import.proof);
    assert_eq!(import.proof.images, 9);
    insta::assert_snapshot!(text);
}

#[test]
fn builders_are_imported_and_lose_no_input() {
    let (text, import) = imported(&Repository::builders());
    assert!(import.proof.holds(), "{:#?}", import.proof);
    assert_eq!(import.proof.images, 4);
    insta::assert_snapshot!(text);
}

#[test]
fn an_import_is_native_from_then_on() {
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", SETTINGS)],
    );
    let before = repo.run(&["images", "--format", "json"]).json();
    let dry = repo.run(&["import", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(dry.stderr.contains(" 0 lost"), "{}", dry.stderr);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let written = repo.run(&["import"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let after = repo.run(&["images", "--format", "json"]).json();
    let names = |document: &serde_json::Value| -> Vec<String> {
        let images = document["images"].as_array().unwrap().iter();
        images
            .map(|image| format!("{}@{}", image["name"], image["cloud"]))
            .collect()
    };
    assert_eq!(names(&before), names(&after));
    assert_eq!(after["images"][0]["format"], "native");
    let again = repo.run(&["import"]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    // The definitions have the settings' workers, and what only travels is no input of theirs, either.
    repo.commit();
    repo.git(&["tag", "--force", "start"]);
    repo.append("tests/win/unused.tests.ps1", "#\n");
    repo.expect(&["?tests/win/unused.tests.ps1"]);
    repo.append("tests/win/git.tests.ps1", "#\n");
    repo.expect(&[
        "win11-64: build verify publish",
        "win11-a64-builder: build verify publish",
        "?tests/win/unused.tests.ps1",
    ]);
}
