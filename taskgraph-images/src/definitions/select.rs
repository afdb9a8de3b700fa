//! [`Selection`]: `by-<attribute>` choices made and templates rendered for one image.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use handlebars::{Context, Handlebars, RenderContext, RenderErrorReason, Renderable, Template};
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, nearest};
use crate::yaml::{Key, Node, Value, by};

/// The longest text with templates in it that is rendered.
const MAX_TEMPLATE: usize = 16 * 1024;

/// What is known of one image while its definition is resolved.
pub(super) struct Selection<'a> {
    /// Attributes that `by-` chooses by, as text.
    attributes: BTreeMap<String, String>,
    /// What templates see, without the pins' values.
    context: Context,
    /// The pins as templates see them. They are many and the same for every image, so that only templates that the
    /// engine renders get a copy.
    shared_pins: Option<&'a Json>,
    /// Pins that templates named.
    pub(super) pins: BTreeSet<String>,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'a> Selection<'a> {
    /// A selection that knows `context` only.
    pub(super) fn new(context: Json) -> Self {
        Self {
            attributes: BTreeMap::new(),
            context: Context::from(context),
            shared_pins: None,
            pins: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Makes the pins known to templates.
    pub(super) fn with_pins(mut self, pins: &'a Json) -> Self {
        self.define("pins", Json::Null);
        self.shared_pins = Some(pins);
        self
    }

    /// Makes an attribute known to choices and templates.
    pub(super) fn set(&mut self, name: &str, value: Json) {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        self.attributes.insert(name.to_owned(), text);
        self.define(name, value);
    }

    /// Makes a value known to templates only.
    pub(super) fn define(&mut self, name: &str, value: Json) {
        if let Json::Object(context) = self.context.data_mut() {
            context.insert(name.to_owned(), value);
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// Chooses and renders all of a value. `None` when what was chosen is null.
    pub(super) fn resolve(&mut self, node: &Node) -> Option<Node> {
        if let Some((key, branches)) = by(node) {
            let chosen = self.choose(key, branches)?.clone();
            return self.resolve(&chosen);
        }
        // Most of a definition says the same for every image: it is shared, not written anew.
        if is_settled(node) {
            return Some(node.clone());
        }
        match &node.value {
            _ if node.is_null() => None,
            Value::Scalar(text, _) if text.contains("{{") => {
                let text = self.render(node, text)?;
                // What a template gives is read as if it had been written there, quotes and all.
                let plain = matches!(&node.value, Value::Scalar(_, plain) if *plain);
                Some(node.with(Value::Scalar(text.into(), plain)))
            }
            Value::Scalar(..) => Some(node.clone()),
            Value::List(items) => Some(node.with(Value::List(
                items.iter().filter_map(|item| self.resolve(item)).collect(),
            ))),
            Value::Concat(parts) => {
                let mut items = Vec::new();
                for part in parts.iter() {
                    match self.resolve(part) {
                        Some(Node {
                            value: Value::List(more),
                            ..
                        }) => items.extend(more.iter().cloned()),
                        // One value stands for a list of one, as under `extends`.
                        Some(one) if matches!(one.value, Value::Scalar(..)) => items.push(one),
                        Some(other) => self.faults.push(
                            Diagnostic::error(
                                "wrong-type",
                                format!("expected a list, found {}", other.describe()),
                            )
                            .at(other.place()),
                        ),
                        None => {}
                    }
                }
                Some(node.with(Value::List(items.into())))
            }
            Value::Map(entries) => Some(
                node.with(Value::Map(
                    entries
                        .iter()
                        .filter_map(|(key, value)| Some((key.clone(), self.resolve(value)?)))
                        .collect(),
                )),
            ),
        }
    }

    /// The branch for the attribute's value: the exact one, else the one pattern that matches it, else `default`.
    fn choose<'n>(&mut self, key: &Key, branches: &'n Node) -> Option<&'n Node> {
        let attribute = &key.text["by-".len()..];
        let Some(entries) = branches.entries() else {
            let message = "expected a map from an attribute's values to choices";
            self.faults
                .push(Diagnostic::error("wrong-type", message).at(branches.place()));
            return None;
        };
        let find = |name: &str| {
            entries
                .iter()
                .find(|(key, _)| &*key.text == name)
                .map(|(_, branch)| branch)
        };
        let Some(value) = self.attributes.get(attribute) else {
            if let Some(default) = find("default") {
                return Some(default);
            }
            let mut fault = Diagnostic::error(
                "unknown-attribute",
                format!("the image has no attribute `{attribute}`"),
            )
            .at(key.place());
            fault = match nearest(attribute, self.attributes.keys().map(String::as_str)) {
                Some(near) => fault.hint(format!("did you mean `by-{near}`?")),
                None => fault.hint(format!(
                    "its attributes: {}",
                    self.attributes
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            };
            self.faults.push(fault);
            return None;
        };
        if let Some(exact) = find(value) {
            return Some(exact);
        }
        let matching: Vec<_> = entries
            .iter()
            .filter(|(key, _)| &*key.text != "default" && pattern_matches(&key.text, value))
            .collect();
        match matching[..] {
            [(_, branch)] => Some(branch),
            [] => find("default").or_else(|| {
                let choices: Vec<&str> = entries.iter().map(|(key, _)| &*key.text).collect();
                self.faults.push(
                    Diagnostic::error(
                        "no-choice",
                        format!("nothing here is for `{attribute}` `{value}`"),
                    )
                    .at(branches.place())
                    .hint(format!(
                        "choices: {}; `default` stands for all others",
                        choices.join(", ")
                    )),
                );
                None
            }),
            [(first, _), (second, _), ..] => {
                self.faults.push(
                    Diagnostic::error(
                        "two-choices",
                        format!("two patterns match `{attribute}` `{value}`"),
                    )
                    .at(first.place())
                    .note(second.place(), "and this one")
                    .hint(format!(
                        "name `{value}` itself, or make the patterns exclude one another"
                    )),
                );
                None
            }
        }
    }

    fn render(&mut self, node: &Node, text: &str) -> Option<String> {
        if text.len() > MAX_TEMPLATE {
            let message = format!("the template holds more than {MAX_TEMPLATE} bytes");
            self.faults
                .push(Diagnostic::error("too-large", message).at(node.place()));
            return None;
        }
        if let Err(words) = note_pins(text, &mut self.pins) {
            self.faults.push(
                Diagnostic::error(
                    "template",
                    format!(
                        "the template cannot be rendered: `{words}` does not say which pin is meant"
                    ),
                )
                .at(node.place())
                .hint("write `pins.NAME.value` or `pins.NAME.sha256.ASSET`"),
            );
            return None;
        }
        if let Some(rendered) = self.plain(text) {
            return Some(rendered);
        }
        if let Some(pins) = self.shared_pins.take() {
            self.define("pins", pins.clone());
        }
        let rendered = ENGINE.with(|engine| {
            let mut engine = engine.borrow_mut();
            let (handlebars, compiled) = &mut *engine;
            if !compiled.contains_key(text) {
                let template = Template::compile(text)
                    .map_err(|error| Unrendered::Other(error.reason().to_string()))?;
                compiled.insert(text.to_owned(), template);
            }
            compiled[text]
                .renders(handlebars, &self.context, &mut RenderContext::new(None))
                .map_err(|error| match error.reason() {
                    RenderErrorReason::MissingVariable(Some(name)) => {
                        Unrendered::Missing(name.clone())
                    }
                    reason => Unrendered::Other(reason.to_string()),
                })
        });
        match rendered {
            Ok(text) => Some(text),
            Err(error) => {
                let fault = self.unrendered(error).at(node.place());
                self.faults.push(fault);
                None
            }
        }
    }

    fn unrendered(&self, error: Unrendered) -> Diagnostic {
        let name = match error {
            Unrendered::Missing(name) => name,
            Unrendered::Other(reason) => {
                let reason = lower_first(&reason);
                return Diagnostic::error(
                    "template",
                    format!("the template cannot be rendered: {reason}"),
                );
            }
        };
        // The deepest part of the name that exists says what could have been meant.
        let mut at = self.context.data();
        let mut above = String::new();
        for part in name.split('.') {
            let Some(below) = at.get(part) else { break };
            at = below;
            above = if above.is_empty() {
                part.to_owned()
            } else {
                format!("{above}.{part}")
            };
        }
        let missing = name[above.len()..].trim_start_matches('.');
        let part = missing.split('.').next().unwrap_or_default();
        let known: Vec<&str> = at
            .as_object()
            .map_or_else(Vec::new, |map| map.keys().map(String::as_str).collect());
        let within = if above.is_empty() {
            String::new()
        } else {
            format!(" in `{above}`")
        };
        let fault = Diagnostic::error("unknown-name", format!("there is no `{part}`{within}"));
        match nearest(part, known.iter().copied()) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => fault.hint("nothing is known there"),
            None => fault.hint(format!("known names: {}", known.join(", "))),
        }
    }
}

/// Why a template gives no text.
enum Unrendered {
    Missing(String),
    Other(String),
}

/// Whether nothing in a value is left to choose, render, join or leave out.
fn is_settled(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(text, _) => !node.is_null() && !text.as_bytes().contains(&b'{'),
        Value::List(items) => items.iter().all(is_settled),
        Value::Concat(_) => false,
        Value::Map(entries) => {
            by(node).is_none() && entries.iter().all(|(_, value)| is_settled(value))
        }
    }
}

impl Selection<'_> {
    /// Renders a text whose templates only name values (`{{name}}`, `{{pins.x.value}}`), as nearly all do: the same
    /// as the engine would, at a tenth of the cost. `None` for whatever else, and for all faults.
    fn plain(&self, text: &str) -> Option<String> {
        if text.contains('\\') {
            return None;
        }
        let mut rendered = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (path, after) = after.split_once("}}")?;
            if after.starts_with('}') {
                return None;
            }
            rendered += before;
            match self.value(path.trim_matches(' '))? {
                Json::String(text) => rendered += text,
                Json::Bool(value) => rendered += if *value { "true" } else { "false" },
                Json::Number(number) => rendered += &number.to_string(),
                _ => return None,
            }
            rest = after;
        }
        Some(rendered + rest)
    }

    /// The value that a dotted path of plain words leads to. Single words only where no helper of the engine's can
    /// have the name.
    fn value(&self, path: &str) -> Option<&Json> {
        let mut words = path.split('.');
        let first = words.next()?;
        let mut value = match (first, self.shared_pins) {
            ("pins", Some(pins)) => pins,
            ("name" | "definition" | "cloud" | "os" | "arch" | "level" | "trust-domain", _)
            | ("pins", None) => self.context.data().get(first)?,
            _ => return None,
        };
        for word in words {
            let is_plain = word.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !is_plain {
                return None;
            }
            value = value.as_object()?.get(word)?;
        }
        Some(value)
    }
}

