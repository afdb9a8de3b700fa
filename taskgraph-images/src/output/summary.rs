//! `preview` for a terminal: a tree of images and reasons, or a table of tasks.

use std::fmt::Write as _;

use super::Locator;
use super::preview::{Event, Preview, PreviewJson};
use super::text::{count, headline, reasons, unclaimed};
use crate::comparison::Comparison;

/// Images with their reasons, then the tasks in the order they could run.
pub fn tree(comparison: &Comparison, preview: &Preview) -> String {
    let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
    let affected = &comparison.affected.images;
    let mut text = format!(
        "{} of {} affected\n",
        affected.len(),
        count(comparison.head.fleet.images.len(), "image"),
    );
    for (id, image) in affected {
        let _ = writeln!(text, "\n{id}: {}", headline(image));
        text += &reasons(image, &locate);
    }
    let event = match preview.event {
        Event::Push => "a push",
        Event::PullRequest => "a pull request",
        Event::Cron => "the cron graph",
    };
    let tasks = preview.affected.len() + preview.needed.len();
    let _ = writeln!(
        text,
        "\n{} for {event} at level {}",
        count(tasks, "task"),
        preview.level
    );
    for label in preview.target.topological() {
        let Some(task) = preview.target.get(label) else {
            continue;
        };
        let after: Vec<&str> = task
            .dependencies
            .values()
            .map(|label| label.as_str())
            .collect();
        let after = if after.is_empty() {
            String::new()
        } else {
            format!(", after {}", after.join(", "))
        };
        let needed = if preview.needed.contains(label) {
            ", unless the index has it"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  {label} on {}{after}{needed}",
            task.task.task_queue_id
        );
    }
    if preview.event == Event::PullRequest && affected.values().any(|image| image.tasks.len() > 2) {
        let _ = writeln!(
            text,
            "Nothing is published from a pull request; see `--event push` for what merging does."
        );
    }
    let unclaimed = unclaimed(comparison);
    if !unclaimed.is_empty() {
        text.push('\n');
        text += &unclaimed;
    }
    text
}

/// One line a task: label, where it runs, why.
pub fn table(preview: &PreviewJson) -> String {
    let rows: Vec<[String; 4]> = preview
        .tasks
        .iter()
        .map(|task| {
            let image = preview.images.iter().find(|image| image.id == task.image);
            let why = match image.and_then(|image| image.reasons.first()) {
                _ if !task.affected => "needed, unless the index has it".to_owned(),
                Some(reason) => {
                    let what = reason
                        .path
                        .clone()
                        .or_else(|| reason.key.clone())
                        .unwrap_or_default();
                    format!("{} {what}", reason.kind.as_str())
                }
                None => String::new(),
            };
            [
                task.kind.to_string(),
                task.image.to_string(),
                task.task_queue_id.clone(),
                why,
            ]
        })
        .collect();
    let titles = ["KIND", "IMAGE", "TASK QUEUE", "WHY"].map(str::to_owned);
    let widths: Vec<usize> = (0..4)
        .map(|column| {
            rows.iter()
                .chain([&titles])
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in [&titles].into_iter().chain(&rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}", width = *width))
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}
