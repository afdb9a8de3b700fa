//! [`Source`]: Azure's tokens: of a service principal, or of the machine's identity.

use reqwest::Method;

use super::super::json::token;
use super::super::session::{Request, url};
use super::super::{ProviderError, ProviderErrorKind, Session, Variables};

/// Where service principals sign in.
const AUTHORITY: &str = "https://login.microsoftonline.com";
/// Where a machine asks.
const METADATA: &str = "http://169.254.169.254";
const CALL: &str = "credentials of Azure";

/// Where tokens come from.
pub(super) struct Source<'a> {
    session: &'a Session<'a>,
    variables: &'a Variables,
    /// What tokens are for.
    resource: String,
}

impl<'a> Source<'a> {
    pub(super) fn new(session: &'a Session<'a>, variables: &'a Variables, resource: &str) -> Self {
        Self {
            session,
            variables,
            resource: resource.trim_end_matches('/').to_owned(),
        }
    }

    /// A token that is good for now.
    pub(super) fn token(&self) -> Result<String, ProviderError> {
        let get = |name| self.variables.get(name);
        let principal = (
            get("ARM_TENANT_ID"),
            get("ARM_CLIENT_ID"),
            get("ARM_CLIENT_SECRET"),
        );
        let (request, hint) = match principal {
            (Some(tenant), Some(id), Some(secret)) => (
                self.of_principal(tenant, id, secret)?,
                "see that `ARM_TENANT_ID`, `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET` are those of a service principal",
            ),
            _ => (
                self.of_machine()?,
                "set `ARM_TENANT_ID`, `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET`, by the environment or by a secret, or run on \
                 a machine with an identity",
            ),
        };
        token(self.session, &request, hint)
    }

    fn of_principal(&self, tenant: &str, id: &str, secret: &str) -> Result<Request, ProviderError> {
        let host = self
            .variables
            .get("AZURE_AUTHORITY_HOST")
            .unwrap_or(AUTHORITY);
        let mut address = url(CALL, host.trim_end_matches('/'))?;
        let parts = address.path_segments_mut();
        parts
            .map_err(|()| {
                let words = format!("`{host}` is no address");
                ProviderError::new(CALL, ProviderErrorKind::Input(words))
            })?
            .pop_if_empty()
            .extend([tenant, "oauth2", "v2.0", "token"]);
        let mut form = url(CALL, "form:?")?;
        form.query_pairs_mut()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", id)
            .append_pair("client_secret", secret)
            .append_pair("scope", &format!("{}/.default", self.resource));
        Ok(Request {
            method: Method::POST,
            url: address,
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            )],
            body: form.query().map(str::to_owned),
            call: CALL.to_owned(),
            changes: false,
            said: String::new(),
        })
    }

    fn of_machine(&self) -> Result<Request, ProviderError> {
        let host = self
            .variables
            .get("AZURE_METADATA_HOST")
            .unwrap_or(METADATA);
        let mut address = url(
            CALL,
            &format!(
                "{}/metadata/identity/oauth2/token",
                host.trim_end_matches('/')
            ),
        )?;
        address
            .query_pairs_mut()
            .append_pair("api-version", "2018-02-01")
            .append_pair("resource", &format!("{}/", self.resource));
        Ok(Request {
            method: Method::GET,
            url: address,
            headers: vec![("metadata".to_owned(), "true".to_owned())],
            body: None,
            call: CALL.to_owned(),
            changes: false,
            said: String::new(),
        })
    }

    /// The subscription that variables name.
    pub(super) fn subscription(&self) -> Result<String, ProviderError> {
        let subscription = self.variables.get("ARM_SUBSCRIPTION_ID");
        subscription.map(str::to_owned).ok_or_else(|| {
            let words = "there is no subscription: set `ARM_SUBSCRIPTION_ID`".to_owned();
            ProviderError::new(CALL, ProviderErrorKind::Input(words))
        })
    }
}
