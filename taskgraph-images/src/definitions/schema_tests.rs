//! The published schemas accept this repository's own files and refuse what the program refuses.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{ConfigFile, ImageFile, PinsFile};
use crate::tree::TreePath;
use crate::yaml::{absence_is_none, as_written, read};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn value(path: &Path) -> Value {
    let name = TreePath::from_git("file.yml");
    read(&name, &std::fs::read(path).unwrap())
        .unwrap()
        .to_json()
}

fn image_schema() -> jsonschema::Validator {
    let mut schema = schemars::schema_for!(ImageFile).to_value();
    as_written(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
}

fn errors(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn our_own_files_fit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../image-defs");
    let image = image_schema();
    let definitions = files(&root.join("images"));
    assert!(definitions.len() > 10, "the fleet has its definitions");
    for path in definitions.iter().chain(&files(&root.join("fragments"))) {
        assert_eq!(errors(&image, &value(path)), [""; 0], "{}", path.display());
    }
    let mut config = schemars::schema_for!(ConfigFile).to_value();
    as_written(&mut config);
    let config = jsonschema::validator_for(&config).unwrap();
    assert_eq!(errors(&config, &value(&root.join("config.yml"))), [""; 0]);
    let mut pins = schemars::schema_for!(PinsFile).to_value();
    absence_is_none(&mut pins);
    let pins = jsonschema::validator_for(&pins).unwrap();
    assert_eq!(errors(&pins, &value(&root.join("pins.yml"))), [""; 0]);
}

#[test]
fn mistakes_do_not_fit() {
    let image = image_schema();
    let fits = |text: &str| {
        let name = TreePath::from_git("file.yml");
        image.is_valid(&read(&name, text.as_bytes()).unwrap().to_json())
    };
    for text in [
        "{cloud: google, level: 1, scripts+: [a], publish: null}",
        "{cloud: {by-level: {1: google, default: aws}}, name: 'a-{{level}}'}",
        "{extends: a}",
        "{extends: [a, b]}",
        "{builder: {packer: {template: a, source: b, variables: {x: {y: [1, true]}}}}}",
    ] {
        assert!(fits(text), "{text}");
    }
    for text in [
        "{clod: google}",
        "{cloud: gogle}",
        "{level: 2}",
        "{scripts: a}",
        "{scripts: [1]}",
        "{builder: {packr: {}}}",
        "{verify: {method: reboot}}",
        "{cloud+: [google]}",
    ] {
        assert!(!fits(text), "{text}");
    }
}
