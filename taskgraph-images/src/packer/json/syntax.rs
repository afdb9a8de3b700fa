//! HCL's JSON syntax: objects that stand for blocks, strings that are templates.

use std::sync::Arc;

use super::{Json, JsonValue};
use crate::diagnostic::{Diagnostic, Span};
use crate::packer::body::{Attribute, Block, Body, Dynamic};
use crate::packer::compile::Compiler;
use crate::packer::expr::{Expr, Node};
use crate::packer::value::{self, Value};

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
