//! Checks `only` and `except` against the sources that a template has.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Severity, nearest};
use crate::packer::expr::Expr;
use crate::packer::template::ParsedTemplate;
use crate::packer::value::Value;

impl ParsedTemplate {
    /// Notes filters that name no source of the template: they do nothing, or hide a block from all.
    pub(in crate::packer) fn check_filters(&mut self) {
        let mut warnings = Vec::new();
        let local: Vec<Arc<str>> = self
            .builds
            .iter()
            .flat_map(|build| &build.steps)
            .filter(|step| &*step.name == "source")
            .filter_map(|step| match &step.body.attribute("name")?.value.expr {
                Expr::Const(Value::String(name)) => Some(name.clone()),
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
                let Expr::List(items) = &attribute.value.expr else {
                    continue;
                };
                for item in items {
                    let Expr::Const(Value::String(text)) = &item.expr else {
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
