//! [`Bases`] and [`Tokens`]: where services are, and what requests to them are signed with.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;

/// Where the public services are. Mirrors, and tests, put others in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// GitHub's REST API.
    pub github: String,
    /// Google's Compute Engine API.
    pub google: String,
    /// Azure's Resource Manager.
    pub azure: String,
    /// The subscription through which Azure's marketplace is asked, where a pin names none.
    pub azure_subscription: Option<String>,
}

impl Default for Bases {
    fn default() -> Self {
        Self {
            github: "https://api.github.com".to_owned(),
            google: "https://compute.googleapis.com".to_owned(),
            azure: "https://management.azure.com".to_owned(),
            azure_subscription: None,
        }
    }
}

/// What requests are signed with, by host. Never shown.
#[derive(Clone, Default)]
pub struct Tokens(BTreeMap<String, String>);

impl Tokens {
    /// With a bearer token for a host, such as `api.github.com` or `127.0.0.1:8080`.
    #[must_use]
    pub fn bearer(mut self, host: &str, token: &str) -> Self {
        self.0
            .insert(host.to_ascii_lowercase(), format!("Bearer {token}"));
        self
    }

    /// The `authorization` header for an address.
    pub(super) fn authorization(&self, url: &str) -> Option<String> {
        // Read as it will be called: `https://api.github.com@example.org` is another host.
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        self.0.get(&authority).cloned()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<&String> = self.0.keys().collect();
        write!(f, "Tokens for {hosts:?}")
    }
}
