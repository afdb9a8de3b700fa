//! Documents held to the services' own JSON schemas, from the folder that `TASKGRAPH_IMAGES_SCHEMAS` names.

use std::path::{Path, PathBuf};

use serde_json::Value;

const BASE: &str = "https://taskcluster.invalid";

/// What a service would refuse of a document; nothing, after words that say so, without the schemas.
pub(crate) fn faults(path: &str, document: &Value) -> Vec<String> {
    let Some(folder) = std::env::var_os("TASKGRAPH_IMAGES_SCHEMAS").map(PathBuf::from) else {
        #[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
        {
            eprintln!(
                "skipped {path}: TASKGRAPH_IMAGES_SCHEMAS does not name Taskcluster's schemas"
            );
        }
        return Vec::new();
    };
    let validator = validator(&folder, path);
    // A validator that accepts anything would prove nothing.
    assert!(!validator.is_valid(&Value::from("nonsense")), "{path}");
    found(&validator, document)
}

/// The faults that a validator finds.
pub(crate) fn found(validator: &jsonschema::Validator, document: &Value) -> Vec<String> {
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn validator(folder: &Path, path: &str) -> jsonschema::Validator {
    let beside = Path::new(path).parent().unwrap();
    let mut registry = jsonschema::Registry::new();
    for entry in std::fs::read_dir(folder.join(beside)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let one = format!("{}/{name}", beside.display());
        let resource = jsonschema::Resource::from_contents(schema(folder, &one));
        registry = registry
            .add(format!("{BASE}/schemas/{one}"), resource)
            .unwrap();
    }
    jsonschema::options()
        .with_registry(&registry.prepare().unwrap())
        .should_validate_formats(true)
        .build(&schema(folder, path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A schema with an address, and with draft 6 in the place of the metaschema that merely names it.
fn schema(folder: &Path, path: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["$schema"] = "http://json-schema.org/draft-06/schema#".into();
    schema["$id"] = format!("{BASE}/schemas/{path}").into();
    schema
}
