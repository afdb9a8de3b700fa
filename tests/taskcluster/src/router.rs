//! Routes: which handler a request goes to.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::answer::{Answer, Failure};
use crate::http::Context;
use crate::request::Request;

/// What answers a request.
pub(crate) type Handler = fn(&Context, &Request) -> Result<Answer, Failure>;

/// A call that a service knows.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// The path. `<name>` stands for one segment, `<name*>` for all the rest.
    pub(crate) path: &'static str,
    /// The call's name, as error messages give it.
    pub(crate) name: &'static str,
    pub(crate) handler: Handler,
}

/// All services. Another one is a module with its `ROUTES`.
const SERVICES: [&[Route]; 6] = [
    crate::queue::ROUTES,
    crate::index::ROUTES,
    crate::auth::ROUTES,
    crate::secrets::ROUTES,
    crate::worker_manager::ROUTES,
    crate::control::ROUTES,
];

/// The route of a request, with the parameters in its path.
pub(crate) fn route(method: &str, path: &str) -> Option<(&'static Route, Map<String, Value>)> {
    SERVICES
        .into_iter()
        .flatten()
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, params(route.path, path)?)))
}

fn params(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let decode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8_lossy();
        Value::from(text.into_owned())
    };
    let mut found = Map::new();
    let mut rest = Some(path);
    for part in pattern.split('/') {
        let here = rest?;
        let Some(name) = part
            .strip_prefix('<')
            .and_then(|part| part.strip_suffix('>'))
        else {
            let (segment, after) = split(here);
            if segment != part {
                return None;
            }
            rest = after;
            continue;
        };
        if let Some(name) = name.strip_suffix('*') {
            found.insert(name.to_owned(), decode(here));
            return (!here.is_empty()).then_some(found);
        }
        let (segment, after) = split(here);
        if segment.is_empty() {
            return None;
        }
        found.insert(name.to_owned(), decode(segment));
        rest = after;
    }
    rest.is_none().then_some(found)
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_found_by_its_path() {
        let name = |method, path| {
            let (route, params) = route(method, path)?;
            Some(format!("{} {}", route.name, Value::Object(params)))
        };
        assert_eq!(
            name("GET", "/api/queue/v1/task/a").as_deref(),
            Some(r#"task {"taskId":"a"}"#)
        );
        assert_eq!(
            name("GET", "/api/queue/v1/task/a/artifacts/public%2Fb/c").as_deref(),
            Some(r#"getLatestArtifact {"taskId":"a","name":"public/b/c"}"#)
        );
        assert_eq!(name("GET", "/api/queue/v1/task/a/"), None);
        assert_eq!(name("POST", "/api/queue/v1/task/a"), None);
    }
}
