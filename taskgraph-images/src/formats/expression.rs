//! [`Expression`]: a value of a recipe, with Jinja in its texts.
//!
//! The structure is YAML's and stays as it is written. A text that is one `{{ expression }}` gives the expression's
//! value, a list as a list; one that holds more is rendered; any other means itself. `{$lines: text}` is the list of
//! the rendered text's lines. Names that nobody defined are empty.

use std::collections::BTreeSet;

use minijinja::value::Value as Jinja;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value as Json};

use crate::diagnostic::Diagnostic;
use crate::yaml::{Decode, Decoder, Node, Value};

/// How much work one text may be.
const FUEL: u64 = 1_000_000;

/// The key of a text that becomes a list of lines.
const LINES: &str = "$lines";

/// A value with Jinja in its texts.
#[derive(Debug, Clone, schemars::JsonSchema)]
#[schemars(transparent)]
pub struct Expression(#[schemars(with = "serde_json::Value")] Node);

impl Decode for Expression {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let expression = Self(node.clone());
        let mut faults = Vec::new();
        let environment = environment();
        each_text(node, &mut |node, text| {
            if let Err(error) = compile(&environment, text) {
                faults.push(
                    Diagnostic::error("expression", words(&error))
                        .at(node.place())
                        .hint("recipes are written with Jinja's expressions"),
                );
            }
        });
        let sound = faults.is_empty();
        decoder.faults.append(&mut faults);
        sound.then_some(expression)
    }
}

/// An expression of which only the value counts, with or without braces: a condition, or a list to go through.
#[derive(Debug, Clone, schemars::JsonSchema)]
#[schemars(transparent)]
pub struct Condition(pub(super) Expression);

impl Decode for Condition {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Value::Scalar(text, _) = &node.value else {
            return decoder.expected("an expression", node);
        };
        match environment().compile_expression(bare(text)) {
            Ok(_) => Some(Self(Expression(node.clone()))),
            Err(error) => {
                decoder.fault("expression", node, words(&error));
                None
            }
        }
    }
}

/// The expression of a text, without its braces.
fn bare(text: &str) -> &str {
    match text_kind(text) {
        Text::Expression(inner) => inner,
        _ => text,
    }
}

/// The engine as recipes see it.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.add_filter("dirname", |path: String| {
        path.rsplit_once('/')
            .map_or_else(String::new, |(folder, _)| folder.to_owned())
    });
    environment
}

/// An error in one line.
pub(super) fn words(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

enum Text<'a> {
    Plain,
    Expression(&'a str),
    Template,
}

fn text_kind(text: &str) -> Text<'_> {
    let trimmed = text.trim();
    match trimmed
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"))
    {
        Some(inner) if !inner.contains("{{") && !inner.contains("}}") => Text::Expression(inner),
        _ if text.contains("{{") || text.contains("{%") => Text::Template,
        _ => Text::Plain,
    }
}

fn compile(environment: &Environment<'_>, text: &str) -> Result<(), minijinja::Error> {
    match text_kind(text) {
        Text::Plain => Ok(()),
        Text::Expression(inner) => environment.compile_expression(inner).map(|_| ()),
        Text::Template => environment.template_from_str(text).map(|_| ()),
    }
}

fn each_text(node: &Node, visit: &mut dyn FnMut(&Node, &str)) {
    match &node.value {
        Value::Scalar(text, _) => visit(node, text),
        Value::List(items) | Value::Concat(items) => {
            items.iter().for_each(|item| each_text(item, visit));
        }
        Value::Map(entries) => entries
            .iter()
            .for_each(|(_, value)| each_text(value, visit)),
    }
}

impl Expression {
    /// The value in a context.
    ///
    /// # Errors
    /// When an expression fails, at its place in the recipe.
    pub(super) fn value(
        &self,
        environment: &Environment<'_>,
        context: &Jinja,
    ) -> Result<Json, Diagnostic> {
        evaluate(environment, &self.0, context)
    }

    /// The dotted names that it reads.
    pub(super) fn names(&self, environment: &Environment<'_>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        each_text(&self.0, &mut |_, text| {
            let read = match text_kind(text) {
                Text::Plain => environment
                    .compile_expression(text)
                    .map(|expression| expression.undeclared_variables(true)),
                Text::Expression(inner) => environment
                    .compile_expression(inner)
                    .map(|expression| expression.undeclared_variables(true)),
                Text::Template => environment
                    .template_from_str(text)
                    .map(|template| template.undeclared_variables(true)),
            };
            // Plain text that is no expression reads nothing; all others were compiled when the recipe was read.
            names.extend(read.into_iter().flatten());
        });
        names
    }
}

impl Condition {
    /// Whether it holds in a context.
    ///
    /// # Errors
    /// When the expression fails.
    pub(super) fn holds(
        &self,
        environment: &Environment<'_>,
        context: &Jinja,
    ) -> Result<bool, Diagnostic> {
        self.value(environment, context)
            .map(|value| value.is_true())
    }

    /// The items of the list that it gives.
    ///
    /// # Errors
    /// When the expression fails or gives no list.
    pub(super) fn items(
        &self,
        environment: &Environment<'_>,
        context: &Jinja,
    ) -> Result<Vec<Jinja>, Diagnostic> {
        let value = self.value(environment, context)?;
        if value.is_undefined() || value.is_none() {
            return Ok(Vec::new());
        }
        value
            .try_iter()
            .map(Iterator::collect)
            .map_err(|error| fault(&self.0.0, &error))
    }

    fn value(&self, environment: &Environment<'_>, context: &Jinja) -> Result<Jinja, Diagnostic> {
        let Value::Scalar(text, _) = &self.0.0.value else {
            return Ok(Jinja::UNDEFINED);
        };
        environment
            .compile_expression(bare(text))
            .and_then(|expression| expression.eval(context))
            .map_err(|error| fault(&self.0.0, &error))
    }
}

fn fault(node: &Node, error: &minijinja::Error) -> Diagnostic {
    Diagnostic::error("expression", words(error)).at(node.place())
}

fn evaluate(
    environment: &Environment<'_>,
    node: &Node,
    context: &Jinja,
) -> Result<Json, Diagnostic> {
    match &node.value {
        Value::Scalar(text, _) => match text_kind(text) {
            Text::Plain => Ok(node.to_json()),
            Text::Expression(inner) => environment
                .compile_expression(inner)
                .and_then(|expression| expression.eval(context))
                .map(|value| to_json(&value))
                .map_err(|error| fault(node, &error)),
            Text::Template => render(environment, node, text, context).map(Json::String),
        },
        Value::List(items) | Value::Concat(items) => items
            .iter()
            .map(|item| evaluate(environment, item, context))
            .collect(),
        Value::Map(entries) => {
            if let [(key, value)] = &**entries
                && &*key.text == LINES
                && let Value::Scalar(text, _) = &value.value
            {
                let text = render(environment, value, text, context)?;
                return Ok(text
                    .lines()
                    .filter(|line| !line.is_empty())
                    .map(Json::from)
                    .collect());
            }
            let mut map = Map::new();
            for (key, value) in entries.iter() {
                map.insert(key.text.to_string(), evaluate(environment, value, context)?);
            }
            Ok(Json::Object(map))
        }
    }
}

fn render(
    environment: &Environment<'_>,
    node: &Node,
    text: &str,
    context: &Jinja,
) -> Result<String, Diagnostic> {
    environment
        .render_str(text, context)
        .map_err(|error| fault(node, &error))
}

/// A value of the engine as JSON; what nobody defined is null.
pub(super) fn to_json(value: &Jinja) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
