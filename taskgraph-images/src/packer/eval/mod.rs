//! [`Evaluator`]: evaluates expressions for one image, lazily, within bounds.
//!
//! What cannot be known before Packer runs is carried along as [`Value::Unknown`], which says how it would come
//! about; so the parts of a template that depend on it are still compared exactly.

mod calls;
mod collections;
mod iteration;
mod operators;
mod references;
mod strings;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) use self::iteration::item_of;
use super::body::Block;
use super::expr::{Expr, Node};
use super::resolve::Resolved;
use super::template::Declarations;
use super::value::{MAX_SIZE, Value};
use super::{TemplateInput, Unresolved};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::{Files, TreePath};

/// What stands for the repository's absolute path, which no value here may depend on.
pub(super) const CWD: &str = "/<repository>";

/// How deep evaluations may nest: expressions, locals that refer to locals, templates that call templates.
const MAX_DEPTH: u32 = 256;

/// How many nodes and bytes all evaluations for one image may take together.
const BUDGET: usize = 64 << 20;

/// A fault, boxed because evaluations rarely fail.
pub(super) type Eval<T> = Result<T, Box<Diagnostic>>;

/// Names that are bound around an expression, innermost first.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) name: &'s str,
    pub(super) value: &'s Value,
    pub(super) outer: Option<&'s Self>,
}

/// The state of a value that is evaluated when first needed.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Waiting,
    Running,
    Done(Eval<Value>),
}

/// Evaluates for one image.
pub(super) struct Evaluator<'t> {
    pub(super) declarations: &'t Declarations,
    pub(super) files: &'t dyn Files,
    /// The template's folder.
    pub(super) root: &'t TreePath,
    pub(super) source_type: Value,
    pub(super) source_name: Value,
    pub(super) variables: Vec<Slot>,
    pub(super) locals: Vec<Slot>,
    pub(super) data: Vec<Slot>,
    /// The locals that are being evaluated, outermost first.
    stack: Vec<u32>,
    /// Files that functions read.
    pub(super) inputs: Vec<TemplateInput>,
    /// Names of environment variables that were asked for.
    pub(super) environment: BTreeSet<Arc<str>>,
    /// Paths of the files that templates were called from, after the template's own.
    pub(super) called: Vec<TreePath>,
    /// The files that are being rendered, outermost first.
    pub(super) rendering: Vec<TreePath>,
    /// The configuration of the data sources that were asked for.
    pub(super) asked: Vec<(&'t Block, Resolved<'t>)>,
    pub(super) faults: Vec<Diagnostic>,
    /// Files that functions would read, and that nobody knows yet.
    pub(super) unresolved: Vec<Unresolved>,
    depth: u32,
    budget: usize,
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(
        declarations: &'t Declarations,
        files: &'t dyn Files,
        root: &'t TreePath,
    ) -> Self {
        Self {
            declarations,
            files,
            root,
            source_type: Value::Null,
            source_name: Value::Null,
            variables: vec![Slot::Waiting; declarations.variables.len()],
            locals: vec![Slot::Waiting; declarations.locals.len()],
            data: vec![Slot::Waiting; declarations.data.len()],
            stack: Vec::new(),
            inputs: Vec::new(),
            environment: BTreeSet::new(),
            called: Vec::new(),
            rendering: Vec::new(),
            asked: Vec::new(),
            faults: Vec::new(),
            unresolved: Vec::new(),
            depth: 0,
            budget: BUDGET,
        }
    }

    pub(super) fn place(&self, file: u16, span: Span) -> Place {
        let file = usize::from(file);
        let own = &self.declarations.files;
        let path = own
            .get(file)
            .or_else(|| self.called.get(file - own.len().min(file)))
            .unwrap_or(self.root);
        Place {
            path: path.clone(),
            span,
        }
    }

    pub(super) fn error(
        &self,
        node: &Node,
        code: &'static str,
        message: impl Into<String>,
    ) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(code, message).at(self.place(node.file, node.span)))
    }

    /// Takes from what evaluations may use.
    pub(super) fn charge(&mut self, node: &Node, amount: usize) -> Eval<()> {
        match self.budget.checked_sub(amount) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.error(
                node,
                "template-too-large",
                "the template grows too large when it is evaluated",
            )),
        }
    }

    fn bounded(&self, node: &Node, value: Value) -> Eval<Value> {
        if value.size() > MAX_SIZE {
            return Err(self.error(
                node,
                "template-too-large",
                "the value grows too large when it is evaluated",
            ));
        }
        Ok(value)
    }

    /// The expression's value.
    pub(super) fn eval(&mut self, node: &Node, scope: Option<&Scope<'_>>) -> Eval<Value> {
        if let Expr::Const(value) = &node.expr {
            return Ok(value.clone());
        }
        if self.depth >= MAX_DEPTH {
            return Err(self.error(
                node,
                "template-too-deep",
                format!("evaluation nests deeper than {MAX_DEPTH} levels"),
            ));
        }
        self.charge(node, 1)?;
        self.depth += 1;
        let value = self.eval_inner(node, scope);
        self.depth -= 1;
        self.bounded(node, value?)
    }

    fn eval_inner(&mut self, node: &Node, scope: Option<&Scope<'_>>) -> Eval<Value> {
        match &node.expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Fault(diagnostic) => Err(diagnostic.clone()),
            Expr::Variable(at) => self.variable(*at),
            Expr::Local(at) => self.local(*at),
            Expr::Data(at) => self.data(*at),
            Expr::PathRoot => Ok(Value::string(if self.root.is_root() {
                CWD.to_owned()
            } else {
                format!("{CWD}/{}", self.root)
            })),
            Expr::PathCwd => Ok(Value::string(CWD)),
            Expr::SourceName => Ok(self.source_name.clone()),
            Expr::SourceType => Ok(self.source_type.clone()),
            Expr::Bound(name) => {
                let mut at = scope;
                while let Some(bound) = at {
                    if bound.name == &**name {
                        return Ok(bound.value.clone());
                    }
                    at = bound.outer;
                }
                Err(self.error(
                    node,
                    "unknown-reference",
                    format!("nothing is named `{name}`"),
                ))
            }
            Expr::Opaque(what) => Ok(Value::unknown(what.clone(), Vec::new())),
            Expr::Residual(what, of) => {
                let of = self.eval_all(of, scope)?;
                Ok(Value::unknown(what.clone(), of))
            }
            Expr::Template(parts) => self.template(node, parts, scope),
            Expr::List(items) => Ok(Value::list(self.eval_all(items, scope)?)),
            Expr::Object(entries) => self.object(node, entries, scope),
            Expr::Call(call) => self.call(node, call, scope),
            Expr::Conditional(parts) => self.conditional(parts, scope),
            Expr::Unary(operator, operand) => self.unary(node, *operator, operand, scope),
            Expr::Binary(operator, operands) => self.binary(node, *operator, operands, scope),
            Expr::For(each) => self.for_each(node, each, scope),
            Expr::Get(of, name) => {
                let of = self.eval(of, scope)?;
                self.get(node, &of, &Value::String(name.clone()))
            }
            Expr::Index(parts) => {
                let of = self.eval(&parts[0], scope)?;
                let index = self.eval(&parts[1], scope)?;
                self.get(node, &of, &index)
            }
            Expr::Splat(parts) => self.splat(node, parts, scope),
        }
    }

    fn eval_all(&mut self, nodes: &[Node], scope: Option<&Scope<'_>>) -> Eval<Vec<Value>> {
        nodes.iter().map(|node| self.eval(node, scope)).collect()
    }
}
