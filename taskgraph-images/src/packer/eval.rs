//! [`Evaluator`]: evaluates expressions for one image, lazily, within bounds.
//!
//! What cannot be known before Packer runs is carried along as [`Value::Unknown`], which says how it would come
//! about; so the parts of a template that depend on it are still compared exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hcl_edit::expr::{BinaryOperator, UnaryOperator};
use serde_json::Number;

use super::body::Block;
use super::expr::{Call, Expr, For, Node, Part, SPLAT};
use super::resolve::Resolved;
use super::template::Declarations;
use super::value::{MAX_SIZE, Value};
use super::{TemplateInput, Unresolved, variables};
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

    fn variable(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        if let Slot::Done(value) = &self.variables[index] {
            return value.clone();
        }
        let value = variables::default(self, &self.declarations.variables[index]);
        self.variables[index] = Slot::Done(value.clone());
        value
    }

    fn local(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        match &self.locals[index] {
            Slot::Done(value) => return value.clone(),
            Slot::Running => return Err(self.cycle(at)),
            Slot::Waiting => {}
        }
        self.locals[index] = Slot::Running;
        self.stack.push(at);
        let declarations = self.declarations;
        let value = self.eval(&declarations.locals[index].value, None);
        self.stack.pop();
        // A fault of the cycle's last member is a fault of all its members: it is told once.
        self.locals[index] = Slot::Done(value.clone());
        value
    }

    fn cycle(&self, at: u32) -> Box<Diagnostic> {
        let start = self.stack.iter().position(|on| *on == at).unwrap_or(0);
        let members: Vec<_> = self.stack[start..]
            .iter()
            .map(|on| &self.declarations.locals[*on as usize])
            .collect();
        let mut path: Vec<&str> = members.iter().map(|local| &*local.name).collect();
        path.extend(path.first().copied());
        let mut diagnostic = Diagnostic::error(
            "locals-cycle",
            format!("locals refer to one another: `{}`", path.join("` → `")),
        );
        if let Some(first) = members.first() {
            diagnostic = diagnostic.at(self.place(first.value.file, first.value.span));
        }
        for local in members.iter().skip(1) {
            let place = self.place(local.value.file, local.value.span);
            diagnostic = diagnostic.note(place, format!("`{}` is defined here", local.name));
        }
        Box::new(diagnostic)
    }

    /// A data source: its configuration is evaluated once, its answers are unknown.
    fn data(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        let declarations = self.declarations;
        let data = &declarations.data[index];
        match &self.data[index] {
            Slot::Done(_) => {}
            Slot::Running => {
                return Err(Box::new(
                    Diagnostic::error(
                        "data-cycle",
                        format!("the data source `{}` refers to itself", data.name),
                    )
                    .at(self.place(data.block.file, data.block.span)),
                ));
            }
            Slot::Waiting => {
                self.data[index] = Slot::Running;
                let resolved = self.resolve(&data.block.body, None, &[]);
                self.data[index] = Slot::Done(Ok(Value::Null));
                self.asked.push((&data.block, resolved));
            }
        }
        Ok(Value::unknown(format!("data.{}", data.name), Vec::new()))
    }

    fn template(&mut self, node: &Node, parts: &[Part], scope: Option<&Scope<'_>>) -> Eval<Value> {
        let mut pieces = Pieces::default();
        self.append(node, parts, scope, &mut pieces)?;
        Ok(pieces.finish())
    }

    fn append(
        &mut self,
        node: &Node,
        parts: &[Part],
        scope: Option<&Scope<'_>>,
        pieces: &mut Pieces,
    ) -> Eval<()> {
        for part in parts {
            match part {
                Part::Text(text) => {
                    self.charge(node, text.len())?;
                    pieces.text.push_str(text);
                }
                Part::Value(inner) => {
                    let value = self.eval(inner, scope)?;
                    self.charge(inner, value.size())?;
                    if value.is_unknown() {
                        pieces.unknown(value);
                    } else if let Some(text) = value.as_text() {
                        pieces.text.push_str(&text);
                    } else {
                        return Err(self.error(
                            inner,
                            "wrong-type",
                            format!("{} cannot be part of a string", value.kind()),
                        ));
                    }
                }
                Part::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    let value = self.eval(condition, scope)?;
                    if value.is_unknown() {
                        let then = self.template(node, then, scope)?;
                        let otherwise = self.template(node, otherwise, scope)?;
                        pieces.unknown(Value::unknown("if", vec![value, then, otherwise]));
                    } else {
                        let chosen = self.truth(condition, &value)?;
                        let chosen = if chosen { then } else { otherwise };
                        self.append(node, chosen, scope, pieces)?;
                    }
                }
                Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                } => {
                    let items = self.eval(collection, scope)?;
                    match self.items(collection, &items)? {
                        Some(items) => {
                            for (key, value) in items {
                                with_item(key_name, value_name, &key, &value, scope, |scope| {
                                    self.append(node, body, Some(scope), pieces)
                                })?;
                                if pieces.text.len() > MAX_SIZE {
                                    return Err(self.error(
                                        node,
                                        "template-too-large",
                                        "the value grows too large when it is evaluated",
                                    ));
                                }
                            }
                        }
                        None => {
                            let (key, value) = item_of(&items);
                            let body =
                                with_item(key_name, value_name, &key, &value, scope, |scope| {
                                    self.template(node, body, Some(scope))
                                })?;
                            pieces.unknown(Value::unknown("for", vec![items, body]));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        node: &Node,
        entries: &[(Node, Node)],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let mut items = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, value) in entries {
            let name = self.eval(key, scope)?;
            let value = self.eval(value, scope)?;
            if name.has_unknown() {
                unknown.push(name);
                unknown.push(value);
                continue;
            }
            let Some(name) = name.as_text() else {
                return Err(self.error(
                    key,
                    "wrong-type",
                    format!("{} cannot be the key of a map", name.kind()),
                ));
            };
            items.insert(name, value);
        }
        self.charge(node, items.len())?;
        if unknown.is_empty() {
            return Ok(Value::map(items));
        }
        unknown.insert(0, Value::map(items));
        Ok(Value::unknown("map", unknown))
    }

    fn conditional(&mut self, parts: &[Node; 3], scope: Option<&Scope<'_>>) -> Eval<Value> {
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

    pub(super) fn truth(&self, node: &Node, value: &Value) -> Eval<bool> {
        value.as_bool().ok_or_else(|| {
            self.error(
                node,
                "wrong-type",
                format!("expected a bool, found {}", value.kind()),
            )
        })
    }

    fn number(&self, node: &Node, value: &Value) -> Eval<Number> {
        value.as_number().ok_or_else(|| {
            self.error(
                node,
                "wrong-type",
                format!("expected a number, found {}", value.kind()),
            )
        })
    }

    fn unary(
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

    fn binary(
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

    /// The keys and values to go through; `None` when they are unknown.
    pub(super) fn items(
        &mut self,
        node: &Node,
        collection: &Value,
    ) -> Eval<Option<Vec<(Value, Value)>>> {
        let items: Vec<(Value, Value)> = match collection {
            Value::Unknown(_) => return Ok(None),
            Value::List(list) => list
                .items
                .iter()
                .enumerate()
                .map(|(at, item)| (Value::integer(at), item.clone()))
                .collect(),
            Value::Map(map) => map
                .items
                .iter()
                .map(|(key, item)| (Value::String(key.clone()), item.clone()))
                .collect(),
            other => {
                return Err(self.error(
                    node,
                    "wrong-type",
                    format!(
                        "expected a list or map to go through, found {}",
                        other.kind()
                    ),
                ));
            }
        };
        self.charge(node, items.len())?;
        Ok(Some(items))
    }

    fn for_each(&mut self, node: &Node, each: &For, scope: Option<&Scope<'_>>) -> Eval<Value> {
        let collection = self.eval(&each.collection, scope)?;
        let Some(items) = self.items(&each.collection, &collection)? else {
            // The body is evaluated once, over an unknown item: that says what would be done with each.
            let (key, value) = item_of(&collection);
            let mut of = vec![collection, Value::Bool(each.grouping)];
            with_item(
                &each.key_name,
                &each.value_name,
                &key,
                &value,
                scope,
                |scope| {
                    for part in [
                        each.key.as_ref(),
                        Some(&each.value),
                        each.condition.as_ref(),
                    ] {
                        of.push(match part {
                            Some(part) => self.eval(part, Some(scope))?,
                            None => Value::Null,
                        });
                    }
                    Eval::Ok(())
                },
            )?;
            return Ok(Value::unknown("for", of));
        };
        let mut list = Vec::new();
        let mut map: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, value) in &items {
            with_item(
                &each.key_name,
                &each.value_name,
                key,
                value,
                scope,
                |scope| {
                    if let Some(condition) = &each.condition {
                        let holds = self.eval(condition, Some(scope))?;
                        if holds.is_unknown() {
                            unknown.push(Value::list(vec![key.clone(), value.clone(), holds]));
                        } else if !self.truth(condition, &holds)? {
                            return Ok(());
                        }
                    }
                    let result = self.eval(&each.value, Some(scope))?;
                    self.charge(node, result.size())?;
                    let Some(key_node) = &each.key else {
                        list.push(result);
                        return Ok(());
                    };
                    let name = self.eval(key_node, Some(scope))?;
                    if name.has_unknown() {
                        unknown.push(Value::list(vec![name, result]));
                        return Ok(());
                    }
                    let Some(name) = name.as_text() else {
                        return Err(self.error(
                            key_node,
                            "wrong-type",
                            format!("{} cannot be the key of a map", name.kind()),
                        ));
                    };
                    if each.grouping {
                        groups.entry(name).or_default().push(result);
                    } else if map.insert(name.clone(), result).is_some() {
                        return Err(self.error(
                            key_node,
                            "duplicate-key",
                            format!("the key `{name}` comes twice; `...` after the value groups"),
                        ));
                    }
                    Ok(())
                },
            )?;
        }
        let result = if each.key.is_none() {
            Value::list(list)
        } else if each.grouping {
            Value::map(
                groups
                    .into_iter()
                    .map(|(key, items)| (key, Value::list(items)))
                    .collect(),
            )
        } else {
            Value::map(map)
        };
        if unknown.is_empty() {
            Ok(result)
        } else {
            unknown.push(result);
            Ok(Value::unknown("for", unknown))
        }
    }

    fn get(&mut self, node: &Node, of: &Value, index: &Value) -> Eval<Value> {
        if of.is_unknown() || index.is_unknown() {
            return Ok(Value::unknown("get", vec![of.clone(), index.clone()]));
        }
        match of {
            Value::Map(map) => {
                let name = index.as_text().unwrap_or_else(|| Arc::from(""));
                map.items.get(&name).cloned().ok_or_else(|| {
                    self.error(
                        node,
                        "unknown-reference",
                        format!("the map has no key `{name}`"),
                    )
                })
            }
            Value::List(list) => {
                let at = index
                    .as_number()
                    .and_then(|number| number.as_u64())
                    .and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| list.items.get(at))
                    .cloned()
                    .ok_or_else(|| {
                        self.error(
                            node,
                            "unknown-reference",
                            format!(
                                "the list has {} items, and none at `{}`",
                                list.items.len(),
                                index.as_text().as_deref().unwrap_or("?"),
                            ),
                        )
                    })
            }
            other => Err(self.error(node, "wrong-type", format!("{} has no parts", other.kind()))),
        }
    }

    fn splat(&mut self, node: &Node, parts: &[Node; 2], scope: Option<&Scope<'_>>) -> Eval<Value> {
        let [of, each] = parts;
        let of = self.eval(of, scope)?;
        let one = |this: &mut Self, value: &Value| {
            let bound = Scope {
                name: SPLAT,
                value,
                outer: scope,
            };
            this.eval(each, Some(&bound))
        };
        match &of {
            Value::Null => Ok(Value::list(Vec::new())),
            Value::List(list) => {
                self.charge(node, list.items.len())?;
                let items: Eval<Vec<Value>> =
                    list.items.iter().map(|item| one(self, item)).collect();
                Ok(Value::list(items?))
            }
            Value::Unknown(_) => {
                let (_, item) = item_of(&of);
                let item = one(self, &item)?;
                Ok(Value::unknown("for", vec![of, item]))
            }
            other => Ok(Value::list(vec![one(self, other)?])),
        }
    }

    fn call(&mut self, node: &Node, call: &Call, scope: Option<&Scope<'_>>) -> Eval<Value> {
        if matches!(&*call.name, "try" | "can") {
            return self.attempt(node, call, scope);
        }
        let mut arguments = self.eval_all(&call.arguments, scope)?;
        if call.expand
            && let Some(last) = arguments.pop()
        {
            match last {
                Value::List(list) => arguments.extend(list.items.iter().cloned()),
                Value::Unknown(_) => {
                    arguments.push(last);
                    return Ok(Value::unknown(format!("{}(...)", call.name), arguments));
                }
                other => {
                    return Err(self.error(
                        node,
                        "wrong-type",
                        format!("expected a list before `...`, found {}", other.kind()),
                    ));
                }
            }
        }
        let Some(function) = call.function else {
            return Ok(Value::unknown(format!("{}()", call.name), arguments));
        };
        let unknown = if function.deep {
            arguments.iter().any(Value::is_unknown)
        } else {
            arguments.iter().any(Value::has_unknown)
        };
        if unknown {
            if let Some(path) = arguments.first()
                && matches!(
                    &*call.name,
                    "file" | "filebase64" | "fileset" | "templatefile"
                )
                && path.has_unknown()
            {
                let diagnostic = Diagnostic::error(
                    "unresolved-path",
                    format!(
                        "which file `{}` reads is known only when Packer runs",
                        call.name
                    ),
                )
                .at(self.place(node.file, node.span));
                let within = super::collect::known_folder(self.root, path);
                self.unresolved.push(Unresolved { diagnostic, within });
            }
            return Ok(Value::unknown(format!("{}()", call.name), arguments));
        }
        let size = arguments.iter().map(Value::size).sum();
        self.charge(node, size)?;
        let value = (function.run)(self, node, &arguments).map_err(|fault| {
            let message = format!("`{}`: {}", call.name, fault.message);
            let mut diagnostic = self.error(node, fault.code, message);
            diagnostic.hint = fault.hint;
            diagnostic
        })?;
        self.charge(node, value.size())?;
        Ok(value)
    }

    /// `try` and `can`, whose arguments may fail.
    fn attempt(&mut self, node: &Node, call: &Call, scope: Option<&Scope<'_>>) -> Eval<Value> {
        let can = &*call.name == "can";
        let mut unknown = Vec::new();
        for argument in &call.arguments {
            match self.eval(argument, scope) {
                Ok(value) if value.has_unknown() => unknown.push(value),
                Ok(value) if unknown.is_empty() => {
                    return Ok(if can { Value::Bool(true) } else { value });
                }
                Ok(value) => {
                    unknown.push(value);
                    break;
                }
                Err(_) => {}
            }
        }
        if !unknown.is_empty() {
            return Ok(Value::unknown(format!("{}()", call.name), unknown));
        }
        if can {
            return Ok(Value::Bool(false));
        }
        Err(self.error(
            node,
            "wrong-type",
            "`try`: none of the arguments has a value",
        ))
    }
}

/// Text with unknown pieces in it.
#[derive(Default)]
struct Pieces {
    done: Vec<Value>,
    text: String,
    unknown: bool,
}

impl Pieces {
    fn unknown(&mut self, value: Value) {
        self.unknown = true;
        if !self.text.is_empty() {
            self.done
                .push(Value::string(std::mem::take(&mut self.text)));
        }
        self.done.push(value);
    }

    fn finish(mut self) -> Value {
        if !self.unknown {
            return Value::string(self.text);
        }
        if !self.text.is_empty() {
            self.done.push(Value::string(self.text));
        }
        Value::unknown("text", self.done)
    }
}

/// What stands for the items of a collection that is unknown.
fn item_of(collection: &Value) -> (Value, Value) {
    (
        Value::unknown("key", vec![collection.clone()]),
        Value::unknown("item", vec![collection.clone()]),
    )
}

/// Binds an item of a collection, and its key where a name is given.
fn with_item<T>(
    key_name: &Option<Arc<str>>,
    value_name: &str,
    key: &Value,
    value: &Value,
    outer: Option<&Scope<'_>>,
    inner: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    let key_scope = key_name.as_ref().map(|name| Scope {
        name,
        value: key,
        outer,
    });
    inner(&Scope {
        name: value_name,
        value,
        outer: key_scope.as_ref().or(outer),
    })
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
