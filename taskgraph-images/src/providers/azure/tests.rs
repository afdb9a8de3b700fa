//! A resource manager on loopback, with answers as Azure documents them: versions that are replicated for a while, pages,
//! quotas, and service principals.

mod snapshot;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::providers::tests::{Asked, promotion, recorder, said, serve, variables};

#[derive(Default)]
struct Fake {
    /// Versions, by path.
    versions: BTreeMap<String, Value>,
    /// How often the version was asked for since it was written.
    asked: usize,
    /// What becomes of the next version.
    fails: bool,
    broken: Vec<(u16, Value)>,
    /// Other things, by path.
    things: BTreeMap<String, Value>,
    base: String,
}

const GALLERY: &str =
    "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian";
const SECRET: &str = "not-a-real-secret";

impl Fake {
    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let path = asked.path.split('?').next().unwrap_or_default().to_owned();
        if path == "/tenant-1/oauth2/v2.0/token" {
            return if asked.text.contains(SECRET) {
                (
                    200,
                    json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "not-a-real-token"}),
                )
            } else {
                (
                    401,
                    json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}),
                )
            };
        }
        assert_eq!(asked.authorization, "Bearer not-a-real-token");
        assert!(asked.path.contains("api-version="), "{}", asked.path);
        if let Some(broken) = self.broken.pop() {
            return broken;
        }
        match (asked.method.as_str(), path.as_str()) {
            ("GET", GALLERY) => (
                200,
                json!({"location": "eastus2", "properties": {"osType": "Linux"}}),
            ),
            ("PUT", _) if !path.contains("/galleries/") => {
                let mut thing = asked.body.clone();
                let state = if self.fails { "Failed" } else { "Creating" };
                thing["properties"]["provisioningState"] = state.into();
                self.things.insert(path, thing.clone());
                (202, thing)
            }
            ("PUT", _) => {
                self.asked = 0;
                self.versions.insert(path, asked.body.clone());
                (201, asked.body.clone())
            }
            ("PATCH", _) => {
                self.versions.get_mut(&path).unwrap()["properties"]["publishingProfile"]["excludeFromLatest"] =
                    true.into();
                (200, json!({}))
            }
            ("GET", _) if path.contains("/versions/") => self.version(&path),
            ("GET", "/subscriptions/s-1/resources") => self.page(asked),
            ("GET", "/subscriptions/s-1/resourcegroups") => (
                200,
                json!({"value": [
                    {"id": "/subscriptions/s-1/resourceGroups/pkr-1", "type": "Microsoft.Resources/resourceGroups", "tags": {"l": "v"}}
                ]}),
            ),
            // Only of versions may their replication be asked for.
            ("GET", _) if self.things.contains_key(&path) && !asked.path.contains("expand") => {
                let thing = self.things[&path].clone();
                // Done by the next time.
                if thing["properties"]["provisioningState"] == "Creating" {
                    let thing = self.things.get_mut(&path).unwrap();
                    thing["properties"]["provisioningState"] = "Succeeded".into();
                }
                (200, thing)
            }
            ("DELETE", _) => match self.things.remove(&path) {
                Some(_) => (202, Value::Null),
                None => (404, Value::Null),
            },
            _ => (
                404,
                json!({"error": {"code": "ResourceNotFound", "message": "not found"}}),
            ),
        }
    }

    fn version(&mut self, path: &str) -> (u16, Value) {
        let Some(version) = self.versions.get(path) else {
            return (404, json!({"error": {"code": "ResourceNotFound"}}));
        };
        self.asked += 1;
        let mut version = version.clone();
        let (state, replication) = match self.asked {
            // Known late.
            1 => return (404, json!({"error": {"code": "ResourceNotFound"}})),
            2 => ("Creating", "InProgress"),
            _ if self.fails => ("Failed", "Failed"),
            3 => ("Succeeded", "InProgress"),
            _ => ("Succeeded", "Completed"),
        };
        version["properties"]["provisioningState"] = state.into();
        version["properties"]["replicationStatus"] = json!({"aggregatedState": replication, "summary":
            [{"region": "West US 2", "state": replication, "details": "no capacity"}]});
        (200, version)
    }

    fn page(&self, asked: &Asked) -> (u16, Value) {
        let at: usize = asked
            .path
            .split("skip=")
            .nth(1)
            .map_or(0, |at| at.parse().unwrap());
        let mut page = json!({"value": []});
        if let Some(thing) = self.things.values().nth(at) {
            page["value"] = json!([thing]);
            page["nextLink"] = format!(
                "{}/subscriptions/s-1/resources?api-version=2021-04-01&skip={}",
                self.base,
                at + 1
            )
            .into();
        }
        (200, page)
    }
}

