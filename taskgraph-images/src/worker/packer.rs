//! [`PackerRun`]: how Packer is run for one image: its arguments, the values of variables, its environment.
//!
//! Packer runs in the repository's root with the template's absolute path, as [`crate::packer`] takes it to. Values go in
//! by a file, so that no text of a definition is part of a command line.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use taskgraph_images_transforms::{Builder, ImageDefinition, Validation};

/// The variable that says where a build leaves its results.
const ARTIFACTS: &str = "artifacts";
/// The variable of the labels of what a build makes: a map.
const LABELS: &str = "labels";
/// What a parent's image is called where it is not known.
const NO_PARENT: &str = "not-an-image";

/// What of a template, beyond its path, decides how Packer is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFacts {
    /// The variables that it declares.
    pub variables: BTreeSet<String>,
    /// Whether it asks for plug-ins.
    pub plugins: bool,
}

/// How Packer is run for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackerRun {
    /// The template, as an absolute path.
    template: PathBuf,
    /// The one source that counts.
    only: String,
    /// Files of values, as absolute paths; later ones win.
    var_files: Vec<PathBuf>,
    /// The definition's own values, which win over all files.
    values: Value,
    legacy: bool,
    environment: BTreeMap<String, String>,
    plugins: bool,
}

impl PackerRun {
    /// How the template of an image is validated in a checkout; `None` unless Packer makes it.
    ///
    /// `scripts` are the image's provisioning scripts, in the order they run, for the variable of that name.
    pub fn validation(
        image: &ImageDefinition,
        scripts: &[String],
        template: &TemplateFacts,
        settings: Option<&Validation>,
        root: &Path,
    ) -> Option<Self> {
        let environment = settings.map(|settings| settings.environment.clone());
        let parent = image.parent.as_ref().map(|_| NO_PARENT);
        let environment = environment.unwrap_or_default();
        Self::new(image, scripts, template, parent, environment, root)
    }

    /// How an image is built in a checkout, with what the build leaves in a folder; `None` unless Packer makes it.
    ///
    /// The folder is the value of the variable `artifacts`, if the template declares it. `parent` is what the parent's
    /// image is called, `environment` what the builder is given besides, such as secrets.
    pub fn build(
        image: &ImageDefinition,
        scripts: &[String],
        template: &TemplateFacts,
        parent: Option<&str>,
        environment: BTreeMap<String, String>,
        artifacts: &Path,
        root: &Path,
    ) -> Option<Self> {
        let mut run = Self::new(image, scripts, template, parent, environment, root)?;
        if template.variables.contains(ARTIFACTS) {
            run.values[ARTIFACTS] = json!(artifacts);
        }
        Some(run)
    }

    /// Labels what the build makes, if the template takes labels: by them its left-overs are found.
    pub fn label(&mut self, name: &str, value: &str, template: &TemplateFacts) {
        if self.legacy || !template.variables.contains(LABELS) {
            return;
        }
        let labels = &mut self.values[LABELS];
        if labels.is_null() {
            *labels = json!({});
        }
        if let Some(labels) = labels.as_object_mut() {
            labels.insert(name.to_owned(), json!(value));
        }
    }

    /// How a template is run that was made for one image, and written to a file: as an absolute path, with the name of its
    /// one builder.
    pub fn made(template: PathBuf, name: &str, mut environment: BTreeMap<String, String>) -> Self {
        environment.insert("CHECKPOINT_DISABLE".to_owned(), "1".to_owned());
        Self {
            template,
            only: name.to_owned(),
            var_files: Vec::new(),
            values: Value::Object(Map::new()),
            legacy: true,
            environment,
            plugins: false,
        }
    }

    /// Gives a variable another value, if the template declares it: one that depends on the machine, not on the image.
    pub fn set(&mut self, name: &str, value: &str, template: &TemplateFacts) {
        if template.variables.contains(name) {
            self.values[name] = json!(value);
        }
    }

