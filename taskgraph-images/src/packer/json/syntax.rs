//! HCL's JSON syntax: objects that stand for blocks, strings that are templates.

use std::sync::Arc;

<<<<<<< HEAD:taskgraph-images/src/packer/json.rs
use super::body::{Attribute, Block, Body, Dynamic};
use super::compile::Compiler;
use super::expr::{Expr, Node};
use super::value::{self, Value};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::TreePath;

/// The key under which HCL's JSON syntax has comments.
const COMMENT: &str = "//";

/// A value of JSON and where it stands.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) span: Span,
    pub(super) value: JsonValue,
}

#[derive(Debug)]
pub(super) enum JsonValue {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads a JSON text.
pub(super) fn read(path: &TreePath, text: &str) -> Result<Json, Diagnostic> {
    serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
        let at = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>()
            + error.column().saturating_sub(1);
        // The parser counts bytes and may stop inside of a character.
        let start = text.floor_char_boundary(at);
        let end = text.ceil_char_boundary(at.saturating_add(1));
        Diagnostic::error("packer-syntax", format!("not valid JSON: {error}"))
            .at(Place::new(path.clone(), start..end))
    })?;
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    Ok(scanner.value())
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> u8 {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    fn value(&mut self) -> Json {
        let first = self.peek();
        let start = self.at;
        let value = match first {
            b'{' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.peek() == b'"' {
                    let key = self.string();
                    self.peek();
                    self.at += 1;
                    items.push((key, self.value()));
                    if self.peek() == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                JsonValue::Object(items)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !matches!(self.peek(), b']' | 0) {
                    items.push(self.value());
                    if self.peek() == b',' {
                        self.at += 1;
                    }
                }
                self.at += 1;
                JsonValue::Array(items)
            }
            b'"' => JsonValue::String(self.string()),
            _ => {
                while self.bytes.get(self.at).is_some_and(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
                }) {
                    self.at += 1;
                }
                match &self.text[start..self.at] {
                    "null" => JsonValue::Null,
                    "true" => JsonValue::Bool(true),
                    "false" => JsonValue::Bool(false),
                    number => {
                        serde_json::from_str(number).map_or(JsonValue::Null, JsonValue::Number)
                    }
                }
            }
        };
        Json {
            span: Span::from(start..self.at),
            value,
        }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(&self.text[start..self.at.min(self.text.len())]).unwrap_or_default()
    }
}
=======
use super::{Json, JsonValue};
use crate::diagnostic::{Diagnostic, Span};
use crate::packer::body::{Attribute, Block, Body, Dynamic};
use crate::packer::compile::Compiler;
use crate::packer::expr::{Expr, Node};
use crate::packer::value::{self, Value};
>>>>>>> wt-hcl:taskgraph-images/src/packer/json/syntax.rs

