//! Evaluates a template for one image.

use std::sync::Arc;

use serde_json::Value as Json;

use super::body::{Block, Body};
use super::collect::Collector;
use super::eval::{Evaluator, Scope};
use super::expr::Node;
use super::kinds::{self, Component};
use super::resolve::{Field, Instance, Resolved};
use super::template::{Build, ParsedTemplate, Source};
use super::value::Value;
use super::{Evaluation, InputRole, Request, TemplateInput, VarFile, variables};
use crate::diagnostic::{Diagnostic, Place, Severity, nearest};
use crate::tree::Files;

/// What says to which sources a block applies. It is carried out, not part of what it applies to.
const FILTERS: &[&str] = &["only", "except", "override"];

/// A source as one build uses it.
struct Usage<'t> {
    source: &'t Source,
    /// What the build calls it, if not by its own name.
    name: Arc<str>,
    /// What `only` and `except` call it.
    reference: Arc<str>,
    /// What the build adds to it.
    added: Option<Instance<'t>>,
}

impl ParsedTemplate {
    /// Says what the template means for one image. `files` must be the tree that the template was read from.
    ///
    /// # Errors
    /// Every fault that the request's image has: an unknown source, variables without value or declaration, values
    /// of a wrong type, expressions that cannot be evaluated, directories where files are expected.
    pub fn evaluate(
        &self,
        files: &dyn Files,
        request: &Request<'_>,
    ) -> Result<Evaluation, Vec<Diagnostic>> {
        let mut evaluator = Evaluator::new(&self.declarations, files, &self.root);
        let mut collector = Collector::new(files);
        let mut warnings = self.warnings.clone();
        let var_files: Vec<&VarFile> = self
            .automatic
            .iter()
            .chain(request.var_files.iter().map(AsRef::as_ref))
            .collect();
        variables::assign(&mut evaluator, &var_files, request.variables, &mut warnings);
        let (build_name, wanted) = wanted(request.source);
        let mut builds = Vec::new();
        let mut types: Vec<Arc<str>> = Vec::new();
        for build in &self.builds {
            let mut image = Image {
                template: self,
                evaluator: &mut evaluator,
                collector: &mut collector,
                types: &mut types,
            };
            if let Some(name) = build_name
                && image.text(&build.body, "name").as_deref() != Some(name)
            {
                continue;
            }
            for usage in image.usages(build, wanted) {
                builds.push(image.build(build, &usage));
            }
        }
        if builds.is_empty() && evaluator.faults.is_empty() {
            evaluator
                .faults
                .push(self.not_built(request.source, wanted));
        }
        let settings = self.settings(&mut evaluator, &types);
        // Data sources may ask for others while they are resolved: all are known once everything else is.
        let mut data = serde_json::Map::new();
        let mut asked = std::mem::take(&mut evaluator.asked);
        asked.sort_by(|a, b| a.0.labels.cmp(&b.0.labels));
        for (block, body) in &asked {
            let of = block.labels.first().map_or("", AsRef::as_ref);
            collector.component(&evaluator, Component::Other, of, body);
            data.insert(block.labels.join("."), body.to_json());
        }
        for file in &self.declarations.files {
            evaluator.inputs.push(TemplateInput::new(
                file.clone(),
                InputRole::Template,
                Place::file(file.clone()),
            ));
        }
        for file in &var_files {
            evaluator.inputs.push(TemplateInput::new(
                file.path.clone(),
                InputRole::VarFile,
                Place::file(file.path.clone()),
            ));
        }
        let mut faults = evaluator.faults;
        faults.append(&mut collector.faults);
        if !faults.is_empty() {
            faults.sort();
            faults.dedup();
            return Err(faults);
        }
        let mut unresolved = collector.unresolved;
        unresolved.append(&mut evaluator.unresolved);
        let mut inputs = collector.inputs;
        inputs.append(&mut evaluator.inputs);
        inputs.sort_unstable();
        inputs.dedup();
        let mut fingerprint = serde_json::Map::new();
        fingerprint.insert("builds".to_owned(), Json::Array(builds));
        if !data.is_empty() {
            fingerprint.insert("data".to_owned(), Json::Object(data));
        }
        if !evaluator.environment.is_empty() {
            let names = evaluator.environment.iter().map(|name| &**name).collect();
            fingerprint.insert("environment".to_owned(), names);
        }
        if !settings.is_empty() {
            fingerprint.insert("packer".to_owned(), Json::Array(settings));
        }
        Ok(Evaluation {
            fingerprint: Json::Object(fingerprint),
            inputs,
            inline: collector.inline,
            unresolved,
            warnings,
        })
    }

