//! Makes a task that is about the fleet, and not about an image.
//!
//! Before: `upgrade: {worker: maintenance, github: {app: bot, repositories: [example/images]}}` below `maintenance`.
//! After: the task `upgrade` on `td-3/maintenance`, which needs nothing, with the scopes
//! `auth:github-repo-token:bot/example/images:contents:write` and `…:pull_requests:write` (and `…:issues:write` for the
//! repository that `dashboard` names, if it names one), indexed at
//! `td.v2.<project>.latest.maintenance.upgrade`.
//!
//! Nothing may take its place: what it finds is elsewhere, and changes without a commit.

use std::collections::BTreeSet;

use super::metadata::{self, About};
use super::payload::{Limits, Work, payload};
use super::{Run, bare, index, scopes, worker};
use crate::definition::{
    ImageDefinition, Kind, Level, MaintenanceKind, MaintenanceTask, ProjectConfig, SecretName,
};
use crate::error::TransformErrorKind;
use crate::shape::WorkerShape;
use crate::task::{Attributes, Task};

/// Makes the task of a kind. Whether it may be in the graph is not asked here.
pub(crate) fn task(
    run: &Run<'_>,
    kind: MaintenanceKind,
    settings: &MaintenanceTask,
) -> Result<Task, TransformErrorKind> {
    let (config, parameters) = (run.config, run.parameters);
    let alias = worker::named(&settings.worker, config)?;
    let shape = WorkerShape::of(alias, true);
    let secrets: BTreeSet<SecretName> = settings.secrets.iter().cloned().collect();
    let work = Work {
        kind: kind.into(),
        worker: &shape,
        edges: &BTreeSet::new(),
        secrets: &secrets,
        root: false,
        image: None,
        maintenance: Some(settings),
    };
    let limits = Limits {
        // The schema wants at least a second.
        max_run_time: settings.max_run_time.as_seconds().max(1),
        expires: *config.tasks.expires.at(parameters.level),
    };
    let (payload, description) = payload(&work, limits, config, parameters, run.templates)?;
    let attributes = Attributes {
        kind: kind.into(),
        image: None,
    };
    let queue = alias.task_queue(parameters.level);
    let mut task = bare(run, kind.label(), attributes, queue, payload);
    let path = index::maintenance(kind, config, parameters)?;
    task.task.routes.push(format!("index.{path}"));
    let tokens = settings.github.iter().flat_map(|github| github.scopes());
    task.task.scopes = scopes::needed(&task, run, &shape, &secrets, tokens);
    let about = About {
        description: &description,
        reasons: &[],
        owner: &config.owner,
        path: &config.path,
        os: shape.os,
    };
    metadata::write(&about, run, &mut task);
    Ok(task)
}

/// Why an image may not be published where its definition says, if that is where a task about the fleet runs.
///
/// At level 1 there is neither task, and the fault is that of the definition all the same.
pub(crate) fn shared_worker(
    image: &ImageDefinition,
    config: &ProjectConfig,
) -> Option<TransformErrorKind> {
    let publish = image.publish.as_ref()?;
    let queue = worker::task_queue(image, Kind::Publish, config, Level::Three).ok()?;
    config.maintenance.iter().find_map(|(kind, settings)| {
        let other = config.workers.get(&settings.worker)?;
        (other.task_queue(Level::Three) == queue).then(|| TransformErrorKind::SharedWorker {
            alias: publish.worker.clone(),
            kind: *kind,
        })
    })
}

