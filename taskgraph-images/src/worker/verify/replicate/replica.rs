//! [`Replica`]: the definition of a task that runs what another project's task ran, on the candidate.
//!
//! Nothing is taken over but the payload, held to what the pool gives, and the label. Scopes, routes, caches, secrets,
//! Treeherder, notifications and priorities are ours, or not there at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use taskgraph_images_transforms::{ImageId, Replicate, ReplicateSource, WorkerAlias};

use super::graph::Chosen;
use super::payload::{Bounds, payload};
use super::text::shown;
use crate::taskcluster::{TaskId, Timestamp};
use crate::wildcard::matches;

/// The largest definition that is taken over, in bytes of JSON.
const LARGEST: usize = 1024 * 1024;
/// How often the queue tries a replica again by itself, at most.
const RETRIES: u64 = 5;
/// How many tasks one may have needed: Taskgraph's tasks need fewer than that.
const NEEDS: usize = 100;
/// Scopes that follow from the payload, or from caches that it does without.
const FOLLOWING: [&str; 4] = [
    "generic-worker:cache:*",
    "docker-worker:cache:*",
    "generic-worker:os-group:*",
    "generic-worker:run-as-administrator:*",
];

/// What all replicas of a verify task share.
#[derive(Debug)]
pub struct Origin<'a> {
    /// What the definition asks for.
    pub settings: &'a Replicate,
    /// The image whose candidate is verified.
    pub image: &'a ImageId,
    /// The alias of the pool that runs the candidate.
    pub pool: &'a WorkerAlias,
    /// That pool.
    pub queue: &'a str,
    /// The project of the queue that replicas are of.
    pub project: &'a str,
    /// The verify task.
    pub verify: &'a TaskId,
    /// How often somebody has had it run again.
    pub generation: usize,
    /// The verify task's definition.
    pub own: &'a Own,
    /// The root URL, for people to follow.
    pub root_url: &'a str,
    /// Now.
    pub created: Timestamp,
    /// When replicas must be done.
    pub deadline: Timestamp,
}

/// What replicas have from the verify task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Own {
    /// Its group.
    pub task_group_id: TaskId,
    /// Its scheduler.
    pub scheduler_id: String,
    /// Its priority.
    pub priority: String,
    /// When it must be done.
    pub deadline: Timestamp,
    /// When the queue forgets it.
    pub expires: Timestamp,
    metadata: Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Metadata {
    owner: String,
    source: String,
}

/// Where a replica is from, as its definition says in `extra.replica`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Descent {
    /// The task whose payload it runs.
    pub of: TaskId,
    /// That task's label.
    pub label: String,
    /// The decision that made that task.
    pub decision: TaskId,
    /// Where the index named the decision.
    pub index: String,
    /// Which of the verify task's rounds created it.
    pub generation: usize,
}

/// A task that is to be created, unless it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// Its id.
    pub id: TaskId,
    /// Where it is from.
    pub descent: Descent,
    /// The tasks that the original needed.
    pub needs: BTreeSet<TaskId>,
    /// What it is, without what it depends on.
    pub definition: Value,
}

/// A task that was selected, and why it is not run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Where the index named its decision.
    pub index: String,
    /// Its label.
    pub label: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    /// Its label, as a message can have it.
    pub fn shown(&self) -> String {
        shown(&self.label)
    }
}

/// What of a task is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Original {
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    dependencies: Vec<TaskId>,
    #[serde(default)]
    retries: Option<u64>,
    payload: Map<String, Value>,
}