    /// What of the `packer` blocks concerns an image that uses the components of these types.
    fn settings<'t>(&'t self, evaluator: &mut Evaluator<'t>, types: &[Arc<str>]) -> Vec<Json> {
        self.settings
            .iter()
            .map(|body| {
                let mut resolved = evaluator.resolve(body, None, &[]);
                for block in &mut resolved.blocks {
                    if &*block.name == "required_plugins" {
                        // A component's type starts with the local name of the plugin that brings it.
                        block.body.fields.retain(|field| {
                            types.iter().any(|of| {
                                of.strip_prefix(&*field.name)
                                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                            })
                        });
                    }
                }
                resolved.to_json()
            })
            .filter(|json| json.as_object().is_some_and(|json| !json.is_empty()))
            .collect()
    }

    fn not_built(&self, written: &str, wanted: &str) -> Diagnostic {
        let declared = self
            .sources
            .iter()
            .find(|source| &*source.reference == wanted);
        let mut diagnostic = match declared {
            Some(source) => Diagnostic::error(
                "source-not-built",
                format!("no `build` block uses the source `{written}`"),
            )
            .at(Place {
                path: self.declarations.files[usize::from(source.file)].clone(),
                span: source.span,
            })
            .hint(format!(
                "name it in a build: `sources = [\"source.{wanted}\"]`"
            )),
            None => Diagnostic::error(
                "unknown-source",
                format!("the template has no source `{written}`"),
            ),
        };
        if declared.is_none() {
            if let Some(file) = self.declarations.files.first() {
                diagnostic = diagnostic.at(Place::file(file.clone()));
            }
            let known: Vec<&str> = self.sources().collect();
            diagnostic.hint = Some(match nearest(wanted, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has none at all".to_owned(),
                None => format!("it has `{}`", known.join("`, `")),
            });
        }
        diagnostic
    }

    /// Notes filters that name no source of the template: they do nothing, or hide a block from all.
    pub(super) fn check_filters(&mut self) {
        let mut warnings = Vec::new();
        let local: Vec<Arc<str>> = self
            .builds
            .iter()
            .flat_map(|build| &build.steps)
            .filter(|step| &*step.name == "source")
            .filter_map(|step| match &step.body.attribute("name")?.value.expr {
                super::expr::Expr::Const(Value::String(name)) => Some(name.clone()),
                // A name that is computed may be any.
                _ => Some(Arc::from("*")),
            })
            .collect();
        if local.iter().any(|name| &**name == "*") {
            return;
        }
        let known = |text: &str| {
            self.sources.iter().any(|source| &*source.reference == text)
                || local
                    .iter()
                    .any(|name| text.rsplit('.').next() == Some(name))
        };
        for step in self.builds.iter().flat_map(|build| &build.steps) {
            for filter in ["only", "except"] {
                let Some(attribute) = step.body.attribute(filter) else {
                    continue;
                };
                let super::expr::Expr::List(items) = &attribute.value.expr else {
                    continue;
                };
                for item in items {
                    let super::expr::Expr::Const(Value::String(text)) = &item.expr else {
                        continue;
                    };
                    if !known(text) {
                        let mut warning = Diagnostic::warning(
                            "unknown-source",
                            format!("`{filter}` names `{text}`, which the template does not have"),
                        )
                        .at(Place {
                            path: self.declarations.files[usize::from(item.file)].clone(),
                            span: item.span,
                        });
                        warning.hint = nearest(text, self.sources())
                            .map(|near| format!("did you mean `{near}`?"));
                        warnings.push(warning);
                    }
                }
            }
        }
        debug_assert!(
            warnings
                .iter()
                .all(|warning| warning.severity == Severity::Warning)
        );
        self.warnings.append(&mut warnings);
    }
}

/// A requested source's build, if it names one, and its reference.
fn wanted(source: &str) -> (Option<&str>, &str) {
    let source = source.strip_prefix("source.").unwrap_or(source);
    match source.split_once('.') {
        Some((build, rest)) if rest.contains('.') => (Some(build), rest),
        _ => (None, source),
    }
}

/// The parts that the evaluation of one build works with.
struct Image<'a, 't> {
    template: &'t ParsedTemplate,
    evaluator: &'a mut Evaluator<'t>,
    collector: &'a mut Collector<'t>,
    /// Types of the components that the image uses.
    types: &'a mut Vec<Arc<str>>,
}

