//! Operands: variables, strings, brackets and static methods, with the members that follow them.

use super::{Evaluator, inside};
use crate::scripts::powershell::lex::{self};
use crate::scripts::value::{Piece, Value};
use crate::scripts::values::Values;

impl<'e> Evaluator<'e> {
    /// The operand that starts at `at`, with its members, and where it ends.
    pub(super) fn operand(&mut self, text: &str, at: usize) -> (Values, usize) {
        let bytes = text.as_bytes();
        let end = text.ceil_char_boundary(lex::unit_end(bytes, at, 0));
        let unit = text.get(at..end).unwrap_or_default();
        let (mut values, mut next) = match unit.as_bytes() {
            [b'"' | b'\'', ..] | [b'@', b'"' | b'\'', ..] => (self.string(unit), end),
            [b'(', ..] => (self.statement(inside(unit, 1)), end),
            [b'@' | b'$', b'(', ..] => (self.block(inside(unit, 2)), end),
            [b'$', ..] => {
                let (name, next) = variable_name(text, at);
                self.variable(name, text, next)
            }
            [b'[', ..] if text[end..].starts_with("::") => {
                return self.static_method(unit, text, end + 2);
            }
            // A cast says nothing about the path.
            [b'[', ..] if end > at => {
                return self.operand_deeper(text, lex::skip_blanks(bytes, end));
            }
            _ => {
                let word = text.get(at..).unwrap_or_default();
                let length = word.find([' ', '\t', ')', '+']).unwrap_or(word.len());
                let known = word[..length].bytes().all(|byte| byte.is_ascii_digit()) && length > 0;
                let values = if known {
                    Values::one(Value::text(&word[..length]))
                } else {
                    Values::unknown(format!("`{}` is not evaluated", &word[..length]))
                };
                (values, at + length.max(1))
            }
        };
        while let Some(rest) = text.get(next..) {
            if let Some(after) = rest.strip_prefix('.')
                && after.starts_with(|first: char| first.is_ascii_alphabetic())
            {
                let length = after
                    .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                    .unwrap_or(after.len());
                values = member(&values, &after[..length]);
                next += 1 + length;
                if bytes.get(next) == Some(&b'(') {
                    next = text.ceil_char_boundary(lex::unit_end(bytes, next, 0));
                }
            } else if rest.starts_with('[') {
                // An element: any of the values.
                next = text.ceil_char_boundary(lex::unit_end(bytes, next, 0));
            } else {
                break;
            }
        }
        (values, next)
    }

    fn operand_deeper(&mut self, text: &str, at: usize) -> (Values, usize) {
        let mut next = text.len();
        let values = self.deeper(|this| {
            let (values, end) = this.operand(text, at);
            next = end;
            values
        });
        (values, next)
    }

    /// `[System.IO.Path]::Combine(a, b)` and its like.
    fn static_method(&mut self, class: &str, text: &str, at: usize) -> (Values, usize) {
        let rest = &text[at..];
        let length = rest
            .find(|character: char| !character.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let method = rest[..length].to_ascii_lowercase();
        let end = text
            .ceil_char_boundary(lex::unit_end(text.as_bytes(), at + length, 0))
            .max(at + length);
        let class = class.trim_matches(['[', ']']).to_ascii_lowercase();
        let is_path = matches!(class.as_str(), "io.path" | "system.io.path");
        let arguments = lex::split(inside(&text[at + length..end], 1), b",");
        let mut arguments = arguments
            .into_iter()
            .map(|argument| self.expression(argument.trim()));
        let values = match (is_path, method.as_str(), arguments.next()) {
            (true, "combine" | "join", Some(mut path)) => {
                for child in arguments {
                    path.cross(&child, Value::join);
                }
                path
            }
            (true, "getfullpath", Some(path)) => self.environment.resolve(&path),
            (true, "getdirectoryname", Some(path)) => path.map(Value::parent),
            (true, "gettemppath", _) => Values::one(Value::piece(Piece::Made)),
            (true, "gettempfilename" | "getrandomfilename", _) => {
                Values::one(Value::piece(Piece::Made))
            }
            _ => Values::unknown(format!("`[{class}]::{method}` is not evaluated")),
        };
        (values, end)
    }

    /// A variable with the members that only it has.
    fn variable(&mut self, name: &str, text: &str, next: usize) -> (Values, usize) {
        let lower = name.to_ascii_lowercase();
        if lower == "myinvocation" {
            let rest = text.get(next..).unwrap_or_default();
            let length = rest
                .find(|character: char| !character.is_ascii_alphanumeric() && character != '.')
                .unwrap_or(rest.len());
            let values = match rest[..length].to_ascii_lowercase().as_str() {
                ".mycommand.path" | ".mycommand.definition" | ".mycommand.source" => {
                    Values::one(Value::piece(Piece::ScriptFile))
                }
                other => Values::unknown(format!("`$MyInvocation{other}` is not evaluated")),
            };
            return (values, next + length);
        }
        (self.named(name, &lower), next)
    }

    pub(super) fn named(&self, name: &str, lower: &str) -> Values {
        let plain = ["script:", "global:", "local:", "private:", "variable:"]
            .iter()
            .find_map(|scope| lower.strip_prefix(scope))
            .unwrap_or(lower);
        match plain {
            "psscriptroot" => Values::one(Value::piece(Piece::ScriptFolder(0))),
            "pscommandpath" => Values::one(Value::piece(Piece::ScriptFile)),
            "pwd" => self.environment.folders(),
            "_" | "psitem" => match &self.item {
                Some(item) => item.clone(),
                None => Values::unknown("`$_` is what comes out of a pipeline"),
            },
            "home" | "pshome" | "profile" => Values::one(Value::text(format!("${name}"))),
            "env:temp" | "env:tmp" => Values::one(Value::text(format!("${name}"))),
            _ if plain.starts_with("env:") => Values::one(Value::text(format!("${name}"))),
            "args" => Values::unknown("`$args` holds the arguments"),
            _ => self.environment.get(plain).unwrap_or_else(|| {
                Values::unknown(format!("`${name}` is not assigned in the script"))
            }),
        }
    }
}

/// The name after the `$` at `at`, and where it ends.
pub(super) fn variable_name(text: &str, at: usize) -> (&str, usize) {
    let rest = &text[at + 1..];
    if let Some(braced) = rest.strip_prefix('{') {
        let end = braced.find('}').unwrap_or(braced.len());
        return (&braced[..end], (at + 2 + end + 1).min(text.len()));
    }
    let mut length = 0;
    for (position, character) in rest.char_indices() {
        let after = rest[position + character.len_utf8()..].chars().next();
        let is_scope = character == ':'
            && after.is_some_and(|after| after.is_ascii_alphanumeric() || after == '_');
        if character.is_alphanumeric()
            || character == '_'
            || (is_scope && !rest[..position].contains(':'))
        {
            length = position + character.len_utf8();
        } else {
            break;
        }
    }
    (&rest[..length], at + 1 + length)
}

pub(super) fn member(values: &Values, name: &str) -> Values {
    match name.to_ascii_lowercase().as_str() {
        "fullname" | "path" | "providerpath" | "pspath" | "tostring" | "trim" | "value"
        | "definition" => values.clone(),
        "directoryname" | "directory" | "parent" | "psparentpath" => values.map(Value::parent),
        "name" => values.map(|value| {
            value
                .last_component()
                .unwrap_or_else(|| Value::unknown("it depends on the name of a file"))
        }),
        _ => values.map(|value| match value.reason() {
            Some(reason) => Value::unknown(reason),
            None => Value::unknown(format!("`.{name}` is not evaluated")),
        }),
    }
}
