//! The secrets service, as far as reading goes.

use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::http::Context;
use crate::request::Request;
use crate::router::Route;
use crate::scopes::Expression;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: "GET",
    path: "/api/secrets/v1/secret/<name*>",
    name: "get",
    handler: get,
}];

fn get(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let name = request.param("name");
    request.authorize(&Expression::scope(format!("secrets:get:{name}")))?;
    match context.state().secrets.get(name) {
        Some(secret) => Ok(Answer::json(
            &json!({"secret": secret, "expires": "2999-01-01T00:00:00.000Z"}),
        )),
        None => Err(Failure::new("ResourceNotFound", "Secret not found")),
    }
}