    fn new(
        image: &ImageDefinition,
        scripts: &[String],
        template: &TemplateFacts,
        parent: Option<&str>,
        mut environment: BTreeMap<String, String>,
        root: &Path,
    ) -> Option<Self> {
        let Builder::Packer {
            template: path,
            source,
            variables,
            var_files,
        } = &image.builder
        else {
            return None;
        };
        let legacy = path.ends_with(".json") && !path.ends_with(".pkr.json");
        // What a recipe gives a template that declares no such variable, Packer would refuse.
        let mut values: Map<String, Value> = variables
            .iter()
            .filter(|(name, _)| template.variables.contains(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        // A template need not run the scripts that a definition has.
        if template.variables.contains("scripts") && !values.contains_key("scripts") {
            values.insert("scripts".to_owned(), json!(scripts));
        }
        if legacy {
            // There a variable is text.
            for value in values.values_mut().filter(|value| !value.is_string()) {
                *value = json!(value.to_string());
            }
        }
        let parent = parent.unwrap_or_default().to_owned();
        environment.insert("PARENT_IMAGE".to_owned(), parent);
        // It asks its makers for newer versions, else.
        environment.insert("CHECKPOINT_DISABLE".to_owned(), "1".to_owned());
        Some(Self {
            template: root.join(path),
            only: only(source, legacy),
            var_files: var_files.iter().map(|file| root.join(file)).collect(),
            values: Value::Object(values),
            legacy,
            environment,
            plugins: template.plugins,
        })
    }

    /// The values that the definition gives, as the content of a file called [`Self::VALUES`].
    pub fn values(&self) -> String {
        format!("{:#}\n", self.values)
    }

    /// The name of the file with the values: Packer knows what it holds by its ending.
    pub const VALUES: &'static str = "values.pkrvars.json";

    /// Variables of Packer's environment, besides what it inherits.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// What brings the plug-ins that the template asks for, if it does.
    pub fn init(&self) -> Option<Vec<OsString>> {
        (self.plugins && !self.legacy).then(|| vec!["init".into(), self.template.clone().into()])
    }

    /// What validates the source, with the values in some file.
    pub fn validate(&self, values: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            vec!["validate".into(), format!("-only={}", self.only).into()];
        for file in self.var_files.iter().map(PathBuf::as_path).chain([values]) {
            let mut argument = OsString::from("-var-file=");
            argument.push(file);
            arguments.push(argument);
        }
        arguments.push(self.template.clone().into());
        arguments
    }

    /// What builds the source, with the values in some file.
    pub fn build_arguments(&self, values: &Path) -> Vec<OsString> {
        let mut arguments = self.validate(values);
        arguments[0] = "build".into();
        arguments
    }

    /// What only reads the template.
    pub fn syntax_only(&self) -> Vec<OsString> {
        vec![
            "validate".into(),
            "-syntax-only".into(),
            self.template.clone().into(),
        ]
    }
}

/// The patterns that select a source, and no other: its builds may have names, which then stand before it.
fn only(source: &str, legacy: bool) -> String {
    let name = source.strip_prefix("source.").unwrap_or(source);
    if legacy || name.split('.').count() > 2 {
        name.to_owned()
    } else {
        format!("{name},*.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Snapshot;
    use crate::definitions::Layout;
    use crate::graph::Contents;
    use crate::tree::MemoryTree;

    const CONFIG: &str = "\
trust-domain: td
owner: team@example.org
workers:
  aliases:
    builder: {provisioner: 'td-{{level}}', worker-type: images, implementation: generic-worker, os: linux}
validate:
  worker: builder
  environment: {PROJECT: none}
";

    const HCL: &str = "\
variable \"disk\" { type = number }
variable \"words\" { type = string }
source \"null\" \"a\" { disk = var.disk }
build {
  name    = \"named\"
  sources = [\"null.a\"]
  provisioner \"shell\" { inline = [var.words] }
}
";

    /// What would be run for the image `x`, whose definition says this of its builder.
    fn run(builder: &str, template: (&str, &str), facts: &[&str], plugins: bool) -> String {
        let definition = format!(
            "cloud: google\nos: linux\nbuild: {{worker: builder}}\nscripts: [s.sh]\n{builder}"
        );
        let tree = MemoryTree::new([
            ("image-defs/config.yml", CONFIG),
            ("image-defs/images/x.yml", &definition),
            (
                "image-defs/images/base.yml",
                "cloud: google\nos: linux\nbuild: {worker: builder}\nbuilder: {task: {}}\n",
            ),
            ("s.sh", "true\n"),
            ("more.pkrvars.hcl", "disk = 1\n"),
            template,
        ])
        .tree();
        let snapshot = Snapshot::load(&tree, &Layout::default(), &Contents::default()).unwrap();
        let image = &snapshot.fleet.images[&"x@google".parse().unwrap()];
        let config = snapshot.fleet.config.as_ref().unwrap();
        let facts = TemplateFacts {
            variables: facts.iter().map(|name| (*name).to_owned()).collect(),
            plugins,
        };
        let definition = &image.resolved().definition;
        let Some(run) = PackerRun::validation(
            definition,
            &["s.sh".to_owned()],
            &facts,
            config.project.validate.as_ref(),
            Path::new("/repo"),
        ) else {
            return "nothing".to_owned();
        };
        let words = |arguments: Vec<OsString>| {
            let words: Vec<_> = arguments
                .iter()
                .map(|word| word.to_string_lossy())
                .collect();
            words.join(" ")
        };
        let values: Value = serde_json::from_str(&run.values()).unwrap();
        format!(
            "{}\n{}\n{}\n{values}\n{:?}",
            run.init().map_or_else(|| "no init".to_owned(), words),
            words(run.validate(Path::new("/tmp/v.pkrvars.json"))),
            words(run.syntax_only()),
            run.environment(),
        )
    }

    #[test]
    fn hcl() {
        let builder = "\
parent: base
builder:
  packer:
    template: t.pkr.hcl
    source: source.null.a
    variables: {disk: 40, words: \"$(id) \\\"${x}\\\" -only=b\"}
    var-files: [more.pkrvars.hcl]
";
        let facts = ["disk", "words", "scripts"];
        insta::assert_snapshot!(run(builder, ("t.pkr.hcl", HCL), &facts, true), @r#"
        init /repo/t.pkr.hcl
        validate -only=null.a,*.null.a -var-file=/repo/more.pkrvars.hcl -var-file=/tmp/v.pkrvars.json /repo/t.pkr.hcl
        validate -syntax-only /repo/t.pkr.hcl
        {"disk":40,"words":"$(id) \"${x}\" -only=b","scripts":["s.sh"]}
        {"CHECKPOINT_DISABLE": "1", "PARENT_IMAGE": "not-an-image", "PROJECT": "none"}
        "#);
    }

    #[test]
    fn legacy_json() {
        let builder = "\
builder:
  packer: {template: t.json, source: one, variables: {disk: 40, words: a}}
";
        let template = r#"{"variables": {"disk": null, "words": null}, "builders": [{"type": "null", "name": "one"}]}"#;
        insta::assert_snapshot!(run(builder, ("t.json", template), &["disk", "words"], true), @r#"
        no init
        validate -only=one -var-file=/tmp/v.pkrvars.json /repo/t.json
        validate -syntax-only /repo/t.json
        {"disk":"40","words":"a"}
        {"CHECKPOINT_DISABLE": "1", "PARENT_IMAGE": "", "PROJECT": "none"}
        "#);
    }

    #[test]
    fn a_task_labels_what_it_makes() {
        let run = PackerRun {
            template: PathBuf::new(),
            only: String::new(),
            var_files: Vec::new(),
            values: json!({"labels": {"image": "x"}}),
            legacy: false,
            environment: BTreeMap::new(),
            plugins: false,
        };
        let labelled = |values: Value, declared: &str| {
            let mut run = PackerRun {
                values,
                ..run.clone()
            };
            let facts = TemplateFacts {
                variables: [declared.to_owned()].into(),
                plugins: false,
            };
            run.label("task", "1", &facts);
            run.values["labels"].to_string()
        };
        let known = json!({"labels": {"image": "x"}});
        assert_eq!(
            labelled(known.clone(), "labels"),
            r#"{"image":"x","task":"1"}"#
        );
        assert_eq!(labelled(json!({}), "labels"), r#"{"task":"1"}"#);
        assert_eq!(labelled(known, "disk"), r#"{"image":"x"}"#);
    }

    #[test]
    fn what_packer_does_not_make() {
        assert_eq!(
            run("builder: {task: {}}\n", ("t.json", ""), &[], false),
            "nothing"
        );
    }

    #[test]
    fn only_one_source() {
        assert_eq!(only("null.a", false), "null.a,*.null.a");
        assert_eq!(only("source.null.a", false), "null.a,*.null.a");
        assert_eq!(only("named.null.a", false), "named.null.a");
        assert_eq!(only("a.b", true), "a.b");
    }
}
