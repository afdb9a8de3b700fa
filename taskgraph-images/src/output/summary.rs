//! `preview` for a terminal: a tree of images and reasons, or a table of tasks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use taskgraph_images_transforms::{Kind, Level};

use super::Locator;
use super::preview::{Event, Preview, PreviewJson};
use super::text::{cause, count, kinds, unclaimed};
use crate::affected::{Reason, ReasonKind};
use crate::comparison::Comparison;
use crate::fleet::Role;

/// Causes with the images that each affects, then the tasks in the order they could run.
pub fn tree(comparison: &Comparison, preview: &Preview) -> String {
    let affected = &comparison.affected.images;
    let total = count(comparison.head.fleet.images.len(), "image");
    let mut text = format!("{} of {total} affected\n", affected.len());
    text += &causes(comparison);
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
    let publishes = affected
        .values()
        .any(|image| image.tasks.contains(&Kind::Publish));
    if publishes && preview.level == Level::One {
        let _ = writeln!(
            text,
            "Nothing is published at level 1; `--event push` shows what merging does."
        );
    }
    let unclaimed = unclaimed(comparison);
    if !unclaimed.is_empty() {
        text.push('\n');
        text += &unclaimed;
    }
    text
}

/// Each cause once, with the images that it affects and the way to it.
fn causes(comparison: &Comparison) -> String {
    let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
    let mut groups: BTreeMap<String, Vec<[String; 3]>> = BTreeMap::new();
    for (id, image) in &comparison.affected.images {
        for reason in &image.reasons {
            let group = match reason.kind {
                ReasonKind::New => "new".to_owned(),
                ReasonKind::Removed => "removed".to_owned(),
                _ => cause(reason),
            };
            let tasks = if image.tasks.is_empty() {
                String::new()
            } else {
                kinds(&image.tasks)
            };
            groups
                .entry(group)
                .or_default()
                .push([id.to_string(), tasks, way(reason, &locate)]);
        }
    }
    let mut text = String::new();
    for (group, images) in groups {
        let _ = writeln!(text, "\n{group}: {}", count(images.len(), "image"));
        text += &columns(&images, "  ");
    }
    text
}

/// The edges to a cause on one line: `sourced-by scripts/a.sh ← script (file:line)` read from the image on.
fn way(reason: &Reason, locate: &Locator<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    let last = reason.via.len().saturating_sub(1);
    for (at, step) in reason.via.iter().enumerate() {
        // Tasks of the image itself lead on to each other; that says nothing about the cause.
        if step.role == Role::Stage {
            continue;
        }
        words.push(if at == last {
            step.role.to_string()
        } else {
            format!("{} {}", step.role, step.to)
        });
    }
    let place = reason
        .via
        .last()
        .and_then(|step| step.at.as_ref())
        .map(|place| format!(" ({})", locate.line(place)));
    words.join(" → ") + &place.unwrap_or_default()
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
    if rows.is_empty() {
        return String::new();
    }
    let all: Vec<[String; 4]> = std::iter::once(titles).chain(rows).collect();
    columns(&all, "")
}

/// Rows with their cells below each other.
fn columns<const N: usize>(rows: &[[String; N]], indent: &str) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        let _ = writeln!(text, "{indent}{}", cells.join("  ").trim_end());
    }
    text
}
