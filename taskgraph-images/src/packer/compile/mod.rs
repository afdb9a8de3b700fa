//! [`Compiler`]: syntax trees of HCL made ready for evaluation.

mod expressions;
mod references;
mod strings;

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{self, Structure};

use super::body::{Attribute, Block, Body, Dynamic};
use super::expr::{Expr, Node};
use crate::diagnostic::{Place, Span};
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
}

/// The place of a syntax node, or the one around it.
pub(super) fn span_of(node: &impl hcl_edit::Span, outer: Span) -> Span {
    node.span().map_or(outer, Span::from)
}
