//! What GitHub shows of a decision, beside the change: a text, and annotations on lines of definitions.
//!
//! Taskcluster's GitHub service takes both from artifacts of the decision task. GitHub refuses what is beyond its
//! limits as a whole, so both are cut to them here, and say so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use taskgraph_images_transforms::{Kind, Label, Parameters};

use super::graphs::Graphs;
use super::optimize::{Optimized, Outcome};
use super::plan::Plan;
use crate::comparison::Comparison;
use crate::diagnostic::{Diagnostic, Severity};
use crate::output::markdown::cell as code;
use crate::output::mermaid;
use crate::output::preview::PreviewJson;
use crate::output::text::{cause, count, kinds, range};
use crate::output::{Locator, text};
use crate::tree::Tree;

/// The artifact with the text, relative to `public/`.
pub const TEXT: &str = "github/customCheckRunText.md";
/// The artifact with the annotations, relative to `public/`.
pub const ANNOTATIONS: &str = "github/customCheckRunAnnotations.json";

/// How much text GitHub takes, less what the service puts around it.
const LONGEST_TEXT: usize = 60_000;
/// How many annotations GitHub takes at a time; the service sends them at once.
const MOST_ANNOTATIONS: usize = 50;
/// How long an annotation's message may be.
const LONGEST_MESSAGE: usize = 60_000;
/// How long an annotation's title may be.
const LONGEST_TITLE: usize = 255;
/// How much Mermaid a reader still takes in; GitHub draws up to 50,000 characters.
const LONGEST_GRAPH: usize = 20_000;

/// The text of a decision that was made: which images, why, and what runs.
pub fn text(
    comparison: &Comparison,
    preview: &PreviewJson,
    optimized: &Optimized,
    plan: &Plan<'_>,
    graphs: &Graphs,
    parameters: &Parameters,
) -> String {
    let affected = &comparison.affected.images;
    let mut out = String::new();
    let total = count(comparison.head.fleet.images.len(), "image");
    let _ = writeln!(
        out,
        "**{} of {total} affected**, {} created. {}.\n",
        affected.len(),
        count(plan.tasks().len(), "task"),
        escape(&range(comparison))
    );
    out += &images(comparison);
    out += &tasks(optimized, plan);
    if !graphs.withheld.is_empty() {
        let _ = writeln!(
            out,
            "\n{}.",
            escape(&left_out(&parameters.tasks_for, graphs))
        );
    }
    if plan.tasks().len() > 0 {
        let graph = mermaid::graph(preview);
        if graph.len() <= LONGEST_GRAPH {
            let _ = writeln!(out, "\n```mermaid\n{graph}```");
        }
    }
    cut(out)
}

/// Which tasks an event may not have, and what there is instead, in words.
pub fn left_out(tasks_for: &str, graphs: &Graphs) -> String {
    let quoted = |words: Vec<String>| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        words.join(", ")
    };
    let withheld = graphs.withheld.iter().map(ToString::to_string).collect();
    let validated: Vec<String> = graphs
        .target
        .tasks()
        .filter(|task| task.kind == Kind::Validate)
        .filter_map(|task| Some(task.image()?.to_string()))
        .collect();
    let instead = if validated.is_empty() {
        String::new()
    } else {
        format!(
            "; of these, only the templates are validated: {}",
            quoted(validated)
        )
    };
    format!(
        "`{tasks_for}` gets no credentials, so these are left out: {}{instead}",
        quoted(withheld)
    )
}

/// The text of a decision that the definitions' faults prevent.
pub fn faults(findings: &[Diagnostic], tree: Option<&Tree>) -> String {
    let locate = Locator::new(tree);
    let errors: Vec<&Diagnostic> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    let mut out = format!(
        "**The definitions have {}**; no task was created.\n\n",
        count(errors.len(), "error")
    );
    for finding in errors {
        let place = finding
            .place
            .as_ref()
            .map(|place| format!("{}: ", code(&locate.line(place))))
            .unwrap_or_default();
        let hint = finding
            .hint
            .as_ref()
            .map(|hint| format!(" ({})", escape(hint)))
            .unwrap_or_default();
        let _ = writeln!(out, "- {place}{}{hint}", escape(&finding.message));
    }
    cut(out)
}

