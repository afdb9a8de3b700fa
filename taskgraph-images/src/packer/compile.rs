//! [`Compiler`]: syntax trees of HCL made ready for evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{self, Structure};
use hcl_edit::template::{Directive, Element, StringTemplate, Strip, Template};

use super::body::{Attribute, Block, Body, Dynamic};
use super::expr::{Call, Expr, For, Node, Part, SPLAT};
use super::functions;
use super::value::{self, Value};
use crate::diagnostic::{Diagnostic, Place, Span, nearest};
use crate::tree::TreePath;

/// What a template declares: the names that references may use, and their indices.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) variables: BTreeMap<Arc<str>, u32>,
    pub(super) locals: BTreeMap<Arc<str>, u32>,
    pub(super) data: BTreeMap<Arc<str>, u32>,
}

/// Makes the syntax trees of one file ready.
pub(super) struct Compiler<'n> {
    names: &'n Names,
    path: TreePath,
    file: u16,
    /// For expressions inside JSON strings, whose own places mean nothing: the string's.
    fixed: Option<Span>,
    /// Whether names are bound by whoever calls the text (`templatefile`), not by the template.
    called: bool,
    /// Names that a surrounding `for` or `dynamic` binds.
    bound: Vec<Arc<str>>,
}

impl<'n> Compiler<'n> {
    pub(super) fn new(names: &'n Names, path: TreePath, file: u16) -> Self {
        Self {
            names,
            path,
            file,
            fixed: None,
            called: false,
            bound: Vec::new(),
        }
    }

    /// One for the text of a file that `templatefile` renders.
    pub(super) fn called(names: &'n Names, path: TreePath, file: u16) -> Self {
        Self {
            called: true,
            ..Self::new(names, path, file)
        }
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place::new(self.path.clone(), span.range())
    }

    pub(super) fn node(&self, expr: Expr, span: Span) -> Node {
        Node {
            expr,
            span: self.fixed.unwrap_or(span),
            file: self.file,
        }
    }

    pub(super) fn body(&mut self, body: &structure::Body) -> Body {
        let mut ready = Body::default();
        for structure in body.iter() {
            match structure {
                Structure::Attribute(attribute) => {
                    let span = span_of(&attribute.value, Span::default());
                    ready.attributes.push(Attribute {
                        name: Arc::from(attribute.key.as_str()),
                        value: self.expression(&attribute.value, span),
                        kind: None,
                    });
                }
                Structure::Block(block) => ready.blocks.push(self.block(block)),
            }
        }
        ready.sort();
        ready
    }

    pub(super) fn block(&mut self, block: &structure::Block) -> Block {
        let labels: Vec<Arc<str>> = block
            .labels
            .iter()
            .map(|label| Arc::from(label.as_str()))
            .collect();
        let span = block
            .ident
            .span()
            .map(Span::from)
            .unwrap_or_else(|| span_of(block, Span::default()));
        if block.ident.as_str() == "dynamic"
            && let [name] = labels.as_slice()
            && let Some(for_each) = block.body.get_attribute("for_each")
            && let Some(content) = block.body.get_blocks("content").next()
        {
            let iterator: Arc<str> = block
                .body
                .get_attribute("iterator")
                .and_then(|attribute| match &attribute.value {
                    Expression::Variable(name) => Some(Arc::from(name.as_str())),
                    _ => None,
                })
                .unwrap_or_else(|| name.clone());
            let for_each = self.expression(&for_each.value, span);
            self.bound.push(iterator.clone());
            let labels = block
                .body
                .get_attribute("labels")
                .map(|attribute| match &attribute.value {
                    Expression::Array(array) => array
                        .iter()
                        .map(|item| self.expression(item, span))
                        .collect(),
                    other => vec![self.expression(other, span)],
                })
                .unwrap_or_default();
            let body = self.body(&content.body);
            self.bound.pop();
            return Block {
                name: name.clone(),
                labels: Vec::new(),
                body,
                span: self.fixed.unwrap_or(span),
                file: self.file,
                dynamic: Some(Box::new(Dynamic {
                    for_each,
                    iterator,
                    labels,
                })),
            };
        }
        Block {
            name: Arc::from(block.ident.as_str()),
            labels,
            body: self.body(&block.body),
            span: self.fixed.unwrap_or(span),
            file: self.file,
            dynamic: None,
        }
    }

    /// The text of a JSON string, which is a template; `span` is the string's.
    pub(super) fn json_string(&mut self, text: &str, span: Span) -> Result<Node, Diagnostic> {
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

    /// The names that `iterator` and the like bind, for what is compiled in `inner`.
    pub(super) fn with_bound<T>(
        &mut self,
        name: &Arc<str>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.bound.push(name.clone());
        let result = inner(self);
        self.bound.pop();
        result
    }

    /// Makes an expression ready; `outer` is the place to name when it has none itself.
    pub(super) fn expression(&mut self, expression: &Expression, outer: Span) -> Node {
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
            Expression::StringTemplate(template) => self.string_template(template, span),
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

    fn string_template(&mut self, template: &StringTemplate, span: Span) -> Expr {
        self.template(template, span)
    }

    /// A template; one that is a single interpolation is the value, not its text.
    pub(super) fn template(&mut self, template: &Template, span: Span) -> Expr {
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

    fn parts(&mut self, template: &Template, before: Strip, after: Strip, span: Span) -> Vec<Part> {
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

    /// A name that stands alone.
    fn name(&self, name: &str, span: Span) -> Expr {
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

    fn traversal(&mut self, traversal: &Traversal, span: Span) -> Node {
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

/// The place of a syntax node, or the one around it.
pub(super) fn span_of(node: &impl hcl_edit::Span, outer: Span) -> Span {
    node.span().map_or(outer, Span::from)
}

fn number_value(number: &hcl_edit::Number) -> Value {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => Value::integer(number),
        (_, Some(number), _) => Value::integer(number),
        (_, _, Some(number)) => Value::float(number).unwrap_or(Value::Null),
        _ => value::canonical(&0.into()),
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