/// Where what deletes images is not apart from another task about the fleet.
pub(crate) fn shared(
    kind: MaintenanceKind,
    settings: &MaintenanceTask,
    config: &ProjectConfig,
) -> Vec<TransformErrorKind> {
    if kind != MaintenanceKind::CleanupApply {
        return Vec::new();
    }
    let queue = |settings: &MaintenanceTask| {
        let alias = config.workers.get(&settings.worker)?;
        Some(alias.task_queue(Level::Three))
    };
    let own = queue(settings);
    let others = config
        .maintenance
        .iter()
        .filter(|(other, _)| **other != kind);
    let mut found = Vec::new();
    for (other, theirs) in others {
        if own.is_some() && queue(theirs) == own {
            found.push(TransformErrorKind::SharedCleanup {
                alias: settings.worker.clone(),
                kind: *other,
            });
        }
        let secrets = common(&settings.secrets, theirs, config);
        found.extend(secrets.map(|secret| TransformErrorKind::SharedSecret {
            secret,
            kind: *other,
        }));
    }
    found
}

/// The secrets of an image's tasks that must not be theirs: what publishes shares none with tasks about the fleet, and
/// what deletes images shares none with any task.
pub(crate) fn shared_secrets(
    image: &ImageDefinition,
    config: &ProjectConfig,
) -> Vec<(Kind, TransformErrorKind)> {
    let verify = image.verify.as_ref().map(|verify| &verify.secrets);
    let publish = image.publish.as_ref().map(|publish| &publish.secrets);
    let own = [
        (Kind::Build, Some(&image.build.secrets)),
        (Kind::Verify, verify),
        (Kind::Publish, publish),
    ];
    let mut found = Vec::new();
    for (kind, secrets) in own {
        let Some(secrets) = secrets else { continue };
        for (other, theirs) in &config.maintenance {
            if kind != Kind::Publish && *other != MaintenanceKind::CleanupApply {
                continue;
            }
            let shared = common(secrets, theirs, config);
            found.extend(shared.map(|secret| {
                let kind_of_it = TransformErrorKind::SharedSecret {
                    secret,
                    kind: *other,
                };
                (kind, kind_of_it)
            }));
        }
    }
    found
}

