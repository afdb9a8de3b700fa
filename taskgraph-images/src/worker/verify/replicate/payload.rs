//! The payload of a replica: what the task runs, without what it may write to, and with what its pool gives to tasks.

use serde_json::{Map, Value, json};
use taskgraph_images_transforms::{Os, WorkerAlias};

use super::text::shown;

/// Features by which a task says more to the world than that it ran: signed results, a shell for somebody.
const DROPPED_FEATURES: [&str; 2] = ["chainOfTrust", "interactive"];
/// The same of a payload itself.
const DROPPED: [&str; 3] = ["cache", "rdpInfo", "supersederUrl"];

/// What bounds a replica's payload.
pub(super) struct Bounds<'a> {
    /// The pool's alias.
    pub(super) pool: &'a WorkerAlias,
    /// The pool.
    pub(super) queue: &'a str,
    /// The most seconds that it may run.
    pub(super) max_run_time: u64,
    /// When its artifacts are forgotten.
    pub(super) expires: &'a str,
}

/// What a replica runs, and the scopes that it needs for it.
///
/// # Errors
/// Why the task cannot run there.
pub(super) fn payload(
    mut payload: Map<String, Value>,
    bounds: &Bounds<'_>,
) -> Result<(Map<String, Value>, Vec<String>), String> {
    fits(&payload, bounds.pool.os)?;
    if refers(&Value::Object(payload.clone())) {
        return Err("its payload refers to a task that nothing names any more".to_owned());
    }
    for key in DROPPED {
        payload.remove(key);
    }
    image(&payload)?;
    mounts(&mut payload)?;
    environment(&mut payload)?;
    artifacts(&mut payload, bounds.expires)?;
    let given = payload.get("maxRunTime").and_then(Value::as_u64);
    let max_run_time = given.unwrap_or(u64::MAX).min(bounds.max_run_time).max(1);
    payload.insert("maxRunTime".to_owned(), json!(max_run_time));
    let scopes = privileges(&mut payload, bounds)?;
    Ok((payload, scopes))
}

/// Whether a worker of the system takes such a payload. On Linux generic-worker also takes docker-worker's.
fn fits(payload: &Map<String, Value>, os: Os) -> Result<(), String> {
    let command = payload.get("command").and_then(Value::as_array);
    let is_container = payload.contains_key("image");
    let first = command.and_then(|command| command.first());
    let is_posix = first.is_some_and(Value::is_array);
    let is_windows = first.is_some_and(Value::is_string) && !is_container;
    let fits = match os {
        Os::Linux => is_container || is_posix,
        Os::Windows => is_windows,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("its payload is none that a worker of {os} takes"))
    }
}

/// Whether anything in a value stands for another task's id.
fn refers(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            let is_reference =
                |key: &String| key == "task-reference" || key == "artifact-reference";
            map.keys().any(is_reference) || map.values().any(refers)
        }
        Value::Array(list) => list.iter().any(refers),
        _ => false,
    }
}

/// Whatever is not public takes a scope, and replicas have none.
fn public(name: Option<&Value>, what: &str) -> Result<(), String> {
    match name.and_then(Value::as_str) {
        Some(name) if name.starts_with("public/") => Ok(()),
        Some(name) => Err(format!(
            "{what} is the artifact {}, which is not public",
            shown(name)
        )),
        None => Err(format!("{what} names no artifact")),
    }
}

fn image(payload: &Map<String, Value>) -> Result<(), String> {
    match payload.get("image") {
        Some(Value::Object(image)) if image.get("type") != Some(&json!("docker-image")) => {
            public(image.get("path"), "its container")
        }
        _ => Ok(()),
    }
}

fn mounts(payload: &mut Map<String, Value>) -> Result<(), String> {
    let Some(mounts) = payload.get_mut("mounts") else {
        return Ok(());
    };
    let mounts = mounts
        .as_array_mut()
        .ok_or_else(|| "its mounts are no list".to_owned())?;
    mounts.retain(|mount| mount.get("cacheName").is_none());
    for mount in mounts {
        let content = mount.get("content").and_then(Value::as_object);
        if content.is_some_and(|content| content.contains_key("artifact")) {
            public(
                content.and_then(|content| content.get("artifact")),
                "a mount",
            )?;
        }
    }
    Ok(())
}

/// What the task is told: it is of no level but the lowest, has no caches, and fetches what is public.
fn environment(payload: &mut Map<String, Value>) -> Result<(), String> {
    let Some(env) = payload.get_mut("env") else {
        return Ok(());
    };
    let env = env
        .as_object_mut()
        .filter(|env| env.values().all(Value::is_string))
        .ok_or_else(|| "its environment is no map of texts".to_owned())?;
    env.remove("TASKCLUSTER_CACHES");
    if let Some(level) = env.get_mut("MOZ_SCM_LEVEL") {
        *level = json!("1");
    }
    let Some(fetches) = env.get("MOZ_FETCHES").and_then(Value::as_str) else {
        return Ok(());
    };
    let fetches: Vec<Map<String, Value>> =
        serde_json::from_str(fetches).map_err(|_| "its `MOZ_FETCHES` is no list".to_owned())?;
    for fetch in fetches {
        public(fetch.get("artifact"), "one of its fetches")?;
    }
    Ok(())
}

fn artifacts(payload: &mut Map<String, Value>, expires: &str) -> Result<(), String> {
    let fault = || "its artifacts are no list or map of artifacts".to_owned();
    let artifacts: Vec<&mut Value> = match payload.get_mut("artifacts") {
        None => return Ok(()),
        Some(Value::Array(list)) => list.iter_mut().collect(),
        Some(Value::Object(map)) => map.values_mut().collect(),
        Some(_) => return Err(fault()),
    };
    for artifact in artifacts {
        let artifact = artifact.as_object_mut().ok_or_else(fault)?;
        artifact.insert("expires".to_owned(), json!(expires));
    }
    Ok(())
}

/// The privileges that the task asks its worker for, as far as the alias gives them.
fn privileges(
    payload: &mut Map<String, Value>,
    bounds: &Bounds<'_>,
) -> Result<Vec<String>, String> {
    let (pool, queue) = (bounds.pool, bounds.queue);
    let mut scopes = Vec::new();
    if let Some(groups) = payload.get("osGroups") {
        let groups: Vec<String> = serde_json::from_value(groups.clone())
            .map_err(|_| "its `osGroups` are no list of texts".to_owned())?;
        for group in groups {
            if !pool.os_groups.contains(&group) {
                return Err(format!(
                    "it joins the group {}, which the pool's alias does not list",
                    shown(&group)
                ));
            }
            scopes.push(format!("generic-worker:os-group:{queue}/{group}"));
        }
    }
    let Some(features) = payload.get_mut("features") else {
        return Ok(scopes);
    };
    let features = features
        .as_object_mut()
        .ok_or_else(|| "its features are no map".to_owned())?;
    for feature in DROPPED_FEATURES {
        features.remove(feature);
    }
    let asks = |name: &str| {
        features
            .get(name)
            .is_some_and(|value| *value != json!(false))
    };
    if asks("runTaskAsCurrentUser") {
        return Err("it runs as the worker itself".to_owned());
    }
    if asks("runAsAdministrator") {
        if !pool.administrator {
            return Err(
                "it runs as administrator, and the pool's alias has no `administrator`".to_owned(),
            );
        }
        scopes.push(format!("generic-worker:run-as-administrator:{queue}"));
    }
    Ok(scopes)
}
