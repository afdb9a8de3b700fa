//! [`VarFile`]: files of variables' values.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::Span as _;

use super::{Document, document, read};
use crate::diagnostic::{Diagnostic, Place};
use crate::packer::compile::{Compiler, Names};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::json::{self};
use crate::packer::template::Declarations;
use crate::packer::variables::VarFile;
use crate::tree::{Files, TreePath};

impl VarFile {
    /// Reads a `*.pkrvars.hcl`, `*.hcl` or `*.json` file of variables' values.
    ///
    /// # Errors
    /// When it cannot be read, is no HCL or JSON, or a value is not literal.
    pub fn parse(files: &dyn Files, path: &TreePath) -> Result<Self, Vec<Diagnostic>> {
        let document = read(files, path)
            .and_then(|text| document(path, &text))
            .map_err(|fault| vec![fault])?;
        let names = Names::default();
        let mut compiler = Compiler::new(&names, path.clone(), 0);
        let mut faults = Vec::new();
        let nodes: Vec<(Arc<str>, Node)> = match &document {
            Document::Hcl(body) => {
                for block in body.blocks() {
                    faults.push(
                        Diagnostic::error(
                            "packer-syntax",
                            format!("a block `{}` in a file of values", block.ident.as_str()),
                        )
                        .at(Place::new(
                            path.clone(),
                            block.ident.span().unwrap_or_default(),
                        ))
                        .hint("such files hold `name = value` only"),
                    );
                }
                let body = compiler.body(body);
                body.attributes
                    .into_iter()
                    .map(|attribute| (attribute.name, attribute.value))
                    .collect()
            }
            Document::Json(json) => json
                .entries()
                .iter()
                .filter(|(name, _)| name != "//")
                .map(|(name, value)| {
                    let value = json::expression(&mut compiler, value, &mut faults);
                    (Arc::from(name.as_str()), value)
                })
                .collect(),
        };
        let declarations = Declarations {
            files: vec![path.clone()],
            ..Declarations::default()
        };
        let root = path.parent();
        let mut evaluator = Evaluator::new(&declarations, files, &root);
        let mut values = BTreeMap::new();
        for (name, node) in nodes {
            match evaluator.eval(&node, None) {
                Ok(value) => {
                    values.insert(name, (value, Place::new(path.clone(), node.span.range())));
                }
                Err(fault) => faults.push(*fault),
            }
        }
        if faults.is_empty() {
            Ok(Self {
                path: path.clone(),
                values,
            })
        } else {
            Err(faults)
        }
    }
}
