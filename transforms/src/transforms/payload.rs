//! Writes the payload in the shape that the worker implementation reads.
//!
//! Before: the rendered template, `command: [./taskgraph-images, build, a@aws]`.
//! After, on generic-worker for Linux: `command: [[chmod, +x, taskgraph-images], [./taskgraph-images, build, a@aws]]`
//! and a mount of the binary; for Windows: `command: ["taskgraph-images.exe build a@aws"]`; for docker-worker:
//! `command: [taskgraph-images, build, a@aws]` and the alias's container. Where a task makes its worker's own disk into an
//! image, the feature that makes it root, and no chain of trust.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{
    ContainerImage, Duration, ImageDefinition, Implementation, Kind, Level, MaintenanceTask, Os,
    Platform, ProjectConfig, SecretName, TaskKind,
};
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;
use crate::payload::{
    Artifact, Content, DockerArtifact, DockerFeatures, DockerImage, DockerWorkerPayload,
    GenericWorkerFeatures, GenericWorkerPosixPayload, GenericWorkerWindowsPayload, Mount,
    OnExitStatus, Payload,
};
use crate::quote;
use crate::shape::WorkerShape;
use crate::task::{RelativeDatestamp, TaskString};
use crate::templates::{KindTemplates, Rendered};

use super::caches;
use super::environment::environment;
use super::subject::{SeenImage, context};

/// What a Windows worker's command exits with when the system shuts down under it: a console closed, and Ctrl-C.
const WINDOWS_REBOOT: [u32; 2] = [1_073_807_364, 3_221_225_786];

/// The folder of a docker-worker task. A generic-worker task's is its working directory, so its paths are relative.
const DOCKER_FOLDER: &str = "/builds/worker";
const DOCKER_UPLOAD_DIR: &str = "/builds/worker/artifacts";
const UPLOAD_DIR: &str = "artifacts";

/// What a task does, as far as its payload depends on it.
pub(crate) struct Work<'a> {
    pub(crate) kind: TaskKind,
    pub(crate) worker: &'a WorkerShape,
    /// The names of the edges to the tasks that it needs.
    pub(crate) edges: &'a BTreeSet<&'static str>,
    pub(crate) secrets: &'a BTreeSet<SecretName>,
    /// Whether it is root on its worker.
    pub(crate) root: bool,
    /// The image, as templates see it; absent where the task is about none.
    pub(crate) image: Option<SeenImage<'a>>,
    /// What the settings say of a task about the fleet.
    pub(crate) maintenance: Option<&'a MaintenanceTask>,
}

/// The limits of time, which a fingerprint leaves out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_run_time: u64,
    pub(crate) expires: Duration,
}

impl Limits {
    pub(crate) fn of(
        kind: Kind,
        image: &ImageDefinition,
        config: &ProjectConfig,
        level: Level,
    ) -> Self {
        let max_run_time = match kind {
            Kind::Validate => config
                .validate
                .as_ref()
                .map(|validate| validate.max_run_time),
            Kind::Build => Some(image.build.max_run_time),
            Kind::Verify => image.verify.as_ref().map(|verify| verify.max_run_time),
            Kind::Publish => image.publish.as_ref().map(|publish| publish.max_run_time),
        };
        Self {
            // The schema wants at least a second.
            max_run_time: max_run_time
                .unwrap_or(image.build.max_run_time)
                .as_seconds()
                .max(1),
            expires: *config.tasks.expires.at(level),
        }
    }
}

