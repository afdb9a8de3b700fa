//! Legacy JSON templates: builders, provisioners and post-processors, with Go templates in their strings.
//!
//! They become what HCL becomes: a builder is a source called by its name, everything else one build of all sources.
//! Of the Go templates, `user`, `env`, `template_dir`, `pwd`, `build_name` and `build_type` are rendered. Anything
//! else (`{{.Vars}}`, `{{timestamp}}`, …) stays as it is written: Packer renders it, and no file can be named by it.

mod strings;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::body::{Attribute, Block, Body};
use super::compile::{Compiler, Names};
use super::expr::{Expr, Node};
use super::json::{self, Json, JsonValue};
use super::kinds::Component;
use super::parse::classify_steps;
use super::template::{Build, Declarations, ParsedTemplate, Source, Variable};
use super::types::Type;
use super::value::{self, Value};
use crate::diagnostic::{Diagnostic, Place, Span, nearest};
use crate::tree::TreePath;

/// The keys of a template that mean something for an image.
const KEYS: &[&str] = &[
    "builders",
    "provisioners",
    "post-processors",
    "error-cleanup-provisioner",
    "variables",
    "sensitive-variables",
    "min_packer_version",
    "description",
];

/// Reads a legacy template.
pub(super) fn parse(
    root: TreePath,
    path: &TreePath,
    json: &Json,
) -> Result<ParsedTemplate, Vec<Diagnostic>> {
    let mut names = Names::default();
    for (at, (name, _)) in entries(json.get("variables")).iter().enumerate() {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        names.variables.insert(Arc::from(name.as_str()), at);
    }
    let mut reader = Reader {
        compiler: Compiler::new(&names, path.clone(), 0),
        names: &names,
        path,
        faults: Vec::new(),
    };
    reader.check_keys(json);
    let variables = reader.variables(json);
    let sources = reader.builders(json);
    let mut steps = reader.steps(json);
    classify_steps(&mut steps);
    let mut body = Body::default();
    if let Some(version) = json.get("min_packer_version") {
        body.attributes
            .push(reader.attribute("min_packer_version", version));
    }
    let faults = reader.faults;
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut template = ParsedTemplate {
        declarations: Declarations {
            files: vec![path.clone()],
            variables,
            ..Declarations::default()
        },
        root,
        sources,
        builds: vec![Build {
            body,
            steps,
            all: true,
        }],
        settings: Vec::new(),
        automatic: Vec::new(),
        warnings: Vec::new(),
    };
    template.declarations.names = names;
    template.check_filters();
    Ok(template)
}

fn entries(json: Option<&Json>) -> &[(String, Json)] {
    json.map(Json::entries).unwrap_or_default()
}

fn items(json: Option<&Json>) -> &[Json] {
    json.map(Json::items).unwrap_or_default()
}

