//! A build's provisioners and post-processors: which of them apply to the source, and with what values.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Image;
use super::sources::Usage;
use crate::diagnostic::Diagnostic;
use crate::packer::body::Block;
use crate::packer::eval::Scope;
use crate::packer::expr::Node;
use crate::packer::kinds::{self, Component};
use crate::packer::resolve::{Field, Instance, Resolved};
use crate::packer::template::Build;
use crate::packer::value::Value;

/// What says to which sources a block applies. It is carried out, not part of what it applies to.
const FILTERS: &[&str] = &["only", "except", "override"];

impl<'t> Image<'_, 't> {
    pub(super) fn build(&mut self, build: &'t Build, usage: &Usage<'t>) -> Json {
        self.evaluator.source_type = Value::String(usage.source.of.clone());
        self.evaluator.source_name = Value::String(usage.name.clone());
        let mut json = serde_json::Map::new();
        let mut source = self.evaluator.resolve(&usage.source.body, None, &[]);
        if let Some(added) = &usage.added {
            let more = added.within(None, |scope| {
                self.evaluator.resolve(&added.block.body, scope, &["name"])
            });
            for field in more.fields {
                source.set(field);
            }
            source.blocks.extend(more.blocks);
        }
        self.component(Component::Source, &usage.source.of, &source);
        let mut provisioners = Vec::new();
        let mut cleanup = Vec::new();
        let mut chains = Vec::new();
        for step in &build.steps {
            if &*step.name == "source" {
                continue;
            }
            for instance in self.evaluator.instances(step, None) {
                instance.within(None, |scope| match &*step.name {
                    "post-processors" => {
                        let mut chain = Vec::new();
                        for inner in &step.body.blocks {
                            for instance in self.evaluator.instances(inner, scope) {
                                chain.extend(instance.within(scope, |scope| {
                                    self.step(&instance, Component::PostProcessor, usage, scope)
                                }));
                            }
                        }
                        if !chain.is_empty() {
                            chains.push(Json::Array(chain));
                        }
                    }
                    "post-processor" => {
                        let step = self.step(&instance, Component::PostProcessor, usage, scope);
                        chains.extend(step.map(|step| Json::Array(vec![step])));
                    }
                    "error-cleanup-provisioner" => {
                        cleanup.extend(self.step(&instance, Component::Provisioner, usage, scope));
                    }
                    _ => {
                        provisioners.extend(self.step(
                            &instance,
                            Component::Provisioner,
                            usage,
                            scope,
                        ));
                    }
                });
            }
        }
        let rest = self
            .evaluator
            .resolve(&build.body, None, &["sources", "description"]);
        let mut insert = |name: &str, steps: Vec<Json>| {
            if !steps.is_empty() {
                json.insert(name.to_owned(), Json::Array(steps));
            }
        };
        insert("error-cleanup-provisioner", cleanup);
        insert("post-processors", chains);
        insert("provisioners", provisioners);
        let rest = rest.to_json();
        if rest.as_object().is_some_and(|rest| !rest.is_empty()) {
            json.insert("settings".to_owned(), rest);
        }
        json.insert(
            "source".to_owned(),
            Json::Array(vec![
                (&*usage.source.of).into(),
                (&*usage.name).into(),
                source.to_json(),
            ]),
        );
        Json::Object(json)
    }

    pub(super) fn component(&mut self, component: Component, of: &Arc<str>, body: &Resolved<'_>) {
        if !self.types.contains(of) {
            self.types.push(of.clone());
        }
        self.collector
            .component(self.evaluator, component, of, body);
    }

    /// A provisioner or post-processor, if it applies to the source.
    pub(super) fn step(
        &mut self,
        instance: &Instance<'t>,
        component: Component,
        usage: &Usage<'t>,
        scope: Option<&Scope<'_>>,
    ) -> Option<Json> {
        let block = instance.block;
        let Some(of) = instance.label() else {
            self.evaluator.faults.push(
                Diagnostic::error(
                    "unresolved-type",
                    format!(
                        "which {} this is, is known only when Packer runs",
                        block.name
                    ),
                )
                .at(self.evaluator.place(block.file, block.span)),
            );
            return None;
        };
        let names =
            |list: &[(Arc<str>, &Node)]| list.iter().any(|(text, _)| *text == usage.reference);
        if let Some(only) = self.texts(&block.body, "only", scope)
            && !only.is_empty()
            && !names(&only)
        {
            return None;
        }
        if let Some(except) = self.texts(&block.body, "except", scope)
            && names(&except)
        {
            return None;
        }
        let mut body = self.evaluator.resolve(&block.body, scope, FILTERS);
        self.overrides(block, component, &of, usage, scope, &mut body);
        self.component(component, &of, &body);
        let mut step = vec![Json::from(&*of), body.to_json()];
        step.extend(instance.over.as_ref().map(Value::to_json));
        Some(Json::Array(step))
    }

    /// Lays what `override` says for the source over the body.
    fn overrides(
        &mut self,
        block: &'t Block,
        component: Component,
        of: &str,
        usage: &Usage<'t>,
        scope: Option<&Scope<'_>>,
        body: &mut Resolved<'t>,
    ) {
        let Some(attribute) = block.body.attribute("override") else {
            return;
        };
        let Some(value) = self.value(&block.body, "override", scope) else {
            return;
        };
        let node = &attribute.value;
        let mut wrong = Vec::new();
        match &value {
            Value::Null => {}
            Value::Map(sources) => {
                for (name, changes) in &sources.items {
                    if *name != usage.name && *name != usage.reference {
                        continue;
                    }
                    let Value::Map(changes) = changes else {
                        wrong.push(format!(
                            "`override` for `{name}` expects a map, found {}",
                            changes.kind()
                        ));
                        continue;
                    };
                    for (name, value) in &changes.items {
                        body.set(Field {
                            name: name.clone(),
                            value: value.clone(),
                            node,
                            kind: kinds::kind(component, of, name),
                        });
                    }
                }
            }
            other => wrong.push(format!(
                "`override` expects a map of sources, found {}",
                other.kind()
            )),
        }
        for message in wrong {
            let fault = self.evaluator.error(node, "wrong-type", message);
            self.evaluator.faults.push(*fault);
        }
    }
}
