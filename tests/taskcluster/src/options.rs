//! [`Options`]: how a server is to behave.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fault::{Faults, Seen};

/// Called with each request before it is handled.
pub type OnRequest = Arc<dyn Fn(&Seen) + Send + Sync>;

/// How a server is to behave. By default everybody may do everything, and nothing goes wrong.
pub struct Options {
    /// The scopes that callers act with, before roles.
    pub held_scopes: Vec<String>,
    /// Roles: from an id, which may end with `*`, to the scopes that it gives.
    pub roles: BTreeMap<String, Vec<String>>,
    /// How callers show who they are.
    pub authentication: Authentication,
    /// Taskcluster's JSON schemas. Without them, the folder that the variable `TASKGRAPH_IMAGES_SCHEMAS` names; without
    /// that, the essential rules are checked all the same.
    pub schemas: Option<PathBuf>,
    /// A folder of artifacts: `<taskId>/<name>`.
    pub artifacts: Option<PathBuf>,
    /// How many entries a page has at most; the real services have 1000.
    pub page_size: usize,
    /// What goes wrong.
    pub faults: Faults,
    /// Called with each request before it is handled, so that a test can do something at request `n`.
    pub on_request: Option<OnRequest>,
    /// The port to listen at; 0 means any that is free.
    pub port: u16,
}

/// How callers show who they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all: every request acts with the held scopes, as behind a task's proxy.
    Proxy,
    /// By a Hawk signature, in a header or a `bewit`. Without one a request acts with the role `anonymous`.
    Hawk {
        /// The one client there is. It holds the held scopes, and may issue temporary credentials.
        client_id: String,
        /// Its token.
        access_token: String,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            held_scopes: vec!["*".to_owned()],
            roles: BTreeMap::new(),
            authentication: Authentication::Proxy,
            schemas: None,
            artifacts: None,
            page_size: 1000,
            faults: Faults::default(),
            on_request: None,
            port: 0,
        }
    }
}

impl Options {
    /// Callers act with these scopes.
    #[must_use]
    pub fn holding(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.held_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// There is a role.
    #[must_use]
    pub fn role(mut self, id: &str, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.roles.insert(id.to_owned(), scopes);
        self
    }

    /// Callers sign as this client.
    #[must_use]
    pub fn signed_by(mut self, client_id: &str, access_token: &str) -> Self {
        self.authentication = Authentication::Hawk {
            client_id: client_id.to_owned(),
            access_token: access_token.to_owned(),
        };
        self
    }

    /// Things go wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Something is called with each request before it is handled.
    #[must_use]
    pub fn on_request(mut self, call: impl Fn(&Seen) + Send + Sync + 'static) -> Self {
        self.on_request = Some(Arc::new(call));
        self
    }
}
