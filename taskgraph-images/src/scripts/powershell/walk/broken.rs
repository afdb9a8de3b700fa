//! What the parser did not understand.

use tree_sitter::Node;

use super::Walk;

impl<'t> Walk<'t> {
    /// Lines that look like references, where the parser did not understand the script.
    pub(super) fn broken(&mut self, root: Node<'_>) {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            at += line.len();
            let lower = line.trim_start().to_ascii_lowercase();
            let is_reference = [". ", "& ", "import-module ", "ipmo ", "using module "]
                .iter()
                .any(|sign| lower.starts_with(sign));
            if !is_reference || self.read.contains(&start) {
                continue;
            }
            let inside = root.descendant_for_byte_range(start, start + 1);
            if !inside.is_some_and(|inside| {
                inside.kind() == "comment" || inside.kind().contains("string")
            }) {
                self.command(start);
            }
        }
    }
}

/// Whether an error of the parser is one of the script. The grammar does not know `$variable/path` as an argument,
/// nor a file of comments only.
pub(super) fn is_fault(text: &str, node: Node<'_>) -> bool {
    let is_argument = node
        .parent()
        .is_some_and(|parent| parent.kind() == "member_access");
    let is_comment = (0..node.child_count())
        .filter_map(|at| node.child(at))
        .all(|child| child.kind() == "comment" || text[child.byte_range()].trim().is_empty());
    let is_empty = node.child_count() == 0 && text[node.byte_range()].trim().is_empty();
    !(is_argument || is_empty || (is_comment && node.child_count() > 0))
}
