//! What a decision's machine and workers do: run what tasks say, with the scopes that these hold, and keep what they leave.

use std::collections::BTreeMap;
use std::path::Path;

use fake_taskcluster::TaskState;
use serde_json::{Value, json};

use super::world::World;
use crate::support::Ran;

/// What ended well.
#[track_caller]
pub(super) fn done(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

impl World {
    /// The decision of a cron job at a revision of the images; its id.
    pub(super) fn cron(&self, job: &str) -> String {
        let project = self.project();
        let id = self.next_id();
        let task = project.task(&json!({
            "tasks_for": "cron",
            "ownTaskId": id,
            "repository": {"url": project.url(), "project": "images", "level": "3", "type": "git"},
            "push": {"branch": "main", "revision": self.head(), "owner": "cron"},
            "cron": {"task_id": id, "job_name": job, "job_symbol": job,
                "quoted_args": format!("--target-tasks-method={job}"), "input": null},
        }));
        self.decide(&id, &task);
        id
    }

    /// The decision of a push of what is committed in the images; its id.
    pub(super) fn pushed(&self) -> String {
        let project = self.project();
        let mut context = project.push("refs/heads/main");
        let before = self.images.git(&["rev-list", "--max-parents=0", "HEAD"]);
        context["event"]["before"] = before.into();
        context["event"]["after"] = self.head().into();
        let mut task = project.task(&context);
        let id = self.next_id();
        task["taskGroupId"] = id.clone().into();
        self.decide(&id, &task);
        id
    }

    /// The task of the hook of an action of a decision, which a person starts with some input; its id.
    pub(super) fn act(&self, decision: &str, name: &str, input: &Value) -> String {
        let document = self.artifact(decision, "public/actions.json");
        let actions = document["actions"].as_array().unwrap();
        let offered = actions
            .iter()
            .find(|action| action["name"] == name)
            .unwrap();
        let context = json!({"input": input, "taskId": null, "taskGroupId": decision});
        let payload = json_e::render(&offered["hookPayload"], &context).unwrap();
        let mut action = payload["decision"]["action"].clone();
        let hook = offered["hookId"]
            .as_str()
            .unwrap()
            .split_once('/')
            .unwrap()
            .0;
        action["action_perm"] = hook.rsplit('-').next().unwrap().into();
        let id = self.next_id();
        let task = self.project().task(&json!({
            "tasks_for": "action", "action": action,
            "push": payload["decision"]["push"], "repository": payload["decision"]["repository"],
            "input": payload["user"]["input"], "parameters": null,
            "taskId": null, "taskGroupId": decision, "ownTaskId": id,
        }));
        self.decide(&id, &task);
        id
    }

    fn head(&self) -> String {
        self.images.git(&["rev-parse", "HEAD"])
    }

    /// Runs what a decision or action task runs, in a checkout of its revision, which its container makes.
    fn decide(&self, id: &str, task: &Value) {
        self.taskcluster
            .insert_task(id, task.clone(), TaskState::Running);
        self.hold(task);
        let command = words(&task["payload"]["command"]);
        let ["taskgraph-images", command, "--artifacts", _] = command[..] else {
            panic!("{command:?}")
        };
        let folder = self.store.join(id).join("public");
        let folder = folder.to_string_lossy();
        let mut environment = self.services();
        let set = task["payload"]["env"].as_object().unwrap();
        environment.extend(
            set.iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())),
        );
        environment.push(("TASK_ID".to_owned(), id.to_owned()));
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let arguments = [command, "--artifacts", &folder];
        done(
            &self
                .images
                .run_at(&self.images.path, &arguments, &environment),
        );
        self.taskcluster.bring(id, TaskState::Completed);
    }

    /// Callers act with a task's scopes from now on, and with the anonymous role's.
    pub(super) fn hold(&self, task: &Value) {
        self.taskcluster.set_held_scopes(words(&task["scopes"]));
    }

    /// Where Taskcluster is, and programs: what a worker gives to tasks that ask for a proxy.
    pub(super) fn services(&self) -> Vec<(String, String)> {
        let root = self.taskcluster.root_url();
        let path = format!(
            "{}:{}",
            self.bin().display(),
            std::env::var("PATH").unwrap()
        );
        [
            ("TASKCLUSTER_ROOT_URL", root.clone()),
            ("TASKCLUSTER_PROXY_URL", root),
            ("PATH", path),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The tasks that a task created, by their labels.
    pub(super) fn created(&self, by: &str) -> BTreeMap<String, String> {
        let tasks = self.taskcluster.tasks();
        let own = tasks
            .iter()
            .filter(|(_, task)| task["extra"]["parent"] == by);
        own.map(|(id, task)| {
            (
                task["metadata"]["name"].as_str().unwrap().to_owned(),
                id.clone(),
            )
        })
        .collect()
    }

    /// Executes a task as its definition says; what it leaves is in the store, where the queue finds it.
    pub(super) fn execute(&self, id: &str) -> Ran {
        let task = self.taskcluster.tasks()[id].clone();
        assert_eq!(
            self.taskcluster.task_state(id),
            Some(TaskState::Pending),
            "{task:#}"
        );
        self.hold(&task);
        assert_eq!(task["payload"]["features"]["taskclusterProxy"], true);
        let environment = self.services();
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let store = self.store.to_string_lossy();
        let arguments = [
            "load-task",
            id,
            "--out",
            &store,
            "--pass",
            "TASKCLUSTER_PROXY_URL",
        ];
        let ran = self.images.run_at(&self.bin(), &arguments, &environment);
        let state = match ran.code {
            Some(0) => TaskState::Completed,
            _ => TaskState::Failed,
        };
        self.taskcluster.bring(id, state);
        ran
    }

    /// Executes what a decision created, each task once what it needs is completed.
    pub(super) fn execute_all(&self, decision: &str) {
        let mut left = self.created(decision);
        while !left.is_empty() {
            let (label, id) = left
                .iter()
                .find(|(_, id)| self.taskcluster.task_state(id) == Some(TaskState::Pending))
                .map(|(label, id)| (label.clone(), id.clone()))
                .unwrap_or_else(|| panic!("nothing of {left:?} can run"));
            done(&self.execute(&id));
            left.remove(&label);
        }
    }

    /// The one task of a cron job's decision, executed.
    pub(super) fn execute_job(&self, job: &str) -> (String, Ran) {
        let created = self.created(&self.cron(job));
        assert_eq!(created.keys().collect::<Vec<_>>(), [job]);
        let ran = self.execute(&created[job]);
        (created[job].clone(), ran)
    }

    /// Whether a line of a task's log is some text. Which stream's line comes first there is not known: here each has a
    /// pipe of its own, where a worker's tasks write both to one file.
    pub(super) fn says(&self, id: &str, text: &str) -> bool {
        let log = self.left(id, "public/logs/live.log");
        log.lines().any(|line| line == text)
    }

    /// All that a task left, its log included, in one text.
    pub(super) fn everything(&self, id: &str) -> String {
        let all = self.artifacts(id);
        all.iter().map(|name| self.left(id, name)).collect()
    }

    /// The provider's name of the newest published image of a slug.
    pub(super) fn published(&self, slug: &str) -> String {
        let path = format!("example.v2.images.latest.images.{slug}");
        let id = self.taskcluster.index()[&path].task_id.clone();
        let manifest = self.artifact(&id, "public/manifest/manifest.json");
        manifest["artifacts"][0]["reference"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Text that is the same whenever the image `headless` was published.
    pub(super) fn plain(&self, text: &str) -> String {
        let path = "example.v2.images.latest.images.headless-google";
        let id = self.taskcluster.index()[path].task_id.clone();
        let content = self.left(&id, "public/manifest/manifest.json");
        let digest = taskgraph_images::graph::Digest::of(content.as_bytes()).to_string();
        let manifest: Value = serde_json::from_str(&content).unwrap();
        let reference = manifest["artifacts"][0]["reference"].as_str().unwrap();
        let time = manifest["finished"].as_str().unwrap();
        let (_, name) = reference.rsplit_once('/').unwrap();
        text.replace(reference, "[IMAGE]")
            .replace(name, "[NAME]")
            .replace(time, "[TIME]")
            .replace(&time[..10], "[DAY]")
            .replace(&digest[..12], "[SHA-256]")
    }

    /// What a task left, as text.
    pub(super) fn left(&self, id: &str, name: &str) -> String {
        let path = self.store.join(id).join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// What a task left, as JSON.
    pub(super) fn artifact(&self, id: &str, name: &str) -> Value {
        serde_json::from_str(&self.left(id, name)).unwrap()
    }

    /// The names of all that a task left, sorted.
    pub(super) fn artifacts(&self, id: &str) -> Vec<String> {
        let root = self.store.join(id);
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(root, &path, found),
            false => found.push(path.strip_prefix(root).unwrap().display().to_string()),
        }
    }
}

/// A list of texts.
pub(super) fn words(list: &Value) -> Vec<&str> {
    let list = list.as_array().into_iter().flatten();
    list.map(|word| word.as_str().unwrap()).collect()
}
