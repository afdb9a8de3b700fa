//! [`KindTemplates`]: what tasks of each kind run, as data: YAML whose string leaves are Handlebars.
//!
//! A template is read as YAML into typed fields first; only then is each string a template of its own. Whatever a
//! value holds, it stays inside its string. A string never yields a list or a map: what has structure is made by code.

use std::collections::BTreeMap;

use handlebars::{Context, Handlebars};

use crate::definition::{Kind, MaintenanceKind, TaskKind};
use crate::payload::ArtifactType;
use crate::task::TaskString;

mod helpers;
mod written;

use written::{Leaf, Template, Value};

/// The templates of all kinds, compiled once.
#[derive(Debug, Clone)]
pub struct KindTemplates {
    engine: Handlebars<'static>,
    /// One of every kind.
    templates: BTreeMap<TaskKind, Template>,
}

/// A kind template that cannot be used; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is no YAML, or not of the template's shape.
    #[error("the `{kind}` template: {message}")]
    Yaml {
        /// Whose it is.
        kind: TaskKind,
        /// What is wrong, with line and column.
        message: String,
    },
    /// A string is no Handlebars template.
    #[error("the `{kind}` template: `{field}`: {message}")]
    Handlebars {
        /// Whose it is.
        kind: TaskKind,
        /// The field, such as `env.NAME`.
        field: String,
        /// What is wrong.
        message: String,
    },
}

/// A string of a kind template that cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {message}")]
pub struct RenderError {
    /// The field, such as `command.2`.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

/// What a template says once its strings are rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) description: String,
    pub(crate) command: Vec<String>,
    pub(crate) env: BTreeMap<String, TaskString>,
    pub(crate) artifacts: Vec<RenderedArtifact>,
    pub(crate) caches: Vec<RenderedCache>,
    pub(crate) retry: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RenderedArtifact {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) r#type: ArtifactType,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RenderedCache {
    pub(crate) name: String,
    pub(crate) path: String,
}

