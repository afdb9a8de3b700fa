//! [`Body`]: the attributes and blocks between two braces, made ready for evaluation.

use std::sync::Arc;

use super::expr::Node;
use super::kinds::{self, Component, Kind};
use crate::diagnostic::Span;

/// Attributes and blocks, sorted by name; blocks of one name keep their order.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) attributes: Vec<Attribute>,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: Arc<str>,
    pub(super) value: Node,
    /// What the attribute names, if it is known to name files.
    pub(super) kind: Option<Kind>,
}

#[derive(Debug)]
pub(super) struct Block {
    pub(super) name: Arc<str>,
    pub(super) labels: Vec<Arc<str>>,
    pub(super) body: Body,
    pub(super) span: Span,
    pub(super) file: u16,
    pub(super) dynamic: Option<Box<Dynamic>>,
}

/// How a `dynamic` block multiplies. The block's body is its `content`.
#[derive(Debug)]
pub(super) struct Dynamic {
    pub(super) for_each: Node,
    pub(super) iterator: Arc<str>,
    pub(super) labels: Vec<Node>,
}

impl Body {
    /// Puts it into canonical order.
    pub(super) fn sort(&mut self) {
        self.attributes.sort_by(|a, b| a.name.cmp(&b.name));
        self.blocks.sort_by(|a, b| a.name.cmp(&b.name));
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .binary_search_by(|attribute| attribute.name.as_ref().cmp(name))
            .ok()
            .map(|at| &self.attributes[at])
    }

    /// Looks up, once, which attributes of a component's configuration name files.
    pub(super) fn classify(&mut self, component: Component, of: &str) {
        for attribute in &mut self.attributes {
            attribute.kind = kinds::kind(component, of, &attribute.name);
        }
        for block in &mut self.blocks {
            block.body.classify(component, of);
        }
    }
}
