//! The records of an image file: one struct a section. Their doc comments are the published schema's descriptions.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{
    AliasName, Arch, Cloud, Duration, Firmware, IndexPath, Level, Os, SecretName, VerifyMethod,
};

use super::text::Parsed;
use crate::tree::TreePath;
use crate::yaml::{OneOrMany, Spanned, record};

record! {
    /// An image definition, or a fragment that image definitions share.
    pub struct ImageFile {
        /// Fragments to start from: `linux` is `fragments/linux.yml`. Later ones win over earlier ones, and this
        /// file over all. Maps are merged, scalars and lists replaced, lists under `key+` appended, and `null`
        /// removes what is inherited. A fragment reached twice is applied once, where it is reached first.
        pub extends / "extends": OneOrMany<String>,
        /// The image's name; the file's stem if absent. Variants need one that differs for each of them.
        pub name / "name": Option<Spanned<String>>,
        /// What the image is for.
        pub description / "description": Option<String>,
        /// Whom to ask about it: an e-mail address. `owner` of `config.yml` if absent.
        pub owner / "owner": Option<String>,
        /// Several images from one definition.
        pub variants / "variants": Option<Variants>,
        /// The cloud it runs on.
        pub cloud / "cloud": Option<Parsed<Cloud>>,
        /// Its operating system.
        pub os / "os": Option<Parsed<Os>>,
        /// Its processor architecture; `amd64` if absent.
        pub arch / "arch": Option<Parsed<Arch>>,
        /// The level of the worker pools that the image serves.
        pub level / "level": Option<Parsed<Level>>,
        /// More attributes for `by-<attribute>` and templates.
        pub attributes / "attributes": BTreeMap<String, Attribute>,
        /// The image of the fleet that this one is built from: `name` on the same cloud, or `name@cloud`.
        pub parent / "parent": Option<Spanned<String>>,
        /// What makes the image: one of `packer`, `container`, `task`.
        pub builder / "builder": Builder,
        /// Provisioning scripts in the order they run: files, globs, or folders (ending in `/`).
        pub scripts / "scripts": Vec<Spanned<String>>,
        /// Files that count as inputs although no analysis can see it.
        pub inputs / "inputs": Vec<ExtraInput>,
        /// References in scripts and templates that cannot be followed and name no input.
        pub waivers / "waivers": Vec<Waiver>,
        /// What the image uses of the folders that its template uploads. Of others it uses everything.
        pub uploads / "uploads": Vec<Upload>,
        /// The task that builds the image.
        pub build / "build": Build,
        /// The task that verifies it.
        pub verify / "verify": Option<Verify>,
        /// The task that publishes it, at level 3.
        pub publish / "publish": Option<Publish>,
        /// How old the newest build may become before the cron graph builds the image again.
        pub max_age / "max-age": Option<Parsed<Duration>>,
        /// How Treeherder shows the tasks.
        pub treeherder / "treeherder": Option<Treeherder>,
    }
}

record! {
    /// One image for each combination of the axes' values.
    pub struct Variants {
        /// Attributes and their values. `cloud`, `os`, `arch` and `level` are built in; others are yours.
        pub axes / "axes": BTreeMap<String, Vec<Attribute>>,
        /// Combinations to leave out: each names some attributes' values.
        pub except / "except": Vec<BTreeMap<String, Attribute>>,
    }
}

record! {
    /// What makes the image: exactly one of these.
    pub struct Builder {
        /// Packer runs one source of one template.
        pub packer / "packer": Option<Packer>,
        /// A container image is built, without a daemon.
        pub container / "container": Option<Container>,
        /// The scripts run as a privileged task on a worker of the base image, which is then snapshot.
        pub task / "task": Option<TaskBuilder>,
    }
}

record! {
    /// Packer runs one source of one template.
    pub struct Packer {
        /// The template: a file, or a folder whose templates are read together.
        pub template / "template": Spanned<TreePath>,
        /// The one source to build: `googlecompute.ubuntu`.
        pub source / "source": Spanned<String>,
        /// Values of the template's variables. `scripts` is set to the image's scripts.
        pub variables / "variables": BTreeMap<String, Spanned<Any>>,
        /// Files with values of variables, as for Packer's `-var-file`.
        pub var_files / "var-files": Vec<Spanned<TreePath>>,
    }
}

record! {
    /// A container image.
    pub struct Container {
        /// The folder that the build sees.
        pub context / "context": Spanned<TreePath>,
        /// The Dockerfile, relative to the context; `Dockerfile` if absent.
        pub file / "file": Option<Spanned<String>>,
        /// The stage to build; the last one if absent.
        pub target / "target": Option<String>,
        /// Build arguments.
        pub arguments / "arguments": BTreeMap<String, String>,
    }
}

record! {
    /// The scripts run as a privileged task on a worker of the base image, which is then snapshot.
    pub struct TaskBuilder {}
}

record! {
    /// Files that count as inputs although no analysis can see it.
    pub struct ExtraInput {
        /// A file, a glob, or a folder (ending in `/`).
        pub path / "path": Spanned<String>,
        /// The task that they go into; `build` if absent.
        pub of / "of": Option<Stage>,
        /// How they go in, for the reader.
        pub reason / "reason": String,
        /// The script or template whose references these files stand for: a file or a glob. What it names and
        /// nobody can follow is then no fault.
        pub within / "in": Option<Spanned<String>>,
    }
}

record! {
    /// References that cannot be followed and name no input.
    pub struct Waiver {
        /// The script or template that holds them: a file or a glob.
        pub within / "in": Spanned<String>,
        /// Why they are no inputs.
        pub reason / "reason": String,
    }
}