struct Reader<'n> {
    compiler: Compiler<'n>,
    names: &'n Names,
    path: &'n TreePath,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.faults
            .push(Diagnostic::error(code, message).at(Place::new(self.path.clone(), span.range())));
    }

    fn check_keys(&mut self, json: &Json) {
        for (key, value) in json.entries() {
            if !key.starts_with('_') && !KEYS.contains(&key.as_str()) {
                self.fault(
                    "packer-syntax",
                    format!("legacy templates have no key `{key}`"),
                    value.span,
                );
                if let Some(last) = self.faults.last_mut() {
                    last.hint = nearest(key, KEYS.iter().copied())
                        .map(|near| format!("did you mean `{near}`?"));
                }
            }
        }
        if items(json.get("builders")).is_empty() {
            self.fault("packer-syntax", "the template has no `builders`", json.span);
        }
    }

    fn variables(&mut self, json: &Json) -> Vec<Variable> {
        let mut seen = BTreeSet::new();
        entries(json.get("variables"))
            .iter()
            .map(|(name, default)| {
                if !seen.insert(name.as_str()) {
                    self.fault(
                        "duplicate-declaration",
                        format!("the variable `{name}` is declared twice"),
                        default.span,
                    );
                }
                Variable {
                    name: Arc::from(name.as_str()),
                    of: Type::String,
                    default: match default.value {
                        JsonValue::Null => None,
                        _ => Some(self.expression(default)),
                    },
                    validations: Vec::new(),
                    span: default.span,
                    file: 0,
                }
            })
            .collect()
    }

    fn builders(&mut self, json: &Json) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        for builder in items(json.get("builders")) {
            let Some(of) = self.component_type(builder, "builder") else {
                continue;
            };
            let name = builder.get("name").and_then(Json::as_str).unwrap_or(&of);
            let name: Arc<str> = Arc::from(name);
            if sources.iter().any(|source| source.name == name) {
                self.fault(
                    "duplicate-declaration",
                    format!("the builder `{name}` is declared twice"),
                    builder.span,
                );
                continue;
            }
            let mut body = self.body(builder, &["type", "name"]);
            body.classify(Component::Source, &of);
            sources.push(Source {
                of: Arc::from(of),
                reference: name.clone(),
                name,
                body,
                span: builder.span,
                file: 0,
            });
        }
        sources
    }

    fn steps(&mut self, json: &Json) -> Vec<Block> {
        let mut steps = Vec::new();
        for provisioner in items(json.get("provisioners")) {
            steps.extend(self.step("provisioner", provisioner));
        }
        if let Some(provisioner) = json.get("error-cleanup-provisioner") {
            steps.extend(self.step("error-cleanup-provisioner", provisioner));
        }
        for processor in items(json.get("post-processors")) {
            if let JsonValue::Array(chain) = &processor.value {
                let mut body = Body::default();
                for inner in chain {
                    body.blocks.extend(self.step("post-processor", inner));
                }
                let chain =
                    json::block(&self.compiler, "post-processors", &[], body, processor.span);
                steps.push(chain);
            } else {
                steps.extend(self.step("post-processor", processor));
            }
        }
        steps
    }

    fn step(&mut self, what: &str, json: &Json) -> Option<Block> {
        let (of, body) = match json.as_str() {
            Some(of) if what == "post-processor" => (of.to_owned(), Body::default()),
            _ => (self.component_type(json, what)?, self.body(json, &["type"])),
        };
        Some(json::block(&self.compiler, what, &[&of], body, json.span))
    }

    fn component_type(&mut self, json: &Json, what: &str) -> Option<String> {
        let of = json.get("type").and_then(Json::as_str);
        if of.is_none() {
            self.fault(
                "packer-syntax",
                format!("a {what} without a `type`"),
                json.span,
            );
        }
        of.map(str::to_owned)
    }

    fn body(&mut self, json: &Json, without: &[&str]) -> Body {
        let mut body = Body::default();
        for (name, value) in json.entries() {
            if !without.contains(&name.as_str()) && !name.starts_with('_') {
                let attribute = self.attribute(name, value);
                body.attributes.push(attribute);
            }
        }
        body.sort();
        body
    }

    fn attribute(&mut self, name: &str, value: &Json) -> Attribute {
        Attribute {
            name: Arc::from(name),
            value: self.expression(value),
            kind: None,
        }
    }

    fn expression(&mut self, json: &Json) -> Node {
        let expr = match &json.value {
            JsonValue::Null => Expr::Const(Value::Null),
            JsonValue::Bool(value) => Expr::Const(Value::Bool(*value)),
            JsonValue::Number(number) => Expr::Const(value::canonical(number)),
            JsonValue::String(text) => self.text(text, json.span),
            JsonValue::Array(items) => {
                Expr::List(items.iter().map(|item| self.expression(item)).collect())
            }
            JsonValue::Object(items) => Expr::Object(
                items
                    .iter()
                    .map(|(key, item)| {
                        let name = self.text(key, item.span);
                        (self.compiler.node(name, item.span), self.expression(item))
                    })
                    .collect(),
            ),
        };
        self.compiler.node(expr, json.span)
    }
}
