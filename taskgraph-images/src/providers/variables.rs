//! [`Variables`]: what a provider is told besides the definition: credentials, and where the cloud is. By the environment,
//! and by Taskcluster's secrets, which win.

use std::collections::BTreeMap;
use std::fmt;

/// The variables that providers read.
const NAMES: &[&str] = &[
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_SUBSCRIPTION_ID",
    "ARM_TENANT_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_AUTHORITY_HOST",
    "AZURE_METADATA_HOST",
    "AZURE_RESOURCE_MANAGER_URL",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE",
    "GCE_METADATA_HOST",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "REGISTRY_AUTH_FILE",
    "TASKGRAPH_IMAGES_SKOPEO",
];

/// The ones that nobody may see.
const SECRET: &[&str] = &[
    "ARM_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/// The values of variables.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

/// Values may be secret.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Variables {
    /// Those that the environment has, by a function that looks them up, and those of secrets.
    pub fn new(
        environment: impl Fn(&str) -> Option<String>,
        secrets: &BTreeMap<String, String>,
    ) -> Self {
        let mut all = BTreeMap::new();
        for name in NAMES {
            if let Some(value) = secrets.get(*name).cloned().or_else(|| environment(name)) {
                all.insert((*name).to_owned(), value);
            }
        }
        all.retain(|_, value| !value.is_empty());
        Self(all)
    }

    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(NAMES.contains(&name), "{name} is not listed");
        self.0.get(name).map(String::as_str)
    }

    /// Whether a variable is for providers, and so no matter of the programs that an image is made with.
    pub fn is_known(name: &str) -> bool {
        NAMES.contains(&name)
    }

    /// The values that must not be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        SECRET.iter().filter_map(|name| self.get(name))
    }

    /// Them all, for a program that is run.
    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_win_and_are_not_shown() {
        let secrets =
            BTreeMap::from([("ARM_CLIENT_SECRET".to_owned(), "from-the-secret".to_owned())]);
        let variables = Variables::new(
            |name| {
                Some(
                    if name == "ARM_TENANT_ID" {
                        ""
                    } else {
                        "environment"
                    }
                    .to_owned(),
                )
            },
            &secrets,
        );
        assert_eq!(variables.get("ARM_CLIENT_SECRET"), Some("from-the-secret"));
        assert_eq!(variables.get("ARM_CLIENT_ID"), Some("environment"));
        assert_eq!(variables.get("ARM_TENANT_ID"), None);
        assert!(
            variables
                .secrets()
                .any(|secret| secret == "from-the-secret")
        );
        assert!(!format!("{variables:?}").contains("from-the-secret"));
    }
}
