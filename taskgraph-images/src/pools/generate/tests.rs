//! Names, entries and definitions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{GenerateError, Generated, Request, definitions, entries, is_worker_type, worker_type};
use crate::ci_config::fixtures::{edit, fxci, load, real, skipped};
use crate::ci_config::{CiConfig, Options};
use crate::transforms::Cloud;

#[test]
fn names_worker_types() {
    for (name, expect) in [
        ("headless", "headless"),
        ("win2022_64_2009", "win2022-64-2009"),
        ("Windows 11_", "windows-11"),
        ("2404-gui", "i-2404-gui"),
        (
            "handbuilt-example-2204-wayland-vm-for-tests",
            "handbuilt-example-2204-waylan-4450c750",
        ),
        ("_", "i-d2e2adf7"),
        ("é", "i-4a99557e"),
    ] {
        assert_eq!(worker_type(name), expect);
    }
}

proptest! {
    #[test]
    fn makes_legal_worker_types_of_any_name(name in ".{0,60}") {
        let made = worker_type(&name);
        prop_assert!(is_worker_type(&made), "{made}");
        prop_assert_eq!(worker_type(&made), made);
    }

    /// Names that only differ behind the cut have different worker types.
    #[test]
    fn tells_long_names_apart(name in "[a-z][a-z0-9-]{37}", a in "[a-z]{1,9}", b in "[a-z]{1,9}") {
        prop_assume!(a != b);
        prop_assert_ne!(worker_type(&format!("{name}{a}")), worker_type(&format!("{name}{b}")));
    }
}

fn entry(provider: &str, settings: Value) -> Value {
    json!({
        "description": "Workers that boot {image}.", "owner": "team@example.org", "email_on_error": false,
        "provider_id": provider, "config": settings,
    })
}

fn request(template: &Value) -> Request<'_> {
    Request {
        template,
        group: "images-1",
        images: None,
        named: BTreeMap::new(),
    }
}

fn lines(made: Result<Vec<Generated>, Vec<GenerateError>>) -> String {
    match made {
        Ok(made) => made
            .iter()
            .map(|pool| format!("{} {} {}\n", pool.id, pool.image, pool.value))
            .collect(),
        Err(errors) => errors
            .iter()
            .map(|error| format!("error: {error}\n"))
            .collect(),
    }
}

