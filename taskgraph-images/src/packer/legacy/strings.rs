//! Go templates in the strings of legacy templates, as far as they can be rendered.

use std::sync::Arc;

use super::Reader;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::packer::expr::{Call, Expr, Node, Part};
use crate::packer::functions;
use crate::packer::value::Value;

impl Reader<'_> {
    /// A string with Go templates in it.
    pub(super) fn text(&self, text: &str, span: Span) -> Expr {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((action, after)) = after.split_once("}}") else {
                break;
            };
            plain.push_str(before);
            match self.action(action, span) {
                Some(expr) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(Arc::from(std::mem::take(&mut plain))));
                    }
                    parts.push(Part::Value(self.compiler.node(expr, span)));
                }
                None => {
                    plain.push_str("{{");
                    plain.push_str(action);
                    plain.push_str("}}");
                }
            }
            rest = after;
        }
        plain.push_str(rest);
        if parts.is_empty() {
            return Expr::Const(Value::string(plain));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(Arc::from(plain)));
        }
        Expr::Template(parts)
    }

    /// What is between `{{` and `}}`, if it can be rendered, or holds something that can.
    fn action(&self, action: &str, span: Span) -> Option<Expr> {
        let words = words(action.trim_matches('-'));
        let word = |at: usize| words.get(at).map(String::as_str);
        match (word(0)?, word(1), words.len()) {
            ("user", Some(name), 2) => Some(self.user(name, span)),
            ("env", Some(name), 2) => {
                let name = self.compiler.node(Expr::Const(Value::string(name)), span);
                Some(Expr::Call(Box::new(Call {
                    name: Arc::from("env"),
                    function: functions::find("env"),
                    arguments: vec![name],
                    expand: false,
                })))
            }
            ("template_dir", None, _) => Some(Expr::PathRoot),
            ("pwd", None, _) => Some(Expr::PathCwd),
            ("build_name", None, _) => Some(Expr::SourceName),
            ("build_type", None, _) => Some(Expr::SourceType),
            _ => {
                let users: Vec<Node> = words
                    .windows(2)
                    .filter(|pair| pair[0] == "user")
                    .map(|pair| self.compiler.node(self.user(&pair[1], span), span))
                    .collect();
                (!users.is_empty()).then(|| Expr::Residual(Arc::from(words.join(" ")), users))
            }
        }
    }

    fn user(&self, name: &str, span: Span) -> Expr {
        if let Some(at) = self.names.variables.get(name) {
            return Expr::Variable(*at);
        }
        let mut diagnostic = Diagnostic::error(
            "unknown-reference",
            format!("no variable is named `{name}`"),
        )
        .at(self.compiler.place(span));
        diagnostic.hint = nearest(name, self.names.variables.keys().map(AsRef::as_ref))
            .map(|near| format!("did you mean `{near}`?"));
        Expr::Fault(Box::new(diagnostic))
    }
}

/// The words of an action: quoted text is one word, parentheses and bars are words of their own.
fn words(action: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = action.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '`' | '"' => {
                let mut word = String::new();
                for inner in characters.by_ref() {
                    if inner == c {
                        break;
                    }
                    word.push(inner);
                }
                words.push(word);
            }
            '(' | ')' | '|' => words.push(c.to_string()),
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = characters
                    .next_if(|c| !c.is_whitespace() && !matches!(c, '`' | '"' | '(' | ')' | '|'))
                {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    words
}
