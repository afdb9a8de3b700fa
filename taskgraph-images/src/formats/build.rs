//! [`BuildValues`]: what differs with each build, such as a date. No definition knows it, and it is in no digest.
//!
//! Recipes name it, and tokens stand for it in what they make; before Packer sees a value, the tokens are filled in.

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use taskgraph_images_transforms::{Builder, ImageDefinition};

use crate::hex::hex;

/// Stands for the revision that an image is built from.
pub const REVISION: &str = "@REVISION@";
/// The day of the build.
const DATE: &str = "@DATE@";
/// A number of up to three digits.
const NUMBER: &str = "@NUMBER@";
/// Twenty hexadecimal digits.
const ID: &str = "@BUILD@";

/// What tokens stand for in one build. The same build gives the same values, another one gives others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildValues {
    values: [(&'static str, String); 4],
}

impl BuildValues {
    /// The values of a build: `build` is what no other build is called, such as a task's id; `date` the day, as
    /// `2026-01-02`; `revision` what is built, as short as it is shown.
    pub fn new(build: &str, date: &str, revision: &str) -> Self {
        let digest = Sha256::digest(build.as_bytes());
        let id = hex(&digest[..10]);
        let number = u16::from_be_bytes([digest[10], digest[11]]) % 1000;
        Self {
            values: [
                (REVISION, revision.to_owned()),
                (DATE, date.to_owned()),
                (NUMBER, number.to_string()),
                (ID, id),
            ],
        }
    }

    /// A value with all tokens filled in.
    pub fn fill(&self, value: &Json) -> Json {
        match value {
            Json::String(text) => {
                let filled = self
                    .values
                    .iter()
                    .fold(text.clone(), |text, (token, value)| {
                        text.replace(token, value)
                    });
                Json::String(filled)
            }
            Json::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Json::Object(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), self.fill(value)))
                .collect(),
            other => other.clone(),
        }
    }

    /// A definition whose variables have all tokens filled in.
    pub fn definition(&self, definition: &ImageDefinition) -> ImageDefinition {
        let mut definition = definition.clone();
        if let Builder::Packer { variables, .. } = &mut definition.builder {
            for value in variables.values_mut() {
                *value = self.fill(value);
            }
        }
        definition
    }
}

/// What recipes know as `build`.
pub(super) fn tokens() -> Json {
    json!({"date": DATE, "number": NUMBER, "id": ID})
}

/// What a text says that differs with each build, in words.
pub(crate) fn named(text: &str) -> Vec<&'static str> {
    let known = [
        (DATE, "the date"),
        (NUMBER, "a number"),
        (ID, "an id"),
        (REVISION, "the revision"),
    ];
    known
        .into_iter()
        .filter(|(token, _)| text.contains(token))
        .map(|(_, words)| words)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_has_its_own_values_and_keeps_them() {
        let value = json!({"a": ["x-@DATE@-@NUMBER@", 1], "b": "@BUILD@ of @REVISION@"});
        let of = |build: &str| BuildValues::new(build, "2026-01-02", "0123456").fill(&value);
        insta::assert_snapshot!(of("one"), @r#"{"a":["x-2026-01-02-874",1],"b":"7692c3ad3540bb803c02 of 0123456"}"#);
        assert_eq!(of("one"), of("one"));
        assert_ne!(of("one")["b"], of("two")["b"]);
    }
}
