//! Where variables get their values: assignments, arrays and loops.

use std::ops::Range;

use tree_sitter::Node;

use super::Walk;
use crate::scripts::ReferenceKind;
use crate::scripts::shell::lex;
use crate::scripts::values::Values;

impl<'t> Walk<'t> {
    /// `for name in words`, `select name in words`.
    pub(super) fn for_statement(&mut self, node: Node<'_>) {
        let Some(variable) = node.child_by_field_name("variable") else {
            return;
        };
        let values = match node.child_by_field_name("value") {
            Some(first) => {
                let words = lex::simple_command(self.text, first.start_byte()).words;
                let mut all = Values::default();
                for word in words {
                    all.extend(&self.expand(word));
                }
                all
            }
            None => Values::unknown("`$@` holds the arguments"),
        };
        let name = self.text[variable.byte_range()].to_owned();
        self.environment.replace(&name, values);
    }

    pub(super) fn assignment(&mut self, range: Range<usize>, parent: &str) {
        let text = &self.text[range.clone()];
        let Some(equals) = text.find('=') else {
            return;
        };
        // `NAME=value command` assigns for the command only.
        if parent == "command" {
            let end = lex::word_end(self.text.as_bytes(), range.start).max(range.end);
            if !self.text[end..]
                .trim_start_matches([' ', '\t', '\r'])
                .starts_with('\n')
            {
                return;
            }
        }
        let appends = text[..equals].ends_with('+');
        let name = text[..equals].trim_end_matches('+');
        let is_element = name.contains('[');
        let name = name.split('[').next().unwrap_or(name).to_owned();
        let start = range.start + equals + 1;
        let is_array = self.text[start..].starts_with('(');
        let mut values = if is_array {
            self.array(start + 1)
        } else {
            let end = lex::word_end(self.text.as_bytes(), start);
            self.expand(start..end)
        };
        if appends && !is_array && !is_element {
            let mut before = self.environment.get(&name).unwrap_or_else(|| {
                Values::unknown(format!("`${name}` is not assigned in the script"))
            });
            before.append(&values);
            values = before;
        } else if appends || is_element {
            self.environment.add(&name, &values);
            return;
        }
        let line = &self.text[..range.start];
        let declaration = line[line
            .rfind(['\n', ';', '&', '|', '(', '{'])
            .map_or(0, |at| at + 1)..]
            .trim_start();
        if parent == "declaration_command" {
            let is_local = ["local", "declare", "typeset"]
                .iter()
                .any(|word| declaration.starts_with(word));
            if is_local && self.environment.functions > 0 {
                self.environment.replace(&name, values);
                return;
            }
            if declaration.starts_with("export") {
                let end = lex::word_end(self.text.as_bytes(), start);
                self.refer(ReferenceKind::Mentioned, start..end, &values);
            }
        }
        self.environment.set(&name, values);
    }

    fn array(&mut self, start: usize) -> Values {
        let end = lex::group_end(self.text.as_bytes(), start, 0);
        let mut all = Values::default();
        let mut at = start;
        while at < end {
            let simple = lex::simple_command(self.text, at);
            for word in simple.words {
                let text = &self.text[word.clone()];
                let word = match (text.starts_with('['), text.find("]=")) {
                    (true, Some(equals)) => word.start + equals + 2..word.end,
                    _ => word,
                };
                all.extend(&self.expand(word));
            }
            at = simple.end.max(at) + 1;
        }
        all
    }
}
