//! What the files of a template say, gathered into one [`ParsedTemplate`].
//!
//! Names are declared first, for all files, so that references find them wherever they stand.

use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;

use super::Document;
use super::steps::{classify_steps, hcl_build};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::packer::body::{Block, Body};
use crate::packer::compile::{Compiler, Names};
use crate::packer::expr::{Expr, Node};
use crate::packer::json::{self, Json};
use crate::packer::kinds::Component;
use crate::packer::template::{Build, Data, Declarations, Local, ParsedTemplate, Source, Variable};
use crate::packer::types::Type;
use crate::packer::value::Value;
use crate::packer::variables::{self};
use crate::tree::TreePath;

/// What the files of a template say, as far as they have been read.
pub(super) struct Gathered {
    pub(super) template: ParsedTemplate,
    pub(super) faults: Vec<Diagnostic>,
}

/// The blocks of a template's files and how many labels each has.
const BLOCKS: &[(&str, usize)] = &[
    ("packer", 0),
    ("variable", 1),
    ("variables", 0),
    ("locals", 0),
    ("local", 1),
    ("data", 2),
    ("source", 2),
    ("build", 0),
];

impl Gathered {
    pub(super) fn new(root: TreePath, files: Vec<TreePath>) -> Self {
        Self {
            template: ParsedTemplate {
                declarations: Declarations {
                    files,
                    ..Declarations::default()
                },
                root,
                sources: Vec::new(),
                builds: Vec::new(),
                settings: Vec::new(),
                automatic: Vec::new(),
                warnings: Vec::new(),
            },
            faults: Vec::new(),
        }
    }

    fn place(&self, file: u16, span: Span) -> Place {
        Place {
            path: self.template.declarations.files[usize::from(file)].clone(),
            span,
        }
    }

    /// Notes the names that a file declares, so that references find them wherever they stand.
    pub(super) fn declare(&mut self, document: &Document, file: u16) {
        let mut declared: Vec<(&str, String, Span)> = Vec::new();
        match document {
            Document::Hcl(body) => {
                for block in body.blocks() {
                    let kind = block.ident.as_str();
                    let span = block.ident.span().map(Span::from).unwrap_or_default();
                    let Some((_, labels)) = BLOCKS.iter().find(|(name, _)| *name == kind) else {
                        self.faults
                            .push(unknown_block(kind).at(self.place(file, span)));
                        continue;
                    };
                    if block.labels.len() != *labels {
                        self.faults.push(
                            Diagnostic::error(
                                "packer-syntax",
                                format!(
                                    "a `{kind}` block has {labels} labels, this one has {}",
                                    block.labels.len()
                                ),
                            )
                            .at(self.place(file, span)),
                        );
                        continue;
                    }
                    match kind {
                        "locals" | "variables" => {
                            for attribute in block.body.attributes() {
                                let span = attribute.key.span().map(Span::from).unwrap_or_default();
                                declared.push((kind, attribute.key.as_str().to_owned(), span));
                            }
                        }
                        _ => {
                            let labels: Vec<&str> =
                                block.labels.iter().map(|label| label.as_str()).collect();
                            declared.push((kind, labels.join("."), span));
                        }
                    }
                }
            }
            Document::Json(json) => {
                for (kind, value) in json.entries() {
                    let Some((_, labels)) = BLOCKS.iter().find(|(name, _)| name == kind) else {
                        if kind != "//" {
                            let place = self.place(file, value.span);
                            self.faults.push(unknown_block(kind).at(place));
                        }
                        continue;
                    };
                    for (labels, body) in value.blocks(*labels) {
                        match kind.as_str() {
                            "locals" | "variables" => {
                                for (name, value) in body.entries() {
                                    declared.push((kind, name.clone(), value.span));
                                }
                            }
                            _ => declared.push((kind, labels.join("."), body.span)),
                        }
                    }
                }
            }
        }
        for (kind, name, span) in declared {
            let names = &mut self.template.declarations.names;
            let table = match kind {
                "variable" | "variables" => &mut names.variables,
                "local" | "locals" => &mut names.locals,
                "data" => &mut names.data,
                _ => continue,
            };
            let next = u32::try_from(table.len()).unwrap_or(u32::MAX);
            if table.insert(Arc::from(name.as_str()), next).is_some() {
                let place = self.place(file, span);
                self.faults.push(twice(kind, &name).at(place));
            }
        }
    }

