//! `createTask`: all its checks, in the order of the real service.

use serde_json::{Value, json};

use super::{PRIORITIES, current, slugid};
use crate::answer::{Answer, Failure};
use crate::clock;
use crate::http::Context;
use crate::request::Request;
use crate::scopes::Expression;
use crate::state::{Group, State, Task, strings};

const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;
const DRIFT: i64 = 15 * MINUTE;
const MAX_DEADLINE: i64 = 5 * DAY;

pub(crate) fn create_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    let mut task = request.json()?;
    let faults = context.schemas.create_task(&task);
    if !faults.is_empty() {
        return Err(Failure::new(
            "InputValidationError",
            format!(
                "Schema Validation Failed!\nRejecting Schema: /schemas/queue/v1/create-task-request.json#\nErrors:\n  * {}",
                faults.join("\n  * ")
            ),
        ));
    }
    fill_in(&mut task);
    queue_id(&mut task)?;
    request.authorize(&scopes(&task))?;
    let now = context.now();
    times(&mut task, now)?;
    if strings(&task["scopes"]).any(|scope| scope.ends_with("**")) {
        return Err(Failure::input("scopes must not end with `**`"));
    }
    if task["taskGroupId"].is_null() {
        task["taskGroupId"] = id.into();
    }
    // The database takes no NUL.
    if has_nul(&task) {
        return Err(Failure::internal());
    }
    let task = in_order(&task);
    let mut state = context.state();
    ensure_group(&mut state, &task)?;
    insert(&mut state, id, task, now)?;
    let status = current(&mut state, id, now).map(|task| task.status(id));
    Ok(Answer::json(&json!({"status": status})))
}

/// The schema's defaults.
fn fill_in(task: &mut Value) {
    for (key, default) in [
        ("schedulerId", json!("-")),
        ("projectId", json!("none")),
        ("dependencies", json!([])),
        ("requires", json!("all-completed")),
        ("routes", json!([])),
        ("priority", json!("lowest")),
        ("retries", json!(5)),
        ("scopes", json!([])),
        ("tags", json!({})),
        ("extra", json!({})),
    ] {
        if task[key].is_null() {
            task[key] = default;
        }
    }
}

fn queue_id(task: &mut Value) -> Result<(), Failure> {
    let text = |key: &str| task[key].as_str().map(str::to_owned);
    let joined = text("provisionerId")
        .zip(text("workerType"))
        .map(|(provisioner, worker_type)| format!("{provisioner}/{worker_type}"));
    let queue = match (joined, text("taskQueueId")) {
        (Some(joined), Some(queue)) if joined != queue => {
            return Err(Failure::input(
                "taskQueueId must match \"provisionerId/workerType\"",
            ));
        }
        (Some(queue), _) | (None, Some(queue)) => queue,
        (None, None) => {
            return Err(Failure::input(
                "at least a provisionerId and a workerType or a taskQueueId must be provided\"",
            ));
        }
    };
    if let Some((provisioner, worker_type)) = queue.split_once('/') {
        task["provisionerId"] = provisioner.into();
        task["workerType"] = worker_type.into();
    }
    task["taskQueueId"] = queue.into();
    Ok(())
}

fn scopes(task: &Value) -> Expression {
    let text = |key: &str| task[key].as_str().unwrap_or_default();
    let queue = text("taskQueueId");
    let lowest = PRIORITIES
        .iter()
        .position(|priority| *priority == text("priority"))
        .unwrap_or_default();
    let priorities = PRIORITIES[..=lowest]
        .iter()
        .map(|priority| Expression::scope(format!("queue:create-task:{priority}:{queue}")))
        .collect();
    Expression::All(vec![
        Expression::each("", strings(&task["scopes"])),
        Expression::each("queue:route:", strings(&task["routes"])),
        Expression::scope(format!("queue:create-task:project:{}", text("projectId"))),
        Expression::scope(format!("queue:scheduler-id:{}", text("schedulerId"))),
        Expression::Any(priorities),
    ])
}

