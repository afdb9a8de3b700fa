//! What a word of a shell script expands to.

use super::lex;
use super::substitution;
use crate::scripts::environment::Environment;
use crate::scripts::value::{Piece, Value};
use crate::scripts::values::Values;

/// Expansions inside one another, deeper than which nothing is known.
const DEEPEST: u32 = 12;
/// Words longer than this are no paths; expanding them may take time that is quadratic in their length.
const LONGEST: usize = 4096;

/// Expands words as far as their parts are constant.
#[derive(Debug)]
pub(super) struct Expander<'e> {
    pub(super) environment: &'e Environment,
    /// What `${name:=value}` assigned on the way.
    pub(super) assigned: Vec<(String, Values)>,
    pub(super) depth: u32,
}

impl<'e> Expander<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            assigned: Vec::new(),
            depth: 0,
        }
    }

    /// The values of a word.
    pub(super) fn word(&mut self, text: &str) -> Values {
        if self.depth > DEEPEST {
            return Values::unknown("the expansions are nested too deeply");
        }
        if text.len() > LONGEST {
            return Values::unknown("the word is too long for a path");
        }
        self.depth += 1;
        let values = self.parts(text, false);
        self.depth -= 1;
        values
    }

    fn parts(&mut self, text: &str, quoted: bool) -> Values {
        let bytes = text.as_bytes();
        let mut values = Values::one(Value::default());
        let mut plain = String::new();
        let mut at = 0;
        let add = |values: &mut Values, plain: &mut String, more: &Values| {
            if !plain.is_empty() {
                values.append(&Values::one(Value::text(std::mem::take(plain))));
            }
            values.append(more);
        };
        while let Some(&byte) = bytes.get(at) {
            let end = floor(text, lex::unit_end(bytes, at, 0).max(at + 1));
            let unit = &text[at..end];
            let mut next = end;
            match byte {
                b'\\' => match unit[1..].chars().next() {
                    None | Some('\n') => {}
                    Some(character) => {
                        if quoted && !"$`\"\\".contains(character) {
                            plain.push('\\');
                        }
                        plain.push(character);
                        next = at + 1 + character.len_utf8();
                    }
                },
                b'\'' if !quoted => plain.push_str(unit[1..].trim_end_matches('\'')),
                b'"' if !quoted => {
                    let inner = unit[1..].strip_suffix('"').unwrap_or(&unit[1..]);
                    let inner = self.nested(inner);
                    add(&mut values, &mut plain, &inner);
                }
                b'`' => {
                    let inner = unit[1..].strip_suffix('`').unwrap_or(&unit[1..]);
                    let inner = inner
                        .replace("\\`", "`")
                        .replace("\\$", "$")
                        .replace("\\\\", "\\");
                    let output = self.output(&inner);
                    add(&mut values, &mut plain, &output);
                }
                b'$' => {
                    let (expanded, end) = self.dollar(text, at, end);
                    next = end;
                    match expanded {
                        Some(expanded) => add(&mut values, &mut plain, &expanded),
                        None => plain.push('$'),
                    }
                }
                b'~' if at == 0 && !quoted => plain.push('~'),
                b'<' | b'>' if !quoted => {
                    // A process's output as a file.
                    return Values::one(Value::piece(Piece::Made));
                }
                b'*' | b'?' | b'[' if !quoted => {
                    let length = if byte == b'[' {
                        text[at..].find(']').map_or(0, |end| end + 1)
                    } else {
                        1
                    };
                    if length == 0 {
                        plain.push('[');
                    } else {
                        let wild = Values::one(Value::piece(Piece::Wild(
                            text[at..at + length].to_owned(),
                        )));
                        add(&mut values, &mut plain, &wild);
                        next = at + length;
                    }
                }
                b'(' if !quoted => {
                    // An extended pattern: `@(a|b)`.
                    plain.pop();
                    let wild = Values::one(Value::piece(Piece::Wild("*".to_owned())));
                    add(&mut values, &mut plain, &wild);
                    next = floor(text, lex::group_end(bytes, at + 1, 0));
                }
                b'{' if !quoted => match self.braces(text, at) {
                    Some((list, end)) => {
                        add(&mut values, &mut plain, &list);
                        next = end;
                    }
                    None => plain.push('{'),
                },
                _ => {
                    let character = text[at..].chars().next().unwrap_or('?');
                    plain.push(character);
                    next = at + character.len_utf8();
                }
            }
            at = next;
        }
        add(&mut values, &mut plain, &Values::one(Value::default()));
        values
    }

    fn nested(&mut self, text: &str) -> Values {
        if self.depth > DEEPEST {
            return Values::unknown("the expansions are nested too deeply");
        }
        self.depth += 1;
        let values = self.parts(text, true);
        self.depth -= 1;
        values
    }

    fn output(&mut self, commands: &str) -> Values {
        if self.depth > DEEPEST {
            return Values::unknown("the expansions are nested too deeply");
        }
        self.depth += 1;
        let values = substitution::output(self, commands);
        self.depth -= 1;
        values
    }

    /// `{a,b}` and `{1..3}`, which the shell expands first.
    fn braces(&mut self, text: &str, at: usize) -> Option<(Values, usize)> {
        let bytes = text.as_bytes();
        let end = floor(text, lex::brace_end(bytes, at + 1, 0));
        let inner = text.get(at + 1..end.checked_sub(1)?)?;
        if bytes.get(end - 1) != Some(&b'}') {
            return None;
        }
        let mut parts = Vec::new();
        let (mut start, mut position, mut open) = (0, 0, 0);
        let inner_bytes = inner.as_bytes();
        while let Some(&byte) = inner_bytes.get(position) {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                b',' if open == 0 => {
                    parts.push(&inner[start..position]);
                    start = position + 1;
                }
                _ => {}
            }
            position = lex::unit_end(inner_bytes, position, 0).max(position + 1);
        }
        parts.push(inner.get(start..).unwrap_or_default());
        if parts.len() > 1 {
            let mut all = Values::default();
            for part in parts {
                let part = self.word(part);
                all.extend(&part);
            }
            return Some((all, end));
        }
        let (first, last) = inner.split_once("..")?;
        let numbers = first.parse::<u8>().ok().zip(last.parse::<u8>().ok());
        Some(match numbers {
            Some((first, last))
                if first <= last && first.to_string().len() == inner.find("..")? =>
            {
                (
                    (first..=last)
                        .map(|number| Value::text(number.to_string()))
                        .collect(),
                    end,
                )
            }
            _ => (
                Values::unknown(format!("the range `{{{inner}}}` is not evaluated")),
                end,
            ),
        })
    }

    /// What starts with `$` at `at`, and where it ends; no value when the dollar stands for itself.
    fn dollar(&mut self, text: &str, at: usize, unit_end: usize) -> (Option<Values>, usize) {
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

/// The offset, moved back to a character's start.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
