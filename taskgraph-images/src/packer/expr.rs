//! [`Expr`]: an expression made ready for evaluation, with its place.
//!
//! References to variables and locals are indices, constant parts are values already, and a reference to something
//! that does not exist is a [`Expr::Fault`] that is raised when (and only when) an image needs it.

use std::sync::Arc;

use hcl_edit::expr::{BinaryOperator, UnaryOperator};

use super::functions::Function;
use super::value::Value;
use crate::diagnostic::{Diagnostic, Span};

/// An expression and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) expr: Expr,
    pub(super) span: Span,
    /// Index of the file among the template's files.
    pub(super) file: u16,
}

#[derive(Debug)]
pub(super) enum Expr {
    Const(Value),
    /// A reference to nothing: what to say when its value is asked for.
    Fault(Box<Diagnostic>),
    Variable(u32),
    Local(u32),
    Data(u32),
    PathRoot,
    PathCwd,
    SourceName,
    SourceType,
    /// A name that a `for`, a `dynamic` block or a called template binds.
    Bound(Arc<str>),
    /// Something that only a run of Packer knows, such as `build.ID`.
    Opaque(Arc<str>),
    /// A function of the legacy templates' language whose value only a run of Packer knows, and what it is given.
    Residual(Arc<str>, Vec<Node>),
    Template(Vec<Part>),
    List(Vec<Node>),
    Object(Vec<(Node, Node)>),
    Call(Box<Call>),
    Conditional(Box<[Node; 3]>),
    Unary(UnaryOperator, Box<Node>),
    Binary(BinaryOperator, Box<[Node; 2]>),
    For(Box<For>),
    Get(Box<Node>, Arc<str>),
    Index(Box<[Node; 2]>),
    /// `collection[*].rest`: the rest is an expression over the bound name [`SPLAT`].
    Splat(Box<[Node; 2]>),
}

/// The name that a splat binds; no identifier can be the same.
pub(super) const SPLAT: &str = "*";

#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Arc<str>,
    /// Absent for functions that nothing here knows: their value is unknown.
    pub(super) function: Option<&'static Function>,
    pub(super) arguments: Vec<Node>,
    /// Whether the last argument is a list of further arguments (`...`).
    pub(super) expand: bool,
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) key_name: Option<Arc<str>>,
    pub(super) value_name: Arc<str>,
    pub(super) collection: Node,
    /// Present when the result is a map.
    pub(super) key: Option<Node>,
    pub(super) value: Node,
    pub(super) grouping: bool,
    pub(super) condition: Option<Node>,
}

/// A piece of a string template.
#[derive(Debug)]
pub(super) enum Part {
    Text(Arc<str>),
    Value(Node),
    If {
        condition: Node,
        then: Vec<Self>,
        otherwise: Vec<Self>,
    },
    For {
        key_name: Option<Arc<str>>,
        value_name: Arc<str>,
        collection: Node,
        body: Vec<Self>,
    },
}
