//! [`Writer`]: JSON values as YAML, written like their neighbours.

use serde_json::Value as Json;

use super::Style;
use super::source::{Kind, Node, Source};
use super::words::{double, is_safe_plain, string};

/// Writes values with line feeds; the caller turns those into the file's own line breaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'s> {
    source: &'s Source,
    /// How far maps are indented below what they belong to.
    step: usize,
    /// How far lists are indented below their key.
    dash: usize,
}

/// A neighbour that is written like what is to be written, and the column of what it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model<'s> {
    pub(super) node: &'s Node,
    pub(super) column: usize,
}

impl<'s> Writer<'s> {
    /// A writer with the indentation that the document begins with.
    pub(super) fn new(source: &'s Source) -> Self {
        let (mut step, mut dash) = (None, None);
        if let Some(root) = &source.root {
            root.visit(&mut |node| {
                for entry in node.entries().unwrap_or_default() {
                    let value = &entry.value;
                    let indent = || {
                        source
                            .column(value.start)
                            .checked_sub(source.column(entry.start))
                    };
                    match &value.kind {
                        Kind::Map { flow: false, .. } if step.is_none() => step = indent(),
                        Kind::List { flow: false, .. } if dash.is_none() => dash = indent(),
                        _ => {}
                    }
                }
            });
        }
        let step = step.filter(|step| *step > 0).unwrap_or(2);
        Self {
            source,
            step,
            dash: dash.unwrap_or(step),
        }
    }

    /// A value as it follows the colon of a key at `column`.
    pub(super) fn after_key(self, value: &Json, column: usize, model: Option<Model<'s>>) -> String {
        if is_inline(value) || model.is_some_and(|model| model.node.is_flow()) {
            return format!(" {}", self.flow(value, model.map(|model| model.node)));
        }
        let default = if value.is_array() {
            self.dash
        } else {
            self.step
        };
        let inner = column + self.indent(model, default);
        format!("\n{}{}", " ".repeat(inner), self.block(value, inner, model))
    }

    /// A value as it follows a dash at `column`.
    pub(super) fn after_dash(
        self,
        value: &Json,
        column: usize,
        model: Option<Model<'s>>,
    ) -> String {
        if is_inline(value) || model.is_some_and(|model| model.node.is_flow()) {
            return format!(" {}", self.flow(value, model.map(|model| model.node)));
        }
        let inner = self.indent(model, 2).max(2);
        format!(
            "{}{}",
            " ".repeat(inner - 1),
            self.block(value, column + inner, model)
        )
    }

    /// A key as the keys of `map` are written.
    pub(super) fn key(self, key: &str, map: Option<&Node>) -> String {
        let keys = map.and_then(Node::entries).unwrap_or_default();
        let quotes = |style| {
            let is = |node: &Node| matches!(&node.kind, Kind::Scalar { style: found, .. } if *found == style);
            !keys.is_empty() && keys.iter().all(|entry| is(&entry.key))
        };
        let style = [Style::Single, Style::Double]
            .into_iter()
            .find(|style| quotes(*style));
        string(key, style.unwrap_or(Style::Plain))
    }

    /// A value on one line.
    pub(super) fn flow(self, value: &Json, model: Option<&Node>) -> String {
        let model = model.filter(|model| is_like(model, value));
        // Some write `{ a: 1 }`.
        let has_pad = |model: &&Node| {
            model.is_flow()
                && !model.children().is_empty()
                && self.source.byte(model.start + 1) == Some(b' ')
        };
        let pad = if model.as_ref().is_some_and(has_pad) {
            " "
        } else {
            ""
        };
        match value {
            Json::Object(entries) if entries.is_empty() => "{}".to_owned(),
            Json::Array(items) if items.is_empty() => "[]".to_owned(),
            Json::Object(entries) => {
                let entry = |(key, value): (&String, &Json)| {
                    let child = model.and_then(|model| child(model, Some(key), value));
                    format!("{}: {}", self.key(key, model), self.flow(value, child))
                };
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{pad}{}{pad}}}", entries.join(", "))
            }
            Json::Array(items) => {
                let item = |item| self.flow(item, model.and_then(|model| child(model, None, item)));
                let items: Vec<_> = items.iter().map(item).collect();
                format!("[{pad}{}{pad}]", items.join(", "))
            }
            Json::String(text) => match model.map(|model| &model.kind) {
                Some(Kind::Scalar { style, .. }) => string(text, *style),
                _ if is_safe_plain(text) => text.clone(),
                _ => double(text),
            },
            Json::Number(number) => float(&number.to_string()),
            Json::Bool(_) | Json::Null => value.to_string(),
        }
    }

    /// A collection whose first line is indented to `column` already.
    fn block(self, value: &Json, column: usize, model: Option<Model<'s>>) -> String {
        let node = model.map(|model| model.node);
        let below = |key: Option<&str>, value| {
            let node = child(node?, key, value)?;
            let column = node_column(self.source, model?.node)?;
            Some(Model { node, column })
        };
        let lines: Vec<String> = match value {
            Json::Object(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let after = self.after_key(value, column, below(Some(key), value));
                    format!("{}:{after}", self.key(key, node))
                })
                .collect(),
            Json::Array(items) => {
                let item = |item| format!("-{}", self.after_dash(item, column, below(None, item)));
                items.iter().map(item).collect()
            }
            _ => Vec::new(),
        };
        lines.join(&format!("\n{}", " ".repeat(column)))
    }

    /// How far a model is indented below what it belongs to.
    fn indent(self, model: Option<Model<'_>>, default: usize) -> usize {
        model
            .and_then(|model| node_column(self.source, model.node)?.checked_sub(model.column))
            .unwrap_or(default)
    }
}

/// The column of a block collection.
fn node_column(source: &Source, node: &Node) -> Option<usize> {
    (!node.is_flow() && !node.children().is_empty()).then(|| source.column(node.start))
}

/// Whether it goes on the line of its key whatever its neighbours look like.
fn is_inline(value: &Json) -> bool {
    match value {
        Json::Object(entries) => entries.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// Whether a node is of the kind of a value, and not empty.
fn is_like(node: &Node, value: &Json) -> bool {
    match (&node.kind, value) {
        (Kind::Map { entries, .. }, Json::Object(_)) => !entries.is_empty(),
        (Kind::List { items, .. }, Json::Array(_)) => !items.is_empty(),
        (Kind::Scalar { style, .. }, Json::String(_)) => {
            matches!(style, Style::Plain | Style::Single | Style::Double)
        }
        _ => false,
    }
}

/// The child of a model that a value is written like: of the same key, or else the last of its kind.
pub(super) fn child<'s>(model: &'s Node, key: Option<&str>, value: &Json) -> Option<&'s Node> {
    match &model.kind {
        Kind::Map { entries, .. } => {
            let mut like = entries
                .iter()
                .rev()
                .filter(|entry| is_like(&entry.value, value));
            let same = like.clone().find(|entry| entry.name() == key);
            // Strings of different keys are quoted for different reasons.
            let other = if value.is_string() { None } else { like.next() };
            same.or(other).map(|entry| &entry.value)
        }
        Kind::List { items, .. } => items
            .iter()
            .rev()
            .map(|item| &item.value)
            .find(|item| is_like(item, value)),
        _ => None,
    }
}

/// A number that readers of YAML 1.1 take for one too: they want a point in `1.0e+20`.
fn float(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let point = if digits.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with(['-', '+']) {
                ""
            } else {
                "+"
            };
            format!("{digits}{point}e{sign}{exponent}")
        }
        None => text.to_owned(),
    }
}
