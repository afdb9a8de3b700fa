//! [`World`]: the repositories of images, of worker pools and of a project, with GitHub and Taskcluster around them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use fake_github::{Repository, Server as GitHub};
use fake_taskcluster::{Options, Server as Taskcluster};
use serde_json::json;

use super::cloud::Cloud;
use super::people::release;
use super::roles::roles;
use crate::events::{Project, root_file};
use crate::support::Repo;

/// The repository of the definitions.
pub(super) const IMAGES: &str = "example/images";
/// The repository that configures worker pools.
pub(super) const POOLS: &str = "example/worker-pools";
/// A project that uses worker pools.
pub(super) const APP: &str = "example/app";
/// Another one.
pub(super) const SITE: &str = "example/site";
/// Where newer versions of a pin come from.
pub(super) const TOOL: &str = "example/tool";

/// Some repositories, and the services around them.
pub(super) struct World {
    pub(super) images: Repo,
    pub(super) pools: Repo,
    pub(super) app: Repo,
    pub(super) site: Repo,
    pub(super) github: GitHub,
    pub(super) taskcluster: Taskcluster,
    pub(super) cloud: Cloud,
    /// Bare repositories, by their names on GitHub.
    remotes: PathBuf,
    /// All artifacts, as `<task>/<name>`.
    pub(super) store: PathBuf,
    decisions: AtomicU32,
}

impl World {
    /// All repositories with their first commit. No image is published.
    pub(super) fn new() -> Self {
        let images = Repo::empty(&["--initial-branch", "main"]);
        let (remotes, store) = (images.beside("remotes"), images.beside("store"));
        let (github, cloud) = (GitHub::start(), Cloud::start());
        let mut options = Options {
            artifacts: Some(store.clone()),
            ..Options::default()
        };
        for (role, scopes) in roles() {
            options = options.role(&role, scopes);
        }
        let taskcluster = Taskcluster::start(options);
        let world = Self {
            images,
            pools: Repo::empty(&["--initial-branch", "main"]),
            app: Repo::empty(&["--initial-branch", "main"]),
            site: Repo::empty(&["--initial-branch", "main"]),
            github,
            taskcluster,
            cloud,
            remotes,
            store,
            decisions: AtomicU32::new(1),
        };
        std::fs::create_dir(&world.store).unwrap();
        let mut tool = Repository::new(TOOL);
        tool.releases = vec![release("1.0.0", "2026-01-02T00:00:00Z")];
        world.github.add(tool);
        world.files();
        for (repo, name) in world.repositories() {
            world.github.add(Repository::new(name));
            let bare = world.remotes.join(name);
            repo.git(&[
                "init",
                "--quiet",
                "--bare",
                "-b",
                "main",
                bare.to_str().unwrap(),
            ]);
            world.push(repo, name);
        }
        world.secrets();
        world.programs();
        let pool = json!({"image": "projects/example-level3/global/images/by-hand"});
        world
            .taskcluster
            .insert_worker_pool("example-3/by-hand", "example-level3-gcp", pool);
        world
    }

    fn repositories(&self) -> [(&Repo, &'static str); 4] {
        [
            (&self.images, IMAGES),
            (&self.pools, POOLS),
            (&self.app, APP),
            (&self.site, SITE),
        ]
    }

    fn files(&self) {
        let taskcluster_yml = root_file(".taskcluster.yml")
            .replace("trustDomain: taskgraph-images", "trustDomain: example")
            .replace(
                "https://github.com/taskcluster/taskgraph-images",
                "https://github.com/example/images",
            );
        self.images.write(".taskcluster.yml", taskcluster_yml);
        let github = self.github.address();
        for (path, text) in [
            ("config.yml", include_str!("files/config.yml")),
            ("pins.yml", include_str!("files/pins.yml")),
            ("pools.yml", include_str!("files/pools.yml")),
            ("proposals.yml", include_str!("files/proposals.yml")),
            ("images/disk.yml", include_str!("files/disk.yml")),
            ("images/headless.yml", include_str!("files/headless.yml")),
            ("template.pkr.hcl", include_str!("files/template.pkr.hcl")),
            ("scripts/10-install.sh", "#!/bin/sh\ntrue\n"),
            ("checks/10-boots.sh", "#!/bin/bash\ntrue\n"),
        ] {
            let published = self.images.beside("published").display().to_string();
            let text = text
                .replace("[GITHUB]", github)
                .replace("[FOLDER]", &published);
            self.images.write(&format!("image-defs/{path}"), text);
        }
        for (path, text) in [
            ("environments.yml", include_str!("files/environments.yml")),
            ("projects.yml", include_str!("files/projects.yml")),
            ("worker-images.yml", include_str!("files/worker-images.yml")),
            ("worker-pools.yml", include_str!("files/worker-pools.yml")),
        ] {
            self.pools.write(path, text);
        }
        for project in [&self.app, &self.site] {
            project.write("taskcluster/config.yml", include_str!("files/app.yml"));
        }
    }

    /// What level 3 publishes with.
    fn secrets(&self) {
        let secret = json!({
            "GOOGLE_OAUTH_ACCESS_TOKEN": "not-a-token-of-google",
            "GOOGLE_CLOUD_PROJECT": "example-level3",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": format!("{}/compute/v1/", self.cloud.address()),
        });
        self.taskcluster
            .insert_secret("project/example/level-3/publish/google", secret);
    }

    /// Where a repository is fetched from.
    pub(super) fn remote(&self, name: &str) -> PathBuf {
        self.remotes.join(name)
    }

    /// Commits everything and pushes it, as somebody who may; the commit's id.
    pub(super) fn push(&self, repo: &Repo, name: &str) -> String {
        let head = repo.commit();
        let bare = self.remote(name);
        repo.git(&["push", "--quiet", bare.to_str().unwrap(), "HEAD:main"]);
        let listed = repo.git(&["ls-files"]);
        let files: Vec<(&str, String)> = listed
            .lines()
            .map(|path| (path, std::fs::read_to_string(repo.path.join(path)).unwrap()))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        self.github
            .with(name, |github| github.push("main", "Somebody", &files));
        head
    }

    /// The id of a decision or action that is to come.
    pub(super) fn next_id(&self) -> String {
        let number = self.decisions.fetch_add(1, Ordering::Relaxed);
        format!("DecisionQ_C{number:0>10}A")
    }

    /// The `.taskcluster.yml` of the images.
    pub(super) fn project(&self) -> Project {
        let text = std::fs::read_to_string(self.images.path.join(".taskcluster.yml")).unwrap();
        Project::read("images", "example", "EXAMPLE", &text)
    }

    /// Where programs are that workers have: this one, a packer, and git, which finds the remotes here.
    pub(super) fn bin(&self) -> PathBuf {
        self.images.beside("bin")
    }

    fn programs(&self) {
        let bin = self.bin();
        std::fs::create_dir(&bin).unwrap();
        let own = env!("CARGO_BIN_EXE_taskgraph-images");
        std::os::unix::fs::symlink(own, bin.join("taskgraph-images")).unwrap();
        let git = format!(
            "#!/bin/sh\nPATH=\"${{PATH#*:}}\" GIT_ALLOW_PROTOCOL=https:file exec git -c \
             url.file://{}/.insteadOf=https://github.com/ \"$@\"\n",
            self.remotes.display()
        );
        for (name, text) in [
            ("git", git.as_str()),
            ("packer", include_str!("files/packer")),
        ] {
            let path = bin.join(name);
            std::fs::write(&path, text).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(path, mode).unwrap();
        }
    }
}
