//! [`Azure`]: versions of images in a gallery of Azure, by its resource manager's REST API.
//!
//! A version is made of the candidate in all regions at once, and left out of `latest` until it is in every one.

mod credentials;
mod resources;
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

/// Where the resource manager is.
const MANAGER: &str = "https://management.azure.com";
/// The version of the API of galleries.
const GALLERIES: &str = "2023-07-03";

/// Versions of images in a gallery of Azure.
pub struct Azure<'a> {
    rest: Rest<'a>,
    source: Source<'a>,
}

/// A token that is good for now.
pub(super) fn token(session: &Session<'_>, variables: &Variables) -> Result<String, ProviderError> {
    let base = variables.get("AZURE_RESOURCE_MANAGER_URL");
    Source::new(session, variables, base.unwrap_or(MANAGER)).token()
}

impl<'a> Azure<'a> {
    /// Credentials are those of a service principal, or the machine's identity.
    ///
    /// # Errors
    /// Never, as nothing is asked yet.
    pub fn new(session: &'a Session<'a>, variables: &'a Variables) -> Result<Self, ProviderError> {
        let base = variables
            .get("AZURE_RESOURCE_MANAGER_URL")
            .unwrap_or(MANAGER);
        Ok(Self {
            rest: Rest::new(session, base, refusal),
            source: Source::new(session, variables, base),
        })
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        assumed: Option<Value>,
    ) -> Result<Option<Value>, ProviderError> {
        let token = || self.source.token();
        self.rest.call(method, path, query, body, token, || assumed)
    }

    fn version(&self, path: &str, assumed: Option<Value>) -> Result<Option<Value>, ProviderError> {
        let query = [("$expand", "ReplicationStatus"), ("api-version", GALLERIES)];
        self.call(Method::GET, path, &query, None, assumed)
    }

    /// Writes a version, and waits until it is in all of its regions.
    fn write(&self, path: &str, body: &Value) -> Result<(), ProviderError> {
        let query = [("api-version", GALLERIES)];
        let written = self.call(Method::PUT, path, &query, Some(body), Some(json!({})))?;
        there(path, written)?;
        self.finished(path)
    }

    fn finished(&self, path: &str) -> Result<(), ProviderError> {
        let call = format!("PUT of `{path}`");
        self.rest.session().wait(&call, || {
            let assumed = json!({"properties": {"provisioningState": "Succeeded",
                "replicationStatus": {"aggregatedState": "Completed"}}});
            // It may not be known everywhere yet.
            let Some(version) = self.version(path, Some(assumed))? else {
                return Ok(None);
            };
            let replication = text(&version, "/properties/replicationStatus/aggregatedState");
            match (text(&version, "/properties/provisioningState"), replication) {
                ("Failed" | "Canceled", _) | (_, "Failed") => {
                    let words = format!("{}; run it again", failed_regions(&version));
                    Err(ProviderError::new(
                        &call,
                        ProviderErrorKind::Unfinished(words),
                    ))
                }
                ("Succeeded", "Completed") => Ok(Some(())),
                _ => Ok(None),
            }
        })
    }

    /// The resource group and gallery of a promotion, as a path.
    fn gallery(&self, promotion: &Promotion) -> Result<String, ProviderError> {
        let Some(Destination::Azure {
            resource_group,
            gallery,
        }) = &promotion.destination
        else {
            let words = "its definition names no gallery: set `publish.destination` to `<resource group>/<gallery>`";
            let kind = ProviderErrorKind::Input(words.to_owned());
            return Err(ProviderError::new("azure.promote", kind));
        };
        let candidate = promotion.candidate.first().map_or("", |one| &one.reference);
        // By default the subscription that the candidate is in.
        let of_candidate = candidate
            .split('/')
            .nth(2)
            .filter(|_| candidate.starts_with("/subscriptions/"));
        let subscription = match (self.source.subscription(), of_candidate) {
            (Ok(subscription), _) => subscription,
            (Err(_), Some(subscription)) => subscription.to_owned(),
            (Err(error), None) => return Err(error),
        };
        Ok(format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Compute/galleries/{gallery}"
        ))
    }
}

/// Which regions have failed, as far as that is told.
fn failed_regions(version: &Value) -> String {
    let regions = version.pointer("/properties/replicationStatus/summary");
    let failed: Vec<String> = regions
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|region| text(region, "/state") == "Failed")
        .map(|region| format!("{}: {}", text(region, "/region"), text(region, "/details")))
        .collect();
    if failed.is_empty() {
        "it failed".to_owned()
    } else {
        format!("it failed in {}", failed.join(", "))
    }
}

