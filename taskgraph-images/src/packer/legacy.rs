//! Legacy JSON templates: builders, provisioners and post-processors, with Go templates in their strings.
//!
//! They become what HCL becomes: a builder is a source called by its name, everything else one build of all sources.
//! Of the Go templates, `user`, `env`, `template_dir`, `pwd`, `build_name` and `build_type` are rendered. Anything
//! else (`{{.Vars}}`, `{{timestamp}}`, …) stays as it is written: Packer renders it, and no file can be named by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::body::{Attribute, Block, Body};
use super::compile::{Compiler, Names};
use super::expr::{Call, Expr, Node, Part};
use super::functions;
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

    /// A string with Go templates in it.
    fn text(&self, text: &str, span: Span) -> Expr {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((action, after)) = after.split_once("}}") else {
                break;
            };
            plain.push_str(before);
            match self.action(action, span) {
                Some(expr) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(Arc::from(std::mem::take(&mut plain))));
                    }
                    parts.push(Part::Value(self.compiler.node(expr, span)));
                }
                None => {
                    plain.push_str("{{");
                    plain.push_str(action);
                    plain.push_str("}}");
                }
            }
            rest = after;
        }
        plain.push_str(rest);
        if parts.is_empty() {
            return Expr::Const(Value::string(plain));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(Arc::from(plain)));
        }
        Expr::Template(parts)
    }

    /// What is between `{{` and `}}`, if it can be rendered, or holds something that can.
    fn action(&self, action: &str, span: Span) -> Option<Expr> {
        let words = words(action.trim_matches('-'));
        let word = |at: usize| words.get(at).map(String::as_str);
        match (word(0)?, word(1), words.len()) {
            ("user", Some(name), 2) => Some(self.user(name, span)),
            ("env", Some(name), 2) => {
                let name = self.compiler.node(Expr::Const(Value::string(name)), span);
                Some(Expr::Call(Box::new(Call {
                    name: Arc::from("env"),
                    function: functions::find("env"),
                    arguments: vec![name],
                    expand: false,
                })))
            }
            ("template_dir", None, _) => Some(Expr::PathRoot),
            ("pwd", None, _) => Some(Expr::PathCwd),
            ("build_name", None, _) => Some(Expr::SourceName),
            ("build_type", None, _) => Some(Expr::SourceType),
            _ => {
                let users: Vec<Node> = words
                    .windows(2)
                    .filter(|pair| pair[0] == "user")
                    .map(|pair| self.compiler.node(self.user(&pair[1], span), span))
                    .collect();
                (!users.is_empty()).then(|| Expr::Residual(Arc::from(words.join(" ")), users))
            }
        }
    }

    fn user(&self, name: &str, span: Span) -> Expr {
        if let Some(at) = self.names.variables.get(name) {
            return Expr::Variable(*at);
        }
        let mut diagnostic = Diagnostic::error(
            "unknown-reference",
            format!("no variable is named `{name}`"),
        )
        .at(self.compiler.place(span));
        diagnostic.hint = nearest(name, self.names.variables.keys().map(AsRef::as_ref))
            .map(|near| format!("did you mean `{near}`?"));
        Expr::Fault(Box::new(diagnostic))
    }
}

/// The words of an action: quoted text is one word, parentheses and bars are words of their own.
fn words(action: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = action.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '`' | '"' => {
                let mut word = String::new();
                for inner in characters.by_ref() {
                    if inner == c {
                        break;
                    }
                    word.push(inner);
                }
                words.push(word);
            }
            '(' | ')' | '|' => words.push(c.to_string()),
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = characters
                    .next_if(|c| !c.is_whitespace() && !matches!(c, '`' | '"' | '(' | ')' | '|'))
                {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    words
}