/// The payload of a task, and its template's description.
pub(crate) fn payload(
    work: &Work<'_>,
    limits: Limits,
    config: &ProjectConfig,
    parameters: &Parameters,
    templates: &KindTemplates,
) -> Result<(Payload, String), TransformErrorKind> {
    let level = parameters.level;
    let implementation = *work.worker.implementation.at(level);
    let (tool, upload_dir) = match (implementation, work.worker.os) {
        (Implementation::DockerWorker, _) => ("taskgraph-images", DOCKER_UPLOAD_DIR),
        (Implementation::GenericWorker, Os::Linux) => ("./taskgraph-images", UPLOAD_DIR),
        (Implementation::GenericWorker, Os::Windows) => ("taskgraph-images.exe", UPLOAD_DIR),
    };
    let Rendered {
        description,
        command,
        env,
        artifacts,
        caches: cache_templates,
        retry,
    } = templates
        .render(
            work.kind,
            &context(work.kind, work.image, tool, config, parameters),
        )
        .map_err(TransformErrorKind::Render)?;
    let env = environment(work, upload_dir, env, config, parameters)?;
    let expires = RelativeDatestamp::from(limits.expires);
    let max_run_time = limits.max_run_time;
    // A task that is root could read the key that its worker signs with, so no worker takes one that asks for both.
    let chain_of_trust = level == Level::Three && !work.root;
    // What looks at a stranger's template has nothing to say to Taskcluster.
    let taskcluster_proxy = work.kind != Kind::Validate;
    let mut caches = BTreeMap::new();
    for cache in cache_templates {
        caches.insert(caches::name(&cache.name, config, parameters)?, cache.path);
    }
    let place = |path: &str| format!("{upload_dir}/{path}");
    let payload = match (implementation, work.worker.os) {
        (Implementation::DockerWorker, _) => Payload::DockerWorker(DockerWorkerPayload {
            image: container(work.worker, level),
            command,
            env,
            max_run_time,
            cache: caches
                .into_iter()
                .map(|(name, path)| (name, format!("{DOCKER_FOLDER}/{path}")))
                .collect(),
            artifacts: artifacts
                .into_iter()
                .map(|artifact| {
                    let path = place(&artifact.path);
                    (
                        artifact.name,
                        DockerArtifact {
                            path,
                            r#type: artifact.r#type,
                            expires,
                        },
                    )
                })
                .collect(),
            on_exit_status: OnExitStatus { retry },
            features: DockerFeatures {
                taskcluster_proxy,
                chain_of_trust,
            },
        }),
        (Implementation::GenericWorker, os) => {
            let mut mounts = vec![tool_mount(work.worker, config)];
            mounts.extend(
                caches
                    .into_iter()
                    .map(|(cache_name, directory)| Mount::Cache {
                        cache_name,
                        directory,
                    }),
            );
            let artifacts = artifacts
                .into_iter()
                .map(|artifact| Artifact {
                    path: place(&artifact.path),
                    name: artifact.name,
                    r#type: artifact.r#type,
                    expires,
                })
                .collect();
            let os_groups = work.worker.os_groups.iter().cloned().collect();
            let features = GenericWorkerFeatures {
                taskcluster_proxy,
                chain_of_trust,
                run_as_administrator: work.worker.administrator,
                run_task_as_current_user: work.root,
            };
            match os {
                Os::Linux => Payload::GenericWorkerPosix(GenericWorkerPosixPayload {
                    command: vec![
                        ["chmod", "+x", "taskgraph-images"]
                            .map(str::to_owned)
                            .to_vec(),
                        command,
                    ],
                    env,
                    max_run_time,
                    mounts,
                    artifacts,
                    on_exit_status: OnExitStatus { retry },
                    features,
                    os_groups,
                }),
                Os::Windows => Payload::GenericWorkerWindows(GenericWorkerWindowsPayload {
                    command: vec![batch_line(&command)?],
                    env,
                    max_run_time,
                    mounts,
                    artifacts,
                    on_exit_status: OnExitStatus {
                        retry: retry.into_iter().chain(WINDOWS_REBOOT).collect(),
                    },
                    features,
                    os_groups,
                }),
            }
        }
    };
    Ok((payload, description))
}

fn container(worker: &WorkerShape, level: Level) -> DockerImage {
    match worker.image.as_ref().map(|image| image.at(level)) {
        Some(ContainerImage::Registry(name)) => DockerImage::Registry(name.clone()),
        Some(ContainerImage::Indexed { namespace, path }) => DockerImage::Indexed {
            r#type: "indexed-image",
            namespace: namespace.clone(),
            path: path.clone(),
        },
        // `worker::alias` refuses such an alias before there is a shape.
        None => DockerImage::Registry(String::new()),
    }
}