impl Provider for Azure<'_> {
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError> {
        let definition = format!("{}/images/{}", self.gallery(promotion)?, promotion.family);
        let query = [("api-version", GALLERIES)];
        let assumed = json!({"location": promotion.regions.first()});
        let Some(known) = self.call(Method::GET, &definition, &query, None, Some(assumed))? else {
            let words = format!(
                "`{definition}` is not there: an image definition says what its versions are for, so make it once, with \
                 `az sig image-definition create`"
            );
            return Err(ProviderError::new(
                "azure.promote",
                ProviderErrorKind::Input(words),
            ));
        };
        let location = text(&known, "/location");
        let mut regions = promotion.regions.clone();
        // A version is where its definition is, too.
        if !location.is_empty() && !regions.iter().any(|region| region == location) {
            regions.push(location.to_owned());
        }
        let targets: Vec<Value> = regions.iter().map(|name| json!({"name": name})).collect();
        let body = |hidden: bool| {
            json!({
                "location": location,
                "tags": promotion.labels,
                "properties": {
                    "publishingProfile": {"targetRegions": targets, "excludeFromLatest": hidden},
                    "storageProfile": {"source": {"id": promotion.candidate.first().map(|one| &one.reference)}},
                },
            })
        };
        let path = format!("{definition}/versions/{}", promotion.version);
        let (label, identity) = promotion.identity();
        match self.version(&path, None)? {
            Some(version)
                if texts(&version, "/tags").get(label).map(String::as_str) != Some(identity) =>
            {
                let words = format!("`{path}` is another build's: nothing is replaced; look at it");
                return Err(ProviderError::new(
                    "azure.promote",
                    ProviderErrorKind::Conflict(words),
                ));
            }
            // Begun by an earlier run, which may go on by itself; what has failed is tried again.
            Some(version) if text(&version, "/properties/provisioningState") != "Failed" => {
                self.finished(&path)?
            }
            _ => self.write(&path, &body(true))?,
        }
        self.write(&path, &body(false))?;
        let published = regions.iter().map(|region| Artifact {
            region: Some(region.clone()),
            reference: path.clone(),
            file: None,
        });
        Ok(published.collect())
    }

    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError> {
        let path = &image.name;
        let found = if path.to_lowercase().contains("/galleries/") {
            self.version(path, None)?
        } else {
            // A candidate, which is in no gallery.
            let version = resources::api_version(path).unwrap_or(resources::MANAGER);
            self.call(Method::GET, path, &[("api-version", version)], None, None)?
        };
        Ok(found.map(|found| Resource {
            reference: image.clone(),
            kind: ResourceKind::Image,
            state: text(&found, "/properties/provisioningState").to_owned(),
            labels: texts(&found, "/tags"),
        }))
    }

    fn list(&self, name: &str, value: &str) -> Result<Vec<Resource>, ProviderError> {
        let subscription = self.source.subscription()?;
        let filter = format!("tagName eq '{name}' and tagValue eq '{value}'");
        let mut found = Vec::new();
        for list in ["resourcegroups", "resources"] {
            let mut path = format!("/subscriptions/{subscription}/{list}");
            let mut query = vec![
                ("$filter", filter.as_str()),
                ("api-version", resources::MANAGER),
            ];
            loop {
                let page = self.call(Method::GET, &path, &query, None, Some(json!({})))?;
                let page = there(&path, page)?;
                let items = page["value"].as_array().into_iter().flatten();
                found.extend(items.map(resources::of));
                match text(&page, "/nextLink") {
                    "" => break,
                    next => {
                        path = next.to_owned();
                        query.clear();
                    }
                }
            }
        }
        // What was not filtered is not touched.
        found.retain(|one| list_has(one, name, value));
        Ok(found)
    }

    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError> {
        let query = [("api-version", GALLERIES)];
        let body = json!({"properties": {"publishingProfile": {"excludeFromLatest": true}}});
        let changed = self.call(
            Method::PATCH,
            &image.name,
            &query,
            Some(&body),
            Some(json!({})),
        )?;
        there(&image.name, changed).map(|_| ())
    }

    /// A gallery has no state for it: nobody who asks for the latest version gets it.
    fn disable(&self, image: &Reference) -> Result<(), ProviderError> {
        self.deprecate(image)
    }

    fn delete(&self, resource: &Resource) -> Result<(), ProviderError> {
        let path = &resource.reference.name;
        let version = resources::api_version(path).ok_or_else(|| {
            let words = format!(
                "{resource} is of a type that this program does not delete: delete it by hand"
            );
            ProviderError::new("azure.delete", ProviderErrorKind::Input(words))
        })?;
        let query = [("api-version", version)];
        let call = format!("DELETE of `{path}`");
        // What is in use is let go of in a while.
        self.rest.session().wait(&call, || {
            match self.call(Method::DELETE, path, &query, None, Some(Value::Null)) {
                Err(error) if error.is_refused(&resources::IN_USE) => Ok(None),
                result => result.map(|_| Some(())),
            }
        })?;
        self.rest.session().wait(&call, || {
            let left = self.call(Method::GET, path, &query, None, None)?;
            Ok(left.is_none().then_some(()))
        })
    }
}

fn list_has(resource: &Resource, name: &str, value: &str) -> bool {
    resource.labels.get(name).map(String::as_str) == Some(value)
}

/// `{"error": {"code", "message"}}`.
fn refusal(status: u16, answer: &Value) -> ProviderErrorKind {
    let code = match text(answer, "/error/code") {
        "" => format!("status {status}"),
        code => code.to_owned(),
    };
    let message = text(answer, "/error/message").to_owned();
    let is_limit = code.contains("Quota")
        || matches!(
            code.as_str(),
            "TooManyRequests" | "AllocationFailed" | "RetryableError" | "InternalExecutionError"
        )
        // So it is said of quotas, too.
        || code == "OperationNotAllowed" && message.to_lowercase().contains("quota");
    if is_limit {
        ProviderErrorKind::Quota(format!("{code}: {message}"))
    } else {
        ProviderErrorKind::Refused { code, message }
    }
}

#[cfg(test)]
mod tests;
