//! Which images a worker pool starts machines from, as worker-manager has it.

use std::collections::BTreeSet;

use serde_json::Value;
use taskgraph_images_transforms::Cloud;

use crate::inventory::Identity;

/// The images that a worker pool's configuration names, wherever in it: what a provider takes has many forms, also
/// templates of Azure's, and an image that is missed here could be deleted under running machines.
pub fn images_of_pool(config: &Value) -> BTreeSet<Identity> {
    let mut found = BTreeSet::new();
    walk(config, &mut found);
    found
}

fn walk(value: &Value, found: &mut BTreeSet<Identity>) {
    match value {
        Value::String(text) => found.extend(identity(text)),
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Object(entries) => entries.values().for_each(|item| walk(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn identity(text: &str) -> Option<Identity> {
    let lower = text.to_lowercase();
    let is_ami = text
        .strip_prefix("ami-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_ami {
        Some(Identity::ami(text))
    } else if lower.contains("/providers/microsoft.compute/")
        && (lower.contains("/galleries/") || lower.contains("/images/"))
    {
        Some(Identity::of(Cloud::Azure, text))
    } else if text.contains("projects/") && text.contains("/images/") {
        Some(Identity::of(Cloud::Google, text))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_are_found_wherever_they_are() {
        let gallery = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/x/images/Win/versions/1.2.3";
        for (config, expect) in [
            (
                json!({"launchConfigs": [
                    {"region": "r", "disks": [{"initializeParams": {"sourceImage": "projects/p/global/images/a", "diskSizeGb": 1}}]},
                    {"region": "r", "disks": [{"initializeParams": {"sourceImage": "projects/p/global/images/b"}}]},
                ]}),
                "google:p/a google:p/b",
            ),
            (
                json!({"launchConfigs": [{"region": "us-east-1", "launchConfig": {"ImageId": "ami-0abc", "KeyName": "ami-x"}}]}),
                "aws:ami-0abc",
            ),
            (
                json!({"launchConfigs": [{"storageProfile": {"imageReference": {"id": gallery}}}]}),
                "azure:win/1.2.3",
            ),
            (
                json!({"launchConfigs": [{"armDeployment": {"parameters": {"imageId": {"value": gallery}}}}]}),
                "azure:win/1.2.3",
            ),
            (json!({"note": "projects and images"}), ""),
        ] {
            let found: Vec<String> = images_of_pool(&config)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found.join(" "), expect);
        }
    }
}
