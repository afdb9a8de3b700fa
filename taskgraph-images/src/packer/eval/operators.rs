//! Operators, and the choice between two expressions.

use hcl_edit::expr::{BinaryOperator, UnaryOperator};
use serde_json::Number;

use super::{Eval, Evaluator, Scope};
use crate::packer::expr::Node;
use crate::packer::value::Value;

impl<'t> Evaluator<'t> {
    pub(super) fn conditional(
        &mut self,
        parts: &[Node; 3],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let [condition, then, otherwise] = parts;
        let value = self.eval(condition, scope)?;
        if value.is_unknown() {
            let then = self.eval(then, scope)?;
            let otherwise = self.eval(otherwise, scope)?;
            return Ok(Value::unknown("if", vec![value, then, otherwise]));
        }
        let chosen = if self.truth(condition, &value)? {
            then
        } else {
            otherwise
        };
        self.eval(chosen, scope)
    }

    pub(super) fn unary(
        &mut self,
        node: &Node,
        operator: UnaryOperator,
        operand: &Node,
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let value = self.eval(operand, scope)?;
        if value.is_unknown() {
            return Ok(Value::unknown(operator.as_str(), vec![value]));
        }
        match operator {
            UnaryOperator::Not => Ok(Value::Bool(!self.truth(operand, &value)?)),
            UnaryOperator::Neg => {
                let zero = Number::from(0);
                let number = self.number(operand, &value)?;
                arithmetic(BinaryOperator::Minus, &zero, &number)
                    .ok_or_else(|| self.error(node, "wrong-type", "the number is too large"))
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        node: &Node,
        operator: BinaryOperator,
        operands: &[Node; 2],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let [left, right] = operands;
        let a = self.eval(left, scope)?;
        let b = self.eval(right, scope)?;
        if a.has_unknown() || b.has_unknown() {
            return Ok(Value::unknown(operator.as_str(), vec![a, b]));
        }
        self.charge(node, a.size().min(b.size()))?;
        match operator {
            BinaryOperator::Eq => Ok(Value::Bool(a == b)),
            BinaryOperator::NotEq => Ok(Value::Bool(a != b)),
            BinaryOperator::And | BinaryOperator::Or => {
                let (a, b) = (self.truth(left, &a)?, self.truth(right, &b)?);
                Ok(Value::Bool(if operator == BinaryOperator::And {
                    a && b
                } else {
                    a || b
                }))
            }
            _ => {
                let (a, b) = (self.number(left, &a)?, self.number(right, &b)?);
                arithmetic(operator, &a, &b).ok_or_else(|| {
                    self.error(node, "wrong-type", "the result is no number, or too large")
                })
            }
        }
    }

    pub(super) fn truth(&self, node: &Node, value: &Value) -> Eval<bool> {
        value.as_bool().ok_or_else(|| {
            self.error(
                node,
                "wrong-type",
                format!("expected a bool, found {}", value.kind()),
            )
        })
    }

    pub(super) fn number(&self, node: &Node, value: &Value) -> Eval<Number> {
        value.as_number().ok_or_else(|| {
            self.error(
                node,
                "wrong-type",
                format!("expected a number, found {}", value.kind()),
            )
        })
    }
}

fn arithmetic(operator: BinaryOperator, a: &Number, b: &Number) -> Option<Value> {
    use BinaryOperator::{Div, Greater, GreaterEq, Less, LessEq, Minus, Mod, Mul, Plus};
    if let (Some(x), Some(y)) = (a.as_i64(), b.as_i64()) {
        let whole = match operator {
            Plus => x.checked_add(y),
            Minus => x.checked_sub(y),
            Mul => x.checked_mul(y),
            Mod => x.checked_rem(y),
            Div if y != 0 && x % y == 0 => x.checked_div(y),
            Less => return Some(Value::Bool(x < y)),
            LessEq => return Some(Value::Bool(x <= y)),
            Greater => return Some(Value::Bool(x > y)),
            GreaterEq => return Some(Value::Bool(x >= y)),
            _ => None,
        };
        if let Some(whole) = whole {
            return Some(Value::integer(whole));
        }
    }
    let (x, y) = (a.as_f64()?, b.as_f64()?);
    match operator {
        Plus => Value::float(x + y),
        Minus => Value::float(x - y),
        Mul => Value::float(x * y),
        Div if y != 0.0 => Value::float(x / y),
        Mod if y != 0.0 => Value::float(x % y),
        Less => Some(Value::Bool(x < y)),
        LessEq => Some(Value::Bool(x <= y)),
        Greater => Some(Value::Bool(x > y)),
        GreaterEq => Some(Value::Bool(x >= y)),
        _ => None,
    }
}
