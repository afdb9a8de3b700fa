//! A machine of Amazon EC2: its identity document, by the second version of the service, which wants a token.

use crate::http::Request;
use crate::providers::Variables;

use super::{Machine, MachineError, Service};

/// Where a machine asks.
const HOST: &str = "http://169.254.169.254";
/// How long a token holds, in seconds: a single question is asked with it.
const LIFETIME: &str = "60";

pub(super) fn service(variables: &Variables) -> String {
    let base = variables.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    base.unwrap_or(HOST).trim_end_matches('/').to_owned()
}

pub(super) fn ask(service: &Service<'_>) -> Result<Machine, MachineError> {
    let mut request = Request::new("PUT", format!("{}/latest/api/token", service.base))
        .header("x-aws-ec2-metadata-token-ttl-seconds", LIFETIME);
    // It wants to be told that there is no body.
    request.body = Some(Vec::new());
    let token = service.text(&request)?;
    let url = format!("{}/latest/dynamic/instance-identity/document", service.base);
    let document =
        service.json(&Request::get(url).header("x-aws-ec2-metadata-token", token.as_str()))?;
    let id = service.field(&document, "/instanceId")?.to_owned();
    Ok(Machine {
        cloud: service.cloud,
        path: id.clone(),
        id,
        region: Some(service.field(&document, "/region")?.to_owned()),
        image: Some(service.field(&document, "/imageId")?.to_owned()),
        disk: None,
    })
}
