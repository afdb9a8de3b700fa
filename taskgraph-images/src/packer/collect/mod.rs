//! [`Collector`]: the files that resolved blocks name. What an attribute names is the table's to say (`kinds`); what
//! stands in the files is nobody's business here.

mod inline;
mod lookup;
mod mentions;
mod playbooks;
mod uploads;

use super::eval::Evaluator;
use super::expr::Expr;
use super::kinds::{Component, Kind};
use super::resolve::{Field, Resolved};
use super::value::Value;
use super::{InlineScript, InputRole, TemplateInput, Unresolved};
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::Files;

/// Gathers what blocks name.
pub(super) struct Collector<'f> {
    files: &'f dyn Files,
    pub(super) inputs: Vec<TemplateInput>,
    pub(super) inline: Vec<InlineScript>,
    pub(super) unresolved: Vec<Unresolved>,
    pub(super) faults: Vec<Diagnostic>,
    /// Whether one value stands for a list of one, as in legacy templates.
    pub(super) loose: bool,
}

/// What is being looked at: the component's type, and what of it matters to all its attributes.
#[derive(Clone, Copy)]
struct About<'a> {
    of: &'a str,
    local: bool,
}

impl<'f> Collector<'f> {
    pub(super) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            inputs: Vec::new(),
            inline: Vec::new(),
            unresolved: Vec::new(),
            faults: Vec::new(),
            loose: false,
        }
    }

    /// Looks at a component of type `of`.
    pub(super) fn component(
        &mut self,
        evaluator: &Evaluator<'_>,
        component: Component,
        of: &str,
        body: &Resolved<'_>,
    ) {
        let about = About {
            of,
            local: of == "shell-local",
        };
        if component == Component::Provisioner && of == "file" {
            self.uploads(evaluator, body);
        }
        self.body(evaluator, about, body);
    }

    fn body(&mut self, evaluator: &Evaluator<'_>, about: About<'_>, body: &Resolved<'_>) {
        for field in &body.fields {
            if field.value != Value::Null {
                self.field(evaluator, about, field);
            }
        }
        for block in &body.blocks {
            self.body(evaluator, about, &block.body);
        }
    }

    fn field(&mut self, evaluator: &Evaluator<'_>, about: About<'_>, field: &Field<'_>) {
        match field.kind {
            None => self.mentions(evaluator, field),
            Some(Kind::Nothing | Kind::Upload { .. }) => {}
            Some(Kind::Inline) => self.inline(evaluator, about, field),
            Some(Kind::Script { list }) => {
                if let Some(items) = self.items(evaluator, field, list) {
                    for (value, place) in items {
                        // An empty `script` is as none; an empty item of `scripts` is a mistake.
                        if list || value.as_text().as_deref() != Some("") {
                            let input = |path, at| TemplateInput {
                                local: about.local,
                                ..TemplateInput::new(path, InputRole::Script, at)
                            };
                            self.file(&value, place, input);
                        }
                    }
                }
            }
            Some(Kind::UserData) => {
                for (value, place) in loose(evaluator, field) {
                    let input = |path, at| TemplateInput::new(path, InputRole::UserData, at);
                    if value.as_text().as_deref() != Some("") {
                        self.file(&value, place, input);
                    }
                }
            }
            Some(Kind::FileMap) => {
                let place = evaluator.place(field.node.file, field.node.span);
                match &field.value {
                    Value::Map(map) => {
                        for value in map.items.values() {
                            let input =
                                |path, at| TemplateInput::new(path, InputRole::UserData, at);
                            self.file(value, place.clone(), input);
                        }
                    }
                    Value::Unknown(_) => self.unknown(&field.value, place),
                    other => self.wrong_type(field, place, "a map of paths", other),
                }
            }
            Some(Kind::Media { glob }) => {
                for (value, place) in loose(evaluator, field) {
                    self.any(&value, place, InputRole::Media, glob);
                }
            }
            Some(Kind::Configuration) => {
                for (value, place) in loose(evaluator, field) {
                    self.any(&value, place, InputRole::Configuration, false);
                }
            }
            Some(Kind::Playbook) => {
                for (value, place) in loose(evaluator, field) {
                    self.playbook(&value, place);
                }
            }
            Some(Kind::Elsewhere) => {
                for (value, place) in loose(evaluator, field) {
                    self.elsewhere(&value, &place);
                }
            }
        }
    }

    /// The items of a field that must be a list of paths, or the one path.
    fn items(
        &mut self,
        evaluator: &Evaluator<'_>,
        field: &Field<'_>,
        list: bool,
    ) -> Option<Vec<(Value, Place)>> {
        let place = evaluator.place(field.node.file, field.node.span);
        let fits = match &field.value {
            Value::Unknown(_) => {
                self.unknown(&field.value, place);
                return None;
            }
            Value::List(_) => list,
            Value::String(_) => !list || self.loose,
            _ => false,
        };
        if !fits {
            let expected = if list { "a list of paths" } else { "a path" };
            self.wrong_type(field, place, expected, &field.value);
            return None;
        }
        Some(loose(evaluator, field))
    }

    fn wrong_type(&mut self, field: &Field<'_>, place: Place, expected: &str, found: &Value) {
        self.faults.push(
            Diagnostic::error(
                "wrong-type",
                format!(
                    "`{}` expects {expected}, found {}",
                    field.name,
                    found.kind()
                ),
            )
            .at(place),
        );
    }
}

/// A field's items with their places, or its one value with its.
fn loose(evaluator: &Evaluator<'_>, field: &Field<'_>) -> Vec<(Value, Place)> {
    let whole = evaluator.place(field.node.file, field.node.span);
    let Value::List(list) = &field.value else {
        return vec![(field.value.clone(), whole)];
    };
    let nodes = match &field.node.expr {
        Expr::List(nodes) if nodes.len() == list.items.len() => Some(nodes),
        _ => None,
    };
    list.items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let place = nodes.map_or_else(
                || whole.clone(),
                |nodes| evaluator.place(nodes[at].file, nodes[at].span),
            );
            (item.clone(), place)
        })
        .collect()
}
