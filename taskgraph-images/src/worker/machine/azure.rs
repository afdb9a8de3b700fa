//! A machine of Azure: the `compute` part of its instance metadata.

use crate::http::Request;
use crate::providers::Variables;

use super::{Machine, MachineError, Service, given};

/// Where a machine asks.
const HOST: &str = "http://169.254.169.254";
/// The version of the service.
const VERSION: &str = "2021-02-01";

pub(super) fn service(variables: &Variables) -> String {
    let base = variables.get("AZURE_METADATA_HOST");
    base.unwrap_or(HOST).trim_end_matches('/').to_owned()
}

pub(super) fn ask(service: &Service<'_>) -> Result<Machine, MachineError> {
    let url = format!(
        "{}/metadata/instance/compute?api-version={VERSION}&format=json",
        service.base
    );
    let compute = service.json(&Request::get(url).header("metadata", "true"))?;
    let text = |pointer: &str| given(&compute, pointer).map(str::to_owned);
    Ok(Machine {
        cloud: service.cloud,
        id: service.field(&compute, "/name")?.to_owned(),
        path: service.field(&compute, "/resourceId")?.to_owned(),
        region: Some(service.field(&compute, "/location")?.to_owned()),
        // What a marketplace has is named otherwise, and is nobody's candidate.
        image: text("/storageProfile/imageReference/id"),
        disk: text("/storageProfile/osDisk/managedDisk/id"),
    })
}
