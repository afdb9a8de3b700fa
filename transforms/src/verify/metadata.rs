//! Name, description, owner and source are of the queue's lengths, and the name is the label.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let metadata = &task.task.metadata;
        if metadata.name != task.label.as_str() {
            faults.task(
                task,
                format!("is named {:?}", metadata.name),
                "name tasks as their label",
            );
        }
        for (field, text, longest) in [
            ("name", &metadata.name, 255),
            ("description", &metadata.description, 32_768),
            ("owner", &metadata.owner, 255),
            ("source", &metadata.source, 4096),
        ] {
            let length = text.chars().count();
            if length > longest {
                faults.task(
                    task,
                    format!("the {field} has {length} characters of at most {longest}"),
                    "shorten it",
                );
            }
        }
        let source = &metadata.source;
        if !["https://", "http://", "ssh://", "git@"]
            .iter()
            .any(|start| source.starts_with(start))
        {
            faults.task(
                task,
                format!("the source {source:?} is no address"),
                "give the head repository's address",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn there_are_limits() {
        check(
            "metadata",
            |tasks| tasks[0].task.metadata.name = "x".into(),
            "is named \"x\"",
        );
        check(
            "metadata",
            |tasks| tasks[0].task.metadata.owner = "x".repeat(256),
            "the owner has 256 characters",
        );
        check(
            "metadata",
            |tasks| tasks[0].task.metadata.description = "x".repeat(32_769),
            "the description has 32769",
        );
        check(
            "metadata",
            |tasks| tasks[0].task.metadata.source = "x".into(),
            "is no address",
        );
    }
}