fn fake() -> (Arc<Mutex<Fake>>, Vec<(&'static str, String)>) {
    let fake = Arc::new(Mutex::new(Fake::default()));
    let served = fake.clone();
    let base = serve(move |asked| served.lock().unwrap().answer(asked));
    fake.lock().unwrap().base = base.clone();
    let given = vec![
        ("AZURE_RESOURCE_MANAGER_URL", base.clone()),
        ("AZURE_AUTHORITY_HOST", base),
        ("ARM_TENANT_ID", "tenant-1".to_owned()),
        ("ARM_CLIENT_ID", "client-1".to_owned()),
        ("ARM_CLIENT_SECRET", SECRET.to_owned()),
        ("ARM_SUBSCRIPTION_ID", "s-1".to_owned()),
    ];
    (fake, given)
}

fn set(given: &[(&'static str, String)]) -> Variables {
    let given: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    variables(&given)
}

fn candidate() -> Promotion {
    let mut promotion = promotion();
    promotion.regions = vec!["eastus2".to_owned(), "westus2".to_owned()];
    promotion.destination =
        Destination::parse(taskgraph_images_transforms::Cloud::Azure, "rg/g").ok();
    promotion.candidate[0].region = None;
    promotion.candidate[0].reference =
        "/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/images/candidate"
            .to_owned();
    promotion
}

fn promote(variables: &Variables) -> Result<Vec<Artifact>, ProviderError> {
    recorder(false, |session| {
        Azure::new(session, variables)?.promote(&candidate())
    })
}

#[test]
fn published_in_all_regions_before_it_is_the_latest() {
    let (fake, given) = fake();
    let published = promote(&set(&given)).unwrap();
    let path = format!("{GALLERY}/versions/20261125.173000.0");
    let places: Vec<_> = published
        .iter()
        .map(|one| (one.region.as_deref().unwrap(), one.reference.as_str()))
        .collect();
    assert_eq!(places, [("eastus2", path.as_str()), ("westus2", &path)]);
    let written: Vec<bool> = said()
        .iter()
        .filter_map(|line| {
            Some(
                line.split_once("excludeFromLatest\":")?
                    .1
                    .starts_with("true"),
            )
        })
        .collect();
    assert_eq!(written, [true, false], "{:?}", said());
    assert!(!said().join("\n").contains("not-a-real"), "{:?}", said());
    let version = fake.lock().unwrap().versions[&path].clone();
    assert_eq!(version["tags"]["managed-by"], "taskgraph-images");
    // Again: it is found, and nothing is hidden.
    promote(&set(&given)).unwrap();
    assert!(
        !said().join("\n").contains("excludeFromLatest\":true"),
        "{:?}",
        said()
    );
}

#[test]
fn a_region_that_failed_is_told_and_a_rerun_completes() {
    let (fake, given) = fake();
    fake.lock().unwrap().fails = true;
    let error = promote(&set(&given)).unwrap_err();
    assert!(error.is_transient());
    assert!(
        error
            .to_string()
            .contains("it failed in West US 2: no capacity"),
        "{error}"
    );
    let path = format!("{GALLERY}/versions/20261125.173000.0");
    let hidden = &fake.lock().unwrap().versions[&path]["properties"]["publishingProfile"]["excludeFromLatest"].clone();
    assert_eq!(*hidden, true, "nobody gets what is not whole");
    fake.lock().unwrap().fails = false;
    promote(&set(&given)).unwrap();
    assert_eq!(
        fake.lock().unwrap().versions[&path]["properties"]["publishingProfile"]["excludeFromLatest"],
        false
    );
}

#[test]
fn refusals_are_told_apart() {
    let (fake, given) = fake();
    let with = |status, code: &str, message: &str| {
        fake.lock().unwrap().broken =
            vec![(status, json!({"error": {"code": code, "message": message}}))];
        promote(&set(&given)).unwrap_err()
    };
    assert!(with(409, "OperationNotAllowed", "exceeding approved Cores quota").is_transient());
    let error = with(403, "AuthorizationFailed", "does not have authorization");
    assert!(!error.is_transient());
    assert!(
        error
            .to_string()
            .contains("refused with AuthorizationFailed"),
        "{error}"
    );
    let error = with(404, "ResourceNotFound", "");
    assert!(
        error.to_string().contains("az sig image-definition create"),
        "{error}"
    );
}

#[test]
fn anothers_version_is_never_replaced() {
    let (fake, given) = fake();
    let path = format!("{GALLERY}/versions/20261125.173000.0");
    fake.lock()
        .unwrap()
        .versions
        .insert(path, json!({"tags": {}, "properties": {}}));
    fake.lock().unwrap().asked = 1;
    let error = promote(&set(&given)).unwrap_err();
    assert!(
        matches!(error.kind, ProviderErrorKind::Conflict(_)),
        "{error}"
    );
}

#[test]
fn a_wrong_secret_is_not_shown() {
    let (_, mut given) = fake();
    given[4].1 = "wrong-and-secret".to_owned();
    let error = promote(&set(&given)).unwrap_err().to_string();
    assert!(error.contains("status 401 invalid_client"), "{error}");
    assert!(!error.contains("wrong-and-secret"), "{error}");
}

#[test]
fn listed_deprecated_and_deleted() {
    let (fake, given) = fake();
    promote(&set(&given)).unwrap();
    for (name, typed, tag) in [
        (
            "virtualMachines/vm",
            "Microsoft.Compute/virtualMachines",
            "v",
        ),
        ("images/candidate", "Microsoft.Compute/images", "v"),
        ("disks/other", "Microsoft.Compute/disks", "other"),
    ] {
        let id = format!("/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/{name}");
        let thing = json!({"id": id, "type": typed, "tags": {"l": tag}});
        fake.lock().unwrap().things.insert(id, thing);
    }
    recorder(false, |session| {
        let variables = set(&given);
        let azure = Azure::new(session, &variables).unwrap();
        let mut found = azure.list("l", "v").unwrap();
        found.sort_by_key(|one| one.kind);
        let words: Vec<String> = found.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(words.join("\n"), @"
        instance `/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/virtualMachines/vm`
        image `/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/images/candidate`
        resource group `/subscriptions/s-1/resourceGroups/pkr-1`
        ");
        let candidate = azure.describe(&found[1].reference).unwrap().unwrap();
        assert_eq!(candidate.labels["l"], "v");
        azure.delete(&found[0]).unwrap();
        assert_eq!(azure.describe(&found[0].reference).unwrap(), None);
        azure.delete(&found[0]).unwrap();
        assert_eq!(fake.lock().unwrap().things.len(), 2);
        let path = format!("{GALLERY}/versions/20261125.173000.0");
        let version = Reference {
            region: None,
            name: path,
        };
        azure.deprecate(&version).unwrap();
        assert_eq!(
            azure.describe(&version).unwrap().unwrap().state,
            "Succeeded"
        );
    });
}

#[test]
fn a_dry_run_says_every_call_and_needs_no_credentials() {
    let variables = variables(&[]);
    recorder(true, |session| {
        Azure::new(session, &variables)
            .unwrap()
            .promote(&candidate())
            .unwrap()
    });
    insta::assert_snapshot!(said().join("\n"), @r#"
    GET https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian?api-version=2023-07-03
    GET https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian/versions/20261125.173000.0?%24expand=ReplicationStatus&api-version=2023-07-03
    PUT https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian/versions/20261125.173000.0?api-version=2023-07-03 {"location":"eastus2","tags":{"managed-by":"taskgraph-images","taskgraph-images-candidate":"9999999999999999999999999999999999999999"},"properties":{"publishingProfile":{"targetRegions":[{"name":"eastus2"},{"name":"westus2"}],"excludeFromLatest":true},"storageProfile":{"source":{"id":"/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/images/candidate"}}}}
    GET https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian/versions/20261125.173000.0?%24expand=ReplicationStatus&api-version=2023-07-03
    PUT https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian/versions/20261125.173000.0?api-version=2023-07-03 {"location":"eastus2","tags":{"managed-by":"taskgraph-images","taskgraph-images-candidate":"9999999999999999999999999999999999999999"},"properties":{"publishingProfile":{"targetRegions":[{"name":"eastus2"},{"name":"westus2"}],"excludeFromLatest":false},"storageProfile":{"source":{"id":"/subscriptions/s-1/resourceGroups/b/providers/Microsoft.Compute/images/candidate"}}}}
    GET https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/debian/versions/20261125.173000.0?%24expand=ReplicationStatus&api-version=2023-07-03
    "#);
}
