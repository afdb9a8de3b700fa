//! [`ProjectConfig`]: what all images of a repository share, from `config.yml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    AliasName, Arch, ByLevel, Digest, Duration, EnvPrefix, Implementation, IndexPath, Level,
    MaintenanceKind, MaintenanceTask, Os, Platform, Priority, ProvisionerId, TaskQueueId,
    TrustDomain, WorkerType,
};

/// The project's settings, as far as tasks depend on them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProjectConfig {
    /// The trust domain.
    pub trust_domain: TrustDomain,
    /// Whom to ask about an image that names no owner.
    pub owner: String,
    /// Worker aliases by name.
    pub workers: BTreeMap<AliasName, WorkerAlias>,
    /// Provisioners that tasks may use besides `<trust domain>-<level>`, for each level of the run.
    pub provisioners: ByLevel<BTreeSet<ProvisionerId>>,
    /// What tasks have unless their definition says otherwise.
    pub tasks: TaskDefaults,
    /// What cache paths in the index start with.
    pub index_prefix: IndexPath,
    /// What `_HEAD_REV` and its siblings start with in the environment of tasks.
    pub repository_prefix: EnvPrefix,
    /// How this binary reaches workers, by `<os>-<arch>`; an artifact of the decision task where absent.
    pub tool: BTreeMap<Platform, ToolFile>,
    /// The group that Treeherder shows tasks in; absent means that Treeherder shows nothing.
    pub treeherder: Option<TreeherderGroup>,
    /// The folder of the definitions, relative to the repository's root.
    pub definitions: String,
    /// The file of these settings, relative to the repository's root.
    pub path: String,
    /// How templates are validated in the place of builds that need credentials; absent means that they are not.
    pub validate: Option<Validation>,
    /// How the tasks run that are about the fleet; those that are absent do not exist.
    pub maintenance: BTreeMap<MaintenanceKind, MaintenanceTask>,
}

impl ProjectConfig {
    /// Settings with every default: no aliases, all names from the trust domain.
    pub fn new(trust_domain: TrustDomain) -> Self {
        let prefix = trust_domain.as_str().to_uppercase().replace('-', "_");
        Self {
            owner: String::new(),
            workers: BTreeMap::new(),
            provisioners: ByLevel::default(),
            tasks: TaskDefaults::default(),
            index_prefix: IndexPath::new(trust_domain.as_str())
                .expect("a trust domain is one word of the index"),
            repository_prefix: EnvPrefix::new(&prefix)
                .expect("a trust domain in upper case is such a prefix"),
            tool: BTreeMap::new(),
            treeherder: None,
            definitions: "image-defs".to_owned(),
            path: "image-defs/config.yml".to_owned(),
            validate: None,
            maintenance: BTreeMap::new(),
            trust_domain,
        }
    }
}

/// Where tasks of an alias run, for each level of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WorkerAlias {
    /// The provisioner.
    pub provisioner: ByLevel<ProvisionerId>,
    /// The worker type.
    pub worker_type: ByLevel<WorkerType>,
    /// The worker software.
    pub implementation: ByLevel<Implementation>,
    /// The worker's operating system.
    pub os: Os,
    /// The worker's architecture.
    pub arch: Arch,
    /// The container that docker-worker runs; it holds this binary. Others need none.
    pub image: Option<ByLevel<ContainerImage>>,
    /// Groups of the worker's operating system that the task's user joins, such as `kvm`.
    pub os_groups: Vec<String>,
    /// Whether the task runs as administrator (Windows only).
    pub administrator: bool,
}

impl WorkerAlias {
    /// An alias that is the same software at both levels, on amd64, without privileges.
    pub fn new(
        provisioner: ByLevel<ProvisionerId>,
        worker_type: ByLevel<WorkerType>,
        implementation: Implementation,
        os: Os,
    ) -> Self {
        Self {
            provisioner,
            worker_type,
            implementation: ByLevel::same(implementation),
            os,
            arch: Arch::Amd64,
            image: None,
            os_groups: Vec::new(),
            administrator: false,
        }
    }

    /// Where its tasks are queued in a run of some level.
    pub fn task_queue(&self, level: Level) -> TaskQueueId {
        TaskQueueId {
            provisioner: self.provisioner.at(level).clone(),
            worker_type: self.worker_type.at(level).clone(),
        }
    }
}

/// The container that a docker-worker task runs in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum ContainerImage {
    /// An image of a container registry; pin it by its digest.
    Registry(String),
    /// An artifact of an indexed task.
    Indexed {
        /// Where the index holds the task.
        namespace: IndexPath,
        /// The artifact's name.
        path: String,
    },
}

/// A file that workers fetch, pinned by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolFile {
    /// Where it is.
    pub url: String,
    /// What it is.
    pub sha256: Digest,
}

/// What tasks have unless their definition says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TaskDefaults {
    /// How soon tasks are claimed.
    pub priority: ByLevel<Priority>,
    /// How long after its creation a task must be done.
    pub deadline: ByLevel<Duration>,
    /// How long a task and its artifacts are kept.
    pub expires: ByLevel<Duration>,
}

impl Default for TaskDefaults {
    fn default() -> Self {
        Self {
            priority: ByLevel::same(Priority::Low),
            deadline: ByLevel::same(Duration::days(1)),
            expires: ByLevel::new(Duration::days(28), Duration::years(1)),
        }
    }
}

/// How a template is validated where its image may not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Validation {
    /// The worker alias. Its machines have no credentials of their own: strangers' code runs there.
    pub worker: AliasName,
    /// When the worker stops it.
    pub max_run_time: Duration,
    /// Variables that stand in for what only a builder's machine or a secret tells a template.
    pub environment: BTreeMap<String, String>,
}

/// A group of Treeherder's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TreeherderGroup {
    /// Its symbol, such as `I`.
    pub symbol: String,
    /// Its name.
    pub name: String,
}
