//! The auth service, as far as scopes go.

use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::http::Context;
use crate::request::Request;
use crate::router::Route;
use crate::scopes::{Expression, Scopes};
use crate::state::strings;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/api/auth/v1/scopes/current",
        name: "currentScopes",
        handler: current_scopes,
    },
    Route {
        method: "POST",
        path: "/api/auth/v1/scopes/expand",
        name: "expandScopes",
        handler: expand_scopes,
    },
];

fn current_scopes(_: &Context, request: &Request) -> Result<Answer, Failure> {
    request.authorize(&Expression::scope("auth:current-scopes"))?;
    let scopes: Vec<&String> = request.scopes()?.iter().collect();
    Ok(Answer::json(&json!({"scopes": scopes})))
}

fn expand_scopes(context: &Context, request: &Request) -> Result<Answer, Failure> {
    request.authorize(&Expression::scope("auth:expand-scopes"))?;
    let body = request.json()?;
    let given = strings(&body["scopes"]).map(str::to_owned);
    let expanded = Scopes::expand(given, &context.options.roles);
    let scopes: Vec<&String> = expanded.iter().collect();
    Ok(Answer::json(&json!({"scopes": scopes})))
}