record! {
    /// What an image uses of an uploaded folder. The other files merely travel with it: they count for nothing.
    pub struct Upload {
        /// The folder.
        pub folder / "folder": TreePath,
        /// Globs relative to the folder; none of them may match nothing.
        pub uses / "uses": Vec<Spanned<String>>,
        /// Why that is all, for the reader.
        pub reason / "reason": String,
    }
}

record! {
    /// The task that builds the image.
    pub struct Build {
        /// The worker alias it runs on.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// When it is stopped; 2 hours if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// How often it is tried again when the worker fails, 0 to 49.
        pub retries / "retries": Option<Spanned<u32>>,
        /// Secrets that it reads, relative to the run's level.
        pub secrets / "secrets": Vec<Parsed<SecretName>>,
    }
}

record! {
    /// A machine that is started from the image.
    pub struct Machine {
        /// What starts the system on its disk; `bios` if absent, and on `arm64` always `uefi`.
        pub firmware / "firmware": Option<Spanned<Parsed<Firmware>>>,
        /// Its memory in MiB; 2048 if absent.
        pub memory / "memory": Option<Spanned<u32>>,
        /// Its processors; 2 if absent.
        pub processors / "processors": Option<Spanned<u32>>,
    }
}

record! {
    /// The task that verifies the image.
    pub struct Verify {
        /// Where the checks run: `boot` a machine from it, `in-build`, on a worker `pool` of it, or in a `container`; or
        /// `replicate`, where tasks of other projects take the place of checks.
        pub method / "method": Parsed<VerifyMethod>,
        /// The machine that `boot` starts, where it needs another one than most.
        pub machine / "machine": Option<Machine>,
        /// Checks in the order they run: files, globs, or folders (ending in `/`).
        pub checks / "checks": Vec<Spanned<String>>,
        /// The worker alias it runs on.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// When it is stopped; 1 hour if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// Secrets that it reads, relative to the run's level.
        pub secrets / "secrets": Vec<Parsed<SecretName>>,
        /// Tasks of other projects that are run again on the candidate, for the method `replicate`.
        pub replicate / "replicate": Option<Replicate>,
    }
}

record! {
    /// Tasks of other projects that are run again on the candidate.
    pub struct Replicate {
        /// The worker alias of the pool that runs the candidate. Nothing else of this project runs there.
        pub pool / "pool": Spanned<Parsed<AliasName>>,
        /// Whose tasks.
        pub from / "from": Vec<ReplicateSource>,
        /// How many tasks at most, 1 to 500; 50 if absent. The first ones are taken, by source and label.
        pub at_most / "at-most": Option<Spanned<u32>>,
        /// When one of them is stopped; 1 hour if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// Scopes that tasks hold and do without when they are run again: patterns, `*` for any text. A task that holds
        /// another scope is left out.
        pub drop_scopes / "drop-scopes": Vec<Spanned<String>>,
    }
}

record! {
    /// Some tasks of another project. In patterns `*` stands for any text.
    pub struct ReplicateSource {
        /// Where the index names the project's newest decision task: `gecko.v2.mozilla-central.latest.taskgraph.decision`.
        pub index / "index": Spanned<Parsed<IndexPath>>,
        /// Who must have scheduled that decision: `gecko-level-3`.
        pub scheduler / "scheduler": Spanned<String>,
        /// Patterns of the tasks' kinds.
        pub kinds / "kinds": OneOrMany<Spanned<String>>,
        /// The values that attributes of the tasks have: for each one a pattern, or several of which one must match.
        pub attributes / "attributes": BTreeMap<String, OneOrMany<Spanned<Attribute>>>,
        /// Patterns of the pools that the tasks ran on: `gecko-t/*`.
        pub ran_on / "ran-on": OneOrMany<Spanned<String>>,
        /// Patterns of labels that are left out.
        pub except / "except": OneOrMany<Spanned<String>>,
    }
}

record! {
    /// The task that publishes the image.
    pub struct Publish {
        /// The worker alias it runs on.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// The family or gallery definition that the image joins.
        pub family / "family": Option<String>,
        /// Where in the cloud: a project (Google), a resource group and gallery (Azure), a container repository or OCI
        /// layout, or a folder (QEMU).
        pub destination / "destination": Option<Spanned<String>>,
        /// Where it is made available.
        pub regions / "regions": Vec<String>,
        /// The accounts of AWS that may use it, besides its own: 12 digits each.
        pub share_with / "share-with": Vec<Spanned<String>>,
        /// Labels or tags of the cloud's image.
        pub labels / "labels": BTreeMap<String, String>,
        /// When it is stopped; 1 hour if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// Secrets that it reads, relative to the run's level.
        pub secrets / "secrets": Vec<Parsed<SecretName>>,
    }
}

record! {
    /// How Treeherder shows the tasks.
    pub struct Treeherder {
        /// Platform and collection: `linux-image/opt`.
        pub platform / "platform": Spanned<String>,
        /// The symbol, at most 25 characters.
        pub symbol / "symbol": String,
    }
}

/// The task that an input goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Stage {
    /// The task that builds the image.
    Build,
    /// The task that verifies it.
    Verify,
    /// The task that publishes it.
    Publish,
}

/// A string, boolean or integer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema)]
#[schemars(untagged)]
pub enum Attribute {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    String(String),
}

/// Any value.
#[derive(Debug, Clone, PartialEq, schemars::JsonSchema)]
#[schemars(transparent)]
pub struct Any(pub serde_json::Value);
