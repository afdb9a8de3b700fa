//! A machine of Google Compute Engine: `computeMetadata/v1`, value by value, with the header that keeps others from asking.

use crate::http::Request;
use crate::providers::Variables;

use super::{Machine, MachineError, Service, plain};

/// Where a machine asks.
const HOST: &str = "metadata.google.internal";
/// The header of each request and each answer, and its value.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

pub(super) fn service(variables: &Variables) -> String {
    format!(
        "http://{}",
        variables.get("GCE_METADATA_HOST").unwrap_or(HOST)
    )
}

pub(super) fn ask(service: &Service<'_>) -> Result<Machine, MachineError> {
    let project = value(service, "project/project-id")?.unwrap_or_default();
    let zone = value(service, "instance/zone")?.unwrap_or_default();
    // `projects/<number>/zones/<zone>`
    let zone = zone.rsplit('/').next().unwrap_or_default();
    let name = value(service, "instance/name")?.unwrap_or_default();
    let id = value(service, "instance/id")?.unwrap_or_default();
    if [project.as_str(), zone, &name, &id].contains(&"") {
        let why = "it does not say the machine's project, zone, name and id".to_owned();
        return Err(service.unreadable(why));
    }
    Ok(Machine {
        cloud: service.cloud,
        path: format!("projects/{project}/zones/{zone}/instances/{name}"),
        id,
        region: None,
        image: value(service, "instance/image")?.filter(|image| !image.is_empty()),
        disk: None,
    })
}

/// A value; nothing if there is none.
fn value(service: &Service<'_>, path: &str) -> Result<Option<String>, MachineError> {
    let url = format!("{}/computeMetadata/v1/{path}", service.base);
    let request = Request::get(url).header(FLAVOR.0, FLAVOR.1);
    let answer = service.send(&request)?;
    if answer.headers.get(FLAVOR.0).map(String::as_str) != Some(FLAVOR.1) {
        let why = format!("its answer to `{path}` lacks the header `Metadata-Flavor: Google`");
        return Err(service.unreadable(why));
    }
    match answer.status {
        200 => Ok(Some(plain(&answer))),
        404 => Ok(None),
        _ => Err(service.no_answer(answer.refusal(&request))),
    }
}
