//! What the resource manager has, and the version of the API that each type is deleted by.

use serde_json::Value;

use super::super::json::{text, texts};
use super::super::{Reference, Resource, ResourceKind};

/// The version of the resource manager's own API.
pub(super) const MANAGER: &str = "2021-04-01";

/// What Azure says of what something else uses.
pub(super) const IN_USE: [&str; 5] = [
    "OperationNotAllowed",
    "NicInUse",
    "InUseSubnetCannotBeDeleted",
    "PublicIPAddressCannotBeDeleted",
    "AttachDiskWhileBeingDetached",
];

/// A resource of a list.
pub(super) fn of(item: &Value) -> Resource {
    let kind = match text(item, "/type").to_lowercase().as_str() {
        "microsoft.compute/virtualmachines" => ResourceKind::Instance,
        "microsoft.compute/disks" => ResourceKind::Disk,
        "microsoft.compute/images" | "microsoft.compute/galleries/images/versions" => {
            ResourceKind::Image
        }
        "microsoft.compute/snapshots" => ResourceKind::Snapshot,
        "microsoft.resources/resourcegroups" => ResourceKind::Group,
        _ => ResourceKind::Other,
    };
    Resource {
        reference: Reference {
            region: None,
            name: text(item, "/id").to_owned(),
        },
        kind,
        state: text(item, "/properties/provisioningState").to_owned(),
        labels: texts(item, "/tags"),
    }
}

/// The version of the API that something is deleted by, from its id; none of what this program does not know.
pub(super) fn api_version(id: &str) -> Option<&'static str> {
    let id = id.to_lowercase();
    let Some((_, typed)) = id.rsplit_once("/providers/") else {
        return id.contains("/resourcegroups/").then_some(MANAGER);
    };
    let known = [
        ("microsoft.compute/disks/", "2023-10-02"),
        ("microsoft.compute/snapshots/", "2023-10-02"),
        ("microsoft.compute/galleries/", super::GALLERIES),
        ("microsoft.compute/", "2024-03-01"),
        ("microsoft.network/", "2023-09-01"),
        ("microsoft.keyvault/vaults/", "2023-02-01"),
    ];
    let found = known.iter().find(|(start, _)| typed.starts_with(start));
    found.map(|(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_version() {
        let group = "/subscriptions/0/resourceGroups/g";
        assert_eq!(api_version(group), Some(MANAGER));
        let of = |typed: &str| api_version(&format!("{group}/providers/{typed}"));
        assert_eq!(
            of("Microsoft.Compute/virtualMachines/a"),
            Some("2024-03-01")
        );
        assert_eq!(of("Microsoft.Compute/disks/a"), Some("2023-10-02"));
        assert_eq!(of("Microsoft.Sql/servers/a"), None);
        assert_eq!(api_version("/subscriptions/0"), None);
    }
}
