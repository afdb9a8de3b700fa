//! What the real services do not have: looking at the server's state and changing it by HTTP, for scripts.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure};
use crate::http::{Context, lock};
use crate::request::Request;
use crate::router::Route;
use crate::saved::{bring, load, save};
use crate::state::TaskState;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/fake/state",
        name: "state",
        handler: state,
    },
    Route {
        method: "POST",
        path: "/fake/state",
        name: "add to state",
        handler: add,
    },
    Route {
        method: "GET",
        path: "/fake/requests",
        name: "requests",
        handler: requests,
    },
    Route {
        method: "POST",
        path: "/fake/task/<taskId>/<state>",
        name: "bring task into state",
        handler: bring_task,
    },
    Route {
        method: "POST",
        path: "/fake/clock/<seconds>",
        name: "advance clock",
        handler: advance,
    },
];

fn state(context: &Context, _: &Request) -> Result<Answer, Failure> {
    Ok(Answer::json(&json!(save(context))))
}

fn add(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let saved = serde_json::from_slice(&request.body)
        .map_err(|error| Failure::input(format!("the state cannot be read: {error}")))?;
    load(context, saved);
    state(context, request)
}

fn requests(context: &Context, _: &Request) -> Result<Answer, Failure> {
    let records = lock(&context.records);
    let all: Vec<Value> = records
        .iter()
        .map(|record| {
            json!({
                "number": record.number,
                "connection": record.connection,
                "method": record.method,
                "path": record.path,
                "signed": record.is_signed(),
                "status": record.status,
                "body": record.json(),
            })
        })
        .collect();
    Ok(Answer::json(&json!({"requests": all})))
}

fn bring_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let to: TaskState = serde_json::from_value(request.param("state").into())
        .map_err(|error| Failure::input(error.to_string()))?;
    if bring(context, request.param("taskId"), to) {
        Ok(Answer::json(&json!({})))
    } else {
        Err(Failure::not_found(
            "no such task, or nothing that a worker does",
        ))
    }
}

fn advance(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let seconds: i64 = request
        .param("seconds")
        .parse()
        .map_err(|_| Failure::input("the number of seconds is none"))?;
    context.clock.advance(seconds.saturating_mul(1000));
    Ok(Answer::json(&json!({})))
}
