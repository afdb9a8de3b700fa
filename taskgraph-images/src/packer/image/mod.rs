//! Evaluates a template for one image: finds the builds that use its source, and puts together the fingerprint and the
//! inputs of what applies to it.

mod filters;
mod sources;
mod steps;

use std::sync::Arc;

use serde_json::Value as Json;

use self::sources::wanted;
use super::body::Body;
use super::collect::Collector;
use super::eval::{Evaluator, Scope};
use super::expr::Node;
use super::kinds::Component;
use super::template::ParsedTemplate;
use super::value::Value;
use super::{Evaluation, InputRole, Request, TemplateInput, VarFile, variables};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::Files;

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
        collector.loose = self.builds.iter().any(|build| build.all);
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
}
