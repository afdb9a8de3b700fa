//! What a report is written as.

use proptest::prelude::*;
use serde_json::json;

use super::tests::{plain, report};
use super::{Finding, Report, Severity};
use crate::ci_config::fixtures::{community, fxci};

/// A report of one finding that tries to be more than text.
fn hostile() -> Report {
    let mut report = report(&fxci(), &plain());
    report.findings = vec![Finding {
        rule: "some-rule".to_owned(),
        severity: Severity::Error,
        file: Some("a b|`c`.yml".to_owned()),
        line: Some(3),
        subject: None,
        message: "`x|y` is </td> | @everyone [a](https://example.org)\n# title \u{1b}[31m"
            .to_owned(),
        hint: Some("*see* `` ` `` www.example.org".to_owned()),
        notes: vec![super::Note {
            file: "b.yml".to_owned(),
            line: None,
            message: "here".to_owned(),
        }],
    }];
    report
}

#[test]
fn writes_markdown_that_is_only_text() {
    let markdown = hostile().to_markdown().replace('\u{200b}', "␣");
    insta::assert_snapshot!(markdown, @r"
    ### Worker pools and images

    7 images, 2 aliases, 9 pools: 0 errors, 1 warning, 2 notes

    | | rule | where | what |
    | --- | --- | --- | --- |
    | error | `some-rule` | ``a b\|`c`.yml:3`` | `x\|y` is &lt;/td&gt; \| @␣everyone \[a\]\(https:␣//example.org\) \# title  \[31m<br>`b.yml`: here<br>*\*see\* (nothing) (nothing)\` www␣.example.org* |
    ");
    insta::assert_snapshot!(hostile().to_text(), @"
    a b|`c`.yml:3: error[some-rule]: `x|y` is </td> | @everyone [a](https://example.org) # title  [31m
      b.yml: here
      hint: *see* `` ` `` www.example.org
    7 images, 2 aliases, 9 pools: 0 errors, 1 warning, 2 notes
    ");
}

#[test]
fn reads_back_its_json() {
    let report = hostile();
    let read: Report = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read, report);
    assert!(jsonschema::is_valid(
        &serde_json::to_value(schemars::schema_for!(Report)).unwrap(),
        &serde_json::to_value(&report).unwrap()
    ));
    insta::assert_snapshot!(report.to_json(), @r#"
    {
      "version": 1,
      "counts": {
        "images": 7,
        "aliases": 2,
        "pools": 9,
        "errors": 0,
        "warnings": 1,
        "notes": 2
      },
      "findings": [
        {
          "rule": "some-rule",
          "severity": "error",
          "file": "a b|`c`.yml",
          "line": 3,
          "subject": null,
          "message": "`x|y` is </td> | @everyone [a](https://example.org)\n# title \u001b[31m",
          "hint": "*see* `` ` `` www.example.org",
          "notes": [
            {
              "file": "b.yml",
              "line": null,
              "message": "here"
            }
          ]
        }
      ],
      "pools": null
    }
    "#);
}

#[test]
fn writes_sarif_of_the_required_shape() {
    let place = json!({
        "type": "object", "required": ["artifactLocation"],
        "properties": {
            "artifactLocation": {"required": ["uri"], "properties": {"uri": {"pattern": "^[A-Za-z0-9._~%/-]+$"}}},
            "region": {"required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}},
        },
    });
    let message = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}});
    let schema = json!({
        "type": "object", "required": ["version", "$schema", "runs"],
        "properties": {
            "version": {"const": "2.1.0"},
            "runs": {"type": "array", "minItems": 1, "items": {
                "type": "object", "required": ["tool", "results"],
                "properties": {
                    "tool": {"required": ["driver"], "properties": {"driver": {
                        "required": ["name", "version", "informationUri", "rules"],
                        "properties": {"rules": {"uniqueItems": true, "items": {
                            "required": ["id", "shortDescription"], "properties": {"shortDescription": message.clone()}}}},
                    }}},
                    "results": {"items": {
                        "type": "object",
                        "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                        "properties": {
                            "level": {"enum": ["none", "note", "warning", "error"]},
                            "message": message.clone(),
                            "locations": {"items": {"required": ["physicalLocation"], "properties": {"physicalLocation": place.clone()}}},
                            "relatedLocations": {"items": {"required": ["physicalLocation", "message"], "properties": {"physicalLocation": place}}},
                            "partialFingerprints": {"additionalProperties": {"type": "string"}},
                        },
                    }},
                },
            }},
        },
    });
    for report in [
        hostile(),
        report(&fxci(), &plain()),
        report(&community(), &plain()),
    ] {
        let document: serde_json::Value = serde_json::from_str(&report.to_sarif()).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &document) {
            panic!("{error} at {}", error.instance_path());
        }
        let run = &document["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
    }
    let document: serde_json::Value = serde_json::from_str(&hostile().to_sarif()).unwrap();
    insta::assert_snapshot!(format!("{:#}", document["runs"][0]["results"][0]), @r#"
    {
      "ruleId": "some-rule",
      "level": "error",
      "message": {
        "text": "`x|y` is </td> | @everyone [a](https://example.org)\n# title \u001b[31m\n*see* `` ` `` www.example.org"
      },
      "locations": [
        {
          "physicalLocation": {
            "artifactLocation": {
              "uri": "a%20b%7C%60c%60.yml",
              "uriBaseId": "%SRCROOT%"
            },
            "region": {
              "startLine": 3
            }
          }
        }
      ],
      "partialFingerprints": {
        "taskgraphImages/v1": "b618f0a675bf398314431eda36831d2f"
      },
      "ruleIndex": 12,
      "relatedLocations": [
        {
          "id": 1,
          "message": {
            "text": "here"
          },
          "physicalLocation": {
            "artifactLocation": {
              "uri": "b.yml",
              "uriBaseId": "%SRCROOT%"
            }
          }
        }
      ]
    }
    "#);
}

proptest! {
    /// Whatever stands in a value, a table has as many cells as its head, and no line but its own.
    #[test]
    fn keeps_the_cells_of_tables(text in "[a-z`|\\\\<>\\[\\]()*_\n\r@:/ ]{0,40}") {
        let mut report = hostile();
        let finding = &mut report.findings[0];
        (finding.message, finding.file, finding.hint) = (text.clone(), Some(text.clone()), Some(text));
        let markdown = report.to_markdown();
        let row = markdown.lines().next_back().unwrap();
        let cells = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
        prop_assert_eq!(cells, 5, "{}", row);
        prop_assert_eq!(markdown.lines().count(), 7);
    }
}
