//! A [`Report`] as SARIF 2.1.0, which code hosts show beside the lines of a change.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

use super::{Finding, RULES, Report, Severity};

impl Report {
    /// The report as a SARIF document, with a final line break.
    pub fn to_sarif(&self) -> String {
        let mut rules: Vec<(&str, Option<&str>)> = RULES
            .iter()
            .map(|rule| (rule.id, Some(rule.summary)))
            .collect();
        // What could not be resolved has codes of its own.
        for finding in &self.findings {
            if !rules.iter().any(|(id, _)| *id == finding.rule) {
                rules.push((&finding.rule, None));
            }
        }
        let results: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                let index = rules.iter().position(|(id, _)| *id == finding.rule);
                result(finding, index)
            })
            .collect();
        let rules: Vec<Value> = rules
            .iter()
            .map(|(id, summary)| {
                let summary = summary.unwrap_or("the configuration cannot be resolved");
                json!({"id": id, "shortDescription": {"text": summary}})
            })
            .collect();
        let document = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        let mut text = format!("{document:#}");
        text.push('\n');
        text
    }
}

fn result(finding: &Finding, index: Option<usize>) -> Value {
    let message = match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    };
    let locations: Vec<Value> = finding
        .file
        .iter()
        .map(|file| json!({"physicalLocation": physical(file, finding.line)}))
        .collect();
    let related: Vec<Value> = finding
        .notes
        .iter()
        .enumerate()
        .map(|(id, note)| {
            json!({
                "id": id + 1,
                "message": {"text": note.message},
                "physicalLocation": physical(&note.file, note.line),
            })
        })
        .collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": {"text": message},
        "locations": locations,
        "partialFingerprints": {"taskgraphImages/v1": fingerprint(finding)},
    });
    if let Some(index) = index {
        result["ruleIndex"] = index.into();
    }
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

fn physical(file: &str, line: Option<usize>) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(file), "uriBaseId": "%SRCROOT%"}});
    if let Some(line) = line {
        place["region"] = json!({"startLine": line});
    }
    place
}

/// A path as a relative reference of a URI.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into());
            }
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// What stays the same when lines move, and when only an age or a number in the message grows.
fn fingerprint(finding: &Finding) -> String {
    let words: String = finding
        .message
        .chars()
        .filter(|sign| !sign.is_ascii_digit())
        .collect();
    let mut digest = Sha256::new();
    for part in [
        Some(&finding.rule),
        finding.file.as_ref(),
        finding.subject.as_ref(),
        Some(&words),
    ] {
        digest.update(part.map_or("", String::as_str).as_bytes());
        digest.update([0]);
    }
    hex(&digest.finalize()[..16])
}
