//! Strings with interpolations and directives in them, and the white space that their markers strip.

use std::sync::Arc;

use hcl_edit::template::{Directive, Element, Strip, Template};

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span};
use crate::packer::expr::{Expr, Node, Part};
use crate::packer::value::Value;

impl<'n> Compiler<'n> {
    /// The text of a JSON string, which is a template; `span` is the string's.
    pub(in crate::packer) fn json_string(
        &mut self,
        text: &str,
        span: Span,
    ) -> Result<Node, Diagnostic> {
        if !text.contains("${") && !text.contains("%{") {
            return Ok(self.node(Expr::Const(Value::string(text)), span));
        }
        let template = text.parse::<Template>().map_err(|error| {
            Diagnostic::error(
                "packer-syntax",
                format!("invalid template: {}", error.message()),
            )
            .at(self.place(span))
        })?;
        let outer = self.fixed.replace(span);
        let expr = self.template(&template, span);
        self.fixed = outer;
        Ok(self.node(expr, span))
    }

    /// A template; one that is a single interpolation is the value, not its text.
    pub(in crate::packer) fn template(&mut self, template: &Template, span: Span) -> Expr {
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            return self.expression(&only.expr, span).expr;
        }
        let mut parts = self.parts(template, Strip::None, Strip::None, span);
        match parts.as_mut_slice() {
            [] => Expr::Const(Value::string("")),
            [Part::Text(text)] => Expr::Const(Value::String(text.clone())),
            _ => Expr::Template(parts),
        }
    }

    pub(super) fn parts(
        &mut self,
        template: &Template,
        before: Strip,
        after: Strip,
        span: Span,
    ) -> Vec<Part> {
        let elements: Vec<&Element> = template.iter().collect();
        let mut parts = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            match element {
                Element::Literal(text) => {
                    let before = match at.checked_sub(1) {
                        Some(previous) => element_strip(elements[previous]).1,
                        None => before.strip_end(),
                    };
                    let after = match elements.get(at + 1) {
                        Some(next) => element_strip(next).0,
                        None => after.strip_start(),
                    };
                    let text = strip(text.as_str(), before, after);
                    if !text.is_empty() {
                        parts.push(Part::Text(Arc::from(text)));
                    }
                }
                Element::Interpolation(interpolation) => {
                    parts.push(Part::Value(self.expression(&interpolation.expr, span)));
                }
                Element::Directive(directive) => parts.push(self.directive(directive, span)),
            }
        }
        parts
    }

    fn directive(&mut self, directive: &Directive, span: Span) -> Part {
        match directive {
            Directive::If(choice) => {
                let end = choice.endif_expr.strip;
                let middle = choice
                    .else_expr
                    .as_ref()
                    .map_or(end, |otherwise| otherwise.strip);
                Part::If {
                    condition: self.expression(&choice.if_expr.cond_expr, span),
                    then: self.parts(&choice.if_expr.template, choice.if_expr.strip, middle, span),
                    otherwise: choice
                        .else_expr
                        .as_ref()
                        .map(|otherwise| {
                            self.parts(&otherwise.template, otherwise.strip, end, span)
                        })
                        .unwrap_or_default(),
                }
            }
            Directive::For(each) => {
                let collection = self.expression(&each.for_expr.collection_expr, span);
                let key_name: Option<Arc<str>> = each
                    .for_expr
                    .key_var
                    .as_ref()
                    .map(|name| Arc::from(name.as_str()));
                let value_name: Arc<str> = Arc::from(each.for_expr.value_var.as_str());
                let depth = self.bound.len();
                self.bound.extend(key_name.clone());
                self.bound.push(value_name.clone());
                let body = self.parts(
                    &each.for_expr.template,
                    each.for_expr.strip,
                    each.endfor_expr.strip,
                    span,
                );
                self.bound.truncate(depth);
                Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                }
            }
        }
    }
}

/// Whether an element strips the white space before it, and after it.
fn element_strip(element: &Element) -> (bool, bool) {
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(interpolation) => (
            interpolation.strip.strip_start(),
            interpolation.strip.strip_end(),
        ),
        Element::Directive(directive) => match &**directive {
            Directive::If(choice) => (
                choice.if_expr.strip.strip_start(),
                choice.endif_expr.strip.strip_end(),
            ),
            Directive::For(each) => (
                each.for_expr.strip.strip_start(),
                each.endfor_expr.strip.strip_end(),
            ),
        },
    }
}

/// Removes white space up to, and with, the first line break.
fn strip(mut text: &str, before: bool, after: bool) -> &str {
    let space = |c: char| c.is_whitespace() && c != '\r' && c != '\n';
    if before {
        let rest = text.trim_start_matches(space);
        text = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
            .unwrap_or(rest);
    }
    if after {
        let rest = text.trim_end_matches(space);
        text = rest
            .strip_suffix("\r\n")
            .or_else(|| rest.strip_suffix('\n'))
            .unwrap_or(rest);
    }
    text
}
