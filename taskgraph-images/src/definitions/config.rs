//! `config.yml`: the project's settings, resolved for each level of the run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use taskgraph_images_transforms::{
    AliasName, Arch, ByLevel, ContainerImage, Digest, Duration, EnvPrefix, Implementation,
    IndexPath, Level, Os, Platform, Priority, ProjectConfig, ProvisionerId, TaskDefaults, ToolFile,
    TreeherderGroup, TrustDomain, Validation, WorkerAlias, WorkerType,
};

use super::maintenance::{self, Maintenance};
use super::select::Selection;
use super::tasks::ImageTasks;
use super::text::Parsed;
use crate::actions::Action;
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::TreePath;
use crate::yaml::{Decode, Decoder, Node, Phase, Spanned, Value, record};

record! {
    /// The project's settings.
    pub struct ConfigFile {
        /// What scheduler ids, index paths and caches start with.
        pub trust_domain / "trust-domain": Parsed<TrustDomain>,
        /// Whom to ask about images that name no owner.
        pub owner / "owner": String,
        /// Folders in which every file must be an input of some image, or is reported.
        pub provisioning / "provisioning": Vec<TreePath>,
        /// Globs of files that are never reported.
        pub unclaimed_ok / "unclaimed-ok": Vec<Spanned<String>>,
        /// Where tasks run.
        pub workers / "workers": Workers,
        /// What tasks have unless their definition says otherwise.
        pub tasks / "tasks": Option<Tasks>,
        /// Where results are found again.
        pub index / "index": Option<Index>,
        /// What `_HEAD_REV` and its siblings start with in the environment of tasks; made from the trust domain if absent.
        pub repository_prefix / "repository-prefix": Option<Parsed<EnvPrefix>>,
        /// How this program reaches workers, by `<os>-<arch>`; an artifact of the decision task if absent.
        pub tool / "tool": BTreeMap<String, Spanned<Tool>>,
        /// The group that Treeherder shows tasks in; if absent, it shows nothing.
        pub treeherder / "treeherder": Option<TreeherderSettings>,
        /// The format of the definitions: `native`, or the name of a recipe that comes with the program.
        pub format / "format": Option<String>,
        /// The repository's own recipe: how its definitions are read.
        pub recipe / "recipe": Option<TreePath>,
        /// How the tasks of images run whose definitions a recipe reads.
        pub images / "images": Vec<ImageTasks>,
        /// What people can ask of tasks.
        pub actions / "actions": Option<Actions>,
        /// Where a stranger chose the code, images are not built whose build needs credentials: how their Packer
        /// templates are validated instead. If absent, they are not.
        pub validate / "validate": Option<Validate>,
        /// How the tasks run that are about the fleet, in the decisions of cron jobs at level 3.
        pub maintenance / "maintenance": Option<Maintenance>,
    }
}

record! {
    /// Where tasks run.
    pub struct Workers {
        /// Worker aliases: the names that definitions use.
        pub aliases / "aliases": BTreeMap<String, Spanned<Alias>>,
        /// Provisioners that aliases may name besides `<trust-domain>-<level>`.
        pub provisioners / "provisioners": Vec<Parsed<ProvisionerId>>,
    }
}

record! {
    /// A worker pool, or one for each level of the run.
    pub struct Alias {
        /// The first half of the task queue's id.
        pub provisioner / "provisioner": Parsed<ProvisionerId>,
        /// The second half of the task queue's id.
        pub worker_type / "worker-type": Parsed<WorkerType>,
        /// The worker's software.
        pub implementation / "implementation": Parsed<Implementation>,
        /// The worker's operating system.
        pub os / "os": Parsed<Os>,
        /// The worker's architecture; `amd64` if absent.
        pub arch / "arch": Option<Parsed<Arch>>,
        /// The container that a docker-worker task runs in; it holds this program.
        pub image / "image": Option<AliasImage>,
        /// Groups that the task's user joins, such as `kvm`.
        pub os_groups / "os-groups": Vec<String>,
        /// Whether tasks run as administrator (Windows).
        pub administrator / "administrator": Option<bool>,
    }
}

record! {
    /// The container that a docker-worker task runs in: a registry's, or an artifact of an indexed task.
    pub struct AliasImage {
        /// A registry's image, pinned by its digest.
        pub registry / "registry": Option<String>,
        /// Where the index holds the task that made it.
        pub namespace / "namespace": Option<Parsed<IndexPath>>,
        /// The artifact's name.
        pub path / "path": Option<String>,
    }
}

