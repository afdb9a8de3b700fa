//! What people see and do in repositories, and what other projects do.

use std::collections::BTreeMap;

use fake_taskcluster::{IndexEntry, TaskState};
use serde_json::{Value, json};

use super::IMAGES;
use super::world::{POOLS, TOOL, World};
use crate::support::Repo;

impl World {
    /// A person merges the one open pull request of a repository; its title.
    pub(super) fn merge(&self, repo: &Repo, name: &str) -> String {
        let (title, files) = self.github.with(name, |github| {
            let mut open = github.pulls.iter_mut().filter(|pull| pull.state == "open");
            let pull = open.next().unwrap();
            assert!(open.next().is_none(), "more than one is open");
            (pull.state, pull.merged) = ("closed", true);
            let (title, branch) = (pull.title.clone(), pull.branch.clone());
            let files = github.files(&branch).unwrap();
            github.git.refs.remove(&branch);
            (title, files)
        });
        for (path, content) in files {
            repo.write(&path, content);
        }
        self.push(repo, name);
        title
    }

    /// A branch of worker pools' repository, at what is on `main`; or none any more.
    pub(super) fn branch(&self, name: &str, is_there: bool) {
        let bare = self.remote(POOLS);
        let from = if is_there { "HEAD" } else { "" };
        let what = format!("{from}:refs/heads/{name}");
        let bare = bare.to_str().unwrap();
        self.pools.git(&["push", "--quiet", bare, &what]);
    }

    /// The titles of open pull requests.
    pub(super) fn open(&self, name: &str) -> Vec<String> {
        self.github.with(name, |github| {
            let open = github.pulls.iter().filter(|pull| pull.state == "open");
            open.map(|pull| pull.title.clone()).collect()
        })
    }

    /// What people see of the pull requests of a repository: their lines and texts, without what is different each time.
    pub(super) fn pull_requests(&self, name: &str) -> String {
        let pulls = self.github.with(name, |github| github.pulls.clone());
        let line = |pull: &fake_github::Pull| {
            let (text, _) = pull.body.split_once("\n<!-- ").unwrap();
            format!(
                "#{} {} {:?} {} → {} {:?}\n{text}",
                pull.number, pull.state, pull.title, pull.branch, pull.base, pull.labels
            )
        };
        pulls.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The files in which the one open pull request of a repository differs from its base.
    pub(super) fn differs(&self, name: &str) -> Vec<String> {
        self.github.with(name, |github| {
            let open: Vec<_> = github
                .pulls
                .iter()
                .filter(|pull| pull.state == "open")
                .collect();
            let [pull] = open[..] else {
                panic!("{} are open", open.len())
            };
            let base = github.files(&pull.base).unwrap();
            let files = github.files(&pull.branch).unwrap().into_iter();
            files
                .filter(|file| !base.contains(file))
                .map(|(path, _)| path)
                .collect()
        })
    }

    /// Somebody makes a pool for an image, newer than that which projects are on.
    pub(super) fn newer_pool(&self, reference: &str) {
        let entry = format!("headless-new:\n  example-level3-gcp: {reference}\n");
        self.pools.append("worker-images.yml", &entry);
        self.pools.commit();
        let by_day = "  headless-new: {family: by-day, providers: {}}\n";
        self.images.append("image-defs/pools.yml", by_day);
        self.push(&self.images, IMAGES);
        let folder = self.pools.path.to_string_lossy();
        let template = "example-t/headless-20260901";
        let made = self.images.run(&[
            "pools",
            "generate",
            "--config",
            &folder,
            "--template",
            template,
            "--group",
            "example-t",
            "--image",
            "headless-new",
            "--image",
            "headless-20260901",
            "--out",
            "../patches",
        ]);
        assert_eq!(made.code, Some(0), "{}", made.block());
        let patch = self.images.beside("patches").join("example-t.patch");
        self.pools.git(&["am", "--quiet", patch.to_str().unwrap()]);
        self.push(&self.pools, POOLS);
    }

    /// A project's newest decision made tasks on some worker pools.
    pub(super) fn runs(&self, project: &str, queues: &[&str]) {
        let (_, project) = project.split_once('/').unwrap();
        let tasks = queues.iter().enumerate();
        let graph: BTreeMap<String, Value> = tasks
            .map(|(at, queue)| (format!("t-{at}"), json!({"task": {"taskQueueId": queue}})))
            .collect();
        let id = self.next_id();
        let folder = self.store.join(&id).join("public");
        std::fs::create_dir_all(&folder).unwrap();
        let text = serde_json::to_string(&graph).unwrap();
        std::fs::write(folder.join("task-graph.json"), text).unwrap();
        self.taskcluster
            .insert_task(&id, json!({}), TaskState::Completed);
        let entry = IndexEntry {
            task_id: id,
            rank: 0,
            data: json!({}),
            expires: "2999-01-01T00:00:00.000Z".to_owned(),
        };
        let path = format!("example.v2.{project}.latest.taskgraph.decision");
        self.taskcluster.insert_index(&path, entry);
    }

    /// A tool that pins name has a new release.
    pub(super) fn release(&self, version: &str) {
        let new = release(version, "2026-01-09T00:00:00Z");
        self.github.with(TOOL, |tool| tool.releases.insert(0, new));
    }
}

/// A release as GitHub lists it.
pub(super) fn release(version: &str, published: &str) -> Value {
    json!({
        "tag_name": format!("v{version}"), "name": version, "draft": false, "prerelease": false,
        "published_at": published, "created_at": published, "assets": [], "body": "- words",
        "html_url": format!("https://example.org/example/tool/releases/tag/v{version}"),
    })
}
