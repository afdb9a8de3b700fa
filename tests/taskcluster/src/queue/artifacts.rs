//! Artifacts of a task's latest run: those that a test put there, and those in a folder.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::slugid;
use crate::answer::{Answer, Failure};
use crate::artifact::{Artifact, Content};
use crate::clock;
use crate::http::Context;
use crate::request::{Request, cut_page, page_answer};
use crate::scopes::Expression;

pub(crate) fn list_latest_artifacts(
    context: &Context,
    request: &Request,
) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    request.authorize(&Expression::scope(format!("queue:list-artifacts:{id}")))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    let artifacts = latest(context, id)?;
    let all: Vec<Value> = artifacts
        .iter()
        .map(|(name, artifact)| {
            let (storage, content_type) = match &artifact.content {
                Content::Bytes { content_type, .. } => ("s3", content_type.as_str()),
                Content::Reference(_) => ("reference", "application/octet-stream"),
                Content::Error { .. } => ("error", "application/json"),
            };
            json!({
                "storageType": storage,
                "name": name,
                "expires": artifact.expires,
                "contentType": content_type,
            })
        })
        .collect();
    let (page, token) = cut_page(all, offset, limit);
    Ok(Answer::json(&page_answer("artifacts", page, token)))
}

pub(crate) fn get_latest_artifact(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    let name = request.param("name");
    request.authorize(&Expression::scope(format!("queue:get-artifact:{name}")))?;
    let mut artifacts = latest(context, id)?;
    let artifact = artifacts
        .remove(name)
        .ok_or_else(|| Failure::not_found("Artifact not found"))?;
    if clock::parse(&artifact.expires).is_none_or(|expires| expires < context.now()) {
        return Err(Failure::new("ResourceExpired", "Artifact expired"));
    }
    let (storage, url) = match artifact.content {
        Content::Error { reason, message } => {
            let body = json!({"reason": reason, "message": message});
            return Ok(Answer::with_status(424, &body));
        }
        Content::Bytes { .. } => {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            let host = &request.host;
            ("s3", format!("http://{host}/artifact-storage/{id}/{name}"))
        }
        Content::Reference(url) => ("reference", url),
    };
    let mut answer = Answer::with_status(303, &json!({"storageType": storage, "url": url}));
    answer.headers.push(("location", url));
    Ok(answer)
}

/// What the redirects lead to. Like a bucket's signed links, it asks for no scopes.
pub(crate) fn content(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let mut artifacts = latest(context, request.param("taskId"))?;
    match artifacts.remove(request.param("name")) {
        Some(Artifact {
            content:
                Content::Bytes {
                    bytes,
                    content_type,
                    encoding,
                },
            ..
        }) => Ok(Answer {
            status: 200,
            content_type,
            headers: encoding
                .map(|encoding| ("content-encoding", encoding))
                .into_iter()
                .collect(),
            body: bytes,
        }),
        _ => Err(Failure::not_found("Artifact not found")),
    }
}

/// The artifacts of a task's latest run. A task that only has artifacts, as a folder's have, counts as one that ran.
fn latest(context: &Context, id: &str) -> Result<BTreeMap<String, Artifact>, Failure> {
    let state = context.state();
    let mut artifacts = state.artifacts.get(id).cloned().unwrap_or_default();
    if let Some(folder) = &context.options.artifacts {
        let folder = folder.join(id);
        if is_plain(id) {
            collect(&folder, "", &mut artifacts);
        }
    }
    match state.tasks.get(id) {
        None if artifacts.is_empty() => Err(Failure::not_found("Task not found")),
        Some(task) if task.runs.is_empty() => Err(Failure::not_found("Task doesn't have any runs")),
        _ => Ok(artifacts),
    }
}

fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
}

fn collect(folder: &Path, prefix: &str, into: &mut BTreeMap<String, Artifact>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{prefix}{name}");
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{name}/"), into);
        } else if let Ok(bytes) = std::fs::read(&path) {
            into.insert(name, Artifact::new(Bytes::from(bytes)));
        }
    }
}