fn times(task: &mut Value, now: i64) -> Result<(), Failure> {
    let time = |key: &str| task[key].as_str().and_then(clock::parse);
    let created = time("created").unwrap_or_default();
    let deadline = time("deadline").unwrap_or_default();
    let expires = time("expires").unwrap_or_else(|| clock::year_after(deadline));
    let wrong = [
        (
            created < now - DRIFT,
            "`created` cannot be in the past (max 15min drift)",
        ),
        (
            created > now + DRIFT,
            "`created` cannot be in the future (max 15min drift)",
        ),
        (
            created > deadline,
            "`deadline` cannot be later than `created`",
        ),
        (deadline < now, "`deadline` cannot be in the past"),
        (
            deadline - now > MAX_DEADLINE + DRIFT,
            "`deadline` cannot be more than 5 days into the future",
        ),
        (deadline > expires, "`expires` cannot be before `deadline`"),
    ];
    if let Some((_, message)) = wrong.iter().find(|(wrong, _)| *wrong) {
        return Err(Failure::input(*message));
    }
    task["created"] = clock::format(created).into();
    task["deadline"] = clock::format(deadline).into();
    task["expires"] = clock::format(expires).into();
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// The definition as the queue gives it back: its own order of fields.
fn in_order(task: &Value) -> Value {
    let fields = [
        "provisionerId",
        "workerType",
        "taskQueueId",
        "schedulerId",
        "projectId",
        "taskGroupId",
        "dependencies",
        "requires",
        "routes",
        "priority",
        "retries",
        "created",
        "deadline",
        "expires",
        "scopes",
        "payload",
        "metadata",
        "tags",
        "extra",
    ];
    fields
        .into_iter()
        .map(|field| (field.to_owned(), task[field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The first task of a group says who schedules it.
fn ensure_group(state: &mut State, task: &Value) -> Result<(), Failure> {
    let text = |key: &str| task[key].as_str().unwrap_or_default();
    let (id, scheduler_id) = (text("taskGroupId"), text("schedulerId"));
    let expires = clock::parse(text("expires")).unwrap_or_default();
    let group = state.groups.entry(id.to_owned()).or_insert_with(|| Group {
        scheduler_id: scheduler_id.to_owned(),
        expires,
        sealed: None,
        members: Vec::new(),
    });
    if group.scheduler_id != scheduler_id {
        return Err(Failure::conflict(format!(
            "Task group `{id}` contains tasks with a schedulerId other\nthan `{scheduler_id}`. All tasks in the same task-group must have\nthe same schedulerId."
        )));
    }
    if group.sealed.is_some() {
        return Err(Failure::conflict(format!(
            "Task group `{id}` is sealed and does not accept new tasks."
        )));
    }
    group.expires = group.expires.max(expires);
    Ok(())
}

fn insert(state: &mut State, id: &str, definition: Value, now: i64) -> Result<(), Failure> {
    if let Some(task) = state.tasks.get(id) {
        if *task.definition != definition {
            return Err(Failure::conflict(format!(
                "taskId `{id}` already used by another task.\nThis could be the result of faulty idempotency!"
            )));
        }
    } else {
        add(state, id, Task::new(definition));
        if let Err(failure) = check_dependencies(state, id) {
            remove(state, id);
            return Err(failure);
        }
    }
    state.schedule_if_ready(id, now);
    Ok(())
}

/// The definition of a task that a test or a file gives, with whatever it leaves out, so that it need not give much.
pub(crate) fn complete(id: &str, mut task: Value, now: i64) -> Value {
    fill_in(&mut task);
    for (key, default) in [
        ("provisionerId", json!("fake")),
        ("workerType", json!("fake")),
        ("taskQueueId", json!("fake/fake")),
        ("taskGroupId", json!(id)),
        ("created", json!(clock::format(now))),
        ("deadline", json!(clock::format(now + DAY))),
        (
            "expires",
            json!(clock::format(clock::year_after(now + DAY))),
        ),
        ("payload", json!({})),
        (
            "metadata",
            json!({"name": id, "description": id, "owner": "fake@example.com", "source": "https://example.com"}),
        ),
    ] {
        if task[key].is_null() {
            task[key] = default;
        }
    }
    in_order(&task)
}

/// Adds a task to its group, without a check.
pub(crate) fn add_unchecked(state: &mut State, id: &str, definition: Value) {
    remove(state, id);
    // Whoever scheduled the group before, a test may want this.
    let _ = ensure_group(state, &definition);
    add(state, id, Task::new(definition));
}

/// Adds a task, without a check.
fn add(state: &mut State, id: &str, task: Task) {
    for dependency in &task.dependencies {
        let dependents = state.dependents.entry(dependency.clone()).or_default();
        dependents.push(id.to_owned());
    }
    if let Some(group) = state.groups.get_mut(task.text("taskGroupId")) {
        group.members.push(id.to_owned());
    }
    state.tasks.insert(id.to_owned(), task);
}

fn remove(state: &mut State, id: &str) {
    let Some(task) = state.tasks.remove(id) else {
        return;
    };
    for dependency in &task.dependencies {
        if let Some(dependents) = state.dependents.get_mut(dependency) {
            dependents.retain(|dependent| dependent != id);
        }
    }
    if let Some(group) = state.groups.get_mut(task.text("taskGroupId")) {
        group.members.retain(|member| member != id);
    }
}

fn check_dependencies(state: &State, id: &str) -> Result<(), Failure> {
    let Some(task) = state.tasks.get(id) else {
        return Ok(());
    };
    let mut missing = Vec::new();
    let mut expiring = Vec::new();
    for dependency in &task.dependencies {
        match state.tasks.get(dependency) {
            None => missing.push(format!(" * {dependency}")),
            Some(other) if other.expires < task.deadline => {
                expiring.push(format!(" * {dependency},"));
            }
            Some(_) => {}
        }
    }
    if !missing.is_empty() {
        return Err(Failure::input(format!(
            "`task.dependencies` references non-existing tasks: \n{}\nAll taskIds in `task.dependencies` **must** exist\nbefore the task is created.\n",
            missing.join("\n")
        )));
    }
    if !expiring.is_empty() {
        return Err(Failure::input(format!(
            "`task.dependencies` references tasks that expires\nbefore `task.deadline` this is not allowed, see tasks: \n{}\nAll taskIds in `task.dependencies` **must** have\n`task.expires` greater than the `deadline` for this task.\n",
            expiring.join("\n")
        )));
    }
    Ok(())
}
