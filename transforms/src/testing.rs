//! Small fleets for tests.

use std::collections::BTreeMap;

use crate::definition::*;
use crate::full::{ImageTasks, full_task_graph};
use crate::graph::TaskGraph;
use crate::parameters::Parameters;
use crate::templates::KindTemplates;

pub(crate) fn config() -> ProjectConfig {
    let alias = |worker_type: &str, implementation, os| {
        WorkerAlias::new(
            ByLevel::new(
                ProvisionerId::new("td-1").unwrap(),
                ProvisionerId::new("td-3").unwrap(),
            ),
            ByLevel::same(WorkerType::new(worker_type).unwrap()),
            implementation,
            os,
        )
    };
    let mut containers = alias("containers", Implementation::DockerWorker, Os::Linux);
    let digest = "0".repeat(64);
    containers.image = Some(ByLevel::same(ContainerImage::Registry(format!(
        "example.org/tool@sha256:{digest}"
    ))));
    let mut windows = alias("win-builder", Implementation::GenericWorker, Os::Windows);
    windows.administrator = true;
    let mut linux = alias("image-builder", Implementation::GenericWorker, Os::Linux);
    linux.os_groups = vec!["kvm".to_owned()];
    let maintenance = alias("maintenance", Implementation::GenericWorker, Os::Linux);
    let mut housekeeping = containers.clone();
    housekeeping.worker_type = ByLevel::same(WorkerType::new("housekeeping").unwrap());
    let mut candidates = alias("candidates", Implementation::GenericWorker, Os::Linux);
    candidates.os_groups = vec!["video".to_owned()];
    let sweeper = alias("sweeper", Implementation::GenericWorker, Os::Linux);
    let mut config = ProjectConfig::new(TrustDomain::new("td").unwrap());
    config.owner = "releng@example.org".to_owned();
    config.treeherder = Some(TreeherderGroup {
        symbol: "I".to_owned(),
        name: "Machine images".to_owned(),
    });
    config.validate = Some(Validation {
        worker: AliasName::new("linux-builder").unwrap(),
        max_run_time: Duration::minutes(30),
        environment: BTreeMap::new(),
    });
    for (name, alias) in [
        ("linux-builder", linux),
        ("windows-builder", windows),
        ("containers", containers),
        ("maintenance", maintenance),
        ("housekeeping", housekeeping),
        ("sweeper", sweeper),
        ("candidates", candidates),
    ] {
        config.workers.insert(AliasName::new(name).unwrap(), alias);
    }
    config.maintenance = maintained();
    config
}

/// Every kind of task about the fleet: with a token and a secret, with a token, with a dashboard and a secret, with nothing.
fn maintained() -> BTreeMap<MaintenanceKind, MaintenanceTask> {
    let task = |worker: &str| MaintenanceTask {
        worker: AliasName::new(worker).unwrap(),
        max_run_time: Duration::hours(1),
        secrets: Vec::new(),
        github: None,
        environment: BTreeMap::new(),
    };
    let github = |repositories: &[&str]| {
        Some(GithubTokens {
            app: GithubApp::new("example-bot").unwrap(),
            repositories: repositories
                .iter()
                .map(|name| GithubRepository::new(name).unwrap())
                .collect(),
            dashboard: None,
        })
    };
    let (mut upgrade, mut pools) = (task("maintenance"), task("maintenance"));
    let (mut projects, cleanup) = (task("maintenance"), task("housekeeping"));
    upgrade.github = github(&["Example/Images"]);
    upgrade.secrets = vec![SecretName::new("upgrade/token").unwrap()];
    upgrade.environment = BTreeMap::from([("MODE".to_owned(), "careful".to_owned())]);
    pools.github = github(&["example/pools", "example/more-pools"]);
    let mut apply = task("sweeper");
    apply.secrets = vec![SecretName::new("cleanup/clouds").unwrap()];
    projects.github = github(&["example/project"]).map(|mut tokens| {
        tokens.dashboard = Some(GithubRepository::new("Example/Board").unwrap());
        tokens
    });
    projects.secrets = vec![SecretName::new("projects/phabricator").unwrap()];
    BTreeMap::from([
        (MaintenanceKind::Upgrade, upgrade),
        (MaintenanceKind::Pools, pools),
        (MaintenanceKind::Projects, projects),
        (MaintenanceKind::Cleanup, cleanup),
        (MaintenanceKind::CleanupApply, apply),
    ])
}

/// An image of a name on a worker alias, with every kind of task.
pub(crate) fn image(name: &str, worker: &str) -> ImageDefinition {
    let worker = AliasName::new(worker).unwrap();
    let windows = worker.as_str().starts_with("windows");
    ImageDefinition {
        id: ImageId::new(
            ImageName::new(name).unwrap(),
            if windows { Cloud::Azure } else { Cloud::Google },
        ),
        definition: name.to_owned(),
        description: "Headless workers".to_owned(),
        owner: "team@example.org".to_owned(),
        os: if windows { Os::Windows } else { Os::Linux },
        arch: Arch::Amd64,
        level: Some(Level::Three),
        attributes: BTreeMap::from([("gui".to_owned(), AttributeValue::Bool(false))]),
        parent: None,
        // A task makes an image of its worker's disk on Linux's generic-worker only.
        builder: if worker.as_str().starts_with("linux") {
            Builder::Task {}
        } else {
            Builder::Container {
                context: "containers/x".to_owned(),
                file: "Dockerfile".to_owned(),
                target: None,
                arguments: BTreeMap::new(),
            }
        },
        scripts: Vec::new(),
        build: BuildTask {
            worker: worker.clone(),
            max_run_time: Duration::hours(2),
            retries: Some(2),
            secrets: vec![SecretName::new("cloud/google").unwrap()],
        },
        verify: Some(VerifyTask {
            method: VerifyMethod::Boot,
            machine: Machine::of(Arch::Amd64),
            checks: Vec::new(),
            worker: worker.clone(),
            max_run_time: Duration::minutes(30),
            secrets: Vec::new(),
            replicate: None,
        }),
        publish: Some(PublishTask {
            worker,
            family: Some("workers".to_owned()),
            destination: None,
            share_with: Vec::new(),
            regions: vec!["us-central1".to_owned()],
            labels: BTreeMap::new(),
            max_run_time: Duration::hours(1),
            secrets: vec![SecretName::new("publish/google").unwrap()],
        }),
        max_age: None,
        treeherder: Some(Treeherder::new("linux-image/opt", name).unwrap()),
    }
}

