//! [`ParsedTemplate`]: a template read once, evaluated for any number of images.

use std::sync::Arc;

use super::body::{Block, Body};
use super::compile::Names;
use super::expr::Node;
use super::types::Type;
use super::variables::VarFile;
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::TreePath;

/// A template made ready for evaluation. It holds no reference to the tree that it was read from; what it is
/// evaluated against must be the same tree.
#[derive(Debug)]
pub struct ParsedTemplate {
    pub(super) declarations: Declarations,
    /// The template's folder.
    pub(super) root: TreePath,
    pub(super) sources: Vec<Source>,
    pub(super) builds: Vec<Build>,
    /// The `packer` blocks.
    pub(super) settings: Vec<Body>,
    /// Files of values that Packer reads by itself.
    pub(super) automatic: Vec<VarFile>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// What expressions refer to.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    pub(super) files: Vec<TreePath>,
    pub(super) names: Names,
    pub(super) variables: Vec<Variable>,
    pub(super) locals: Vec<Local>,
    pub(super) data: Vec<Data>,
}

#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: Arc<str>,
    pub(super) of: Type,
    pub(super) default: Option<Node>,
    /// Conditions and their messages.
    pub(super) validations: Vec<(Node, Option<Node>)>,
    pub(super) span: Span,
    pub(super) file: u16,
}

#[derive(Debug)]
pub(super) struct Local {
    pub(super) name: Arc<str>,
    pub(super) value: Node,
}

#[derive(Debug)]
pub(super) struct Data {
    /// `type.name`
    pub(super) name: Arc<str>,
    pub(super) block: Block,
}

/// A `source` block, or a builder of a legacy template.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) of: Arc<str>,
    pub(super) name: Arc<str>,
    /// What it is called by: `type.name`, or a legacy builder's name.
    pub(super) reference: Arc<str>,
    pub(super) body: Body,
    pub(super) span: Span,
    pub(super) file: u16,
}

/// A `build` block, or what of a legacy template is not builders.
#[derive(Debug)]
pub(super) struct Build {
    /// Everything but what runs.
    pub(super) body: Body,
    /// `source`, `provisioner`, `post-processor(s)` and `error-cleanup-provisioner` blocks in the order of the text.
    pub(super) steps: Vec<Block>,
    /// Whether every source of the template is built (a legacy template).
    pub(super) all: bool,
}

impl ParsedTemplate {
    /// A legacy template that was made by a program, for the file that it was made from. Its places are that file.
    ///
    /// # Errors
    /// Every fault of the template.
    pub fn rendered(
        path: &TreePath,
        template: &serde_json::Value,
    ) -> Result<Self, Vec<Diagnostic>> {
        super::legacy::parse(path.parent(), path, &super::json::Json::made(template))
    }

    /// What the template can build: `type.name`, or the names of a legacy template's builders.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| &*source.reference)
    }

    /// What the template can build, and where it says so.
    pub fn sources_at(&self) -> impl Iterator<Item = (&str, Place)> {
        self.sources.iter().map(|source| {
            let place = Place {
                path: self.declarations.files[usize::from(source.file)].clone(),
                span: source.span,
            };
            (&*source.reference, place)
        })
    }

    /// The variables that it declares.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.declarations.names.variables.keys().map(AsRef::as_ref)
    }

    /// Whether it asks for plug-ins, which `packer init` brings.
    pub fn asks_for_plugins(&self) -> bool {
        self.settings
            .iter()
            .flat_map(|body| &body.blocks)
            .any(|block| &*block.name == "required_plugins")
    }

    /// The files that it is written in.
    pub fn files(&self) -> &[TreePath] {
        &self.declarations.files
    }
}
