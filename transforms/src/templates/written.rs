//! A kind template as written: YAML, read into types before any string is rendered.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};

use super::TemplateError;
use crate::definition::TaskKind;
use crate::payload::ArtifactType;
use crate::task::TaskString;

/// A template after YAML: every string is a leaf still to be rendered.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Template {
    pub(super) description: Leaf,
    pub(super) command: Vec<Leaf>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) artifacts: Vec<ArtifactTemplate>,
    #[serde(default)]
    pub(super) caches: Vec<CacheTemplate>,
    #[serde(default)]
    pub(super) retry: Vec<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArtifactTemplate {
    pub(super) name: Leaf,
    pub(super) path: Leaf,
    pub(super) r#type: ArtifactType,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CacheTemplate {
    pub(super) name: Leaf,
    pub(super) path: Leaf,
}

/// The value of a variable: text to render, or a reference to a task that is written out and never rendered.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Leaf),
    Reference(TaskString),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Leaf {
    pub(super) text: String,
    /// Under which the engine knows it; empty for plain text, which needs no rendering.
    #[serde(skip)]
    pub(super) name: String,
}

impl Template {
    pub(super) fn read(kind: TaskKind, yaml: &str) -> Result<Self, TemplateError> {
        serde_yaml::from_str(yaml).map_err(|error| TemplateError::Yaml {
            kind,
            message: error.to_string(),
        })
    }

    /// Every string that is rendered, with the field that holds it.
    pub(super) fn leaves(&mut self) -> Vec<(String, &mut Leaf)> {
        let mut leaves = vec![("description".to_owned(), &mut self.description)];
        for (index, leaf) in self.command.iter_mut().enumerate() {
            leaves.push((format!("command.{index}"), leaf));
        }
        for (name, value) in &mut self.env {
            if let Value::Text(leaf) = value {
                leaves.push((format!("env.{name}"), leaf));
            }
        }
        for (index, artifact) in self.artifacts.iter_mut().enumerate() {
            leaves.push((format!("artifacts.{index}.name"), &mut artifact.name));
            leaves.push((format!("artifacts.{index}.path"), &mut artifact.path));
        }
        for (index, cache) in self.caches.iter_mut().enumerate() {
            leaves.push((format!("caches.{index}.name"), &mut cache.name));
            leaves.push((format!("caches.{index}.path"), &mut cache.path));
        }
        leaves
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text (quote numbers), `{task-reference: <edge>}` or `{artifact-reference: <edge/name>}`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(Leaf {
                    text: text.to_owned(),
                    name: String::new(),
                }))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Value, A::Error> {
                use serde::de::Error;
                let Some((key, reference)) = map.next_entry::<String, String>()? else {
                    return Err(A::Error::invalid_length(0, &self));
                };
                if map.next_key::<String>()?.is_some() {
                    return Err(A::Error::invalid_length(2, &self));
                }
                Ok(Value::Reference(match key.as_str() {
                    "task-reference" => TaskString::Task { reference },
                    "artifact-reference" => TaskString::Artifact { reference },
                    _ => {
                        return Err(A::Error::unknown_field(
                            &key,
                            &["task-reference", "artifact-reference"],
                        ));
                    }
                }))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
