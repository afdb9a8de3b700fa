//! `preview --format dot`: the task graph for Graphviz.

use std::fmt::Write as _;

use super::mermaid::direct;
use super::preview::PreviewJson;

/// The whole task graph in Graphviz's language; arrows point from a task to those that wait for it.
///
/// An arrow that follows from others (build → publish, where verify stands between) is left out.
pub fn graph(preview: &PreviewJson) -> String {
    let mut text =
        "digraph tasks {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    for task in &preview.tasks {
        let style = if task.affected { "solid" } else { "dashed" };
        let _ = writeln!(text, "  {} [style={style}];", quote(task.label.as_str()));
    }
    for task in &preview.tasks {
        for dependency in direct(task, &preview.tasks) {
            let _ = writeln!(
                text,
                "  {} -> {};",
                quote(dependency.as_str()),
                quote(task.label.as_str())
            );
        }
    }
    text + "}\n"
}

/// A quoted id. A backslash is doubled, as Graphviz reads escapes in what it shows.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{nothing, small};

    #[test]
    fn draws_tasks_and_what_waits_for_them() {
        insta::assert_snapshot!(graph(&small()), @r#"
        digraph tasks {
          rankdir=LR;
          node [shape=box, fontname="sans-serif"];
          "build-base-google" [style=dashed];
          "build-gui-google" [style=solid];
          "verify-gui-google" [style=solid];
          "publish-gui-google" [style=solid];
          "build-base-google" -> "build-gui-google";
          "build-gui-google" -> "verify-gui-google";
          "verify-gui-google" -> "publish-gui-google";
        }
        "#);
    }

    #[test]
    fn nothing_is_an_empty_graph() {
        insta::assert_snapshot!(graph(&nothing()), @r#"
        digraph tasks {
          rankdir=LR;
          node [shape=box, fontname="sans-serif"];
        }
        "#);
    }

    #[test]
    fn ids_cannot_leave_their_quotes() {
        insta::assert_snapshot!(quote("a\" -> \"b\\"), @r#""a\" -> \"b\\""#);
    }
}
