//! [`Google`]: images of Google Compute Engine, by its REST API.
//!
//! An image is made from the candidate under a name of its own, and joins its family when it is ready, and not before: who
//! asks for the family gets it from then on. It can be used in all regions.

mod credentials;
mod snapshot;

use reqwest::Method;
use serde_json::{Value, json};
use taskgraph_images_transforms::Destination;

use self::credentials::Source;
use super::json::{Rest, text, texts, there};
use super::{
    Promotion, Provider, ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind,
    Session, Variables,
};
use crate::manifest::Artifact;

/// Where the API is.
const COMPUTE: &str = "https://compute.googleapis.com/compute/v1/";

/// What Compute Engine says of what has a name already.
const EXISTS: [&str; 2] = ["alreadyExists", "RESOURCE_ALREADY_EXISTS"];

/// Images of Google Compute Engine.
pub struct Google<'a> {
    rest: Rest<'a>,
    source: Source<'a>,
}

/// A token that is good for now.
pub(super) fn token(session: &Session<'_>, variables: &Variables) -> Result<String, ProviderError> {
    Source::new(session, variables).token()
}

impl<'a> Google<'a> {
    /// Credentials are a token, the key of a service account, or the machine's.
    ///
    /// # Errors
    /// Never, as nothing is asked yet.
    pub fn new(session: &'a Session<'a>, variables: &'a Variables) -> Result<Self, ProviderError> {
        let base = variables.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE");
        Ok(Self {
            rest: Rest::new(session, base.unwrap_or(COMPUTE), refusal),
            source: Source::new(session, variables),
        })
    }

    fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        assumed: Option<Value>,
    ) -> Result<Option<Value>, ProviderError> {
        self.rest
            .get(path, query, || self.source.token(), || assumed)
    }

    /// Changes something, and waits until that is done; nothing if it is not there.
    fn change(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<()>, ProviderError> {
        self.change_with(method, path, &[], body)
    }

    /// The same with a query.
    fn change_with(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Option<()>, ProviderError> {
        let done = || Some(json!({"status": "DONE"}));
        let call = format!("{method} of `{path}`");
        let token = || self.source.token();
        let Some(operation) = self.rest.call(method, path, query, body, token, done)? else {
            return Ok(None);
        };
        let at = path_of(text(&operation, "/selfLink")).to_owned();
        let mut operation = Some(operation);
        self.rest.session().wait(&call, || {
            let now = match operation.take() {
                Some(operation) => operation,
                // It may not be known everywhere yet.
                None => match self.get(&at, &[], done())? {
                    Some(operation) => operation,
                    None => return Ok(None),
                },
            };
            match (text(&now, "/status"), now.pointer("/error/errors/0")) {
                ("DONE", Some(error)) => Err(ProviderError::new(&call, of_operation(error))),
                ("DONE", None) => Ok(Some(())),
                _ => Ok(None),
            }
        })?;
        Ok(Some(()))
    }

    /// Waits until an image can be used.
    fn ready(&self, path: &str, name: &str) -> Result<Value, ProviderError> {
        let call = format!("GET of `{path}`");
        self.rest.session().wait(&call, || {
            let assumed = json!({"name": name, "status": "READY"});
            let image = self.get(path, &[], Some(assumed))?;
            match image.as_ref().map(|image| text(image, "/status")) {
                Some("READY") => Ok(image),
                Some("FAILED") => {
                    let words = "the image could not be made; run it again".to_owned();
                    Err(ProviderError::new(
                        &call,
                        ProviderErrorKind::Unfinished(words),
                    ))
                }
                _ => Ok(None),
            }
        })
    }

    /// The things of all zones, or of none, page after page.
    fn pages(
        &self,
        path: &str,
        filter: &str,
        mut each: impl FnMut(&Value),
    ) -> Result<(), ProviderError> {
        let mut token = String::new();
        loop {
            let mut query = vec![("filter", filter)];
            if !token.is_empty() {
                query.push(("pageToken", &token));
            }
            let page = there(path, self.get(path, &query, Some(json!({})))?)?;
            each(&page);
            match text(&page, "/nextPageToken") {
                "" => return Ok(()),
                next => token = next.to_owned(),
            }
        }
    }
}

impl Provider for Google<'_> {
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError> {
        let own = self.source.project();
        let project = match &promotion.destination {
            Some(Destination::Google { project }) => project.clone(),
            _ => own.clone()?,
        };
        let candidate = promotion
            .candidate
            .first()
            .map(|one| one.reference.as_str());
        let candidate = match candidate {
            Some(reference) if reference.contains("projects/") => path_of(reference).to_owned(),
            Some(name) => format!("projects/{}/global/images/{name}", own?),
            None => String::new(),
        };
        let images = format!("projects/{project}/global/images");
        let path = format!("{images}/{}", promotion.name);
        let (label, identity) = promotion.identity();
        let mut found = self.get(&path, &[], None)?;
        if let Some(image) = &found {
            let known = texts(image, "/labels");
            if known.get(label).map(String::as_str) != Some(identity) {
                let words = format!("`{path}` is another build's: nothing is replaced; look at it");
                return Err(ProviderError::new(
                    "google.promote",
                    ProviderErrorKind::Conflict(words),
                ));
            }
            if text(image, "/status") == "FAILED" {
                // What was begun in vain is in the way of the next try.
                self.change(Method::DELETE, &path, None)?;
                found = None;
            }
        }
        if found.is_none() {
            let body = json!({
                "name": promotion.name,
                "sourceImage": candidate,
                "description": format!("{}, published by taskgraph-images", promotion.image),
                "labels": promotion.labels,
            });
            match self.change(Method::POST, &images, Some(&body)) {
                Ok(done) => there(&images, done.map(|()| Value::Null)).map(|_| ())?,
                // An answer was lost, and the request came through.
                Err(error) if error.is_refused(&EXISTS) => {}
                Err(error) => return Err(error),
            }
        }
        let image = self.ready(&path, &promotion.name)?;
        if text(&image, "/family") != promotion.family {
            let done = self.change(
                Method::PATCH,
                &path,
                Some(&json!({"family": promotion.family})),
            )?;
            there(&path, done.map(|()| Value::Null))?;
        }
        Ok(vec![Artifact {
            region: None,
            reference: path,
            file: None,
        }])
    }

    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError> {
        let found = self.get(path_of(&image.name), &[], None)?;
        Ok(found.map(|found| {
            let deprecated = text(&found, "/deprecated/state");
            Resource {
                reference: image.clone(),
                kind: ResourceKind::Image,
                state: if deprecated.is_empty() {
                    text(&found, "/status")
                } else {
                    deprecated
                }
                .to_owned(),
                labels: texts(&found, "/labels"),
            }
        }))
    }

    fn list(&self, name: &str, value: &str) -> Result<Vec<Resource>, ProviderError> {
        let project = self.source.project()?;
        let filter = format!("labels.{name}={value}");
        let mut found = Vec::new();
        for (path, list, kind) in [
            ("aggregated/instances", "instances", ResourceKind::Instance),
            ("aggregated/disks", "disks", ResourceKind::Disk),
            ("global/images", "items", ResourceKind::Image),
            ("global/snapshots", "items", ResourceKind::Snapshot),
        ] {
            let path = format!("projects/{project}/{path}");
            self.pages(&path, &filter, |page| {
                let zones: Vec<&Value> = if list == "items" {
                    vec![page]
                } else {
                    let zones = page["items"].as_object();
                    zones.into_iter().flat_map(|zones| zones.values()).collect()
                };
                for item in zones
                    .iter()
                    .filter_map(|zone| zone[list].as_array())
                    .flatten()
                {
                    found.push(resource(item, kind));
                }
            })?;
        }
        // A filter that the service does not understand may find everything.
        found.retain(|one| one.labels.get(name).map(String::as_str) == Some(value));
        found.retain(|one| !matches!(one.state.as_str(), "STOPPING" | "TERMINATED" | "DELETING"));
        Ok(found)
    }

    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError> {
        let path = format!("{}/deprecate", path_of(&image.name));
        let done = self.change(Method::POST, &path, Some(&json!({"state": "DEPRECATED"})))?;
        there(&path, done.map(|()| Value::Null)).map(|_| ())
    }

    fn disable(&self, image: &Reference) -> Result<(), ProviderError> {
        let path = format!("{}/deprecate", path_of(&image.name));
        let done = self.change(Method::POST, &path, Some(&json!({"state": "OBSOLETE"})))?;
        there(&path, done.map(|()| Value::Null)).map(|_| ())
    }

    fn delete(&self, resource: &Resource) -> Result<(), ProviderError> {
        let path = path_of(&resource.reference.name);
        let call = format!("DELETE of `{path}`");
        // A machine takes a while to let go of its disk.
        self.rest
            .session()
            .wait(&call, || match self.change(Method::DELETE, path, None) {
                Err(error)
                    if error.is_refused(&[
                        "resourceInUseByAnotherResource",
                        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
                    ]) =>
                {
                    Ok(None)
                }
                result => result.map(|_| Some(())),
            })
    }
}