#[test]
fn makes_entries() {
    let config = load(&fxci());
    let template = entry(
        "example-level1-gcp",
        json!({"maxCapacity": 2, "regions": ["us-central1"], "implementation": "generic-worker/linux"}),
    );
    let mut wanted = request(&template);
    wanted.named = [("latest".to_owned(), "docker-current".to_owned())].into();
    insta::assert_snapshot!(lines(entries(&config, &wanted)), @r#"
    images-1/docker-2026-08-01 docker-2026-08-01 {"pool_id":"images-1/docker-2026-08-01","description":"Workers that boot docker-2026-08-01.","owner":"team@example.org","email_on_error":false,"provider_id":"example-level1-gcp","config":{"maxCapacity":2,"regions":["us-central1"],"implementation":"generic-worker/linux","image":"docker-2026-08-01"}}
    images-1/headless headless {"pool_id":"images-1/headless","description":"Workers that boot headless.","owner":"team@example.org","email_on_error":false,"provider_id":"example-level1-gcp","config":{"maxCapacity":2,"regions":["us-central1"],"implementation":"generic-worker/linux","image":"headless"}}
    images-1/latest docker-current {"pool_id":"images-1/latest","description":"Workers that boot docker-current.","owner":"team@example.org","email_on_error":false,"provider_id":"example-level1-gcp","config":{"maxCapacity":2,"regions":["us-central1"],"implementation":"generic-worker/linux","image":"docker-current"}}
    "#);
    let template = entry(
        "azure-example",
        json!({"maxCapacity": 2, "locations": ["east-us", "north-us"]}),
    );
    insta::assert_snapshot!(lines(entries(&config, &request(&template))), @r#"
    images-1/fuzz-win fuzz-win {"pool_id":"images-1/fuzz-win","description":"Workers that boot fuzz-win.","owner":"team@example.org","email_on_error":false,"provider_id":"azure-example","config":{"maxCapacity":2,"locations":["east-us"],"image":"fuzz-win"}}
    images-1/win2022 win2022 {"pool_id":"images-1/win2022","description":"Workers that boot win2022.","owner":"team@example.org","email_on_error":false,"provider_id":"azure-example","config":{"maxCapacity":2,"locations":["east-us","north-us"],"image":"win2022"}}
    images-1/win2022-alpha win2022-alpha {"pool_id":"images-1/win2022-alpha","description":"Workers that boot win2022-alpha.","owner":"team@example.org","email_on_error":false,"provider_id":"azure-example","config":{"maxCapacity":2,"locations":["east-us","north-us"],"image":"win2022-alpha"}}
    "#);
    let template = entry("aws", json!({"maxCapacity": 2}));
    insta::assert_snapshot!(lines(entries(&config, &request(&template))), @r#"images-1/fuzz-linux fuzz-linux {"pool_id":"images-1/fuzz-linux","description":"Workers that boot fuzz-linux.","owner":"team@example.org","email_on_error":false,"provider_id":"aws","config":{"maxCapacity":2,"image":"fuzz-linux","regions":["us-east-1","us-west-2"]}}"#);
}

/// What is made is what the generator reads back: each pool with its id, image and regions.
#[test]
fn makes_entries_that_read_back() {
    let config = load(&fxci());
    for (provider, settings) in [
        (
            "example-level1-gcp",
            json!({"maxCapacity": 1, "regions": ["us-central1"]}),
        ),
        (
            "azure-example",
            json!({"maxCapacity": 1, "locations": ["west-us-2"]}),
        ),
        ("aws", json!({"maxCapacity": 1, "regions": ["us-east-1"]})),
    ] {
        let template = entry(provider, settings);
        let made = entries(&config, &request(&template)).unwrap();
        let values: Vec<&Value> = made.iter().map(|pool| &pool.value).collect();
        // JSON is YAML.
        let tree = fxci().file("worker-pools.yml", json!({"pools": values}).to_string());
        let read = CiConfig::load(&tree, &Options::default()).unwrap();
        assert_eq!(read.findings, []);
        let of = |read: &CiConfig| -> Vec<_> {
            read.pools
                .iter()
                .map(|pool| (pool.id.clone(), pool.image.clone(), pool.provider.clone()))
                .collect()
        };
        let expect: Vec<_> = made
            .iter()
            .map(|pool| {
                (
                    pool.id.clone(),
                    Some(pool.image.clone()),
                    pool.provider.clone(),
                )
            })
            .collect();
        assert_eq!(of(&read), expect);
        assert!(
            read.pools
                .iter()
                .all(|pool| pool.regions.len() == 1 && pool.resolved.is_some())
        );
    }
}

#[test]
fn says_all_that_is_wrong() {
    let twins = "docker_2026_08_01:\n  example-level1-gcp: projects/example/global/images/x\nlast_:\n  aws: {us-east-1: ami-00000000000000003}\nheadless:";
    let config = load(&edit(fxci(), "worker-images.yml", "headless:", twins));
    let template = entry("example-level1-gcp", json!({}));
    let mut wanted = request(&template);
    wanted.group = "images/1";
    wanted.named = [
        ("latest".to_owned(), "nothing".to_owned()),
        ("next".to_owned(), "win2022".to_owned()),
    ]
    .into();
    let aws = entry("aws", json!({"regions": ["eu-west-1"]}));
    let odd = json!({"provider_id": {"by-level": {}}, "config": [], "variants": []});
    let all = [&wanted, &request(&aws), &request(&odd), &request(&json!(1))]
        .map(|request| lines(entries(&config, request)));
    insta::assert_snapshot!(all.join("\n"), @"
    error: `images/1` is no provisioner: expected up to 38 letters, digits, `-` and `_`
    error: `docker-2026-08-01` and `docker_2026_08_01` both make the worker type `docker-2026-08-01`
    error: there is no image `nothing`
    error: `win2022` has no image for `example-level1-gcp`

    error: `fuzz-linux` has no image in any region of the template
    error: a pool cannot name the image `last_`: its generator cuts `-` and `_` off the end

    error: the template's `description` is not a string that is the same for all pools
    error: the template's `owner` is not a string that is the same for all pools
    error: the template's `provider_id` is not a string that is the same for all pools
    error: the template's `email_on_error` is not `true` or `false`
    error: the template's `config` is not a map
    error: the template's `variants` is not left out: each image has one pool

    error: the template's `entry` is not a map
    ");
}

fn definition(provider: &str, configs: Value) -> Value {
    json!({
        "providerId": provider, "description": "Workers that boot {image}.", "owner": "team@example.org",
        "emailOnError": false, "config": {"minCapacity": 0, "maxCapacity": 1, "launchConfigs": configs}, "created": "never",
    })
}

fn google() -> Value {
    definition(
        "example-level1-gcp",
        json!([{
            "region": "us-central1", "zone": "us-central1-a", "machineType": "zones/us-central1-a/machineTypes/n2-standard-4",
            "workerConfig": {}, "scheduling": {}, "networkInterfaces": [],
            "disks": [{"boot": true, "initializeParams": {"sourceImage": "<image>"}}],
            "workerManager": {"capacityPerInstance": 1, "launchConfigId": "lc-fixed"},
        }]),
    )
}

fn aws() -> Value {
    let config = |region: &str| json!({"region": region, "launchConfig": {"ImageId": "<image>"}, "workerConfig": {}});
    definition("aws", json!([config("us-east-1"), config("eu-west-1")]))
}

fn azure() -> Value {
    let config = |location: &str| {
        json!({
            "location": location, "subnetId": "example", "hardwareProfile": {"vmSize": "Standard_D8_v5"}, "workerConfig": {},
            "storageProfile": {"imageReference": {"id": "/subscriptions/00000000-0000-0000-0000-000000000000/<image>"}},
        })
    };
    definition(
        "azure-example",
        json!([config("eastus"), config("northus")]),
    )
}

#[test]
fn makes_definitions() {
    let config = load(&fxci());
    let all = [google(), aws(), azure()].map(|template| {
        let mut wanted = request(&template);
        wanted.images = Some(
            ["headless", "fuzz-linux", "fuzz-win", "win2022"]
                .map(str::to_owned)
                .into_iter()
                .filter(|key| {
                    config
                        .image(key)
                        .unwrap()
                        .location(template["providerId"].as_str().unwrap())
                        .is_some()
                })
                .collect(),
        );
        lines(definitions(&config, &wanted))
    });
    insta::assert_snapshot!(all.join("\n"), @r#"
    images-1/headless headless {"providerId":"example-level1-gcp","description":"Workers that boot headless.","owner":"team@example.org","emailOnError":false,"config":{"minCapacity":0,"maxCapacity":1,"launchConfigs":[{"region":"us-central1","zone":"us-central1-a","machineType":"zones/us-central1-a/machineTypes/n2-standard-4","workerConfig":{},"scheduling":{},"networkInterfaces":[],"disks":[{"boot":true,"initializeParams":{"sourceImage":"projects/example-imaging/global/images/gw-l1-headless-2026-08-01"}}],"workerManager":{"capacityPerInstance":1}}]}}

    images-1/fuzz-linux fuzz-linux {"providerId":"aws","description":"Workers that boot fuzz-linux.","owner":"team@example.org","emailOnError":false,"config":{"minCapacity":0,"maxCapacity":1,"launchConfigs":[{"region":"us-east-1","launchConfig":{"ImageId":"ami-00000000000000001"},"workerConfig":{}}]}}

    images-1/fuzz-win fuzz-win {"providerId":"azure-example","description":"Workers that boot fuzz-win.","owner":"team@example.org","emailOnError":false,"config":{"minCapacity":0,"maxCapacity":1,"launchConfigs":[{"location":"eastus","subnetId":"example","hardwareProfile":{"vmSize":"Standard_D8_v5"},"workerConfig":{},"storageProfile":{"imageReference":{"id":"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-images/providers/Microsoft.Compute/images/imageset-example-eastus-fuzzing"}}}]}}
    images-1/win2022 win2022 {"providerId":"azure-example","description":"Workers that boot win2022.","owner":"team@example.org","emailOnError":false,"config":{"minCapacity":0,"maxCapacity":1,"launchConfigs":[{"location":"eastus","subnetId":"example","hardwareProfile":{"vmSize":"Standard_D8_v5"},"workerConfig":{},"storageProfile":{"imageReference":{"id":"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-images/providers/Microsoft.Compute/galleries/win2022_64/images/win2022_64/versions/1.2.3"}}},{"location":"northus","subnetId":"example","hardwareProfile":{"vmSize":"Standard_D8_v5"},"workerConfig":{},"storageProfile":{"imageReference":{"id":"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-images/providers/Microsoft.Compute/galleries/win2022_64/images/win2022_64/versions/1.2.3"}}}]}}
    "#);
    let odd = json!({"providerId": "aws", "config": {"launchConfigs": [{}]}});
    insta::assert_snapshot!(lines(definitions(&config, &request(&odd))), @"
    error: the template's `description` is not a string that is the same for all pools
    error: the template's `owner` is not a string that is the same for all pools
    error: the template's `emailOnError` is not `true` or `false`
    error: the template's `config.launchConfigs` is not a list in which each holds `<image>`
    ");
}

/// Against worker-manager's own schemas, where somebody names their folder.
#[test]
fn makes_definitions_that_worker_manager_takes() {
    let Some(folder) = std::env::var_os("TASKGRAPH_IMAGES_SCHEMAS") else {
        skipped("TASKGRAPH_IMAGES_SCHEMAS does not name the folder of Taskcluster's schemas");
        return;
    };
    let folder = std::path::Path::new(&folder).join("worker-manager/v1");
    let read = |name: &str| -> Value {
        let mut schema: Value =
            serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        schema["$id"] = format!("https://taskcluster.invalid/{name}").into();
        schema
    };
    let mut registry = jsonschema::Registry::new();
    for name in [
        "worker-pool-full.json",
        "worker-lifecycle.json",
        "azure-deployment-resources.json",
        "azure-arm-templates.json",
    ] {
        // The folder may lack what templates of Azure's resource manager, and what Azure itself, say of a machine.
        let schema = match name {
            _ if folder.join(name).is_file() => read(name),
            "azure-arm-templates.json" => json!({"not": {}}),
            _ => json!({}),
        };
        let resource = jsonschema::Resource::from_contents(schema);
        registry = registry
            .add(format!("https://taskcluster.invalid/{name}"), resource)
            .unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = |name: &str| {
        jsonschema::options()
            .with_registry(&registry)
            .build(&read(name))
            .unwrap()
    };
    let pool = validator("create-worker-pool-request.json");
    let config = load(&fxci());
    for (template, schema) in [
        (google(), "config-google.json"),
        (aws(), "config-aws.json"),
        (azure(), "config-azure.json"),
    ] {
        let made = definitions(&config, &request(&template)).unwrap();
        assert!(!made.is_empty());
        let settings = validator(schema);
        for made in made {
            let faults: Vec<String> = pool
                .iter_errors(&made.value)
                .chain(settings.iter_errors(&made.value["config"]))
                .map(|error| format!("{error} at {}", error.instance_path()))
                .collect();
            assert_eq!(faults, [""; 0], "{}", made.id);
        }
    }
}

#[test]
fn names_pools_of_the_real_images() {
    let Some(tree) = real("fxci-config") else {
        return;
    };
    let config = load(&tree);
    let providers: BTreeSet<&str> = config
        .pools
        .iter()
        .filter(|pool| pool.cloud.is_some_and(|cloud| cloud != Cloud::Aws))
        .map(|pool| pool.provider.as_str())
        .collect();
    let settings = json!({"locations": ["east-us", "central-us"], "regions": ["us-central1"]});
    for provider in providers {
        let template = entry(provider, settings.clone());
        let made =
            entries(&config, &request(&template)).unwrap_or_else(|errors| panic!("{}", errors[0]));
        let legal = |pool: &Generated| is_worker_type(pool.id.split_once('/').unwrap().1);
        assert!(!made.is_empty() && made.iter().all(legal));
    }
}