/// What is replicated onto the pool `candidates`.
pub(crate) fn replicate() -> Replicate {
    Replicate {
        pool: AliasName::new("candidates").unwrap(),
        from: vec![ReplicateSource {
            index: IndexPath::new("gecko.v2.central.latest.taskgraph.decision").unwrap(),
            scheduler: "gecko-level-3".to_owned(),
            kinds: vec!["test".to_owned()],
            attributes: BTreeMap::new(),
            ran_on: Vec::new(),
            except: Vec::new(),
        }],
        at_most: 10,
        max_run_time: Duration::hours(1),
        drop_scopes: Vec::new(),
    }
}

pub(crate) fn digests() -> BTreeMap<Kind, Digest> {
    [
        (Kind::Build, "b"),
        (Kind::Verify, "e"),
        (Kind::Publish, "f"),
    ]
    .into_iter()
    .map(|(kind, digit)| (kind, Digest::new(&digit.repeat(64)).unwrap()))
    .collect()
}

pub(crate) fn push(level: Level) -> Parameters {
    Parameters {
        base_ref: "main".to_owned(),
        base_rev: "1".repeat(40),
        build_date: 1_767_225_599,
        head_ref: "main".to_owned(),
        moz_build_date: "20251231235959".to_owned(),
        owner: "somebody@example.org".to_owned(),
        pushdate: 1_767_225_599,
        ..Parameters::new(
            level,
            "images",
            "https://github.com/example/images",
            &"2".repeat(40),
        )
    }
}

/// A cron job at level 3.
pub(crate) fn cron() -> Parameters {
    Parameters {
        tasks_for: "cron".to_owned(),
        ..push(Level::Three)
    }
}

/// The action that carries out a plan.
pub(crate) fn apply_cleanup() -> Parameters {
    Parameters {
        tasks_for: "action".to_owned(),
        plan: Some(ReviewedPlan {
            task: PlanTaskId::new("fN1SbArXTPSVFNUvaOlinQ").unwrap(),
            sha256: Digest::new(&"c".repeat(64)).unwrap(),
        }),
        ..cron()
    }
}

pub(crate) fn pull_request() -> Parameters {
    Parameters {
        head_repository: "https://github.com/somebody/images".to_owned(),
        head_ref: "x';curl${IFS}evil;'".to_owned(),
        tasks_for: "github-pull-request".to_owned(),
        pull_request_number: Some(7),
        ..push(Level::One)
    }
}

/// A pull request of somebody who may not push.
pub(crate) fn stranger() -> Parameters {
    Parameters {
        tasks_for: "github-pull-request-untrusted".to_owned(),
        ..pull_request()
    }
}

/// A base and its child on generic-worker, one image on Windows, one on docker-worker.
pub(crate) fn fleet() -> Vec<ImageDefinition> {
    let base = image("base", "linux-builder");
    let mut child = image("child", "linux-builder");
    child.parent = Some(base.id.clone());
    child.verify = None;
    vec![
        base,
        child,
        image("win11", "windows-builder"),
        image("decision", "containers"),
    ]
}

/// The fleet, and images that Packer makes in a cloud, on that one, and on a disk, and a container without secrets.
pub(crate) fn mixed() -> Vec<ImageDefinition> {
    let packer = |name: &str| {
        let mut image = image(name, "linux-builder");
        image.builder = Builder::Packer {
            template: "packer/linux".to_owned(),
            source: "googlecompute.google".to_owned(),
            variables: BTreeMap::new(),
            var_files: Vec::new(),
        };
        image.build.secrets.clear();
        image
    };
    let (cloud, mut upon, mut disk) = (packer("cloud"), packer("upon"), packer("disk"));
    upon.parent = Some(cloud.id.clone());
    disk.id.cloud = Cloud::Qemu;
    let mut tool = image("tool", "containers");
    tool.id.cloud = Cloud::Container;
    tool.build.secrets.clear();
    let mut images = fleet();
    images.extend([cloud, upon, disk, tool]);
    images
}

pub(crate) fn tasks(images: &[ImageDefinition]) -> Vec<ImageTasks<'_>> {
    images
        .iter()
        .map(|image| {
            let mut tasks = ImageTasks::new(image, "image-defs/images/a.yml", digests());
            tasks.reasons = BTreeMap::from([(Kind::Build, vec!["new".to_owned()])]);
            tasks
        })
        .collect()
}

pub(crate) fn graph(parameters: &Parameters) -> TaskGraph {
    let images = if parameters.is_untrusted() {
        mixed()
    } else {
        fleet()
    };
    full_task_graph(
        &tasks(&images),
        &config(),
        parameters,
        &KindTemplates::embedded(),
    )
    .unwrap()
}