impl Json {
    /// The blocks that it stands for where HCL's JSON syntax expects blocks with `labels` labels: each with its
    /// labels and its body.
    pub(in crate::packer) fn blocks(&self, labels: usize) -> Vec<(Vec<&str>, &Self)> {
        match (&self.value, labels) {
            (JsonValue::Array(items), _) => {
                items.iter().flat_map(|item| item.blocks(labels)).collect()
            }
            (JsonValue::Object(_), 0) => vec![(Vec::new(), self)],
            (JsonValue::Object(_), _) => self
                .members()
                .flat_map(|(label, inner)| {
                    inner
                        .blocks(labels - 1)
                        .into_iter()
                        .map(|(mut rest, body)| {
                            rest.insert(0, label.as_str());
                            (rest, body)
                        })
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// What runs in a `build` block, and how many labels it has.
pub(in crate::packer) const STEPS: &[(&str, usize)] = &[
    ("source", 1),
    ("provisioner", 1),
    ("error-cleanup-provisioner", 1),
    ("post-processor", 1),
    ("post-processors", 0),
];

/// An expression in HCL's JSON syntax: strings are templates.
pub(in crate::packer) fn expression(
    compiler: &mut Compiler<'_>,
    json: &Json,
    faults: &mut Vec<Diagnostic>,
) -> Node {
    let expr = match &json.value {
        JsonValue::Null => Expr::Const(Value::Null),
        JsonValue::Bool(value) => Expr::Const(Value::Bool(*value)),
        JsonValue::Number(number) => Expr::Const(value::canonical(number)),
        JsonValue::String(text) => {
            return compiler
                .json_string(text, json.span)
                .unwrap_or_else(|fault| {
                    faults.push(fault);
                    compiler.node(Expr::Const(Value::Null), json.span)
                });
        }
        JsonValue::Array(items) => Expr::List(
            items
                .iter()
                .map(|item| expression(compiler, item, faults))
                .collect(),
        ),
        JsonValue::Object(_) => Expr::Object(
            json.members()
                .map(|(key, item)| {
                    let name = compiler
                        .json_string(key, item.span)
                        .unwrap_or_else(|fault| {
                            faults.push(fault);
                            compiler.node(Expr::Const(Value::Null), item.span)
                        });
                    (name, expression(compiler, item, faults))
                })
                .collect(),
        ),
    };
    compiler.node(expr, json.span)
}

/// A block's body in HCL's JSON syntax; in `build` blocks, `steps` says that what runs are blocks.
pub(in crate::packer) fn body(
    compiler: &mut Compiler<'_>,
    json: &Json,
    steps: bool,
    faults: &mut Vec<Diagnostic>,
) -> (Body, Vec<Block>) {
    let mut ready = Body::default();
    let mut blocks = Vec::new();
    for (key, value) in json.members() {
        if let Some((_, labels)) = STEPS.iter().find(|(name, _)| steps && name == key) {
            for (labels, inner) in value.blocks(*labels) {
                let nested = key == "post-processors";
                let (mut inside, more) = body(compiler, inner, nested, faults);
                inside.blocks.extend(more);
                blocks.push(block(compiler, key, &labels, inside, inner.span));
            }
        } else if key == "dynamic" {
            for (labels, inner) in value.blocks(1) {
                let Some(dynamic) = dynamic(compiler, labels[0], inner, steps, faults) else {
                    continue;
                };
                if STEPS.iter().any(|(name, _)| steps && *name == labels[0]) {
                    blocks.push(dynamic);
                } else {
                    ready.blocks.push(dynamic);
                }
            }
        } else {
            ready
                .attributes
                .push(attribute(compiler, key, value, faults));
        }
    }
    ready.sort();
    (ready, blocks)
}

/// A body in which every member is an attribute, whatever it is called: the names of `locals` and `variables`.
pub(in crate::packer) fn attributes(
    compiler: &mut Compiler<'_>,
    json: &Json,
    faults: &mut Vec<Diagnostic>,
) -> Body {
    let mut ready = Body::default();
    for (key, value) in json.members() {
        ready
            .attributes
            .push(attribute(compiler, key, value, faults));
    }
    ready.sort();
    ready
}

fn attribute(
    compiler: &mut Compiler<'_>,
    name: &str,
    value: &Json,
    faults: &mut Vec<Diagnostic>,
) -> Attribute {
    Attribute {
        name: Arc::from(name),
        value: expression(compiler, value, faults),
        kind: None,
    }
}

/// A block of HCL's JSON syntax.
pub(in crate::packer) fn block(
    compiler: &Compiler<'_>,
    name: &str,
    labels: &[&str],
    body: Body,
    span: Span,
) -> Block {
    let at = compiler.node(Expr::PathCwd, span);
    Block {
        name: Arc::from(name),
        labels: labels.iter().map(|label| Arc::from(*label)).collect(),
        body,
        span,
        file: at.file,
        dynamic: None,
    }
}

fn dynamic(
    compiler: &mut Compiler<'_>,
    name: &str,
    json: &Json,
    steps: bool,
    faults: &mut Vec<Diagnostic>,
) -> Option<Block> {
    let for_each = expression(compiler, json.get("for_each")?, faults);
    let content = json.get("content")?;
    let iterator: Arc<str> = Arc::from(json.get("iterator").and_then(Json::as_str).unwrap_or(name));
    let (labels, inside) = compiler.with_bound(&iterator, |compiler| {
        let labels: Vec<Node> = json
            .get("labels")
            .map(Json::items)
            .unwrap_or_default()
            .iter()
            .map(|label| expression(compiler, label, faults))
            .collect();
        let (mut inside, more) = body(compiler, content, steps, faults);
        inside.blocks.extend(more);
        (labels, inside)
    });
    let mut ready = block(compiler, name, &[], inside, json.span);
    ready.dynamic = Some(Box::new(Dynamic {
        for_each,
        iterator,
        labels,
    }));
    Some(ready)
}
