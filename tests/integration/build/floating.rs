//! A pin that floats: a build takes what is newest, and its manifest says what that was.

use std::sync::{Arc, Mutex};

use super::*;
use crate::newest::service;

#[test]
fn a_build_takes_what_is_newest_and_says_so() {
    let newest = Arc::new(Mutex::new(Some("1.10")));
    let url = service(Arc::clone(&newest));
    let case = Case::new();
    let pin = format!(
        "pins:\n  # What it is built on.\n  tool: {{value: latest, floats: true, scheme: dotted, constraint: '1.', datasource: \
         {{json: {{url: '{url}', versions: /versions/*}}}}}}\n"
    );
    case.repo
        .write("image-defs/pins.yml", &pin)
        .replace(
            "image-defs/fragments/disk.yml",
            "it's $(id)",
            "tool-{{pins.tool.value}}",
        )
        .commit();
    let digest = |case: &Case| {
        let images = case.run(&["images", "--format", "json"], &[]);
        let images: Value = serde_json::from_str(&images.stdout).unwrap();
        images["images"][0]["digests"]["build"].clone()
    };
    let before = digest(&case);
    let built = case.run(&["build", "base"], &[]);
    assert_eq!(built.code, Some(0), "{}", built.block());
    assert!(
        built.stderr.contains("`tool` floats, and is at `1.10`"),
        "{}",
        built.stderr
    );
    let values = std::fs::read_to_string(case.home.join("values.json")).unwrap();
    assert!(values.contains("\"tool-1.10\""), "{values}");
    let manifest = case.left("image/manifest.json");
    assert_eq!(
        manifest["pins"]["tool"],
        serde_json::json!({"value": "latest", "resolved": "1.10"})
    );
    // Where it floats to is none of the definition's business.
    assert_eq!(manifest["digests"]["build"], before);
    let left = case.repo.git(&["status", "--porcelain"]);
    assert_eq!(left, "", "the checkout is as it was");

    // What nobody may take is not built on, and neither is what nobody knows.
    *newest.lock().unwrap() = Some("2.0");
    let limited = case.run(&["build", "base"], &[]);
    assert_eq!(limited.code, Some(0), "{}", limited.block());
    assert_eq!(
        case.left("image/manifest.json")["pins"]["tool"]["resolved"],
        "1.0"
    );
    *newest.lock().unwrap() = None;
    let unknown = case.run(&["build", "base"], &[]);
    assert_eq!(unknown.code, Some(3), "{}", unknown.block());
    assert!(
        unknown.stderr.contains("the pin `tool`: json of"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_pin_floats_only_where_somebody_says_where_to() {
    let case = Case::new();
    case.repo
        .write(
            "image-defs/pins.yml",
            "pins:\n  tool: {value: latest, floats: true}\n  other:\n    value: latest\n    floats: true\n    sha256: {x: \
             \"0000000000000000000000000000000000000000000000000000000000000000\"}\n    datasource: {crates: {index: \
             'https://index.example.org', name: x}}\n",
        )
        .commit();
    let ran = case.run(&["check"], &[]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @"
    error[floating-pin]: the pin `tool`: it floats, and no `datasource` says what is newest
     --> image-defs/pins.yml:2:9
      |
    2 |   tool: {value: latest, floats: true}
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[floating-pin]: the pin `other`: it floats, so nobody knows the `sha256` of what a build takes
     --> image-defs/pins.yml:4:5
      |
    4 |     value: latest
      |     ^^^^^^^^^^^^^

    error: the definitions have 2 errors
    ");
}
