//! Expressions, each made ready together with what it is made of. References and strings have files of their own.

use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::template::Strip;

use super::{Compiler, span_of};
use crate::diagnostic::Span;
use crate::packer::expr::{Call, Expr, For, Node};
use crate::packer::functions;
use crate::packer::value::{self, Value};

impl<'n> Compiler<'n> {
    /// Makes an expression ready; `outer` is the place to name when it has none itself.
    pub(in crate::packer) fn expression(&mut self, expression: &Expression, outer: Span) -> Node {
        let span = span_of(expression, outer);
        let expr = match expression {
            Expression::Null(_) => Expr::Const(Value::Null),
            Expression::Bool(value) => Expr::Const(Value::Bool(*value.value())),
            Expression::Number(number) => Expr::Const(number_value(number.value())),
            Expression::String(text) => Expr::Const(Value::string(text.as_str())),
            Expression::Array(array) => Expr::List(
                array
                    .iter()
                    .map(|item| self.expression(item, span))
                    .collect(),
            ),
            Expression::Object(object) => Expr::Object(
                object
                    .iter()
                    .map(|(key, value)| {
                        let key = match key {
                            ObjectKey::Ident(name) => {
                                let at = name.span().map_or(span, Span::from);
                                self.node(Expr::Const(Value::string(name.as_str())), at)
                            }
                            ObjectKey::Expression(key) => self.expression(key, span),
                        };
                        (key, self.expression(value.expr(), span))
                    })
                    .collect(),
            ),
            Expression::StringTemplate(template) => self.template(template, span),
            Expression::HeredocTemplate(heredoc) => {
                Expr::Template(self.parts(&heredoc.template, Strip::None, Strip::None, span))
            }
            Expression::Parenthesis(inner) => return self.expression(inner.inner(), span),
            Expression::Variable(name) => self.name(name.as_str(), span),
            Expression::Conditional(conditional) => Expr::Conditional(Box::new([
                self.expression(&conditional.cond_expr, span),
                self.expression(&conditional.true_expr, span),
                self.expression(&conditional.false_expr, span),
            ])),
            Expression::FuncCall(call) => {
                let mut name = String::new();
                for space in &call.name.namespace {
                    name.push_str(space.as_str());
                    name.push_str("::");
                }
                name.push_str(call.name.name.as_str());
                Expr::Call(Box::new(Call {
                    function: functions::find(&name),
                    name: Arc::from(name),
                    arguments: call
                        .args
                        .iter()
                        .map(|argument| self.expression(argument, span))
                        .collect(),
                    expand: call.args.expand_final(),
                }))
            }
            Expression::Traversal(traversal) => return self.traversal(traversal, span),
            Expression::UnaryOp(operation) => Expr::Unary(
                *operation.operator.value(),
                Box::new(self.expression(&operation.expr, span)),
            ),
            Expression::BinaryOp(operation) => Expr::Binary(
                *operation.operator.value(),
                Box::new([
                    self.expression(&operation.lhs_expr, span),
                    self.expression(&operation.rhs_expr, span),
                ]),
            ),
            Expression::ForExpr(each) => {
                let collection = self.expression(&each.intro.collection_expr, span);
                let key_name: Option<Arc<str>> = each
                    .intro
                    .key_var
                    .as_ref()
                    .map(|name| Arc::from(name.as_str()));
                let value_name: Arc<str> = Arc::from(each.intro.value_var.as_str());
                let depth = self.bound.len();
                self.bound.extend(key_name.clone());
                self.bound.push(value_name.clone());
                let ready = For {
                    key: each.key_expr.as_ref().map(|key| self.expression(key, span)),
                    value: self.expression(&each.value_expr, span),
                    condition: each
                        .cond
                        .as_ref()
                        .map(|condition| self.expression(&condition.expr, span)),
                    grouping: each.grouping,
                    key_name,
                    value_name,
                    collection,
                };
                self.bound.truncate(depth);
                Expr::For(Box::new(ready))
            }
        };
        self.node(expr, span)
    }
}

fn number_value(number: &hcl_edit::Number) -> Value {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => Value::integer(number),
        (_, Some(number), _) => Value::integer(number),
        (_, _, Some(number)) => Value::float(number).unwrap_or(Value::Null),
        _ => value::canonical(&0.into()),
    }
}
