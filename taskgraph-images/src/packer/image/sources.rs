//! Which builds use the source that is asked for, and as what.

use std::sync::Arc;

use super::Image;
use crate::diagnostic::{Diagnostic, nearest};
use crate::packer::resolve::Instance;
use crate::packer::template::{Build, Source};

/// A source as one build uses it.
pub(super) struct Usage<'t> {
    pub(super) source: &'t Source,
    /// What the build calls it, if not by its own name.
    pub(super) name: Arc<str>,
    /// What `only` and `except` call it.
    pub(super) reference: Arc<str>,
    /// What the build adds to it.
    pub(super) added: Option<Instance<'t>>,
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

/// A requested source's build, if it names one, and its reference.
pub(super) fn wanted(source: &str) -> (Option<&str>, &str) {
    let source = source.strip_prefix("source.").unwrap_or(source);
    match source.split_once('.') {
        Some((build, rest)) if rest.contains('.') => (Some(build), rest),
        _ => (None, source),
    }
}

impl<'t> Image<'_, 't> {
    /// How a build uses the wanted source.
    pub(super) fn usages(&mut self, build: &'t Build, wanted: &str) -> Vec<Usage<'t>> {
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
}
