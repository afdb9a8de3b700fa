//! [`Environment`]: which providers there are, and whose cloud each is.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use crate::ci_config::findings::{expected, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::Node;

/// The providers of one environment.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// The cloud of each provider; none if nobody says which providers there are.
    pub(super) providers: Option<BTreeMap<String, Cloud>>,
}

impl Environment {
    /// Reads one of the environments: the named one, or else the first.
    pub(super) fn read(node: &Node, name: Option<&str>, findings: &mut Vec<Diagnostic>) -> Self {
        let Some(entries) = node.entries() else {
            findings.push(expected("a map of environments", node));
            return Self::default();
        };
        let found = entries
            .iter()
            .find(|(key, _)| name.is_none_or(|name| &*key.text == name));
        let Some((_, environment)) = found else {
            let names: Vec<String> = entries
                .iter()
                .map(|(key, _)| format!("`{}`", key.text))
                .collect();
            findings.push(
                Diagnostic::error(
                    "no-environment",
                    format!("there is no environment `{}`", name.unwrap_or_default()),
                )
                .at(node.place())
                .hint(format!("there are: {}", names.join(", "))),
            );
            return Self::default();
        };
        let providers = environment
            .get("worker_manager")
            .and_then(|manager| manager.get("providers"));
        let Some(providers) = providers.and_then(Node::entries) else {
            findings.push(
                Diagnostic::error(
                    "missing-key",
                    "the environment says no `worker_manager.providers`",
                )
                .at(environment.place()),
            );
            return Self::default();
        };
        let mut clouds = BTreeMap::new();
        for (key, provider) in providers {
            let implementation = provider.get("implementation").and_then(scalar);
            let cloud = match implementation {
                Some("google") => Cloud::Google,
                Some("aws") => Cloud::Aws,
                Some("azure") => Cloud::Azure,
                other => {
                    let other = other.unwrap_or("nothing");
                    findings.push(
                        Diagnostic::error(
                            "unknown-implementation",
                            format!("the provider `{}` is implemented by `{other}`", key.text),
                        )
                        .at(provider.place())
                        .hint("known are `aws`, `azure` and `google`"),
                    );
                    continue;
                }
            };
            clouds.insert(key.text.to_string(), cloud);
        }
        Self {
            providers: Some(clouds),
        }
    }

    /// The cloud of a provider.
    pub(super) fn cloud(&self, provider: &str) -> Option<Cloud> {
        self.providers.as_ref()?.get(provider).copied()
    }
}
