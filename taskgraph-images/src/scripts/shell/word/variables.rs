//! What starts with a dollar: variables, and the operations on them.

use super::Expander;
use crate::scripts::value::{Piece, Value};
use crate::scripts::values::Values;

impl<'e> Expander<'e> {
    /// What starts with `$` at `at`, and where it ends; no value when the dollar stands for itself.
    pub(super) fn dollar(
        &mut self,
        text: &str,
        at: usize,
        unit_end: usize,
    ) -> (Option<Values>, usize) {
        let rest = &text[at + 1..];
        let inside = |from: usize, close: char| {
            let inner = &text[from.min(unit_end)..unit_end];
            inner.strip_suffix(close).unwrap_or(inner)
        };
        match rest.chars().next() {
            Some('(') if rest.starts_with("((") => (
                Some(Values::unknown("it depends on a calculation")),
                unit_end,
            ),
            Some('(') => (Some(self.output(inside(at + 2, ')'))), unit_end),
            Some('{') => (Some(self.expansion(inside(at + 2, '}'))), unit_end),
            Some('\'') => (
                Some(Values::one(Value::text(unescape(inside(at + 2, '\''))))),
                unit_end,
            ),
            Some('"') => (Some(Values::one(Value::default())), at + 1),
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                let length = rest
                    .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                    .unwrap_or(rest.len());
                (Some(self.variable(&rest[..length], None)), at + 1 + length)
            }
            Some(first) if first.is_ascii_digit() || "@*#?$!-".contains(first) => {
                (Some(self.variable(&rest[..1], None)), at + 2)
            }
            _ => (None, at + 1),
        }
    }

    /// The values of a variable that is expanded without changes.
    fn variable(&self, name: &str, index: Option<&str>) -> Values {
        self.assigned_values(name, index).unwrap_or_else(|| {
            Values::unknown(
                if name.bytes().all(|byte| byte.is_ascii_digit()) || matches!(name, "@" | "*") {
                    format!("`${name}` is an argument")
                } else {
                    format!("`${name}` is not assigned in the script")
                },
            )
        })
    }

    fn assigned_values(&self, name: &str, index: Option<&str>) -> Option<Values> {
        match name {
            "0" => Some(Values::one(Value::piece(Piece::ScriptFile))),
            "BASH_SOURCE" if matches!(index, None | Some("0")) => {
                Some(Values::one(Value::piece(Piece::ScriptFile)))
            }
            "BASH_SOURCE" => Some(Values::unknown(
                "it depends on the script that sources this one",
            )),
            "PWD" => Some(self.environment.folders().map(Value::canonical)),
            _ => self.environment.get(name).or(match name {
                "HOME" => Some(Values::one(Value::text("~"))),
                _ => None,
            }),
        }
    }

    /// What is between `${` and `}`.
    fn expansion(&mut self, text: &str) -> Values {
        let name_length = text
            .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .unwrap_or(text.len());
        let name_length = match (name_length, text.chars().next()) {
            (0, Some('@' | '*')) => 1,
            (length, _) => length,
        };
        if name_length == 0 {
            return Values::unknown(format!("`${{{text}}}` is not evaluated"));
        }
        let (name, mut operation) = text.split_at(name_length);
        let mut index = None;
        if operation.starts_with('[') {
            let end = operation.find(']').unwrap_or(operation.len());
            index = Some(&operation[1..end]);
            operation = operation.get(end + 1..).unwrap_or_default();
        }
        if operation.is_empty() {
            return self.variable(name, index);
        }
        for (signs, assigns) in [([":-", "-"], false), ([":=", "="], true)] {
            let Some(default) = signs.iter().find_map(|sign| operation.strip_prefix(sign)) else {
                continue;
            };
            let known = self.assigned_values(name, index).unwrap_or_default();
            let mut values: Values = known
                .iter()
                .filter(|value| value.as_text() != Some(""))
                .cloned()
                .collect();
            let may_be_empty = values.is_empty()
                || known
                    .iter()
                    .any(|value| value.as_text() == Some("") || value.reason().is_some());
            if may_be_empty {
                let default = self.word(default);
                // An argument or something read may be missing; then the default is what the author means.
                values = values
                    .iter()
                    .filter(|value| value.reason().is_none())
                    .cloned()
                    .collect();
                values.extend(&default);
            }
            if assigns {
                self.assigned.push((name.to_owned(), values.clone()));
            }
            return values;
        }
        let values = self.variable(name, index);
        if operation.starts_with(":?") || operation.starts_with('?') {
            return values;
        }
        if let Some(word) = operation
            .strip_prefix(":+")
            .or_else(|| operation.strip_prefix('+'))
        {
            let mut all = self.word(word);
            all.extend(&Values::one(Value::default()));
            return all;
        }
        values.map(|value| changed(value, operation, text))
    }
}

/// A value after `%`, `#` and their like.
fn changed(value: &Value, operation: &str, text: &str) -> Value {
    if value.reason().is_some() || value.is_made() {
        return value.clone();
    }
    let unknown = || Value::unknown(format!("`${{{text}}}` is not evaluated"));
    match operation {
        "%/*" => value.parent(),
        "%/" => value.canonical(),
        "##*/" => value.file_name().map_or_else(
            || Value::unknown("it depends on the script's own name"),
            Value::text,
        ),
        _ => match (value.as_text(), operation.strip_prefix('%')) {
            (Some(text), Some(suffix))
                if !suffix.contains(['*', '?', '[', '$', '"', '\'', '%', '\\']) =>
            {
                Value::text(text.strip_suffix(suffix).unwrap_or(text))
            }
            _ => unknown(),
        },
    }
}

/// The text of `$'…'`.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            (other, false) => plain.push(other),
        }
    }
    plain
}