record! {
    /// What tasks have unless their definition says otherwise.
    pub struct Tasks {
        /// How soon tasks are claimed; `low` if absent.
        pub priority / "priority": Option<Parsed<Priority>>,
        /// How long after its creation a task must be done; a day if absent.
        pub deadline / "deadline": Option<Parsed<Duration>>,
        /// How long a task and its artifacts are kept; 28 days at level 1 and a year at level 3 if absent.
        pub expires / "expires": Option<Parsed<Duration>>,
    }
}

record! {
    /// Where results are found again.
    pub struct Index {
        /// What cache paths start with; the trust domain if absent.
        pub prefix / "prefix": Parsed<IndexPath>,
    }
}

record! {
    /// This program, pinned by its content.
    pub struct Tool {
        /// Where it is.
        pub url / "url": String,
        /// Its SHA-256.
        pub sha256 / "sha256": Parsed<Digest>,
    }
}

record! {
    /// The group that Treeherder shows tasks in.
    pub struct TreeherderSettings {
        /// The group's symbol.
        pub symbol / "symbol": String,
        /// The group's name.
        pub name / "name": String,
    }
}

record! {
    /// What people can ask of tasks.
    pub struct Actions {
        /// Actions that are not offered, and refused.
        pub disabled / "disabled": Vec<Parsed<Action>>,
    }
}

record! {
    /// How Packer templates are validated where their images may not be built.
    pub struct Validate {
        /// The worker alias. Its machines must have no credentials of their own: strangers' code runs there.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// When the worker stops it; 30 minutes if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// Variables that stand in for what a template reads of a builder's machine, or of secrets.
        pub environment / "environment": BTreeMap<String, Spanned<String>>,
    }
}

/// The settings as the rest of the program takes them.
#[derive(Debug, Clone)]
pub struct Config {
    /// What tasks depend on.
    pub project: ProjectConfig,
    /// Folders in which every file must be claimed.
    pub provisioning: Vec<TreePath>,
    /// Globs of files that are never reported, and where they were written.
    pub unclaimed_ok: Vec<Spanned<String>>,
    /// How the tasks of images run whose definitions a recipe reads; each rule as it was written.
    pub images: Vec<Node>,
    /// Actions that are not offered, and refused.
    pub disabled_actions: BTreeSet<Action>,
}

