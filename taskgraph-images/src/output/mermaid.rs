//! `preview --format mermaid`: the task graph for places that draw Mermaid, such as a pull request's description.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use taskgraph_images_transforms::{ImageId, Label};

use super::preview::{PreviewJson, TaskJson};

/// How many tasks are drawn at most: beyond this nobody can read the picture.
const TASKS: usize = 60;

/// The task graph as a Mermaid flow chart; arrows point from a task to those that wait for it.
///
/// Draws whole images, parents before children, until 60 tasks are reached, and says how many are left out.
/// An arrow that follows from others (build → publish, where verify stands between) is left out too.
pub fn graph(preview: &PreviewJson) -> String {
    let mut text = "flowchart LR\n".to_owned();
    if preview.tasks.is_empty() {
        text += "  none[\"no task: no image is affected\"]\n";
        return text;
    }
    let shown = shown(preview);
    let numbers: BTreeMap<&Label, usize> = shown
        .iter()
        .enumerate()
        .map(|(number, task)| (&task.label, number))
        .collect();
    for (number, task) in shown.iter().enumerate() {
        let class = if task.affected { "affected" } else { "needed" };
        let _ = writeln!(
            text,
            "  t{number}[\"{}\"]:::{class}",
            escape(task.label.as_str())
        );
    }
    for (number, task) in shown.iter().enumerate() {
        for dependency in direct(task, &preview.tasks) {
            if let Some(from) = numbers.get(dependency) {
                let _ = writeln!(text, "  t{from} --> t{number}");
            }
        }
    }
    let left_out = preview.tasks.len() - shown.len();
    if left_out > 0 {
        let _ = writeln!(
            text,
            "  more[\"… and {}\"]:::note",
            super::text::count(left_out, "more task")
        );
        text += "  classDef note fill:none,stroke:none\n";
    }
    text += "  classDef affected stroke-width:2px\n";
    text += "  classDef needed stroke-dasharray:4 3\n";
    text
}

/// The tasks of the first images that fit; of the first one in any case.
fn shown(preview: &PreviewJson) -> Vec<&TaskJson> {
    let mut images: BTreeSet<&ImageId> = BTreeSet::new();
    let mut total = 0;
    for task in &preview.tasks {
        if images.contains(&task.image) {
            continue;
        }
        let tasks = preview
            .tasks
            .iter()
            .filter(|other| other.image == task.image)
            .count();
        if total + tasks > TASKS && !images.is_empty() {
            break;
        }
        total += tasks;
        images.insert(&task.image);
    }
    preview
        .tasks
        .iter()
        .filter(|task| images.contains(&task.image))
        .collect()
}

/// The dependencies of a task that do not follow from another of its dependencies.
pub(super) fn direct<'a>(
    task: &'a TaskJson,
    tasks: &'a [TaskJson],
) -> impl Iterator<Item = &'a Label> {
    let implied: BTreeSet<&Label> = tasks
        .iter()
        .filter(|other| task.dependencies.contains(&other.label))
        .flat_map(|other| &other.dependencies)
        .collect();
    task.dependencies
        .iter()
        .filter(move |label| !implied.contains(label))
}

/// Text for a quoted label: Mermaid's own entities for all that could end the quote, be markup or an entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{many, nothing, small};

    #[test]
    fn draws_tasks_and_what_waits_for_them() {
        insta::assert_snapshot!(graph(&small()), @r#"
        flowchart LR
          t0["build-base-google"]:::needed
          t1["build-gui-google"]:::affected
          t2["verify-gui-google"]:::affected
          t3["publish-gui-google"]:::affected
          t0 --> t1
          t1 --> t2
          t2 --> t3
          classDef affected stroke-width:2px
          classDef needed stroke-dasharray:4 3
        "#);
    }

    #[test]
    fn says_when_there_is_nothing() {
        insta::assert_snapshot!(graph(&nothing()), @r#"
        flowchart LR
          none["no task: no image is affected"]
        "#);
    }

    #[test]
    fn cuts_at_whole_images_and_says_so() {
        let text = graph(&many(100));
        assert_eq!(text.matches(":::affected").count(), TASKS);
        assert_eq!(text.matches("-->").count(), TASKS / 2);
        assert!(text.contains("more[\"… and 140 more tasks\"]"), "{text}");
        assert!(!graph(&many(TASKS / 2)).contains("more["));
    }

    #[test]
    fn labels_cannot_leave_their_quotes() {
        insta::assert_snapshot!(escape("a\"] --> b[\"`<b>#quot;&\\\n"), @"a#34;] --#62; b[#34;#96;#60;b#62;#35;quot#59;#38;#92; ");
    }
}
