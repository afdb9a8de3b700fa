//! What a word of a shell script expands to.

mod braces;
mod variables;

use crate::scripts::environment::Environment;
use crate::scripts::shell::lex;
use crate::scripts::shell::substitution;
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
            let end = text.ceil_char_boundary(lex::unit_end(bytes, at, 0).max(at + 1));
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
                    next = text.ceil_char_boundary(lex::group_end(bytes, at + 1, 0));
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
}