impl Origin<'_> {
    /// A replica of each chosen task, and what cannot be run again.
    pub fn replicas(
        &self,
        source: &ReplicateSource,
        decision: &TaskId,
        chosen: Vec<Chosen>,
    ) -> (Vec<Replica>, Vec<LeftOut>) {
        let mut replicas = Vec::new();
        let mut left_out = Vec::new();
        let mut labels = BTreeSet::new();
        for Chosen { label, id, task } in chosen {
            let descent = Descent {
                of: id,
                label: label.clone(),
                decision: decision.clone(),
                index: source.index.to_string(),
                generation: self.generation,
            };
            let made = if labels.insert(label.clone()) {
                self.replica(descent, task)
            } else {
                Err("another task of the decision has the same label".to_owned())
            };
            match made {
                Ok(replica) => replicas.push(replica),
                Err(why) => left_out.push(LeftOut {
                    index: source.index.to_string(),
                    label: label.chars().take(255).collect(),
                    why,
                }),
            }
        }
        (replicas, left_out)
    }

    fn replica(&self, descent: Descent, mut task: Value) -> Result<Replica, String> {
        let label = &descent.label;
        let is_plain =
            (1..=200).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain {
            return Err(
                "its label is not 1 to 200 printable ASCII characters without spaces".to_owned(),
            );
        }
        let definition = task.get_mut("task").map(Value::take).unwrap_or_default();
        if definition.to_string().len() > LARGEST {
            return Err(format!(
                "its definition has more than {} KiB",
                LARGEST / 1024
            ));
        }
        // The words of the fault may repeat a stranger's.
        let original: Original = serde_json::from_value(definition)
            .map_err(|error| format!("its definition is none: {}", shown(&error.to_string())))?;
        let dropped = &self.settings.drop_scopes;
        let is_dropped = |scope: &&String| {
            let mut known = FOLLOWING
                .iter()
                .copied()
                .chain(dropped.iter().map(String::as_str));
            known.any(|pattern| matches(pattern, scope))
        };
        if let Some(scope) = original.scopes.iter().find(|scope| !is_dropped(scope)) {
            return Err(format!(
                "it holds the scope {}, which `drop-scopes` does not cover",
                shown(scope)
            ));
        }
        let expires = self.own.expires.to_string();
        let bounds = Bounds {
            pool: self.pool,
            queue: self.queue,
            max_run_time: self.settings.max_run_time.as_seconds(),
            expires: &expires,
        };
        let (payload, scopes) = payload(original.payload, &bounds)?;
        let id = self.id(&descent);
        let needs = needed(&original.dependencies, &task, &descent.decision);
        if needs.len() > NEEDS {
            return Err(format!("it needs more than {NEEDS} tasks"));
        }
        let definition = json!({
            "taskQueueId": self.queue,
            "schedulerId": self.own.scheduler_id,
            "taskGroupId": self.own.task_group_id,
            "projectId": self.project,
            "priority": self.own.priority,
            "retries": original.retries.unwrap_or(RETRIES).min(RETRIES),
            "requires": "all-completed",
            "created": self.created,
            "deadline": self.deadline,
            "expires": self.own.expires,
            "routes": [],
            "scopes": scopes,
            "payload": payload,
            "metadata": {
                // No task of ours has a space in its name, so none is taken for one.
                "name": format!("replica of {label}"),
                "description": format!(
                    "Runs [{label}]({root}/tasks/{of}) of `{index}` again, on the candidate of {image} that \
                     [verify]({root}/tasks/{verify}) looks at.",
                    root = self.root_url,
                    of = descent.of,
                    index = descent.index,
                    image = self.image,
                    verify = self.verify,
                ),
                "owner": self.own.metadata.owner,
                "source": self.own.metadata.source,
            },
            "tags": self.tags(&descent),
            "extra": {"parent": self.verify, "replica": descent},
        });
        Ok(Replica {
            id,
            descent,
            needs,
            definition,
        })
    }

    /// The same for the same task of the same decision, so that a verify task that runs again finds what it created.
    fn id(&self, descent: &Descent) -> TaskId {
        let Descent {
            of,
            decision,
            generation,
            ..
        } = descent;
        TaskId::derive(
            self.verify,
            &format!("replica {generation} {decision} {of}"),
        )
    }

    fn tags(&self, descent: &Descent) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("kind", "replica".to_owned()),
            ("label", descent.label.clone()),
            ("image", self.image.to_string()),
            ("replica-of", descent.of.to_string()),
            ("decision", descent.decision.to_string()),
            ("verify", self.verify.to_string()),
        ])
    }

    /// Where a task of the group is from, if this verify task created it in this round.
    pub fn descent(&self, definition: &Value) -> Option<Descent> {
        let extra = definition.get("extra")?;
        let is_ours = extra.get("parent")? == self.verify.as_str()
            && *definition.get("schedulerId")? == json!(self.own.scheduler_id);
        let descent: Descent = serde_json::from_value(extra.get("replica")?.clone()).ok()?;
        (is_ours && descent.generation == self.generation).then_some(descent)
    }
}

