//! The auth service, as far as scopes and tokens of GitHub go.

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
    Route {
        method: "POST",
        path: "/api/auth/v1/github/<appName>/<owner>/repo-token",
        name: "githubRepoToken",
        handler: github_repo_token,
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

/// A token that says itself for which repositories it is: those of `tests/github` take it for these and no others.
fn github_repo_token(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let body = request.json()?;
    let (app, owner) = (request.param("appName"), request.param("owner"));
    let owner = owner.to_lowercase();
    let repositories: Vec<String> = strings(&body["repositories"])
        .map(|name| format!("{owner}/{}", name.to_lowercase()))
        .collect();
    let permissions = body["permissions"].as_object();
    let permissions: Vec<String> = permissions
        .into_iter()
        .flatten()
        .filter_map(|(name, level)| Some(format!("{name}:{}", level.as_str()?)))
        .collect();
    if repositories.is_empty() || permissions.is_empty() {
        return Err(Failure::new(
            "InputValidationError",
            "repositories and permissions must not be empty",
        ));
    }
    let wanted: Vec<String> = repositories
        .iter()
        .flat_map(|name| {
            permissions
                .iter()
                .map(move |permission| format!("{name}:{permission}"))
        })
        .collect();
    let prefix = format!("auth:github-repo-token:{app}/");
    request.authorize(&Expression::each(
        &prefix,
        wanted.iter().map(String::as_str),
    ))?;
    Ok(Answer::json(&json!({
        "token": format!("not-a-token-of/{}", repositories.join("+")),
        "expires": crate::clock::format(context.now() + 3_600_000),
    })))
}