/// The binary, pinned by the settings or made by the decision task.
fn tool_mount(worker: &WorkerShape, config: &ProjectConfig) -> Mount {
    let platform = Platform {
        os: worker.os,
        arch: worker.arch,
    };
    let extension = match platform.os {
        Os::Linux => "",
        Os::Windows => ".exe",
    };
    let content = match config.tool.get(&platform) {
        Some(file) => Content::Url {
            url: file.url.clone(),
            sha256: file.sha256.clone(),
        },
        None => Content::Artifact {
            artifact: format!("public/bin/taskgraph-images-{platform}{extension}"),
            task_id: TaskString::task("decision"),
        },
    };
    Mount::File {
        content,
        file: format!("taskgraph-images{extension}"),
    }
}

fn batch_line(command: &[String]) -> Result<String, TransformErrorKind> {
    let words: Result<Vec<String>, _> = command
        .iter()
        .map(|word| quote::batch(word).ok_or_else(|| TransformErrorKind::Argument(word.clone())))
        .collect();
    Ok(words?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Digest;
    use crate::json;
    use crate::shape::PayloadShape;
    use crate::testing;
    use crate::transforms::subject::Subject;

    fn render(
        worker: &str,
        yaml: &str,
        config: &ProjectConfig,
    ) -> Result<serde_json::Value, TransformErrorKind> {
        let image = testing::image("a", worker);
        let templates = KindTemplates::embedded()
            .with_override(Kind::Build, yaml)
            .unwrap();
        let shape = PayloadShape::of(Kind::Build, &image, config).unwrap();
        let subject = Subject::of(&image, &testing::digests()[&Kind::Build]);
        let limits = Limits::of(Kind::Build, &image, config, Level::One);
        payload(
            &shape.work(&subject),
            limits,
            config,
            &testing::push(Level::One),
            &templates,
        )
        .map(|(payload, _)| json::tree(&payload))
    }

    #[test]
    fn a_command_is_written_as_the_worker_reads_it() {
        let yaml = r#"{"description": "x", "command": ["{{tool}}", "a b", "%PATH%"]}"#;
        let command =
            |worker| render(worker, yaml, &testing::config()).unwrap()["command"].to_string();
        assert_eq!(
            command("linux-builder"),
            r#"[["chmod","+x","taskgraph-images"],["./taskgraph-images","a b","%PATH%"]]"#
        );
        assert_eq!(
            command("windows-builder"),
            r#"["taskgraph-images.exe \"a b\" \"%%PATH%%\""]"#
        );
        assert_eq!(
            command("containers"),
            r#"["taskgraph-images","a b","%PATH%"]"#
        );
        let yaml = r#"{"description": "x", "command": ["{{tool}}", "a\nb"]}"#;
        assert_eq!(
            render("windows-builder", yaml, &testing::config()).unwrap_err(),
            TransformErrorKind::Argument("a\nb".to_owned())
        );
    }

    #[test]
    fn caches_are_mounted_in_the_tasks_folder() {
        let yaml = r#"{"description": "x", "command": ["{{tool}}"], "caches": [{"name": "git", "path": "cache"}]}"#;
        let payload = |worker| render(worker, yaml, &testing::config()).unwrap();
        let mount = serde_json::json!({"cacheName": "td-level-1-git", "directory": "cache"});
        assert_eq!(payload("linux-builder")["mounts"][1], mount);
        assert_eq!(
            payload("containers")["cache"]["td-level-1-git"],
            "/builds/worker/cache"
        );
    }

    #[test]
    fn a_pinned_tool_takes_the_decision_tasks_place() {
        let mut config = testing::config();
        let sha256 = Digest::new(&"a".repeat(64)).unwrap();
        let file = crate::definition::ToolFile {
            url: "https://example.org/tool".to_owned(),
            sha256,
        };
        config.tool.insert("windows-amd64".parse().unwrap(), file);
        let yaml = KindTemplates::embedded_yaml(Kind::Build);
        let content =
            |worker| render(worker, yaml, &config).unwrap()["mounts"][0]["content"].clone();
        assert_eq!(
            content("windows-builder")["url"],
            "https://example.org/tool"
        );
        assert_eq!(
            content("linux-builder")["artifact"],
            "public/bin/taskgraph-images-linux-amd64"
        );
    }
}