impl KindTemplates {
    /// The template of a kind that this crate brings, as text: what an override starts from.
    pub fn embedded_yaml(kind: impl Into<TaskKind>) -> &'static str {
        match kind.into() {
            TaskKind::Image(Kind::Validate) => include_str!("kinds/validate.yml"),
            TaskKind::Image(Kind::Build) => include_str!("kinds/build.yml"),
            TaskKind::Image(Kind::Verify) => include_str!("kinds/verify.yml"),
            TaskKind::Image(Kind::Publish) => include_str!("kinds/publish.yml"),
            TaskKind::Maintenance(MaintenanceKind::Upgrade) => include_str!("kinds/upgrade.yml"),
            TaskKind::Maintenance(MaintenanceKind::Pools) => include_str!("kinds/pools.yml"),
            TaskKind::Maintenance(MaintenanceKind::Projects) => include_str!("kinds/projects.yml"),
            TaskKind::Maintenance(MaintenanceKind::Cleanup) => include_str!("kinds/cleanup.yml"),
            TaskKind::Maintenance(MaintenanceKind::CleanupApply) => {
                include_str!("kinds/cleanup-apply.yml")
            }
        }
    }

    /// The templates that this crate brings.
    pub fn embedded() -> Self {
        let mut templates = Self {
            engine: helpers::engine(),
            templates: BTreeMap::new(),
        };
        for kind in TaskKind::all() {
            templates
                .set(kind, Self::embedded_yaml(kind))
                .expect("the embedded templates are Handlebars in YAML of the right shape");
        }
        templates
    }

    /// Replaces the template of one kind, wholly.
    ///
    /// # Errors
    /// When the text is no YAML of the right shape, or a string in it is no Handlebars template.
    pub fn with_override(
        mut self,
        kind: impl Into<TaskKind>,
        yaml: &str,
    ) -> Result<Self, TemplateError> {
        self.set(kind.into(), yaml)?;
        Ok(self)
    }

    /// Renders one kind's template.
    pub(crate) fn render(
        &self,
        kind: TaskKind,
        context: &Context,
    ) -> Result<Rendered, RenderError> {
        let template = &self.templates[&kind];
        let text = |leaf: &Leaf| self.leaf(leaf, context);
        Ok(Rendered {
            description: text(&template.description)?,
            command: template
                .command
                .iter()
                .map(text)
                .collect::<Result<_, _>>()?,
            env: template
                .env
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::Text(leaf) => TaskString::Plain(text(leaf)?),
                        Value::Reference(reference) => reference.clone(),
                    };
                    Ok((name.clone(), value))
                })
                .collect::<Result<_, _>>()?,
            artifacts: template
                .artifacts
                .iter()
                .map(|artifact| {
                    Ok(RenderedArtifact {
                        name: text(&artifact.name)?,
                        path: text(&artifact.path)?,
                        r#type: artifact.r#type,
                    })
                })
                .collect::<Result<_, _>>()?,
            caches: template
                .caches
                .iter()
                .map(|cache| {
                    Ok(RenderedCache {
                        name: text(&cache.name)?,
                        path: text(&cache.path)?,
                    })
                })
                .collect::<Result<_, _>>()?,
            retry: template.retry.clone(),
        })
    }

    fn leaf(&self, leaf: &Leaf, context: &Context) -> Result<String, RenderError> {
        if leaf.name.is_empty() {
            return Ok(leaf.text.clone());
        }
        self.engine
            .render_with_context(&leaf.name, context)
            .map_err(|error| RenderError {
                field: leaf
                    .name
                    .split_once(':')
                    .map_or("", |(_, field)| field)
                    .to_owned(),
                message: error.reason().to_string(),
            })
    }

    /// Reads a kind's template, and compiles what is to be rendered of it.
    fn set(&mut self, kind: TaskKind, yaml: &str) -> Result<(), TemplateError> {
        let mut template = Template::read(kind, yaml)?;
        for (field, leaf) in template.leaves() {
            if !leaf.text.contains("{{") {
                continue;
            }
            leaf.name = format!("{kind}:{field}");
            self.engine
                .register_template_string(&leaf.name, &leaf.text)
                .map_err(|error| TemplateError::Handlebars {
                    kind,
                    field,
                    message: error.reason().to_string(),
                })?;
        }
        self.templates.insert(kind, template);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(yaml: &str, context: serde_json::Value) -> Result<Rendered, String> {
        let templates = KindTemplates::embedded()
            .with_override(Kind::Build, yaml)
            .map_err(|error| error.to_string())?;
        templates
            .render(Kind::Build.into(), &Context::from(context))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_stay_inside_their_strings() {
        let yaml = "description: '{{x}}'\ncommand: ['{{x}}', 'plain {x}']\nenv: {A: '{{trust-domain}}', B: {task-reference: <build>}}";
        let hostile = "\"]\n- {{y}} & <b>: ${x} {task-reference: <decision>}";
        let rendered = render(
            yaml,
            serde_json::json!({"x": hostile, "trust-domain": "td"}),
        )
        .unwrap();
        assert_eq!(rendered.command, [hostile, "plain {x}"]);
        assert_eq!(rendered.env["A"], TaskString::from("td"));
        assert_eq!(rendered.env["B"], TaskString::task("build"));
    }

    #[test]
    fn faults_name_their_field() {
        let context = || serde_json::json!({"x": "a"});
        for (yaml, expect) in [
            (
                "description: a\ncommand: ['{{x}}', '{{y}}']",
                "`command.1`: Failed to access variable in strict mode Some(\"y\")",
            ),
            (
                "description: a\ncommand: [a]\nscopes: ['*']",
                "the `build` template: unknown field `scopes`, expected one of `description`, `command`, `env`, \
                 `artifacts`, `caches`, `retry` at line 3 column 1",
            ),
        ] {
            assert_eq!(render(yaml, context()).unwrap_err(), expect);
        }
        let fault = render("description: a\ncommand: ['{{#if}']", context()).unwrap_err();
        assert!(
            fault.starts_with("the `build` template: `command.0`: "),
            "{fault}"
        );
        let fault = render("description: a\ncommand: [a]\nenv: {A: 1}", context()).unwrap_err();
        assert!(fault.contains("expected text (quote numbers)"), "{fault}");
    }
}