/// What a task needed. The graph names it by edge, the definition by a list; the decision itself is done.
fn needed(listed: &[TaskId], task: &Value, decision: &TaskId) -> BTreeSet<TaskId> {
    let edges = task.get("dependencies").and_then(Value::as_object);
    let named = edges
        .into_iter()
        .flat_map(Map::values)
        .filter_map(|id| id.as_str()?.parse().ok());
    let mut needed: BTreeSet<TaskId> = listed.iter().cloned().chain(named).collect();
    needed.remove(decision);
    needed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::graph::select;
    use super::super::testing::{self, graph, source};
    use super::*;

    /// The replicas of the graph's task `test-linux/opt-a`, spoilt.
    fn replicated(spoil: impl FnOnce(&mut Value)) -> (Vec<Replica>, Vec<LeftOut>) {
        let mut graph = graph();
        let task = graph
            .as_object_mut()
            .unwrap()
            .values_mut()
            .find(|task| task["label"] == "test-linux/opt-a")
            .unwrap();
        spoil(task);
        let mut source = source();
        source.kinds = vec!["test".to_owned()];
        let chosen = select(graph.to_string().as_bytes(), &source).unwrap();
        testing::with_origin(|origin| origin.replicas(&source, &testing::decision(), chosen))
    }

    #[test]
    fn a_task_becomes_a_replica() {
        let (replicas, left_out) = replicated(|_| {});
        assert_eq!(left_out, []);
        insta::assert_json_snapshot!("replica", replicas[0].definition);
        let needs: Vec<&str> = replicas[0].needs.iter().map(TaskId::as_str).collect();
        insta::assert_snapshot!(needs.join(" "), @"Xz8-Ab3kQmeWq1pL5rT9vg");
        // The same again is the same task.
        assert_eq!(replicated(|_| {}).0[0].id, replicas[0].id);
    }

    /// Whatever a stranger writes, a replica holds what is here and nothing else.
    #[test]
    fn nothing_is_taken_over_but_the_payload() {
        let (replicas, _) = replicated(|task| {
            for (key, value) in [
                (
                    "routes",
                    json!([
                        "index.td.cache.level-3.x",
                        "notify.email.a@example.org.on-any"
                    ]),
                ),
                ("schedulerId", json!("td-level-3")),
                ("taskGroupId", json!("AAAAAAAAQACAAAAAAAAAAA")),
                ("projectId", json!("none")),
                ("taskQueueId", json!("td-3/publisher")),
                ("provisionerId", json!("td-3")),
                ("workerType", json!("publisher")),
                ("priority", json!("highest")),
                ("requires", json!("all-resolved")),
                ("deadline", json!("2999-01-01T00:00:00.000Z")),
                (
                    "extra",
                    json!({"treeherder": {}, "notify": {}, "index": {"rank": 9}, "image": {"id": "a@google"}}),
                ),
                (
                    "tags",
                    json!({"kind": "publish", "createdForUser": "a@example.org"}),
                ),
                (
                    "metadata",
                    json!({"name": "publish-a-google", "owner": "evil", "source": "x", "description": "x"}),
                ),
                ("retries", json!(49)),
            ] {
                task["task"][key] = value;
            }
            task["task"]["payload"]["maxRunTime"] = json!(999_999);
            task["task"]["payload"]["features"] =
                json!({"chainOfTrust": true, "interactive": true, "taskclusterProxy": true});
            task["task"]["payload"]["env"]["MOZ_SCM_LEVEL"] = json!("3");
        });
        insta::assert_json_snapshot!("hostile", replicas[0].definition);
    }

    #[test]
    fn what_cannot_be_run_again_is_said() {
        let why = |spoil: &dyn Fn(&mut Value)| {
            let (replicas, left_out) = replicated(spoil);
            assert!(replicas.is_empty());
            left_out[0].why.clone()
        };
        let payload = |key: &'static str, value: Value| {
            why(&move |task| task["task"]["payload"][key] = value.clone())
        };
        let all = [
            why(&|task| task["label"] = json!("a\u{1b}[31m")),
            why(&|task| task["task"]["scopes"] = json!(["secrets:get:project/td/level-3/x"])),
            why(&|task| task["task"]["scopes"] = json!(["*"])),
            why(&|task| task["task"]["scopes"] = json!("\u{1b}[31m")),
            why(&|task| task["task"] = json!({})),
            why(&|task| {
                task["task"]["dependencies"] = (0..200)
                    .map(|number| json!(TaskId::derive(&testing::verify(), &number.to_string())))
                    .collect()
            }),
            why(&|task| task["task"]["payload"] = json!({"command": "x".repeat(LARGEST)})),
            payload("command", json!(["cmd.exe /c x"])),
            payload("osGroups", json!(["video", "docker"])),
            payload("osGroups", json!(7)),
            payload("features", json!({"runAsAdministrator": true})),
            payload("features", json!({"runTaskAsCurrentUser": true})),
            payload(
                "mounts",
                json!([{"content": {"taskId": "x", "artifact": "private/x"}}]),
            ),
            payload(
                "image",
                json!({"type": "task-image", "taskId": "x", "path": "releng/image.tar"}),
            ),
            payload(
                "env",
                json!({"MOZ_FETCHES": "[{\"artifact\": \"releng/x\", \"task\": \"y\"}]"}),
            ),
            payload("env", json!({"MOZ_FETCHES": "}{"})),
            payload("env", json!({"A": {"task-reference": "<build>"}})),
            payload("artifacts", json!(["x"])),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        its label is not 1 to 200 printable ASCII characters without spaces
        it holds the scope `secrets:get:project/td/level-3/x`, which `drop-scopes` does not cover
        it holds the scope `*`, which `drop-scopes` does not cover
        its definition is none: `invalid type: string "\u{1b}[31m", expected a sequence`
        its definition is none: `missing field `payload``
        it needs more than 100 tasks
        its definition has more than 1024 KiB
        its payload is none that a worker of linux takes
        it joins the group `docker`, which the pool's alias does not list
        its `osGroups` are no list of texts
        it runs as administrator, and the pool's alias has no `administrator`
        it runs as the worker itself
        a mount is the artifact `private/x`, which is not public
        its container is the artifact `releng/image.tar`, which is not public
        one of its fetches is the artifact `releng/x`, which is not public
        its `MOZ_FETCHES` is no list
        its payload refers to a task that nothing names any more
        its artifacts are no list or map of artifacts
        "#);
    }

    /// Any JSON, of the words that mean something here.
    fn json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let word = || {
            proptest::sample::select(vec![
                "command",
                "env",
                "scopes",
                "osGroups",
                "video",
                "features",
                "runAsAdministrator",
                "chainOfTrust",
                "image",
                "path",
                "type",
                "artifact",
                "public/x",
                "mounts",
                "content",
                "cacheName",
                "cache",
                "artifacts",
                "expires",
                "MOZ_FETCHES",
                "task-reference",
                "td-level-3",
                "*",
                "\u{1b}",
                "",
            ])
        };
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(word().prop_map(str::to_owned), inner, 0..5)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest::proptest! {
        /// Whatever a payload says: no panic, and no more than the pool gives.
        #[test]
        fn a_replica_holds_nothing_else(key in proptest::sample::select(vec![
            "command", "env", "osGroups", "features", "image", "mounts", "artifacts", "cache", "maxRunTime",
        ]), value in json(), other in json()) {
            let (replicas, left_out) = replicated(|task| {
                task["task"]["payload"][key] = value;
                task["task"]["requires"] = other.clone();
                task["attributes"]["x"] = other;
            });
            assert_eq!(replicas.len() + left_out.len(), 1);
            for replica in replicas {
                let definition = &replica.definition;
                for scope in definition["scopes"].as_array().unwrap() {
                    assert_eq!(scope, "generic-worker:os-group:td-1/candidates/video");
                }
                let payload = &definition["payload"];
                assert!(payload["maxRunTime"].as_u64().unwrap() <= 3600);
                assert!(payload.get("cache").is_none() && payload["features"].get("chainOfTrust").is_none());
                assert_eq!(&definition["schedulerId"], "td-level-1");
            }
        }
    }
}
