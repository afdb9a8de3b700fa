//! The index service, with its traps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::clock;
use crate::http::Context;
use crate::queue::scattered;
use crate::request::{Request, cut_page, page_answer};
use crate::router::Route;
use crate::scopes::Expression;
use crate::state::{IndexEntry, is_index_path, strings};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/api/index/v1/task/<indexPath>",
        name: "findTask",
        handler: find_task,
    },
    Route {
        method: "PUT",
        path: "/api/index/v1/task/<namespace>",
        name: "insertTask",
        handler: insert_task,
    },
    Route {
        method: "POST",
        path: "/api/index/v1/tasks/indexes",
        name: "findTasksAtIndex",
        handler: find_tasks_at_index,
    },
    Route {
        method: "GET",
        path: "/api/index/v1/tasks/<namespace>",
        name: "listTasks",
        handler: list_tasks,
    },
    Route {
        method: "GET",
        path: "/api/index/v1/namespaces/<namespace>",
        name: "listNamespaces",
        handler: list_namespaces,
    },
];

fn path<'a>(request: &'a Request, name: &str) -> Result<&'a str, Failure> {
    let path = request.param(name);
    if is_index_path(path) {
        Ok(path)
    } else {
        Err(Failure::new(
            "InvalidRequestArguments",
            format!(
                "Invalid URL patterns:\nURL parameter '{name}' given as '{path}' must match regular expression: '/^([a-zA-Z0-9_!~*'()%-]+\\.)*[a-zA-Z0-9_!~*'()%-]+$/'"
            ),
        ))
    }
}

fn find_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let path = path(request, "indexPath")?;
    request.authorize(&Expression::scope(format!("index:find-task:{path}")))?;
    let state = context.state();
    match state.index.get(path) {
        Some(entry) if !entry.is_expired(context.now()) => Ok(Answer::json(&entry.json(path))),
        _ => Err(Failure::not_found("Indexed task not found")),
    }
}

fn insert_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let path = path(request, "namespace")?;
    let body = request.json()?;
    let faults = context.schemas.insert_task(&body);
    if !faults.is_empty() {
        return Err(Failure::new(
            "InputValidationError",
            format!(
                "Schema Validation Failed!\nRejecting Schema: /schemas/index/v1/insert-task-request.json#\nErrors:\n  * {}",
                faults.join("\n  * ")
            ),
        ));
    }
    request.authorize(&Expression::scope(format!("index:insert-task:{path}")))?;
    // The column is an integer of 32 bits, and the path one of 255 characters.
    let rank = body["rank"]
        .as_i64()
        .and_then(|rank| i32::try_from(rank).ok())
        .filter(|_| path.len() <= 255)
        .ok_or_else(Failure::internal)?;
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let entry = IndexEntry {
        task_id: text("taskId").to_owned(),
        rank: i64::from(rank),
        data: body["data"].clone(),
        expires: clock::format(clock::parse(text("expires")).unwrap_or_default()),
    };
    let mut state = context.state();
    Ok(Answer::json(&state.insert_index(path, entry).json(path)))
}

fn find_tasks_at_index(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let body = request.json()?;
    let mut paths: Vec<&str> = strings(&body["indexes"]).collect();
    request.authorize(&Expression::each("index:find-task:", paths.iter().copied()))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    paths.sort_by_cached_key(|path| scattered(path));
    let state = context.state();
    // The service's query takes a namespace and a name, so a path without a dot is never found. It does not look at the
    // time either: entries that have expired are found.
    let found: Vec<(&str, &IndexEntry)> = paths
        .into_iter()
        .filter(|path| path.contains('.'))
        .filter_map(|path| Some((path, state.index.get(path)?)))
        .collect();
    let unique: BTreeSet<&str> = found.iter().map(|(path, _)| *path).collect();
    if unique.len() != found.len() {
        // The schema of the answer has `uniqueItems`.
        return Err(Failure::internal());
    }
    let all = found.iter().map(|(path, entry)| entry.json(path)).collect();
    let (page, token) = cut_page(all, offset, limit);
    Ok(Answer::json(&page_answer("tasks", page, token)))
}

/// What stands directly in a namespace.
fn list_tasks(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let namespace = path(request, "namespace")?;
    request.authorize(&Expression::scope(format!("index:list-tasks:{namespace}")))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    let state = context.state();
    let all = below(&state.index, namespace)
        .filter(|(rest, entry)| !rest.contains('.') && !entry.is_expired(context.now()))
        .map(|(rest, entry)| entry.json(&format!("{namespace}.{rest}")))
        .collect();
    let (page, token) = cut_page(all, offset, limit);
    Ok(Answer::json(&page_answer("tasks", page, token)))
}

/// The namespaces directly in a namespace, with when the last entry below each is forgotten.
fn list_namespaces(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let namespace = path(request, "namespace")?;
    request.authorize(&Expression::scope(format!(
        "index:list-namespaces:{namespace}"
    )))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    let state = context.state();
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for (rest, entry) in below(&state.index, namespace) {
        if let Some((name, _)) = rest.split_once('.') {
            let expires = found.entry(name).or_default();
            *expires = (*expires).max(entry.expires.as_str());
        }
    }
    let all = found
        .into_iter()
        .map(|(name, expires)| {
            let namespace = format!("{namespace}.{name}");
            json!({"namespace": namespace, "name": name, "expires": expires})
        })
        .collect();
    let (page, token) = cut_page(all, offset, limit);
    Ok(Answer::json(&page_answer("namespaces", page, token)))
}

/// What is below a namespace, by the rest of its path.
fn below<'a>(
    index: &'a BTreeMap<String, IndexEntry>,
    namespace: &'a str,
) -> impl Iterator<Item = (&'a str, &'a IndexEntry)> {
    index.iter().filter_map(move |(path, entry)| {
        Some((path.strip_prefix(namespace)?.strip_prefix('.')?, entry))
    })
}