impl<'t> Image<'_, 't> {
    fn value(&mut self, body: &'t Body, name: &str, scope: Option<&Scope<'_>>) -> Option<Value> {
        let attribute = body.attribute(name)?;
        match self.evaluator.eval(&attribute.value, scope) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.evaluator.faults.push(*fault);
                None
            }
        }
    }

    fn text(&mut self, body: &'t Body, name: &str) -> Option<Arc<str>> {
        self.value(body, name, None)?.as_text()
    }

    /// The list of texts that an attribute must be.
    fn texts(
        &mut self,
        body: &'t Body,
        name: &str,
        scope: Option<&Scope<'_>>,
    ) -> Option<Vec<(Arc<str>, &'t Node)>> {
        let node = &body.attribute(name)?.value;
        let value = self.value(body, name, scope)?;
        if value == Value::Null {
            return None;
        }
        let texts = value.as_list().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_text().map(|text| (text, node)))
                .collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            let (code, message) = if value.has_unknown() {
                (
                    "unresolved-source",
                    format!("what `{name}` names is known only when Packer runs"),
                )
            } else {
                (
                    "wrong-type",
                    format!("`{name}` expects a list of strings, found {}", value.kind()),
                )
            };
            let fault = self.evaluator.error(node, code, message);
            self.evaluator.faults.push(*fault);
        }
        texts
    }

    /// How a build uses the wanted source.
    fn usages(&mut self, build: &'t Build, wanted: &str) -> Vec<Usage<'t>> {
        let sources = &self.template.sources;
        if build.all {
            return sources
                .iter()
                .filter(|source| &*source.reference == wanted)
                .map(Usage::plain)
                .collect();
        }
        let mut usages = Vec::new();
        for (reference, node) in self.texts(&build.body, "sources", None).unwrap_or_default() {
            let reference = reference.strip_prefix("source.").unwrap_or(&reference);
            if reference == wanted {
                match sources.iter().find(|source| &*source.reference == wanted) {
                    Some(source) => usages.push(Usage::plain(source)),
                    None => self.unknown_source(reference, node.file, node.span),
                }
            }
        }
        for step in build.steps.iter().filter(|step| &*step.name == "source") {
            for instance in self.evaluator.instances(step, None) {
                let Some(label) = instance.label() else {
                    continue;
                };
                let reference = label.strip_prefix("source.").unwrap_or(&label);
                let name = instance
                    .within(None, |scope| self.value(&step.body, "name", scope))
                    .and_then(|name| name.as_text());
                let (of, own) = reference.split_once('.').unwrap_or((reference, ""));
                let name = name.unwrap_or_else(|| Arc::from(own));
                let local = format!("{of}.{name}");
                if local != wanted && reference != wanted {
                    continue;
                }
                match sources
                    .iter()
                    .find(|source| &*source.reference == reference)
                {
                    Some(source) => usages.push(Usage {
                        source,
                        name,
                        reference: Arc::from(local),
                        added: Some(instance),
                    }),
                    None => self.unknown_source(reference, step.file, step.span),
                }
            }
        }
        // A source that a build renames is meant by its new name, if that is what was asked for.
        if usages.iter().any(|usage| &*usage.reference == wanted) {
            usages.retain(|usage| &*usage.reference == wanted);
        }
        usages
    }

    fn unknown_source(&mut self, reference: &str, file: u16, span: crate::diagnostic::Span) {
        let mut diagnostic = Diagnostic::error(
            "unknown-source",
            format!("the template has no source `{reference}`"),
        )
        .at(self.evaluator.place(file, span));
        diagnostic.hint = nearest(reference, self.template.sources())
            .map(|near| format!("did you mean `{near}`?"));
        self.evaluator.faults.push(diagnostic);
    }

    fn build(&mut self, build: &'t Build, usage: &Usage<'t>) -> Json {
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

    fn component(&mut self, component: Component, of: &Arc<str>, body: &Resolved<'_>) {
        if !self.types.contains(of) {
            self.types.push(of.clone());
        }
        self.collector
            .component(self.evaluator, component, of, body);
    }

    /// A provisioner or post-processor, if it applies to the source.
    fn step(
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

impl<'t> Usage<'t> {
    fn plain(source: &'t Source) -> Self {
        Self {
            source,
            name: source.name.clone(),
            reference: source.reference.clone(),
            added: None,
        }
    }
}

impl<'t> Resolved<'t> {
    /// Adds a field, or puts it in the place of the one of its name.
    fn set(&mut self, field: Field<'t>) {
        match self.fields.iter_mut().find(|own| own.name == field.name) {
            Some(own) => *own = field,
            None => self.fields.push(field),
        }
    }
}
