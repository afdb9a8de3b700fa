//! What AWS's services share: where they are, how requests are signed, which refusals pass.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use reqwest::Url;

use super::super::session::{Request, url};
use super::super::{ProviderError, ProviderErrorKind, Variables};
use super::credentials::Source;

/// Where a service of a region is, if it is nowhere else.
pub(super) fn endpoint(
    given: Option<&Url>,
    call: &str,
    service: &str,
    region: &str,
) -> Result<Url, ProviderError> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    url(call, &format!("https://{service}.{region}.{domain}/"))
}

/// One for all regions, in the place of each region's own, if a variable names it: that of the service, or AWS's.
pub(super) fn given(variables: &Variables, service: &str) -> Result<Option<Url>, ProviderError> {
    [service, "AWS_ENDPOINT_URL"]
        .iter()
        .find_map(|name| variables.get(name))
        .map(|text| url("aws", text))
        .transpose()
}

/// The headers that sign a request to a service of a region.
pub(super) fn signed(
    credentials: &Source<'_>,
    request: &Request,
    region: &str,
    service: &str,
) -> Result<Vec<(String, String)>, ProviderError> {
    let identity = credentials.current()?.into();
    let unusable = |error: &dyn std::fmt::Display| {
        let words = format!("it cannot be signed: {error}");
        ProviderError::new(&request.call, ProviderErrorKind::Input(words))
    };
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| unusable(&error))?
        .into();
    let headers = request.headers.iter();
    let body = request.body.as_deref().unwrap_or_default();
    let signable = SignableRequest::new(
        request.method.as_str(),
        request.url.as_str(),
        headers.map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(body.as_bytes()),
    )
    .map_err(|error| unusable(&error))?;
    let (signed, _) = sign(signable, &parameters)
        .map_err(|error| unusable(&error))?
        .into_parts();
    Ok(signed
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// Whether a refusal is one of a limit: a later run may help.
pub(super) fn is_limit(code: &str) -> bool {
    code.ends_with("LimitExceeded")
        || code.starts_with("Insufficient")
        || matches!(
            code,
            "Throttling" | "ThrottlingException" | "MaxSpotInstanceCountExceeded"
        )
}
