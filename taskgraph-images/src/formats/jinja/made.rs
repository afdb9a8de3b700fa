//! [`Surroundings`]: what a tree's images share; and [`Made`], a Packer template that was made, as an image.

use std::collections::BTreeMap;

use minijinja::Environment;
use serde_json::{Value as Json, json};
use taskgraph_images_transforms::{Builder, Os};

use super::parts::Rules;
use super::secrets::Secrets;
use super::tool::{Facts, facts};
use super::variables::Merge;
use super::{archives, os};
use crate::definitions::{
    Draft, Foreign, Holds, Packed, Rendered, ResolvedImage, Settings, WrittenBuilder, complete,
};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::formats::cloud::cloud;
use crate::formats::context::Reader;
use crate::formats::expression::{self, Expression};
use crate::formats::recipe::{Archive, Builders, arch};
use crate::tree::{TreePath, View};
use crate::yaml::Spanned;

/// What a tree's images share.
pub(super) struct Surroundings<'a> {
    builders: &'a Builders,
    view: &'a View<'a>,
    pub(super) environment: Environment<'static>,
    pub(super) tool: Facts,
    pub(super) secrets: Secrets<'a>,
    pub(super) rules: Rules,
    /// Why the tree's tool renders no builder file; empty if it does.
    pub(super) fails: String,
}

impl<'a> Surroundings<'a> {
    /// `None` when the recipe says what cannot be.
    pub(super) fn new(
        builders: &'a Builders,
        view: &'a View<'a>,
        whole: &Place,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let environment = expression::environment();
        let tool = facts(builders.tool.as_ref(), view);
        let context = minijinja::Value::from_serialize(json!({"tool": tool.facts}));
        let mut text = |expression: Option<&Expression>| {
            let Some(expression) = expression else {
                return Some(String::new());
            };
            match expression.value(&environment, &context) {
                Ok(Json::Null) => Some(String::new()),
                Ok(Json::String(text)) => Some(text),
                Ok(other) => Some(other.to_string()),
                Err(fault) => {
                    let message = format!("{} in the recipe", fault.message);
                    faults.push(Diagnostic::error("expression", message).at(whole.clone()));
                    None
                }
            }
        };
        let fails = builders.tool.as_ref().and_then(|tool| tool.fails.as_ref());
        let (fails, merge, platform) = (
            text(fails)?,
            text(builders.merge.as_ref())?,
            text(builders.platform.as_ref())?,
        );
        let Some(how) = Merge::parse(&merge) else {
            let message =
                format!("`merge` of the recipe is `{merge}`, expected `deep`, `maps` or `keys`");
            faults.push(Diagnostic::error("bad-value", message).at(whole.clone()));
            return None;
        };
        let rules = Rules {
            merge: how,
            platform: os(&platform),
        };
        if rules.platform.is_none() && !platform.is_empty() {
            let message =
                format!("`platform` of the recipe is `{platform}`, expected `linux` or `windows`");
            faults.push(Diagnostic::error("bad-value", message).at(whole.clone()));
            return None;
        }
        Some(Self {
            builders,
            view,
            environment,
            tool,
            secrets: Secrets::read(builders, view),
            rules,
            fails,
        })
    }

