//! Reads templates: HCL, HCL's JSON syntax, and files of variables' values.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure;

use super::body::{Block, Body};
use super::compile::{Compiler, Names};
use super::eval::Evaluator;
use super::expr::{Expr, Node};
use super::file_functions::file_code;
use super::json::{self, Json, STEPS};
use super::kinds::Component;
use super::template::{Build, Data, Declarations, Local, ParsedTemplate, Source, Variable};
use super::value::Value;
use super::variables::{self, Type, VarFile};
use super::{folder, legacy};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::{FileKind, Files, TreePath};

/// The largest template, or file of values, that is read.
pub(super) const MAX_TEMPLATE: usize = 1 << 20;

/// A file's syntax tree.
enum Document {
    Hcl(structure::Body),
    Json(Json),
}

impl ParsedTemplate {
    /// Reads a template: a `*.pkr.hcl` or `*.pkr.json` file, a folder of them, or a legacy JSON template.
    ///
    /// # Errors
    /// Every fault of every file: what cannot be read or is no HCL, and names that are declared twice.
    pub fn parse(files: &dyn Files, template: &TreePath) -> Result<Self, Vec<Diagnostic>> {
        let unreadable = |error: crate::tree::FileError| {
            vec![
                Diagnostic::error(file_code(&error), format!("the template {error}"))
                    .at(Place::file(template.clone())),
            ]
        };
        let kind = files.kind(template).map_err(unreadable)?;
        let (root, paths, automatic) = if kind == FileKind::File {
            (template.parent(), vec![template.clone()], Vec::new())
        } else {
            let all = files.list(template, false).map_err(unreadable)?;
            let (paths, automatic) = folder(&all);
            (template.clone(), paths, automatic)
        };
        if paths.is_empty() {
            return Err(vec![
                Diagnostic::error(
                    "missing-file",
                    format!("the folder `{template}` holds no template"),
                )
                .at(Place::file(template.clone()))
                .hint("templates end in `.pkr.hcl` or `.pkr.json`"),
            ]);
        }
        let mut faults = Vec::new();
        let mut documents = Vec::new();
        for path in &paths {
            match read(files, path).and_then(|text| document(path, &text)) {
                Ok(document) => documents.push(document),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if let [Document::Json(json)] = documents.as_slice()
            && (json.get("builders").is_some() || !paths[0].as_str().ends_with(".pkr.json"))
        {
            return legacy::parse(root, &paths[0], json);
        }
        let mut gathered = Gathered::new(root, paths);
        for (file, document) in documents.iter().enumerate() {
            gathered.declare(document, file_index(file));
        }
        if !gathered.faults.is_empty() {
            return Err(gathered.faults);
        }
        let names = std::mem::take(&mut gathered.template.declarations.names);
        for (file, document) in documents.iter().enumerate() {
            gathered.compile(&names, document, file_index(file));
        }
        let mut template = gathered.template;
        // References are indices in the order of declaration; bodies come sorted by name.
        let order = |table: &BTreeMap<Arc<str>, u32>, name: &str| table.get(name).copied();
        let declared = &mut template.declarations;
        declared
            .variables
            .sort_by_key(|variable| order(&names.variables, &variable.name));
        declared
            .locals
            .sort_by_key(|local| order(&names.locals, &local.name));
        declared
            .data
            .sort_by_key(|data| order(&names.data, &data.name));
        declared.names = names;
        for path in automatic {
            match VarFile::parse(files, &path) {
                Ok(file) => template.automatic.push(file),
                Err(more) => gathered.faults.extend(more),
            }
        }
        if gathered.faults.is_empty() {
            template.check_filters();
            Ok(template)
        } else {
            Err(gathered.faults)
        }
    }
}

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

fn file_index(file: usize) -> u16 {
    u16::try_from(file).unwrap_or(u16::MAX)
}

/// A template's text, if it is a text of a size that is read.
fn read(files: &dyn Files, path: &TreePath) -> Result<String, Diagnostic> {
    let whole = || Place::file(path.clone());
    let content = files
        .read(path)
        .map_err(|error| Diagnostic::error(file_code(&error), error.to_string()).at(whole()))?;
    if content.len() > MAX_TEMPLATE {
        return Err(Diagnostic::error(
            "template-too-large",
            format!(
                "`{path}` holds {} bytes; templates hold at most {MAX_TEMPLATE}",
                content.len()
            ),
        )
        .at(whole()));
    }
    String::from_utf8(content.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error("packer-syntax", "the file is not UTF-8")
            .at(Place::new(path.clone(), at..at + 1))
    })
}

fn document(path: &TreePath, text: &str) -> Result<Document, Diagnostic> {
    if path.extension() == Some("json") {
        return json::read(path, text).map(Document::Json);
    }
    hcl_edit::parser::parse_body(text)
        .map(Document::Hcl)
        .map_err(|error| {
            let at = error.location().offset();
            let end = (at + 1..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(at);
            Diagnostic::error("packer-syntax", error.message().to_owned())
                .at(Place::new(path.clone(), at..end))
        })
}

/// What the files of a template say, as far as they have been read.
struct Gathered {
    template: ParsedTemplate,
    faults: Vec<Diagnostic>,
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
    fn new(root: TreePath, files: Vec<TreePath>) -> Self {
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
    fn declare(&mut self, document: &Document, file: u16) {
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
    fn compile(&mut self, names: &Names, document: &Document, file: u16) {
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

    fn variable(&mut self, labels: &[&str], of: Type, body: Body, file: u16, span: Span) {
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

    fn block(&mut self, kind: &str, labels: &[&str], mut body: Body, file: u16, span: Span) {
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

    fn source(&mut self, labels: &[&str], mut body: Body, file: u16, span: Span) {
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

    fn build(&mut self, mut build: Build) {
        classify_steps(&mut build.steps);
        self.template.builds.push(build);
    }
}

fn hcl_build(compiler: &mut Compiler<'_>, block: &structure::Block) -> Build {
    let mut steps = Vec::new();
    let mut rest = structure::Body::new();
    for item in block.body.iter() {
        match item.as_block() {
            Some(inner) => {
                let ready = compiler.block(inner);
                if STEPS.iter().any(|(name, _)| **name == *ready.name) {
                    steps.push(ready);
                } else {
                    rest.push(item.clone());
                }
            }
            None => rest.push(item.clone()),
        }
    }
    Build {
        body: compiler.body(&rest),
        steps,
        all: false,
    }
}

/// Looks up which attributes of what runs name files.
pub(super) fn classify_steps(steps: &mut [Block]) {
    for step in steps {
        let of = match (&step.dynamic, step.labels.first()) {
            (_, Some(label)) => label.clone(),
            (Some(dynamic), None) => match dynamic.labels.first().map(|label| &label.expr) {
                Some(Expr::Const(Value::String(label))) => label.clone(),
                _ => Arc::from("*"),
            },
            (None, None) => Arc::from("*"),
        };
        match &*step.name {
            "source" => {
                let of = of.trim_start_matches("source.");
                let of = of.split('.').next().unwrap_or(of);
                step.body.classify(Component::Source, of);
            }
            "post-processor" => step.body.classify(Component::PostProcessor, &of),
            "post-processors" => classify_steps(&mut step.body.blocks),
            _ => step.body.classify(Component::Provisioner, &of),
        }
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

fn twice(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "duplicate-declaration",
        format!("the {kind} `{name}` is declared twice"),
    )
}