/// The secrets that a task about the fleet reads, too, by whichever name.
fn common<'a>(
    secrets: &'a [SecretName],
    task: &'a MaintenanceTask,
    config: &'a ProjectConfig,
) -> impl Iterator<Item = SecretName> + 'a {
    let whole = |secret: &SecretName| secret.at(&config.trust_domain, Level::Three);
    let theirs: BTreeSet<String> = task.secrets.iter().map(whole).collect();
    let shared = move |secret: &&SecretName| theirs.contains(&whole(secret));
    secrets.iter().filter(shared).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::full::full_task_graph;
    use crate::templates::KindTemplates;
    use crate::testing;

    fn faults(config: &ProjectConfig, templates: &KindTemplates, level: Level) -> Vec<String> {
        let images = testing::fleet();
        let parameters = testing::push(level);
        full_task_graph(&testing::tasks(&images), config, &parameters, templates)
            .err()
            .into_iter()
            .flatten()
            .map(|error| error.to_string())
            .collect()
    }

    #[test]
    fn what_is_wrong_is_said_where_there_is_no_such_task_either() {
        let templates = KindTemplates::embedded()
            .with_override(
                MaintenanceKind::Pools,
                "{description: '{{description}}', command: ['{{tool}}']}",
            )
            .unwrap();
        let mut config = testing::config();
        let mut set = |kind, name: &str| {
            let settings = config.maintenance.get_mut(&kind).unwrap();
            settings.environment.insert(name.to_owned(), "x".to_owned());
        };
        set(MaintenanceKind::Upgrade, "td_head_rev");
        set(MaintenanceKind::Projects, "TASKGRAPH_IMAGES_SECRETS");
        let cleanup = config
            .maintenance
            .get_mut(&MaintenanceKind::Cleanup)
            .unwrap();
        cleanup.worker = "unknown".parse().unwrap();
        for level in Level::ALL {
            insta::allow_duplicates! {
                insta::assert_snapshot!(faults(&config, &templates, level).join("\n"), @"
                `upgrade`: the settings set `td_head_rev`, which is not theirs to set; remove it from `environment`
                `pools`: cannot render the kind template
                `projects`: the settings set `TASKGRAPH_IMAGES_SECRETS`, which is not theirs to set; remove it from `environment`
                `cleanup`: unknown worker alias `unknown`; known are `candidates`, `containers`, `housekeeping`, `linux-builder`, `maintenance`, `sweeper`, `windows-builder`
                ");
            }
        }
    }

    #[test]
    fn what_publishes_shares_no_pool_with_it() {
        for level in Level::ALL {
            let mut config = testing::config();
            let publisher = config.workers["linux-builder"].clone();
            config
                .workers
                .insert("maintenance".parse().unwrap(), publisher);
            let faults = faults(&config, &KindTemplates::embedded(), level);
            insta::allow_duplicates! {
                insta::assert_snapshot!(faults.join("\n"), @r"
                `base@google`: publish: worker alias `linux-builder` publishes images, and is of the pool where `upgrade` runs
                `child@google`: publish: worker alias `linux-builder` publishes images, and is of the pool where `upgrade` runs
                ");
            }
        }
    }

    #[test]
    fn what_deletes_images_shares_neither_pool_nor_secret() {
        let mut config = testing::config();
        config
            .maintenance
            .get_mut(&MaintenanceKind::CleanupApply)
            .unwrap()
            .worker = "maintenance".parse().unwrap();
        let publish: SecretName = "publish/google".parse().unwrap();
        let clouds: SecretName = "project/td/level-3/cleanup/clouds".parse().unwrap();
        let mut more = |kind, secret: &SecretName| {
            let settings = config.maintenance.get_mut(&kind).unwrap();
            settings.secrets.push(secret.clone());
        };
        more(MaintenanceKind::Projects, &clouds);
        more(MaintenanceKind::Pools, &publish);
        for level in Level::ALL {
            let faults = faults(&config, &KindTemplates::embedded(), level);
            insta::allow_duplicates! {
                insta::assert_snapshot!(faults.join("\n"), @r"
                `base@google`: publish: the secret `publish/google` is one that `pools` reads, and they must share none
                `child@google`: publish: the secret `publish/google` is one that `pools` reads, and they must share none
                `win11@azure`: publish: the secret `publish/google` is one that `pools` reads, and they must share none
                `decision@google`: publish: the secret `publish/google` is one that `pools` reads, and they must share none
                `cleanup-apply`: worker alias `maintenance` is of the pool where `upgrade` runs, and this task deletes images
                `cleanup-apply`: worker alias `maintenance` is of the pool where `pools` runs, and this task deletes images
                `cleanup-apply`: worker alias `maintenance` is of the pool where `projects` runs, and this task deletes images
                `cleanup-apply`: the secret `cleanup/clouds` is one that `projects` reads, and they must share none
                ");
            }
        }
    }

    #[test]
    fn the_settings_win_over_the_template() {
        let yaml = "{description: x, command: ['{{tool}}'], env: {MINE: template, mode: template, ALSO: template}}";
        let templates = KindTemplates::embedded()
            .with_override(MaintenanceKind::Upgrade, yaml)
            .unwrap();
        let mut config = testing::config();
        let upgrade = config
            .maintenance
            .get_mut(&MaintenanceKind::Upgrade)
            .unwrap();
        upgrade.environment = [("MINE", "settings"), ("MODE", "settings")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let graph = full_task_graph(&[], &config, &testing::cron(), &templates).unwrap();
        let task = graph.get(&MaintenanceKind::Upgrade.label()).unwrap();
        let env: Vec<String> = task
            .task
            .payload
            .env()
            .iter()
            .filter(|(name, _)| ["ALSO", "MINE", "MODE"].contains(&name.to_uppercase().as_str()))
            .map(|(name, value)| format!("{name}={}", value.as_str()))
            .collect();
        assert_eq!(env, ["ALSO=template", "MINE=settings", "MODE=settings"]);
    }
}
