//! Strings, quoted and expandable.

use super::operands::variable_name;
use super::{Evaluator, inside};
use crate::scripts::powershell::lex::{self};
use crate::scripts::value::Value;
use crate::scripts::values::Values;

impl<'e> Evaluator<'e> {
    /// A string with its quotes.
    pub(super) fn string(&mut self, text: &str) -> Values {
        if let Some(here) = text.strip_prefix('@') {
            let inner = here
                .get(1..here.len().saturating_sub(2))
                .unwrap_or_default();
            return match here.starts_with('"') {
                true => self.expandable(inner.trim_matches(['\r', '\n'])),
                false => Values::one(path_text(inner.trim_matches(['\r', '\n']))),
            };
        }
        match text.strip_prefix('\'') {
            Some(inner) => {
                let inner = inner.strip_suffix('\'').unwrap_or(inner);
                Values::one(path_text(&inner.replace("''", "'")))
            }
            None => {
                let inner = &text[1..];
                self.expandable(inner.strip_suffix('"').unwrap_or(inner))
            }
        }
    }

    /// Text in which variables are expanded.
    pub(super) fn expandable(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let bytes = text.as_bytes();
            let mut values = Values::one(Value::default());
            let mut plain = String::new();
            let mut at = 0;
            while at < bytes.len() {
                let rest = &text[at..];
                let mut characters = rest.chars();
                let first = characters.next().unwrap_or_default();
                let next = characters.next();
                let (expanded, end) = match (first, next) {
                    ('`', Some(escaped)) => {
                        plain.push(escaped);
                        at += 1 + escaped.len_utf8();
                        continue;
                    }
                    ('"', Some('"')) => {
                        plain.push('"');
                        at += 2;
                        continue;
                    }
                    ('$', Some('(')) => {
                        let end = text.ceil_char_boundary(lex::unit_end(bytes, at, 0));
                        (this.block(inside(&text[at..end], 2)), end)
                    }
                    ('$', Some(name)) if name.is_ascii_alphabetic() || "_{".contains(name) => {
                        let (name, end) = variable_name(text, at);
                        (this.named(name, &name.to_ascii_lowercase()), end)
                    }
                    _ => {
                        plain.push(first);
                        at += first.len_utf8();
                        continue;
                    }
                };
                values.append(&Values::one(path_text(&std::mem::take(&mut plain))));
                values.append(&expanded);
                at = end;
            }
            values.append(&Values::one(path_text(&plain)));
            values
        })
    }
}

/// Text of a string: on Windows both slashes separate folders.
fn path_text(text: &str) -> Value {
    Value::text(text.replace('\\', "/"))
}
