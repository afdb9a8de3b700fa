//! Reading `parameters.yml`.

use serde_json::{Map, Value};

use super::DecisionParameters;

/// What a reader does about parameters that are missing or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Both are errors. Our own parameters, which Taskgraph does not write, may be missing.
    Strict,
    /// What is missing has its default, what is unknown is left out.
    Lenient,
}

/// Why some text is no parameters; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// The text is not YAML, in which parts have one meaning each.
    #[error("it is not YAML: {0}")]
    Syntax(String),
    /// The text is YAML, but no map.
    #[error("it is no map of parameters")]
    NotAMap,
    /// Parameters that nobody knows, or that must be there and are not.
    #[error("{}", names(.unknown, .missing))]
    Names {
        /// Unknown ones, sorted.
        unknown: Vec<String>,
        /// Missing ones, sorted.
        missing: Vec<String>,
    },
    /// A parameter's value is not of its type.
    #[error("{0}")]
    Value(String),
}

fn names(unknown: &[String], missing: &[String]) -> String {
    let list = |names: &[String]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (unknown, missing) {
        ([], missing) => format!("missing parameters: {}", list(missing)),
        (unknown, []) => format!("unknown parameters: {}", list(unknown)),
        (unknown, missing) => format!(
            "unknown parameters: {}; missing parameters: {}",
            list(unknown),
            list(missing)
        ),
    }
}

/// Parameters that may be missing even where a reader is strict.
const OPTIONAL: [&str; 4] = ["images", "pull_request_number", "try_mode", "code-review"];

impl DecisionParameters {
    /// Reads parameters from YAML or JSON.
    ///
    /// # Errors
    /// When the text is neither, a value is not of its parameter's type, or (strictly) names are missing or unknown:
    /// all of them are named.
    pub fn read(text: &str, strictness: Strictness) -> Result<Self, ParametersError> {
        if strictness == Strictness::Strict {
            let value: Value = serde_yaml::from_str(text)
                .map_err(|error| ParametersError::Syntax(error.to_string()))?;
            let Value::Object(found) = value else {
                return Err(ParametersError::NotAMap);
            };
            let Ok(Value::Object(known)) = serde_json::to_value(Self::default()) else {
                unreachable!("parameters are a map of plain values")
            };
            check_names(&found, &known)?;
        }
        // Not by way of a tree: that would take a revision of digits and one `e` for a number.
        serde_yaml::from_str(text).map_err(|error| ParametersError::Value(error.to_string()))
    }
}

fn check_names(
    found: &Map<String, Value>,
    known: &Map<String, Value>,
) -> Result<(), ParametersError> {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let unknown = sorted(
        found
            .keys()
            .filter(|name| !known.contains_key(*name) && !OPTIONAL.contains(&name.as_str()))
            .cloned()
            .collect(),
    );
    let missing = sorted(
        known
            .keys()
            .filter(|name| !found.contains_key(*name) && !OPTIONAL.contains(&name.as_str()))
            .cloned()
            .collect(),
    );
    if unknown.is_empty() && missing.is_empty() {
        Ok(())
    } else {
        Err(ParametersError::Names { unknown, missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DecisionParameters, ParametersError> {
        DecisionParameters::read(text, Strictness::Lenient)
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_at_once() {
        let text = "level: '3'\nhead_rew: abc\nproject: p\n";
        let error = DecisionParameters::read(text, Strictness::Strict).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("unknown parameters: `head_rew`; missing parameters: `base_ref`, "),
            "{message}"
        );
        assert_eq!(read(text).unwrap().level, "3");
    }

    #[test]
    fn values_are_held_to_their_types() {
        assert_eq!(
            read("level: '3'\npushdate: today\n")
                .unwrap_err()
                .to_string(),
            "pushdate: invalid type: string \"today\", expected i64 at line 2 column 11"
        );
        assert_eq!(
            read("head_rev: 12345678e901234567890123456789012345678a\n")
                .unwrap()
                .head_rev,
            "12345678e901234567890123456789012345678a"
        );
        let digits = "1234567e90123456789012345678901234567890";
        assert_eq!(
            read(&format!("head_rev: {digits}\n")).unwrap().head_rev,
            digits
        );
        let list = DecisionParameters::read("[1]", Strictness::Strict);
        assert_eq!(list, Err(ParametersError::NotAMap));
        assert!(read("a: [").is_err());
    }
}
