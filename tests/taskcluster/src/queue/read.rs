//! Reading tasks and groups.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use super::{current, slugid};
use crate::answer::{Answer, Failure};
use crate::clock;
use crate::http::Context;
use crate::request::{Request, cut_page, page_answer};
use crate::scopes::Expression;
use crate::state::strings;

fn unknown(id: &str) -> Failure {
    Failure::not_found(format!(
        "`{id}` does not correspond to a task that exists.\nAre you sure this task has already been submitted?"
    ))
}

pub(crate) fn task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    request.authorize(&Expression::scope(format!("queue:get-task:{id}")))?;
    let state = context.state();
    let task = state.tasks.get(id).ok_or_else(|| unknown(id))?;
    Ok(Answer::json(&task.definition))
}

pub(crate) fn status(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    request.authorize(&Expression::scope(format!("queue:status:{id}")))?;
    let mut state = context.state();
    let task = current(&mut state, id, context.now()).ok_or_else(|| unknown(id))?;
    Ok(Answer::json(&json!({"status": task.status(id)})))
}

pub(crate) fn tasks(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let ids = ids(request, "queue:get-task:")?;
    let state = context.state();
    let found = ids.iter().filter_map(|id| {
        let task = state.tasks.get(id)?;
        Some(json!({"taskId": id, "task": *task.definition}))
    });
    page(context, request, "tasks", found.collect())
}

pub(crate) fn statuses(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let ids = ids(request, "queue:status:")?;
    let now = context.now();
    let mut state = context.state();
    let mut found = Vec::new();
    for id in &ids {
        if let Some(task) = current(&mut state, id, now) {
            found.push(json!({"taskId": id, "status": task.status(id)}));
        }
    }
    page(context, request, "statuses", found)
}

/// The ids that are asked for, once each and in no order, as a database gives rows.
fn ids(request: &Request, scope: &str) -> Result<Vec<String>, Failure> {
    let body = request.json()?;
    let mut ids: Vec<String> = strings(&body["taskIds"]).map(str::to_owned).collect();
    request.authorize(&Expression::each(scope, ids.iter().map(String::as_str)))?;
    ids.sort();
    ids.dedup();
    ids.sort_by_cached_key(|id| scattered(id));
    Ok(ids)
}

/// A key to sort by that looks like no order.
pub(crate) fn scattered(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn page(
    context: &Context,
    request: &Request,
    name: &str,
    found: Vec<Value>,
) -> Result<Answer, Failure> {
    let (offset, limit) = request.page(context.options.page_size)?;
    let (page, token) = cut_page(found, offset, limit);
    Ok(Answer::json(&page_answer(name, page, token)))
}

pub(crate) fn list_task_group(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskGroupId")?;
    request.authorize(&Expression::scope(format!("queue:list-task-group:{id}")))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    let now = context.now();
    let mut state = context.state();
    let group = state
        .groups
        .get(id)
        .ok_or_else(|| Failure::not_found(format!("No task-group with taskGroupId: `{id}`")))?;
    let mut answer = json!({
        "taskGroupId": id,
        "schedulerId": group.scheduler_id,
        "expires": clock::format(group.expires),
    });
    if let Some(sealed) = group.sealed {
        answer["sealed"] = clock::format(sealed).into();
    }
    let mut members = group.members.clone();
    members.sort();
    let end = offset.saturating_add(limit);
    if members.len() > end {
        answer["continuationToken"] = format!("page-{end}").into();
    }
    let mut tasks = Vec::new();
    for member in members.iter().skip(offset).take(limit) {
        if let Some(task) = current(&mut state, member, now) {
            tasks.push(json!({"status": task.status(member), "task": *task.definition}));
        }
    }
    answer["tasks"] = tasks.into();
    Ok(Answer::json(&answer))
}
