//! What a PowerShell expression evaluates to.

use super::bound::{Bound, SWITCHES};
use super::lex::{self, Argument};
use crate::scripts::environment::Environment;
use crate::scripts::value::{Piece, Value};
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

    /// The operand that starts at `at`, with its members, and where it ends.
    fn operand(&mut self, text: &str, at: usize) -> (Values, usize) {
        let bytes = text.as_bytes();
        let end = ceiling(text, lex::unit_end(bytes, at, 0));
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
                    next = ceiling(text, lex::unit_end(bytes, next, 0));
                }
            } else if rest.starts_with('[') {
                // An element: any of the values.
                next = ceiling(text, lex::unit_end(bytes, next, 0));
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
        let end = ceiling(text, lex::unit_end(text.as_bytes(), at + length, 0)).max(at + length);
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

    fn named(&self, name: &str, lower: &str) -> Values {
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

    /// A string with its quotes.
    fn string(&mut self, text: &str) -> Values {
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
    fn expandable(&mut self, text: &str) -> Values {
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
                        let end = ceiling(text, lex::unit_end(bytes, at, 0));
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

    /// The value of a command: the ones that paths are made with.
    pub(super) fn command(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let (arguments, _) = lex::command(text, 0);
            let Some((Argument::Values(name), arguments)) = arguments.split_first() else {
                return Values::unknown("it is what a command returns");
            };
            let name = text[name[0].clone()].to_ascii_lowercase();
            let bound = Bound::new(text, arguments, SWITCHES);
            let mut get = |names: &[&str], position: usize| -> Option<Values> {
                let ranges = bound.get(names, position)?;
                let mut all = Values::default();
                for range in ranges {
                    all.extend(&this.argument(&text[range.clone()]));
                }
                Some(all)
            };
            let unknown = || Values::unknown(format!("the output of `{name}` is not known"));
            match name.as_str() {
                "join-path" => {
                    let (Some(mut path), Some(child)) =
                        (get(&["path", "pspath"], 0), get(&["childpath"], 1))
                    else {
                        return unknown();
                    };
                    path.cross(&child, Value::join_below);
                    for position in 2..bound.positional() {
                        if let Some(more) = get(&["additionalchildpath"], position) {
                            path.cross(&more, Value::join_below);
                        }
                    }
                    path
                }
                "split-path" => match get(&["path", "literalpath"], 0) {
                    Some(_) if bound.has(&["leaf", "leafbase", "extension", "qualifier"]) => {
                        unknown()
                    }
                    Some(path) => path.map(Value::parent),
                    None => unknown(),
                },
                "resolve-path" | "rvpa" | "convert-path" | "cvpa" | "get-item" | "gi" => {
                    get(&["path", "literalpath"], 0).unwrap_or_else(unknown)
                }
                "get-location" | "gl" | "pwd" => this.environment.folders(),
                "write-output" | "echo" => get(&["inputobject"], 0).unwrap_or_else(unknown),
                "new-temporaryfile" => Values::one(Value::piece(Piece::Made)),
                "get-childitem" | "gci" | "dir" | "ls" => {
                    let path = get(&["path", "literalpath"], 0)
                        .unwrap_or_else(|| Values::one(Value::text(".")));
                    let filter = get(&["filter", "include"], 1);
                    path.map(|path| {
                        path.listing(
                            filter.as_ref().and_then(Values::as_text),
                            bound.has(&["recurse"]),
                        )
                    })
                }
                _ => unknown(),
            }
        })
    }
}

/// The name after the `$` at `at`, and where it ends.
fn variable_name(text: &str, at: usize) -> (&str, usize) {
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

fn member(values: &Values, name: &str) -> Values {
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

/// Text of a string: on Windows both slashes separate folders.
fn path_text(text: &str) -> Value {
    Value::text(text.replace('\\', "/"))
}

/// A bracketed text without its brackets; the opening one has `length` bytes.
fn inside(unit: &str, length: usize) -> &str {
    let inner = unit.get(length..).unwrap_or_default();
    inner.strip_suffix([')', '}', ']']).unwrap_or(inner)
}

/// The offset, moved on to a character's start.
fn ceiling(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
