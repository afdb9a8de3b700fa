//! Finds where a task runs.
//!
//! Before: `build: {worker: linux-builder}` at level 3, and the alias
//! `linux-builder: {provisioner: {1: td-1, 3: td-3}, worker-type: image-builder}`.
//! After: the task queue `td-3/image-builder`.

use crate::definition::{
    AliasName, BuilderKind, ImageDefinition, Implementation, Kind, Level, Os, ProjectConfig,
    TaskQueueId, WorkerAlias,
};
use crate::error::TransformErrorKind;

/// The alias that a task runs on, if it can run there.
pub(crate) fn alias<'a>(
    image: &ImageDefinition,
    kind: Kind,
    config: &'a ProjectConfig,
) -> Result<&'a WorkerAlias, TransformErrorKind> {
    let name = name(image, kind, config);
    let alias = named(name, config)?;
    let root = kind == Kind::Build && image.builder.kind() == BuilderKind::Task;
    match root.then(|| unable(alias)).flatten() {
        Some(why) => Err(TransformErrorKind::UnusableWorker {
            alias: name.clone(),
            why,
        }),
        None => Ok(alias),
    }
}

/// The alias of a name, if tasks can run there.
pub(crate) fn named<'a>(
    name: &AliasName,
    config: &'a ProjectConfig,
) -> Result<&'a WorkerAlias, TransformErrorKind> {
    let alias = known(name, config)?;
    match unusable(alias) {
        Some(why) => Err(TransformErrorKind::UnusableWorker {
            alias: name.clone(),
            why,
        }),
        None => Ok(alias),
    }
}

/// The alias of a name, whether or not this program can run there.
pub(crate) fn known<'a>(
    name: &AliasName,
    config: &'a ProjectConfig,
) -> Result<&'a WorkerAlias, TransformErrorKind> {
    config
        .workers
        .get(name)
        .ok_or_else(|| TransformErrorKind::UnknownWorker {
            alias: name.clone(),
            known: config.workers.keys().map(ToString::to_string).collect(),
        })
}

/// Where one of an image's tasks is queued in a run of some level.
pub(crate) fn task_queue(
    image: &ImageDefinition,
    kind: Kind,
    config: &ProjectConfig,
    level: Level,
) -> Result<TaskQueueId, TransformErrorKind> {
    Ok(alias(image, kind, config)?.task_queue(level))
}

fn name<'a>(image: &'a ImageDefinition, kind: Kind, config: &'a ProjectConfig) -> &'a AliasName {
    let named = match (kind, &config.validate) {
        (Kind::Validate, Some(validate)) => Some(&validate.worker),
        _ => image.worker(kind),
    };
    // Whoever asks for a kind that the image lacks gets the build's worker, and no task.
    named.unwrap_or(&image.build.worker)
}

fn unusable(alias: &WorkerAlias) -> Option<&'static str> {
    let docker = Level::ALL
        .iter()
        .any(|level| *alias.implementation.at(*level) == Implementation::DockerWorker);
    if docker && alias.image.is_none() {
        Some("docker-worker needs the `image` of a container that holds `taskgraph-images`")
    } else if docker && alias.os == Os::Windows {
        Some("docker-worker runs on Linux only")
    } else if docker && !alias.os_groups.is_empty() {
        Some("docker-worker knows no `os-groups`")
    } else if alias.administrator && alias.os != Os::Windows {
        Some("`administrator` is for Windows; a Linux worker gives privileges by `os-groups`")
    } else {
        None
    }
}

/// Why a worker's own disk cannot be made into an image.
fn unable(alias: &WorkerAlias) -> Option<&'static str> {
    let docker = Level::ALL
        .iter()
        .any(|level| *alias.implementation.at(*level) == Implementation::DockerWorker);
    if docker {
        Some(
            "a task that makes an image of its worker's disk is root there, which docker-worker gives to none",
        )
    } else if alias.os == Os::Windows {
        Some(
            "the builder `task` makes images of Linux only: Windows would have to be generalized, which ends its worker",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_level_of_the_run_decides() {
        let (config, image) = (testing::config(), testing::image("a", "linux-builder"));
        let queue = |level| {
            task_queue(&image, Kind::Build, &config, level)
                .unwrap()
                .to_string()
        };
        assert_eq!(queue(Level::One), "td-1/image-builder");
        assert_eq!(queue(Level::Three), "td-3/image-builder");
    }

    #[test]
    fn faults_say_what_there_is() {
        let (mut config, image) = (testing::config(), testing::image("a", "linus-builder"));
        assert_eq!(
            alias(&image, Kind::Build, &config).unwrap_err().to_string(),
            "unknown worker alias `linus-builder`; known are `candidates`, `containers`, `housekeeping`, `linux-builder`, \
             `maintenance`, `sweeper`, `windows-builder`"
        );
        let mut image = testing::image("a", "containers");
        image.builder = crate::definition::Builder::Task {};
        assert_eq!(
            alias(&image, Kind::Build, &config).unwrap_err().to_string(),
            "worker alias `containers`: a task that makes an image of its worker's disk is root there, which docker-worker \
             gives to none"
        );
        assert!(alias(&image, Kind::Verify, &config).is_ok());
        config.workers.get_mut("containers").unwrap().image = None;
        assert_eq!(
            alias(&image, Kind::Build, &config).unwrap_err().to_string(),
            "worker alias `containers`: docker-worker needs the `image` of a container that holds `taskgraph-images`"
        );
    }
}