thread_local! {
    /// One engine a thread, with the templates it has compiled: most images share most of their texts.
    static ENGINE: RefCell<(Handlebars<'static>, BTreeMap<String, Template>)> =
        RefCell::new((strict_engine(), BTreeMap::new()));
}

/// Handlebars as definitions use it: a missing name is a fault, and nothing is escaped for HTML.
fn strict_engine() -> Handlebars<'static> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    // Which pins a text names must be plain from the text alone; these reach them by other ways.
    for helper in ["each", "with", "lookup", "log"] {
        handlebars.unregister_helper(helper);
    }
    handlebars
}

/// Taskgraph's rule: a key is a regular expression that must match the whole value. A key without any sign of one
/// matches only itself, which was tried before.
fn pattern_matches(pattern: &str, value: &str) -> bool {
    if !pattern.contains(['.', '*', '+', '?', '|', '[', '(', '\\', '^', '$']) {
        return false;
    }
    PATTERNS.with(|patterns| {
        patterns
            .borrow_mut()
            .entry(pattern.to_owned())
            .or_insert_with(|| regex::Regex::new(&format!("^(?:{pattern})$")).ok())
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(value))
    })
}

thread_local! {
    static PATTERNS: RefCell<BTreeMap<String, Option<regex::Regex>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Notes the pins that a template names. A change of any other pin is then known to leave the text as it is.
///
/// # Errors
/// With the words that mean the pins without naming one.
fn note_pins<'a>(text: &'a str, pins: &mut BTreeSet<String>) -> Result<(), &'a str> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    // What is outside of braces is no expression.
    for expression in text.split("{{").skip(1) {
        let expression = expression.split("}}").next().unwrap_or_default();
        if expression.starts_with('!') {
            continue;
        }
        for (at, word) in expression.match_indices("pins") {
            if expression[..at].ends_with(is_word) {
                continue;
            }
            let after = &expression[at + word.len()..];
            if after.starts_with(is_word) {
                continue;
            }
            let rest = after.strip_prefix('.').unwrap_or_default();
            let name = &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())];
            if name.is_empty() {
                return Err(expression.trim());
            }
            pins.insert(name.to_owned());
        }
    }
    Ok(())
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
