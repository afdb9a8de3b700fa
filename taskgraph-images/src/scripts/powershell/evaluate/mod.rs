//! What a PowerShell expression evaluates to.

mod commands;
mod operands;
mod strings;

use self::operands::{member, variable_name};
use crate::scripts::environment::Environment;
use crate::scripts::powershell::lex::{self, Argument};
use crate::scripts::value::Value;
use crate::scripts::values::Values;

/// Expressions inside one another, deeper than which nothing is known.
const DEEPEST: u32 = 16;

/// Evaluates expressions as far as their parts are constant.
#[derive(Debug)]
pub(super) struct Evaluator<'e> {
    environment: &'e Environment,
    /// What `$_` stands for.
    item: Option<Values>,
    depth: u32,
}

impl<'e> Evaluator<'e> {
    pub(super) fn new(environment: &'e Environment, item: Option<Values>) -> Self {
        Self {
            environment,
            item,
            depth: 0,
        }
    }

    fn deeper(&mut self, evaluate: impl FnOnce(&mut Self) -> Values) -> Values {
        if self.depth >= DEEPEST {
            return Values::unknown("the expressions are nested too deeply");
        }
        self.depth += 1;
        let values = evaluate(self);
        self.depth -= 1;
        values
    }

    /// A statement that gives a value: an expression or a command, and what they are piped into.
    pub(super) fn statement(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let stages = lex::split(text, b"|");
            let Some((first, rest)) = stages.split_first() else {
                return Values::unknown("it is empty");
            };
            let mut values = this.stage(first);
            for stage in rest {
                values = this.piped(values, stage);
            }
            values
        })
    }

    fn stage(&mut self, text: &str) -> Values {
        let text = text.trim();
        match text.chars().next() {
            None => Values::default(),
            Some('.' | '&') => Values::unknown("it is what a script returns"),
            Some(first) if first.is_ascii_alphabetic() || first == '%' || first == '?' => {
                self.command(text)
            }
            Some(_) => self.expression(text),
        }
    }

    /// A stage of a pipeline, given what comes in.
    fn piped(&mut self, values: Values, stage: &str) -> Values {
        let stage = stage.trim();
        let (arguments, _) = lex::command(stage, 0);
        let name = match arguments.first() {
            Some(Argument::Values(name)) => stage[name[0].clone()].to_ascii_lowercase(),
            _ => String::new(),
        };
        match name.as_str() {
            "where-object" | "where" | "?" | "sort-object" | "sort" | "select-object"
            | "select" | "tee-object" | "resolve-path" | "convert-path" | "get-item"
            | "get-unique" => values,
            "split-path" if !stage.to_ascii_lowercase().contains("-leaf") => {
                values.map(Value::parent)
            }
            "foreach-object" | "foreach" | "%" => {
                let Some(Argument::Values(body)) = arguments.get(1) else {
                    return Values::unknown(format!("the output of `{name}` is not known"));
                };
                let body = &stage[body[0].clone()];
                match body
                    .strip_prefix('{')
                    .and_then(|body| body.strip_suffix('}'))
                {
                    Some(body) => {
                        let outer = self.item.replace(values);
                        let result = self.statement(body);
                        self.item = outer;
                        result
                    }
                    None => member(&values, body),
                }
            }
            _ => Values::unknown(format!("the output of `{name}` is not known")),
        }
    }

    /// An expression: operands and what is between them.
    pub(super) fn expression(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let mut all = Values::default();
            for item in lex::split(text, b",;\n") {
                let item = item.trim();
                if !item.is_empty() {
                    all.extend(&this.sum(item));
                }
            }
            all
        })
    }

    fn sum(&mut self, text: &str) -> Values {
        if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return self.statement(text);
        }
        let (mut values, mut at) = self.operand(text, 0);
        loop {
            at = lex::skip_blanks(text.as_bytes(), at);
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return values;
            }
            if rest.starts_with('+') {
                let (more, next) = self.operand(text, lex::skip_blanks(text.as_bytes(), at + 1));
                // Two lists of paths make a longer list; text makes a longer path.
                if more.iter().any(Value::starts_at_folder) {
                    values.extend(&more);
                } else {
                    values.append(&more);
                }
                at = next;
            } else if rest
                .get(..3)
                .is_some_and(|operator| operator.eq_ignore_ascii_case("-f "))
            {
                let (argument, next) =
                    self.operand(text, lex::skip_blanks(text.as_bytes(), at + 3));
                values = format(&values, &argument);
                at = next;
            } else {
                let operator = rest.split_ascii_whitespace().next().unwrap_or(rest);
                return Values::unknown(format!("`{operator}` is not evaluated"));
            }
        }
    }

    /// The statements of `@(…)` or `$(…)`.
    fn block(&mut self, text: &str) -> Values {
        let mut all = Values::default();
        for statement in lex::split(text, b";\n") {
            if !statement.trim().is_empty() {
                all.extend(&self.statement(statement));
            }
        }
        all
    }

    /// An argument of a command, or the name after `.` and `&`.
    pub(super) fn argument(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let bytes = text.as_bytes();
            match bytes {
                [b'"' | b'\'' | b'(', ..] | [b'@' | b'$', b'(' | b'"' | b'\'', ..] => {
                    let (mut values, end) = this.operand(text, 0);
                    let rest = text.get(end..).unwrap_or_default();
                    if !rest.is_empty() {
                        let rest = this.expandable(rest);
                        values.append(&rest);
                    }
                    values
                }
                [b'$', ..] => {
                    let (_, end) = variable_name(text, 0);
                    if matches!(bytes.get(end), Some(b'.' | b'[')) {
                        let (values, end) = this.operand(text, 0);
                        if end >= bytes.len() {
                            return values;
                        }
                    }
                    this.expandable(text)
                }
                _ => this.expandable(text),
            }
        })
    }
}

/// `'{0}\x.ps1' -f $folder`.
fn format(template: &Values, argument: &Values) -> Values {
    let Some((before, after)) = template.as_text().and_then(|text| text.split_once("{0}")) else {
        return Values::unknown("`-f` is not evaluated");
    };
    if after.contains('{') {
        return Values::unknown("`-f` is not evaluated");
    }
    let mut values = Values::one(Value::text(before));
    values.append(argument);
    values.append(&Values::one(Value::text(after)));
    values
}

/// A bracketed text without its brackets; the opening one has `length` bytes.
fn inside(unit: &str, length: usize) -> &str {
    let inner = unit.get(length..).unwrap_or_default();
    inner.strip_suffix([')', '}', ']']).unwrap_or(inner)
}
