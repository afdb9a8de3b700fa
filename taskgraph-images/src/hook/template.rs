//! From `.taskcluster.yml` and the context of a cron job to the task of its hook.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::marks;
use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::{Node, Value};

/// The clock, where an expression reads it: it would stand still at the time that the hook was made.
static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:^|[^\w."'])(now\b|fromNow\s*\()"#).expect("a fixed pattern"));

/// Renders the template to the one task that it has for the context, as a template for the hooks service.
pub(super) fn render(file: &Node, context: &Json) -> Result<Json, Vec<Diagnostic>> {
    let whole = Place::file(file.path.clone());
    let one = |code, message: String| vec![Diagnostic::error(code, message).at(whole.clone())];
    let Some(tasks) = file.get("tasks") else {
        return Err(one("missing-key", "the key `tasks` is missing".to_owned()));
    };
    let mut faults = Vec::new();
    check(tasks, false, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let template = marks::keep_times(tasks.to_json());
    let rendered = json_e::render(&template, context).map_err(|error| {
        let words = error.to_string();
        let mut fault = Diagnostic::error(
            "json-e",
            format!("it cannot be rendered for a cron job: {}", words.trim()),
        )
        .at(whole.clone());
        if words.contains("taskcluster_root_url") {
            fault = fault.hint("name the deployment with `--root-url`");
        }
        vec![fault]
    })?;
    let mut task = match rendered {
        Json::Array(tasks) if tasks.len() == 1 => tasks.into_iter().next().unwrap_or_default(),
        Json::Array(tasks) => {
            let message = format!(
                "it gives {} tasks for a cron job, and a hook creates one",
                tasks.len()
            );
            return Err(one("tasks", message));
        }
        _ => return Err(one("tasks", "`tasks` gives no list".to_owned())),
    };
    // The service chooses the id, and the queue takes none within a definition.
    if let Some(task) = task.as_object_mut() {
        task.shift_remove("taskId");
    }
    marks::fill(task).map_err(|lost| {
        let message = format!(
            "it gives what no hook can render again (a key of `${{`, or the task's id or input taken apart) at {}",
            lost.join(", ")
        );
        one("marks", message)
    })
}

/// Notes what would not mean the same in a hook.
fn check(node: &Node, is_expression: bool, faults: &mut Vec<Diagnostic>) {
    match &node.value {
        Value::Scalar(text, _) => {
            if marks::marked(text) {
                let message = "characters of Unicode's private use cannot be part of a hook";
                faults.push(Diagnostic::error("private-use", message).at(node.place()));
            }
            let expressions = if is_expression {
                CLOCK.is_match(text)
            } else {
                text.split("${")
                    .skip(1)
                    .any(|rest| CLOCK.is_match(rest.split('}').next().unwrap_or_default()))
            };
            if expressions {
                let message =
                    "an expression that reads the clock would be fixed when the hook is made";
                faults.push(
                    Diagnostic::error("clock", message)
                        .at(node.place())
                        .hint("use the operator `$fromNow`"),
                );
            }
        }
        Value::List(items) | Value::Concat(items) => {
            items.iter().for_each(|item| check(item, false, faults));
        }
        Value::Map(entries) => {
            for (key, value) in entries.iter() {
                if marks::marked(&key.text) {
                    let message = "characters of Unicode's private use cannot be part of a hook";
                    faults.push(Diagnostic::error("private-use", message).at(key.place()));
                }
                let is_expression = matches!(&*key.text, "$eval" | "$if");
                check(value, is_expression, faults);
            }
        }
    }
}
