//! Says to the task's command, by its environment, what it is to work on.
//!
//! Before: the variables of the kind's template.
//! After: besides them the level, the head and base of the change, the folder of the definitions, where artifacts go,
//! which secrets it may read, and the ids of the tasks that it needs: `TASKGRAPH_IMAGES_BUILD_TASK_ID: {"task-reference": "<build>"}`.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{MaintenanceKind, ProjectConfig, ReviewedPlan};
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;
use crate::task::TaskString;

use super::payload::Work;

/// Variables that the worker sets, and those that only some tasks have: no template sets them where they are absent.
const RESERVED: &[&str] = &[
    "TASK_ID",
    "RUN_ID",
    "TASK_WORKDIR",
    "TASK_GROUP_ID",
    "TASKGRAPH_IMAGES_SECRETS",
    "TASKGRAPH_IMAGES_GITHUB_APP",
    "TASKGRAPH_IMAGES_BUILD_TASK_ID",
    "TASKGRAPH_IMAGES_VERIFY_TASK_ID",
    "TASKGRAPH_IMAGES_PARENT_TASK_ID",
    ReviewedPlan::TASK,
    ReviewedPlan::SHA256,
];

/// The environment of a task's command.
pub(crate) fn environment(
    work: &Work<'_>,
    upload_dir: &str,
    own: BTreeMap<String, TaskString>,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Result<BTreeMap<String, TaskString>, TransformErrorKind> {
    let mut env: BTreeMap<String, TaskString> = BTreeMap::new();
    let mut set = |name: &str, value: TaskString| env.insert(name.to_owned(), value);
    set("MOZ_AUTOMATION", "1".into());
    set("MOZ_SCM_LEVEL", parameters.level.to_string().into());
    set("UPLOAD_DIR", upload_dir.into());
    for (name, value) in [
        ("BASE_REF", &parameters.base_ref),
        ("BASE_REPOSITORY", &parameters.base_repository),
        ("BASE_REV", &parameters.base_rev),
        ("HEAD_REF", &parameters.head_ref),
        ("HEAD_REPOSITORY", &parameters.head_repository),
        ("HEAD_REV", &parameters.head_rev),
        ("REPOSITORY_TYPE", &parameters.repository_type),
    ] {
        set(
            &format!("{}_{name}", config.repository_prefix),
            value.as_str().into(),
        );
    }
    // The name of the variables above is the project's to choose, so the command is told it.
    set(
        "TASKGRAPH_IMAGES_REPOSITORY_PREFIX",
        config.repository_prefix.as_str().into(),
    );
    set("TASKGRAPH_IMAGES_DEFINITIONS", folder(config).into());
    for edge in work.edges {
        set(
            &format!("TASKGRAPH_IMAGES_{}_TASK_ID", edge.to_uppercase()),
            TaskString::task(edge),
        );
    }
    if !work.secrets.is_empty() {
        let names: Vec<String> = work
            .secrets
            .iter()
            .map(|secret| secret.at(&config.trust_domain, parameters.level))
            .collect();
        set("TASKGRAPH_IMAGES_SECRETS", names.join(" ").into());
    }
    let settings = work.maintenance;
    if let Some(github) = settings.and_then(|settings| settings.github.as_ref()) {
        set("TASKGRAPH_IMAGES_GITHUB_APP", github.app.as_str().into());
    }
    if work.kind == MaintenanceKind::CleanupApply
        && let Some(plan) = &parameters.plan
    {
        for (name, value) in plan.variables() {
            set(name, value.into());
        }
    }
    let given: BTreeSet<String> = env.keys().cloned().collect();
    // Windows takes names that differ in their case for one.
    let is_free = |name: &str| {
        let upper = name.to_ascii_uppercase();
        // What starts so decides whom the worker talks to.
        !(upper.starts_with("TASKCLUSTER_")
            || RESERVED.contains(&upper.as_str())
            || given.contains(&upper))
    };
    for (name, value) in own {
        if !is_free(&name) {
            return Err(TransformErrorKind::ReservedVariable(name));
        }
        env.insert(name, value);
    }
    // A template says what holds everywhere, the settings what holds for the project.
    for (name, value) in settings
        .into_iter()
        .flat_map(|settings| &settings.environment)
    {
        if !is_free(name) {
            return Err(TransformErrorKind::ReservedSetting(name.clone()));
        }
        env.retain(|other, _| !other.eq_ignore_ascii_case(name));
        env.insert(name.clone(), value.as_str().into());
    }
    Ok(env)
}

/// The folder of the definitions as a command takes it: the root is `.`, since Windows has no empty variables.
fn folder(config: &ProjectConfig) -> &str {
    match config.definitions.as_str() {
        "" => ".",
        folder => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Kind, Level, SecretName};
    use crate::shape::PayloadShape;
    use crate::testing;
    use crate::transforms::subject::Subject;

    fn env(own: &[&str]) -> Result<BTreeMap<String, TaskString>, TransformErrorKind> {
        env_of(&testing::config(), own)
    }

    fn env_of(
        config: &ProjectConfig,
        own: &[&str],
    ) -> Result<BTreeMap<String, TaskString>, TransformErrorKind> {
        let mut image = testing::image("a", "linux-builder");
        image.build.secrets = vec![SecretName::new("cloud/google").unwrap()];
        let shape = PayloadShape::of(Kind::Build, &image, config).unwrap();
        let own = own
            .iter()
            .map(|name| ((*name).to_owned(), "x".into()))
            .collect();
        environment(
            &shape.work(&Subject::placeholder()),
            "artifacts",
            own,
            config,
            &testing::push(Level::Three),
        )
    }

    #[test]
    fn a_task_knows_where_the_definitions_are() {
        let mut config = testing::config();
        let mut told = |folder: &str| {
            config.definitions = folder.to_owned();
            let env = env_of(&config, &[]).unwrap();
            env["TASKGRAPH_IMAGES_DEFINITIONS"].as_str().to_owned()
        };
        assert_eq!(told("ci/images"), "ci/images");
        assert_eq!(told(""), ".");
    }

    #[test]
    fn secrets_are_of_the_runs_level() {
        assert_eq!(
            env(&[]).unwrap()["TASKGRAPH_IMAGES_SECRETS"].as_str(),
            "project/td/level-3/cloud/google"
        );
    }

    #[test]
    fn a_template_cannot_lie_about_the_run() {
        for name in [
            "MOZ_SCM_LEVEL",
            "TD_HEAD_REV",
            "TASKCLUSTER_PROXY_URL",
            "TASK_ID",
            "moz_scm_level",
            "Td_Head_Rev",
            "taskcluster_root_url",
            "TASKGRAPH_IMAGES_PARENT_TASK_ID",
            "TASKGRAPH_IMAGES_PLAN_TASK_ID",
            "Taskgraph_Images_Plan_Sha256",
            "TASKGRAPH_IMAGES_DEFINITIONS",
        ] {
            assert_eq!(
                env(&[name]).unwrap_err(),
                TransformErrorKind::ReservedVariable(name.to_owned())
            );
        }
        assert!(env(&["MINE", "https_proxy", "HTTPS_PROXY"]).is_ok());
    }
}