/// Reads the settings from the file's node.
pub(super) fn resolve(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Config> {
    let mut check = Decoder::new(Phase::AsWritten);
    check.value::<ConfigFile>(node);
    if !check.faults.is_empty() {
        faults.append(&mut check.faults);
        return None;
    }
    // What depends on an image is chosen and rendered when there is one.
    let images = match node.get("images").map(|images| &images.value) {
        Some(Value::List(rules)) => rules.to_vec(),
        _ => Vec::new(),
    };
    let node = &without_images(node);
    let [one, three] = Level::ALL.map(|level| {
        let mut selection = Selection::new(json!({}));
        selection.set("level", json!(level.number()));
        if let Some(domain) = node.get("trust-domain") {
            selection.define("trust-domain", domain.to_json());
        }
        let resolved = selection.resolve(node);
        let mut decoder = Decoder::new(Phase::Resolved);
        let file = resolved.and_then(|node| ConfigFile::decode(&node, &mut decoder));
        for fault in selection.faults.into_iter().chain(decoder.faults) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        file
    });
    let config = build(one?, three?, node.place(), faults)?;
    Some(Config { images, ..config })
}

fn without_images(node: &Node) -> Node {
    let entries = node.entries().unwrap_or_default().iter();
    let rest = entries.filter(|(key, _)| &*key.text != "images").cloned();
    node.with(Value::Map(rest.collect()))
}

fn build(
    one: ConfigFile,
    three: ConfigFile,
    place: Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<Config> {
    let before = faults.len();
    let mut project = ProjectConfig::new(one.trust_domain.0.clone());
    if one.trust_domain != three.trust_domain {
        faults.push(
            Diagnostic::error("bad-value", "the trust domain must not depend on the level")
                .at(place),
        );
    }
    project.owner = one.owner.clone();
    project.tasks = tasks(one.tasks, three.tasks);
    if let Some(index) = one.index {
        project.index_prefix = index.prefix.0;
    }
    if let Some(prefix) = one.repository_prefix {
        project.repository_prefix = prefix.0;
    }
    project.treeherder = one.treeherder.map(|group| TreeherderGroup {
        symbol: group.symbol,
        name: group.name,
    });
    for (name, tool) in one.tool {
        match name.parse::<Platform>() {
            Ok(platform) => {
                let file = ToolFile {
                    url: tool.value.url,
                    sha256: tool.value.sha256.0,
                };
                project.tool.insert(platform, file);
            }
            Err(error) => {
                faults.push(Diagnostic::error("bad-value", error.to_string()).at(tool.place))
            }
        }
    }
    let provisioners = |names: Vec<Parsed<ProvisionerId>>| {
        names
            .into_iter()
            .map(|name| name.0)
            .collect::<BTreeSet<_>>()
    };
    project.provisioners = ByLevel::new(
        provisioners(one.workers.provisioners),
        provisioners(three.workers.provisioners),
    );
    let declared: BTreeSet<String> = one.workers.aliases.keys().cloned().collect();
    let mut at_three = three.workers.aliases;
    for (name, alias) in one.workers.aliases {
        let place = alias.place.clone();
        let key = match AliasName::new(&name) {
            Ok(key) => key,
            Err(error) => {
                faults.push(Diagnostic::error("bad-value", error.to_string()).at(place));
                continue;
            }
        };
        let Some(twin) = at_three.remove(&name) else {
            faults.push(
                Diagnostic::error("bad-value", format!("`{name}` exists at level 1 only"))
                    .at(place),
            );
            continue;
        };
        match worker(alias.value, twin.value, &place) {
            Ok(alias) => {
                project.workers.insert(key, alias);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(validate) = one.validate {
        project.validate = Some(validation(validate, &declared, faults));
    }
    if let Some(written) = three.maintenance {
        project.maintenance = maintenance::resolve(written, &declared, faults);
    }
    for (name, alias) in at_three {
        faults.push(
            Diagnostic::error("bad-value", format!("`{name}` exists at level 3 only"))
                .at(alias.place),
        );
    }
    (faults.len() == before).then_some(Config {
        project,
        provisioning: one.provisioning,
        unclaimed_ok: one.unclaimed_ok,
        images: Vec::new(),
        disabled_actions: one
            .actions
            .into_iter()
            .flat_map(|actions| actions.disabled)
            .map(|action| action.0)
            .collect(),
    })
}

/// Validation takes place at level 1 only.
fn validation(
    validate: Validate,
    declared: &BTreeSet<String>,
    faults: &mut Vec<Diagnostic>,
) -> Validation {
    Validation {
        worker: maintenance::worker(validate.worker, declared, faults),
        max_run_time: validate
            .max_run_time
            .map_or_else(|| Duration::minutes(30), |limit| limit.0),
        environment: maintenance::environment(validate.environment, faults),
    }
}

fn tasks(one: Option<Tasks>, three: Option<Tasks>) -> TaskDefaults {
    let mut defaults = TaskDefaults::default();
    let mut set = |tasks: Option<Tasks>, level: Level| {
        let Some(tasks) = tasks else { return };
        let put = |slot: &mut ByLevel<Duration>, value: Option<Parsed<Duration>>| {
            if let Some(Parsed(value)) = value {
                *at_mut(slot, level) = value;
            }
        };
        put(&mut defaults.deadline, tasks.deadline);
        put(&mut defaults.expires, tasks.expires);
        if let Some(Parsed(priority)) = tasks.priority {
            *at_mut(&mut defaults.priority, level) = priority;
        }
    };
    set(one, Level::One);
    set(three, Level::Three);
    defaults
}

fn at_mut<T>(values: &mut ByLevel<T>, level: Level) -> &mut T {
    match level {
        Level::One => &mut values.one,
        Level::Three => &mut values.three,
    }
}

fn worker(one: Alias, three: Alias, place: &Place) -> Result<WorkerAlias, Diagnostic> {
    let fault = |message: String| Diagnostic::error("bad-value", message).at(place.clone());
    if one.os != three.os || one.arch != three.arch {
        return Err(fault(
            "a worker's `os` and `arch` must not depend on the level".to_owned(),
        ));
    }
    let image = match (one.image, three.image) {
        (None, None) => None,
        (Some(one), Some(three)) => Some(ByLevel::new(
            container(one).map_err(fault)?,
            container(three).map_err(fault)?,
        )),
        _ => {
            return Err(fault(
                "a worker has an `image` at both levels or at none".to_owned(),
            ));
        }
    };
    Ok(WorkerAlias {
        provisioner: ByLevel::new(one.provisioner.0, three.provisioner.0),
        worker_type: ByLevel::new(one.worker_type.0, three.worker_type.0),
        implementation: ByLevel::new(one.implementation.0, three.implementation.0),
        os: one.os.0,
        arch: one.arch.map_or(Arch::Amd64, |arch| arch.0),
        image,
        os_groups: one.os_groups,
        administrator: one.administrator.unwrap_or_default(),
    })
}

fn container(image: AliasImage) -> Result<ContainerImage, String> {
    match (image.registry, image.namespace, image.path) {
        (Some(registry), None, None) => Ok(ContainerImage::Registry(registry)),
        (None, Some(namespace), Some(path)) => Ok(ContainerImage::Indexed {
            namespace: namespace.0,
            path,
        }),
        _ => Err("an image is either a `registry`'s or has a `namespace` and a `path`".to_owned()),
    }
}
