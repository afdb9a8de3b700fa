//! Where variables get their values: assignments, parameters, loops and pipelines.

use std::ops::Range;

use tree_sitter::Node;

use super::Walk;
use crate::scripts::powershell::lex::{self, Argument};
use crate::scripts::value::Value;
use crate::scripts::values::Values;

impl<'t> Walk<'t> {
    pub(super) fn foreach(&mut self, node: Node<'_>) {
        let child = |kind: &str| {
            (0..node.child_count()).find_map(|at| {
                let child = node.child(at)?;
                (child.kind() == kind).then(|| child.byte_range())
            })
        };
        let (Some(variable), Some(list)) = (child("variable"), child("pipeline")) else {
            return;
        };
        let values = self.statement(list);
        let name = plain_name(&self.text[variable]);
        self.environment.replace(&name, values);
    }

    pub(super) fn parameter(&mut self, node: Node<'_>) {
        let mut name = None;
        let mut values = None;
        for at in 0..node.child_count() {
            let Some(child) = node.child(at) else {
                continue;
            };
            match child.kind() {
                "variable" => name = Some(plain_name(&self.text[child.byte_range()])),
                "script_parameter_default" => {
                    let range = child.byte_range();
                    values = Some(self.statement(range.start + 1..range.end));
                }
                _ => {}
            }
        }
        if let Some(name) = name {
            let values =
                values.unwrap_or_else(|| Values::unknown(format!("`${name}` is a parameter")));
            self.environment.replace(&name, values);
        }
    }

    pub(super) fn assignment(&mut self, node: Node<'_>) {
        let (Some(left), Some(value)) = (node.child(0), node.child_by_field_name("value")) else {
            return;
        };
        let mut left = self.text[left.byte_range()].trim();
        // `[string]$name`.
        while left.starts_with('[')
            && let Some(end) = left.find(']')
        {
            left = left[end + 1..].trim_start();
        }
        if !left.starts_with('$') || left.contains(['.', '[', ',', '(']) {
            return;
        }
        let name = plain_name(left);
        let values = self.statement(value.byte_range());
        let operator = &self.text[..value.start_byte()];
        let operator = operator.trim_end();
        if operator.ends_with("+=") {
            if values.iter().any(Value::starts_at_folder) || self.environment.get(&name).is_none() {
                self.environment.add(&name, &values);
            } else if let Some(mut before) = self.environment.get(&name) {
                before.append(&values);
                self.environment.set(&name, before);
            }
        } else {
            self.environment.set(&name, values);
        }
    }

    /// `… | ForEach-Object { … }`: what `$_` is inside.
    pub(super) fn bind_item(&mut self, range: &Range<usize>) {
        let Some(&start) = self.pipelines.last() else {
            return;
        };
        let (arguments, _) = lex::command(self.text, range.start);
        let is_loop = match arguments.first() {
            Some(Argument::Values(name)) => {
                let name = &self.text[name[0].clone()];
                ["foreach-object", "foreach", "%"]
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known))
            }
            _ => false,
        };
        if is_loop && start < range.start {
            let upstream = self.text[start..range.start]
                .trim_end()
                .trim_end_matches('|');
            let values = self.statement(start..start + upstream.len());
            self.items.push((range.end, values));
        }
    }
}

/// A variable's name without `$`, braces and scope, in lower case.
fn plain_name(variable: &str) -> String {
    let name = variable
        .trim_start_matches(['$', '{'])
        .trim_end_matches('}')
        .to_ascii_lowercase();
    ["script:", "global:", "local:", "private:"]
        .iter()
        .find_map(|scope| name.strip_prefix(scope))
        .map(str::to_owned)
        .unwrap_or(name)
}
