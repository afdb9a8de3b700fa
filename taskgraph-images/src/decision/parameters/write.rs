//! Writing `parameters.yml`, such that a YAML 1.1 reader, which Taskgraph's is, finds the same values.

use std::fmt::Write as _;

use serde_json::Value;

use super::DecisionParameters;

impl DecisionParameters {
    /// The parameters as YAML, sorted by name.
    ///
    /// All text is quoted: YAML 1.1 would take `20261125170000` for a number, `2026-11-25` for a date and `no` for
    /// a boolean.
    pub fn to_yaml(&self) -> String {
        let Value::Object(map) =
            serde_json::to_value(self).expect("parameters are a map of plain values")
        else {
            unreachable!("a struct is a map")
        };
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        let mut text = String::new();
        for (name, value) in entries {
            let _ = write!(text, "{name}:");
            match value {
                Value::Array(list) if !list.is_empty() => {
                    text.push('\n');
                    for item in list {
                        let _ = writeln!(text, "- {}", scalar(item));
                    }
                }
                Value::Object(map) if !map.is_empty() => {
                    text.push('\n');
                    for (key, item) in map {
                        let _ = writeln!(text, "  {}: {}", quoted(key), scalar(item));
                    }
                }
                other => {
                    let _ = writeln!(text, " {}", scalar(other));
                }
            }
        }
        text
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Text in double quotes. What a YAML reader would not take, or would change, is escaped; the rest stays readable.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // A line may end at these, also in quotes; the others are not allowed in a YAML stream.
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Strictness;
    use super::*;

    #[test]
    fn text_stays_text() {
        let parameters = DecisionParameters {
            base_rev: "1".repeat(40),
            head_ref: "no".to_owned(),
            head_tag: "2026-11-25".to_owned(),
            owner: "a\"b\\c\u{7f}\n é😀".to_owned(),
            files_changed: vec!["a b".to_owned()],
            existing_tasks: [(
                "build-a-aws".to_owned(),
                "fN1SbArXTPSVFNUvaOlinQ".to_owned(),
            )]
            .into(),
            ..DecisionParameters::default()
        };
        insta::assert_snapshot!(parameters.to_yaml(), @r#"
        base_ref: null
        base_repository: ""
        base_rev: "1111111111111111111111111111111111111111"
        build_date: 0
        build_number: 1
        do_not_optimize: []
        enable_always_target: true
        existing_tasks:
          "build-a-aws": "fN1SbArXTPSVFNUvaOlinQ"
        files_changed:
        - "a b"
        filters:
        - "target_tasks_method"
        head_ref: "no"
        head_repository: ""
        head_rev: ""
        head_tag: "2026-11-25"
        images: []
        level: "1"
        moz_build_date: "19700101000000"
        next_version: null
        optimize_strategies: null
        optimize_target_tasks: true
        owner: "a\"b\\c\u007f\n é😀"
        project: ""
        pull_request_number: null
        pushdate: 0
        pushlog_id: "0"
        repository_type: "git"
        target_tasks_method: "default"
        tasks_for: ""
        try_mode: null
        version: null
        "#);
    }

    proptest! {
        #[test]
        fn written_as_it_is_read(
            head_ref in any::<String>(),
            owner in "\\PC*",
            paths in prop::collection::vec(any::<String>(), 0..3),
            number in any::<Option<u64>>(),
            build_date in any::<i64>(),
        ) {
            let parameters = DecisionParameters {
                head_ref,
                owner,
                files_changed: paths,
                pull_request_number: number,
                build_date,
                ..DecisionParameters::default()
            };
            let read = DecisionParameters::read(&parameters.to_yaml(), Strictness::Strict);
            prop_assert_eq!(read, Ok(parameters));
        }
    }
}
