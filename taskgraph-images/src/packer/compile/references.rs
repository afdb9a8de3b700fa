//! Names and what follows them: what a dotted reference means, and its parts, indices and splats.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::packer::expr::{Expr, Node, SPLAT};
use crate::packer::value::Value;

impl<'n> Compiler<'n> {
    /// A name that stands alone.
    pub(super) fn name(&self, name: &str, span: Span) -> Expr {
        if self.called || self.bound.iter().any(|bound| **bound == *name) {
            return Expr::Bound(Arc::from(name));
        }
        let hint = match name {
            "var" | "local" | "data" | "path" | "source" | "build" | "packer" => {
                format!("write what of it is meant, such as `{name}.name`")
            }
            _ => "references start with `var.`, `local.`, `data.`, `source.`, `build.` or `path.`"
                .to_owned(),
        };
        self.fault(span, format!("nothing is named `{name}`"), Some(hint))
    }

    fn fault(&self, span: Span, message: String, hint: Option<String>) -> Expr {
        let span = self.fixed.unwrap_or(span);
        let mut diagnostic = Diagnostic::error("unknown-reference", message).at(self.place(span));
        diagnostic.hint = hint;
        Expr::Fault(Box::new(diagnostic))
    }

    pub(super) fn traversal(&mut self, traversal: &Traversal, span: Span) -> Node {
        let operators: Vec<&TraversalOperator> = traversal
            .operators
            .iter()
            .map(|operator| operator.value())
            .collect();
        let (root, used) = match &traversal.expr {
            Expression::Variable(name)
                if !self.called && !self.bound.iter().any(|bound| **bound == *name.as_str()) =>
            {
                self.root(name.as_str(), &operators, span)
            }
            other => (self.expression(other, span).expr, 0),
        };
        let root = self.node(root, span);
        self.apply(root, &operators[used..], span)
    }

    /// What a dotted name starts with, and how many of its parts that takes.
    fn root(&self, name: &str, operators: &[&TraversalOperator], span: Span) -> (Expr, usize) {
        let part = |at: usize| match operators.get(at)? {
            TraversalOperator::GetAttr(part) => Some(part.as_str()),
            TraversalOperator::Index(Expression::String(part)) => Some(part.as_str()),
            _ => None,
        };
        let known = |names: &BTreeMap<Arc<str>, u32>, what: &str, name: &str| {
            let hint = nearest(name, names.keys().map(AsRef::as_ref))
                .map(|near| format!("did you mean `{near}`?"));
            self.fault(span, format!("no {what} is named `{name}`"), hint)
        };
        match (name, part(0), part(1)) {
            ("var", Some(first), _) => (
                self.names.variables.get(first).map_or_else(
                    || known(&self.names.variables, "variable", first),
                    |at| Expr::Variable(*at),
                ),
                1,
            ),
            ("local", Some(first), _) => (
                self.names.locals.get(first).map_or_else(
                    || known(&self.names.locals, "local", first),
                    |at| Expr::Local(*at),
                ),
                1,
            ),
            ("data", Some(first), Some(second)) => {
                let full = format!("{first}.{second}");
                (
                    self.names.data.get(full.as_str()).map_or_else(
                        || known(&self.names.data, "data source", &full),
                        |at| Expr::Data(*at),
                    ),
                    2,
                )
            }
            ("path", Some("root"), _) => (Expr::PathRoot, 1),
            ("path", Some("cwd"), _) => (Expr::PathCwd, 1),
            ("source", Some("name"), _) => (Expr::SourceName, 1),
            ("source", Some("type"), _) => (Expr::SourceType, 1),
            ("source" | "build" | "packer", Some(first), _) => {
                (Expr::Opaque(Arc::from(format!("{name}.{first}"))), 1)
            }
            _ => (self.name(name, span), 0),
        }
    }

    fn apply(&mut self, root: Node, operators: &[&TraversalOperator], span: Span) -> Node {
        let mut node = root;
        let mut rest = operators.iter();
        while let Some(operator) = rest.next() {
            let expr = match operator {
                TraversalOperator::GetAttr(name) => {
                    Expr::Get(Box::new(node), Arc::from(name.as_str()))
                }
                TraversalOperator::Index(index) => {
                    Expr::Index(Box::new([node, self.expression(index, span)]))
                }
                TraversalOperator::LegacyIndex(index) => {
                    let index = self.node(Expr::Const(Value::integer(*index.value())), span);
                    Expr::Index(Box::new([node, index]))
                }
                TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_) => {
                    let remaining = rest.as_slice();
                    let full = matches!(operator, TraversalOperator::FullSplat(_));
                    let taken = if full {
                        remaining.len()
                    } else {
                        remaining
                            .iter()
                            .take_while(|next| matches!(next, TraversalOperator::GetAttr(_)))
                            .count()
                    };
                    let each = self.node(Expr::Bound(Arc::from(SPLAT)), span);
                    let each = self.apply(each, &remaining[..taken], span);
                    let splat = self.node(Expr::Splat(Box::new([node, each])), span);
                    return self.apply(splat, &remaining[taken..], span);
                }
            };
            node = self.node(expr, span);
        }
        node
    }
}