fn resource(item: &Value, kind: ResourceKind) -> Resource {
    Resource {
        reference: Reference {
            region: None,
            name: path_of(text(item, "/selfLink")).to_owned(),
        },
        kind,
        state: text(item, "/status").to_owned(),
        labels: texts(item, "/labels"),
    }
}

/// The path of something, of its whole address.
fn path_of(link: &str) -> &str {
    link.find("projects/").map_or(link, |at| &link[at..])
}

/// Whether a reason is one that passes.
fn is_limit(reason: &str) -> bool {
    let reason = reason.to_lowercase().replace('_', "");
    [
        "quotaexceeded",
        "ratelimitexceeded",
        "resourcepoolexhausted",
        "resourceexhausted",
        "internalerror",
    ]
    .iter()
    .any(|known| reason.contains(known))
}

/// `{"error": {"code", "message", "errors": [{"reason", "message"}]}}`.
fn refusal(status: u16, answer: &Value) -> ProviderErrorKind {
    let message = text(answer, "/error/message").to_owned();
    let code = match text(answer, "/error/errors/0/reason") {
        "" => format!("status {status}"),
        reason => reason.to_owned(),
    };
    if is_limit(&code) {
        ProviderErrorKind::Quota(format!("{code}: {message}"))
    } else {
        ProviderErrorKind::Refused { code, message }
    }
}

/// An error of an operation: `{"code", "message"}`.
fn of_operation(error: &Value) -> ProviderErrorKind {
    let (code, message) = (
        text(error, "/code").to_owned(),
        text(error, "/message").to_owned(),
    );
    if is_limit(&code) {
        ProviderErrorKind::Quota(format!("{code}: {message}"))
    } else {
        ProviderErrorKind::Refused { code, message }
    }
}

#[cfg(test)]
mod tests;