    /// Makes a file's blocks ready, in the order in which `declare` saw them.
    pub(super) fn compile(&mut self, names: &Names, document: &Document, file: u16) {
        let path = self.template.declarations.files[usize::from(file)].clone();
        let mut compiler = Compiler::new(names, path, file);
        match document {
            Document::Hcl(body) => {
                for block in body.blocks() {
                    let span = block.ident.span().map(Span::from).unwrap_or_default();
                    let kind = block.ident.as_str();
                    let labels: Vec<&str> =
                        block.labels.iter().map(|label| label.as_str()).collect();
                    if kind == "variable" {
                        let of = block
                            .body
                            .get_attribute("type")
                            .map_or(Type::Any, |attribute| Type::read(&attribute.value));
                        let body = compiler.body(&block.body);
                        self.variable(&labels, of, body, file, span);
                    } else if kind == "build" {
                        self.build(hcl_build(&mut compiler, block));
                    } else {
                        let body = compiler.body(&block.body);
                        self.block(kind, &labels, body, file, span);
                    }
                }
            }
            Document::Json(json) => {
                for (kind, value) in json.entries() {
                    let Some((_, count)) = BLOCKS.iter().find(|(name, _)| name == kind) else {
                        continue;
                    };
                    for (labels, inner) in value.blocks(*count) {
                        let steps = kind == "build";
                        let (body, blocks) =
                            json::body(&mut compiler, inner, steps, &mut self.faults);
                        if kind == "variable" {
                            let of = inner
                                .get("type")
                                .and_then(Json::as_str)
                                .and_then(|text| text.parse::<Expression>().ok())
                                .map_or(Type::Any, |of| Type::read(&of));
                            self.variable(&labels, of, body, file, inner.span);
                        } else if steps {
                            self.build(Build {
                                body,
                                steps: blocks,
                                all: false,
                            });
                        } else {
                            self.block(kind, &labels, body, file, inner.span);
                        }
                    }
                }
            }
        }
    }

    pub(super) fn variable(
        &mut self,
        labels: &[&str],
        of: Type,
        body: Body,
        file: u16,
        span: Span,
    ) {
        let mut default = None;
        for attribute in body.attributes {
            if &*attribute.name == "default" {
                default = Some(attribute.value);
            }
        }
        self.template.declarations.variables.push(Variable {
            name: Arc::from(labels.first().copied().unwrap_or_default()),
            of,
            default,
            validations: variables::validations(body.blocks),
            span,
            file,
        });
    }

    pub(super) fn block(
        &mut self,
        kind: &str,
        labels: &[&str],
        mut body: Body,
        file: u16,
        span: Span,
    ) {
        match kind {
            "packer" => self.template.settings.push(body),
            "variables" => {
                for attribute in body.attributes {
                    self.template.declarations.variables.push(Variable {
                        name: attribute.name,
                        of: Type::Any,
                        span: attribute.value.span,
                        default: Some(attribute.value),
                        validations: Vec::new(),
                        file,
                    });
                }
            }
            "locals" => {
                for attribute in body.attributes {
                    self.template.declarations.locals.push(Local {
                        name: attribute.name,
                        value: attribute.value,
                    });
                }
            }
            "local" => {
                let value = body
                    .attributes
                    .into_iter()
                    .find(|attribute| &*attribute.name == "expression")
                    .map(|attribute| attribute.value);
                if value.is_none() {
                    let place = self.place(file, span);
                    self.faults.push(
                        Diagnostic::error(
                            "packer-syntax",
                            "a `local` block without an `expression`",
                        )
                        .at(place),
                    );
                }
                self.template.declarations.locals.push(Local {
                    name: Arc::from(labels[0]),
                    value: value.unwrap_or(Node {
                        expr: Expr::Const(Value::Null),
                        span,
                        file,
                    }),
                });
            }
            "data" => {
                body.classify(Component::Other, labels[0]);
                self.template.declarations.data.push(Data {
                    name: Arc::from(labels.join(".")),
                    block: Block {
                        name: Arc::from("data"),
                        labels: labels.iter().map(|label| Arc::from(*label)).collect(),
                        body,
                        span,
                        file,
                        dynamic: None,
                    },
                });
            }
            _ => self.source(labels, body, file, span),
        }
    }

    pub(super) fn source(&mut self, labels: &[&str], mut body: Body, file: u16, span: Span) {
        body.classify(Component::Source, labels[0]);
        let reference: Arc<str> = Arc::from(labels.join("."));
        let known = &mut self.template.sources;
        if known.iter().any(|source| source.reference == reference) {
            let place = self.place(file, span);
            self.faults.push(twice("source", &reference).at(place));
            return;
        }
        known.push(Source {
            of: Arc::from(labels[0]),
            name: Arc::from(labels[1]),
            reference,
            body,
            span,
            file,
        });
    }

    pub(super) fn build(&mut self, mut build: Build) {
        classify_steps(&mut build.steps);
        self.template.builds.push(build);
    }
}

fn unknown_block(kind: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        "packer-syntax",
        format!("templates have no `{kind}` blocks"),
    );
    diagnostic.hint = crate::diagnostic::nearest(kind, BLOCKS.iter().map(|(name, _)| *name))
        .map(|near| format!("did you mean `{near}`?"));
    diagnostic
}

pub(super) fn twice(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "duplicate-declaration",
        format!("the {kind} `{name}` is declared twice"),
    )
}
