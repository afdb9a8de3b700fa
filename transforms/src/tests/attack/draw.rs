//! [`Draw`]: an attack made of texts and dice.

use std::collections::BTreeMap;

use serde_json::json;

use super::Attack;
use crate::definition::*;
use crate::parameters::Parameters;
use crate::testing;

/// Texts and dice, drawn one after the other.
pub(super) struct Draw<T: Iterator<Item = String>, D: Iterator<Item = u8>> {
    level: Level,
    texts: T,
    dice: D,
}

impl<T: Iterator<Item = String>, D: Iterator<Item = u8>> Draw<T, D> {
    pub(super) fn new(level: Level, texts: T, dice: D) -> Self {
        Self { level, texts, dice }
    }

    fn text(&mut self) -> String {
        self.texts.next().unwrap_or_default()
    }

    fn die(&mut self) -> u8 {
        self.dice.next().unwrap_or_default()
    }

    /// Once in `times`; less often at level 3, where more is refused.
    fn once_in(&mut self, times: u8) -> bool {
        let times = match self.level {
            Level::One => times,
            Level::Three => times.saturating_mul(4),
        };
        self.die().is_multiple_of(times)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::from(self.die()) % words.len()]
    }

    /// A value made of hostile text once in `times`, if such text passes for one.
    fn spoil<V>(&mut self, times: u8, slot: &mut V, make: impl Fn(&str) -> Option<V>) {
        if self.once_in(times)
            && let Some(value) = make(&self.text())
        {
            *slot = value;
        }
    }

    pub(super) fn attack(mut self) -> Attack {
        let parameters = self.parameters();
        let config = self.config();
        let images = self.images();
        let mut templates = BTreeMap::new();
        for kind in TaskKind::all() {
            if self.once_in(3) {
                templates.insert(kind, self.template(kind));
            }
        }
        Attack {
            images,
            config,
            parameters,
            templates,
            path: self.text(),
            reasons: vec![self.text(), self.text()],
        }
    }

    fn parameters(&mut self) -> Parameters {
        let event = self.one_of(&[
            "github-push",
            "github-pull-request",
            "github-pull-request-untrusted",
            "github-issue-comment",
            "cron",
            "action",
            "pr-action",
        ]);
        let number = self.once_in(3).then_some(7);
        let plan = self
            .once_in(2)
            .then(|| testing::apply_cleanup().plan)
            .flatten();
        let mut parameters = Parameters {
            tasks_for: event.to_owned(),
            pull_request_number: number,
            plan,
            ..testing::push(self.level)
        };
        for field in [
            &mut parameters.base_ref,
            &mut parameters.base_repository,
            &mut parameters.base_rev,
            &mut parameters.head_ref,
            &mut parameters.head_repository,
            &mut parameters.moz_build_date,
            &mut parameters.owner,
            &mut parameters.repository_type,
            &mut parameters.project,
            &mut parameters.pushlog_id,
            &mut parameters.head_rev,
        ] {
            // These two are parts of routes, which are short.
            self.spoil(4, field, |text| {
                (!text.contains('\0')).then(|| text.to_owned())
            });
        }
        parameters
    }

    fn config(&mut self) -> ProjectConfig {
        let mut config = testing::config();
        self.spoil(8, &mut config.trust_domain, |text| {
            TrustDomain::new(text).ok()
        });
        let domain = config.trust_domain.clone();
        if domain.as_str() != "td" {
            for alias in config.workers.values_mut() {
                let at = |level| ProvisionerId::new(&format!("{domain}-{level}")).ok();
                if let (Some(one), Some(three)) = (at(1), at(3)) {
                    alias.provisioner = ByLevel::new(one, three);
                }
            }
        }
        self.spoil(6, &mut config.index_prefix, |text| {
            IndexPath::new(text).ok()
        });
        self.spoil(6, &mut config.repository_prefix, |text| {
            EnvPrefix::new(text).ok()
        });
        config.owner = self.text();
        for _ in 0..2 {
            if let Ok(more) = ProvisionerId::new(&self.text()) {
                config.provisioners.one.insert(more.clone());
                config.provisioners.three.insert(more);
            }
        }
        let listed: Vec<ProvisionerId> = config.provisioners.one.iter().cloned().collect();
        let mut aliases = std::mem::take(&mut config.workers);
        for alias in aliases.values_mut() {
            if self.once_in(6)
                && let Some(provisioner) = listed.first()
            {
                alias.provisioner = ByLevel::same(provisioner.clone());
            }
            self.spoil(12, &mut alias.provisioner, |text| {
                ProvisionerId::new(text).ok().map(ByLevel::same)
            });
            // What level 3 has, at level 1, too.
            if self.once_in(12) {
                alias.provisioner = ByLevel::same(alias.provisioner.three.clone());
            }
            self.spoil(8, &mut alias.worker_type, |text| {
                WorkerType::new(text).ok().map(ByLevel::same)
            });
            if self.once_in(6) && alias.os == Os::Linux {
                alias.os_groups = vec![self.text()];
            }
            if self.once_in(6) && alias.image.is_some() {
                let namespace = IndexPath::new(&self.text()).ok();
                alias.image = Some(ByLevel::same(match namespace {
                    Some(namespace) => ContainerImage::Indexed {
                        namespace,
                        path: self.text(),
                    },
                    None => ContainerImage::Registry(self.text()),
                }));
            }
        }
        config.workers = aliases;
        if self.once_in(4) {
            let file = ToolFile {
                url: self.text(),
                sha256: testing::digests()[&Kind::Build].clone(),
            };
            config.tool.insert("linux-amd64".parse().unwrap(), file);
        }
        if self.once_in(3) {
            config.treeherder = Some(TreeherderGroup {
                symbol: self.text(),
                name: self.text(),
            });
        }
        config.definitions = self.text();
        let worker = self.one_of(&["linux-builder", "windows-builder", "containers"]);
        config.validate = self.once_in(2).then(|| Validation {
            worker: AliasName::new(worker).unwrap(),
            max_run_time: Duration::minutes(30),
            environment: BTreeMap::new(),
        });
        self.maintenance(&mut config);
        config
    }

    /// What the settings say of tasks about the fleet.
    fn maintenance(&mut self, config: &mut ProjectConfig) {
        let aliases: Vec<AliasName> = config.workers.keys().cloned().collect();
        for kind in MaintenanceKind::ALL {
            if self.once_in(5) {
                config.maintenance.remove(kind);
            }
        }
        let mut all = std::mem::take(&mut config.maintenance);
        for settings in all.values_mut() {
            if self.once_in(9) {
                settings.worker = aliases[usize::from(self.die()) % aliases.len()].clone();
            }
            if self.once_in(4) {
                settings.secrets.extend(SecretName::new(&self.text()).ok());
            }
            if self.once_in(6) {
                let value = self.text();
                settings.environment.insert(self.text(), value);
            }
            if let Some(github) = &mut settings.github {
                self.spoil(4, &mut github.app, |text| GithubApp::new(text).ok());
                if self.once_in(4) {
                    github
                        .repositories
                        .extend(GithubRepository::new(&self.text()).ok());
                }
            }
        }
        config.maintenance = all;
    }

    fn images(&mut self) -> Vec<ImageDefinition> {
        let mut images = testing::mixed();
        for image in &mut images {
            image.description = self.text();
            image.owner = self.text();
            image.definition = self.text();
            image.scripts = vec![self.text()];
            image.level = self.once_in(2).then_some(Level::Three);
            for _ in 0..self.die() % 3 {
                let value = AttributeValue::String(self.text());
                let name = if self.once_in(4) {
                    self.text()
                } else {
                    "gui".to_owned()
                };
                image.attributes.insert(name, value);
            }
            let mut secrets = Vec::new();
            for _ in 0..self.die() % 3 {
                secrets.extend(SecretName::new(&self.text()).ok());
            }
            if self.once_in(3) {
                image.build.secrets.extend(secrets.clone());
            }
            if let Some(verify) = &mut image.verify
                && self.once_in(3)
            {
                verify.secrets = secrets.clone();
                verify.checks = vec![self.text()];
            }
            if let Some(verify) = &mut image.verify
                // A graph with one is mostly refused, and a graph has several images.
                && self.once_in(16)
            {
                let mut replicate = testing::replicate();
                let alias = self.one_of(&["candidates", "candidates", "linux-builder", "sweeper"]);
                replicate.pool = AliasName::new(alias).expect("a name");
                replicate.from[0].scheduler = self.text();
                verify.replicate = Some(replicate);
            }
            if let Some(publish) = &mut image.publish {
                publish.family = Some(self.text());
                publish.labels = BTreeMap::from([(self.text(), self.text())]);
                publish.secrets = secrets;
            }
            if let Builder::Packer {
                template,
                source,
                variables,
                ..
            } = &mut image.builder
            {
                (*template, *source) = (self.text(), self.text());
                variables.insert(self.text(), json!(self.text()));
            }
            self.spoil(16, &mut image.id.name, |text| ImageName::new(text).ok());
        }
        // A parent's name may have changed; a child follows it, or is of no family.
        let base = images[0].id.clone();
        images[1].parent = Some(base);
        let cloud = images[4].id.clone();
        images[5].parent = Some(cloud);
        images
    }

    /// A kind's template, as a stranger's head may override it.
    fn template(&mut self, kind: TaskKind) -> String {
        let variable = match self.die() % 8 {
            0 => self.text(),
            1 => self
                .one_of(&[
                    "MOZ_SCM_LEVEL",
                    "moz_scm_level",
                    "TASKGRAPH_IMAGES_SECRETS",
                    "Taskgraph_Images_Secrets",
                    "TASKCLUSTER_PROXY_URL",
                    "TASKGRAPH_IMAGES_BUILD_TASK_ID",
                    "TASKGRAPH_IMAGES_GITHUB_APP",
                    "TASKGRAPH_IMAGES_PLAN_TASK_ID",
                    "taskgraph_images_plan_sha256",
                    "td_head_rev",
                ])
                .to_owned(),
            _ => "MINE".to_owned(),
        };
        let cache = match self.die() % 8 {
            0 => self.text(),
            1 => self
                .one_of(&["level-3", "pr-git", "../td-level-3-git", "*"])
                .to_owned(),
            _ => "git".to_owned(),
        };
        let value = match self.die() % 3 {
            0 => json!("{{description}} {{run.head_ref}}"),
            1 => json!({"task-reference": "<decision>"}),
            // Text is a template of its own: hostile text may be none.
            _ => json!(self.text().replace("{{", "")),
        };
        // Of a task about no image, a template that names one is refused; so is one that mounts a cache.
        let about_image = kind.maintenance().is_none() || self.once_in(9);
        let (image, description) = if about_image {
            ("{{image}}", "{{description}}")
        } else {
            ("{{kind}}", "{{definitions}}")
        };
        let value = match value {
            serde_json::Value::String(text) if !about_image => {
                json!(text.replace("{{description}}", "{{run.owner}}"))
            }
            other => other,
        };
        let caches = if about_image {
            json!([{"name": cache, "path": "x"}])
        } else {
            json!([])
        };
        json!({
            "description": description,
            "command": ["{{tool}}", "build", image, "{{sh run.head_ref}}"],
            "env": {variable: value},
            "artifacts": [{"name": format!("public/{image}"), "path": "x", "type": "directory"}],
            "caches": caches,
            "retry": [4],
        })
        .to_string()
    }
}
