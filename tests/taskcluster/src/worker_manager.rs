//! The worker-manager service, as far as looking at worker pools goes.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure};
use crate::http::Context;
use crate::request::{Request, cut_page, page_answer};
use crate::router::Route;
use crate::scopes::Expression;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: "GET",
    path: "/api/worker-manager/v1/worker-pools",
    name: "listWorkerPools",
    handler: list_worker_pools,
}];

fn list_worker_pools(context: &Context, request: &Request) -> Result<Answer, Failure> {
    request.authorize(&Expression::scope("worker-manager:list-worker-pools"))?;
    let (offset, limit) = request.page(context.options.page_size)?;
    let state = context.state();
    let all: Vec<Value> = state
        .worker_pools
        .iter()
        .map(|(id, (provider, config))| {
            json!({
                "workerPoolId": id, "providerId": provider, "config": config, "description": "a pool",
                "owner": "nobody@example.org", "emailOnError": false,
                "created": "2026-01-01T00:00:00.000Z", "lastModified": "2026-01-01T00:00:00.000Z",
            })
        })
        .collect();
    let (page, token) = cut_page(all, offset, limit);
    Ok(Answer::json(&page_answer("workerPools", page, token)))
}