    /// The image that a template makes. `None` when there are faults.
    pub(super) fn image(
        &self,
        path: &TreePath,
        made: Made<'_>,
        mut reader: Reader<'_>,
        settings: Settings<'_>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<ResolvedImage> {
        let builders = self.builders;
        let before = faults.len();
        let (means, packed) = archives::means(&made.template, &builders.archives, &mut reader);
        let arch_text = builders
            .arch
            .as_ref()
            .map_or_else(String::new, |arch| reader.text(arch).value);
        faults.append(&mut reader.faults);
        let arch = arch(&arch_text);
        if arch.is_none() {
            let message = format!("`{arch_text}` is no architecture, expected `amd64` or `arm64`");
            faults.push(Diagnostic::error("bad-value", message).at(made.whole.clone()));
        }
        let first = &means["builders"][0];
        let of = first["type"].as_str().unwrap_or_default();
        let source = first["name"].as_str().unwrap_or(of).to_owned();
        let cloud = cloud(of);
        if cloud.is_none() {
            let message = format!("no cloud is known for Packer builders of the type `{of}`");
            let fault = Diagnostic::error("unknown-builder", message);
            faults.push(fault.at(made.source.place.clone()));
        }
        let uses_secrets =
            made.uses_secrets || packed.iter().any(|(_, archive)| archive.folder.is_none());
        let secrets = match uses_secrets {
            true => self.secrets.used(&made.source.place, faults),
            false => Some(None),
        };
        if faults.len() > before {
            return None;
        }
        let mut keys = made.reads;
        keys.extend(reader.read.keys().cloned());
        note(&mut reader, &keys);
        let mut sources = made.sources;
        let mut values = made.values;
        if let Some((secrets, file)) = secrets? {
            sources.push((file, Role::VarFile, made.whole.clone()));
            values.insert("secrets".to_owned(), secrets);
        }
        let mut inputs = crate::formats::inputs(&builders.inputs, self.view, &made.whole);
        inputs.extend(self.tool.unknown.iter().map(|file| {
            let entry = Spanned {
                value: file.to_string(),
                place: made.whole.clone(),
            };
            (entry, Role::Host)
        }));
        let draft = Draft {
            path,
            name_at: made.whole.clone(),
            key: made.key.to_owned(),
            name: made.key.to_owned(),
            cloud: cloud?,
            os: made.os,
            arch: arch?,
            builder: Builder::Packer {
                template: made.source.value.to_string(),
                source,
                variables: BTreeMap::new(),
                var_files: Vec::new(),
            },
            written: WrittenBuilder::Packer {
                template: made.source,
                source: made.whole,
                var_files: Vec::new(),
            },
            uploads: Vec::new(),
            foreign: Foreign {
                kind: of.into(),
                read: reader.read,
                sources,
                values,
                inputs,
                rendered: Some(Rendered {
                    template: made.template,
                    means,
                    archives: packed
                        .iter()
                        .filter_map(|(name, archive)| self.packed(name, archive))
                        .collect(),
                    named: made.named.into_iter().collect(),
                }),
                ..Foreign::default()
            },
        };
        complete(draft, settings, faults)
    }
}

impl Surroundings<'_> {
    /// What goes into an archive. A recipe whose archive holds secrets names their file.
    fn packed(&self, name: &str, archive: &Archive) -> Option<Packed> {
        let holds = match &archive.folder {
            Some(folder) => Holds::Folder {
                folder: folder.clone(),
                under: archive.under.clone(),
            },
            None => Holds::Secrets {
                file: self.builders.secrets.as_ref()?.value.clone(),
            },
        };
        let name = name.to_owned();
        Some(Packed { name, holds })
    }
}

/// A Packer template that was made, and what of.
pub(super) struct Made<'a> {
    pub(super) key: &'a str,
    pub(super) os: Os,
    /// The template as Packer reads it.
    pub(super) template: Json,
    /// The file that it was made from, where it is named.
    pub(super) source: Spanned<TreePath>,
    /// The definition.
    pub(super) whole: Place,
    /// Files that count by the values made of them.
    pub(super) sources: Vec<(TreePath, Role, Place)>,
    /// The scripts, where their folders are named.
    pub(super) named: Vec<(TreePath, Place)>,
    /// What counts although the template does not see it.
    pub(super) values: BTreeMap<String, Json>,
    /// Keys of the definition that were read.
    pub(super) reads: Vec<String>,
    /// Whether a step reads the secrets.
    pub(super) uses_secrets: bool,
}

/// Notes keys as read; of a map, each of its entries.
fn note(reader: &mut Reader<'_>, keys: &[String]) {
    let maps: Vec<String> = keys
        .iter()
        .filter(|key| {
            keys.iter()
                .any(|other| other.starts_with(&format!("{key}.")))
        })
        .cloned()
        .collect();
    reader.note(keys);
    for key in maps {
        reader.read.remove(&key);
    }
}