/// Each affected image on a line, with its causes.
fn images(comparison: &Comparison) -> String {
    if comparison.affected.images.is_empty() {
        return String::new();
    }
    let mut out = "| image | tasks | why |\n| --- | --- | --- |\n".to_owned();
    for (id, image) in &comparison.affected.images {
        let mut causes: Vec<String> = image.reasons.iter().map(cause).collect();
        causes.dedup();
        let more = causes.len().saturating_sub(3);
        causes.truncate(3);
        let mut why = causes
            .iter()
            .map(|cause| escape(cause))
            .collect::<Vec<_>>()
            .join("<br>");
        if more > 0 {
            let _ = write!(why, "<br>and {more} more");
        }
        let what = if image.tasks.is_empty() {
            text::headline(image)
        } else {
            kinds(&image.tasks)
        };
        let _ = writeln!(out, "| {} | {what} | {why} |", code(&id.to_string()));
    }
    for path in &comparison.affected.unclaimed {
        let _ = writeln!(
            out,
            "\n{} changed, and goes into no image.",
            code(path.as_str())
        );
    }
    out
}

/// What is created, and what takes the place of other tasks.
fn tasks(optimized: &Optimized, plan: &Plan<'_>) -> String {
    let mut out = String::new();
    let root = &plan.creator().root_url;
    let mut line = |label: &Label, what: &str, reason: &str| {
        let name = match plan.ids().get(label) {
            Some(id) => format!("[{}]({root}/tasks/{id})", code(label.as_str())),
            None => code(label.as_str()),
        };
        let _ = writeln!(out, "| {name} | {what} | {} |", escape(reason));
    };
    let mut removed = 0;
    let order: BTreeMap<&Label, usize> = plan
        .tasks()
        .enumerate()
        .map(|(at, task)| (&task.label, at))
        .collect();
    let mut outcomes: Vec<_> = optimized.outcomes.iter().collect();
    outcomes.sort_by_key(|(label, _)| (order.get(label).copied().unwrap_or(usize::MAX), *label));
    let needed: BTreeSet<&Label> = plan
        .tasks()
        .flat_map(|task| task.dependencies.values())
        .collect();
    let mut replaced = 0;
    for (label, outcome) in outcomes {
        match outcome {
            Outcome::Kept { reason } => line(label, "created", reason),
            Outcome::Replaced { reason, .. } => {
                replaced += 1;
                // What nothing waits for is up to date; a push has it for every image.
                if needed.contains(label) {
                    line(label, "found", reason);
                }
            }
            Outcome::Removed { .. } => removed += 1,
        }
    }
    if !out.is_empty() {
        out = format!("\n| task | | why |\n| --- | --- | --- |\n{out}");
    }
    if replaced > 0 || removed > 0 {
        let _ = writeln!(
            out,
            "\n{} found in the index, {removed} not needed.",
            count(replaced, "task")
        );
    }
    out
}

/// An annotation, as GitHub's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// The file.
    pub path: String,
    /// Its first line, from 1.
    pub start_line: usize,
    /// Its last line.
    pub end_line: usize,
    /// `failure` or `warning`.
    pub annotation_level: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
    /// In a few words.
    pub title: String,
}

/// The annotations of findings, errors first; those that no file holds are in the text only.
pub fn annotations(findings: &[Diagnostic], tree: Option<&Tree>) -> Vec<Annotation> {
    let locate = Locator::new(tree);
    let mut sorted: Vec<&Diagnostic> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity != Severity::Error);
    sorted
        .into_iter()
        .filter_map(|finding| {
            let place = finding.place.as_ref()?;
            let line = locate.number(place).unwrap_or(1);
            let mut message = finding.message.clone();
            if let Some(hint) = &finding.hint {
                let _ = write!(message, "\n\nHint: {hint}");
            }
            Some(Annotation {
                path: place.path.to_string(),
                start_line: line,
                end_line: line,
                annotation_level: match finding.severity {
                    Severity::Error => "failure",
                    Severity::Warning => "warning",
                },
                message: shorten(&message, LONGEST_MESSAGE),
                title: shorten(finding.code, LONGEST_TITLE),
            })
        })
        .take(MOST_ANNOTATIONS)
        .collect()
}

/// Text as Markdown shows it: what would be markup, a mention or a reference is none.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // What stands in backticks is code in our own messages, and stays so.
    while let Some((before, after)) = rest.split_once('`') {
        plain(&mut out, before);
        match after.split_once('`') {
            Some((inner, after)) => {
                out += &code(inner);
                rest = after;
            }
            None => {
                plain(&mut out, "`");
                rest = after;
            }
        }
    }
    plain(&mut out, rest);
    out
}

fn plain(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '~' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A space of no width: `@name` notifies somebody, and an address becomes a link.
            '@' => out.push_str("@\u{200b}"),
            ':' => out.push_str(":\u{200b}"),
            other => out.push(other),
        }
    }
}

/// Cuts at a line, and says so.
fn cut(text: String) -> String {
    const NOTE: &str = "\n\n… The rest is in the decision task's artifacts.\n";
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let mut end = LONGEST_TEXT - NOTE.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}{NOTE}", &text[..end])
}

/// Cuts at a number of bytes.
fn shorten(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
