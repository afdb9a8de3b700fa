//! Ubuntu's mirror, Google Cloud, Azure and AWS.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Table, source, told};
use crate::datasources::{
    Aws, AwsError, AwsImage, AwsImages, AwsParameter, AwsSsm, Bases, Services, Source, releases,
};

const INDEX: &str = "https://mirror.example.org/releases/streams/v1/index.json";
const PRODUCT: &str = "org.example:server:24.04:amd64";

fn mirror(more: Value) -> Source {
    let mut settings = json!({"url": INDEX, "product": PRODUCT});
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    source(json!({"simplestreams": settings}))
}

fn mirrored() -> Table {
    let file = "https://mirror.example.org/releases/streams/v1/org.example:aws.json";
    let ami = |region: &str, id: &str, store: &str| json!({"crsn": region, "id": id, "root_store": store, "virt": "hvm", "arch": "amd64"});
    Table::new()
        .json(
            INDEX,
            &json!({"format": "index:1.0", "updated": "Mon, 04 May 2026", "index": {
                "org.example:aws": {
                    "datatype": "image-ids", "format": "products:1.0",
                    "path": "streams/v1/org.example:aws.json", "products": [PRODUCT, "other"],
                },
                "org.example:download": {
                    "datatype": "image-downloads", "path": "streams/v1/download.json", "products": [PRODUCT],
                },
                "org.example:outside": {"path": "../../secret.json", "products": []},
            }}),
        )
        .json(
            file,
            &json!({"format": "products:1.0", "products": {PRODUCT: {"arch": "amd64", "versions": {
                "20260501": {"items": {
                    "a": ami("us-west-2", "ami-000000000000000a1", "ssd"),
                    "b": ami("us-west-2", "ami-000000000000000b1", "instance"),
                    "c": ami("eu-west-1", "ami-000000000000000c1", "ssd"),
                }},
                "20260501.1": {"items": {"a": ami("us-west-2", "ami-000000000000000a2", "ssd")}},
                "20260430": {"items": {}},
            }}}}),
        )
        .json(
            "https://mirror.example.org/releases/streams/v1/download.json",
            &json!({"products": {PRODUCT: {"versions": {
                "20260501": {"items": {"disk1.img": {
                    "ftype": "disk1.img", "path": "server/20260501/disk1.img", "size": 5, "sha256": "C".repeat(64),
                }}},
                "20260502": {"items": {"disk1.img": {"path": "server/20260502/disk1.img", "sha256": "short"}}},
            }}}}),
        )
}

#[test]
fn serials_of_a_mirror() {
    let amis = mirror(json!({
        "content": "org.example:aws", "regions": ["us-west-2", "eu-west-1"], "items": {"root_store": "ssd"},
    }));
    insta::assert_snapshot!(mirrored().told(&amis), @r"
    20260501.1 2026-05-01T00:00:00.000Z us-west-2:ami-000000000000000a2 lacks image in `eu-west-1`
    20260501 2026-05-01T00:00:00.000Z eu-west-1:ami-000000000000000c1 us-west-2:ami-000000000000000a1
    20260430 2026-04-30T00:00:00.000Z lacks image in `eu-west-1`, image in `us-west-2`
    ");
    let several = mirror(json!({"content": "org.example:aws", "regions": ["us-west-2"]}));
    insta::assert_snapshot!(mirrored().told(&several), @r"
    20260501.1 2026-05-01T00:00:00.000Z us-west-2:ami-000000000000000a2
    20260501 2026-05-01T00:00:00.000Z lacks one image of several in `us-west-2` (set `items`)
    20260430 2026-04-30T00:00:00.000Z lacks image in `us-west-2`
    ");
    let disks = mirror(json!({"content": "org.example:download", "assets": {"disk": "disk1.img"}}));
    insta::assert_snapshot!(mirrored().told(&disks), @r"
    20260502 2026-05-02T00:00:00.000Z lacks item `disk1.img`
    20260501 2026-05-01T00:00:00.000Z disk=cccc…
    ");
}

#[test]
fn a_mirror_that_does_not_have_it() {
    insta::assert_snapshot!(
        [
            mirrored().told(&mirror(json!({}))),
            mirrored().told(&mirror(json!({"content": "org.example:gce"}))),
            mirrored().told(&mirror(json!({"content": "org.example:outside"}))),
            mirrored().told(&mirror(json!({"product": "org.example:other"}))),
            Table::new().bytes(INDEX, b"<html>").told(&mirror(json!({}))),
        ]
        .join("\n"),
        @r#"
    error: simplestreams of `org.example:server:24.04:amd64`: set `content` to one of those that have the product: org.example:aws, org.example:download
    error: simplestreams of `org.example:server:24.04:amd64`: the index has no content `org.example:gce`, but: org.example:aws, org.example:download, org.example:outside
    error: simplestreams of `org.example:server:24.04:amd64`: the index leads out of its mirror: "../../secret.json"
    error: simplestreams of `org.example:other`: nothing in the index has the product `org.example:other`
    error: simplestreams of `org.example:server:24.04:amd64`: an answer that cannot be read: GET https://mirror.example.org/releases/streams/v1/index.json: expected value at line 1 column 1
    "#
    );
}

#[test]
fn images_of_a_family() {
    let list = "https://google.example.org/compute/v1/projects/example-cloud/global/images?maxResults=500\
                &filter=family%20%3D%20%22example-2404%22";
    let image = |name: &str, day: u32| {
        json!({
            "name": name, "id": format!("70{day}"), "family": "example-2404", "status": "READY",
            "creationTimestamp": format!("2026-05-{day:02}T01:02:03.456-07:00"),
        })
    };
    let mut deprecated = image("example-v20260502", 2);
    deprecated["deprecated"] = json!({"state": "DEPRECATED", "replacement": "x"});
    let mut pending = image("example-v20260504", 4);
    pending["status"] = json!("PENDING");
    let mut stranger = image("stranger", 9);
    stranger["family"] = json!("another");
    let table = Table::new()
        .json(
            list,
            &json!({"items": [deprecated, image("example-v20260503", 3)], "nextPageToken": "a b"}),
        )
        .json(
            &format!("{list}&pageToken=a%20b"),
            &json!({"items": [pending, stranger]}),
        );
    let family =
        source(json!({"google-images": {"project": "example-cloud", "family": "example-2404"}}));
    insta::assert_snapshot!(table.told(&family), @r"
    example-v20260504 2026-05-04T08:02:03.456Z id:704 lacks image that is ready
    example-v20260503 2026-05-03T08:02:03.456Z id:703
    example-v20260502 2026-05-02T08:02:03.456Z withdrawn id:702
    ");
    assert_eq!(
        Table::new()
            .json(list, &json!({"id": "no items"}))
            .told(&family),
        ""
    );
    insta::assert_snapshot!(
        Table::new().answer(list, 401, &[], br#"{"error": {"code": 401}}"#).told(&family),
        @r#"error: google-images of `example-2404`: it needs credentials of Google, and there are none: set `GOOGLE_CREDENTIALS` to the key of a service account that may call `compute.images.list`, by the environment or by a secret"#
    );
}

#[test]
fn versions_of_the_marketplace() {
    let url = "https://azure.example.org/subscriptions/0-0/providers/Microsoft.Compute/locations/westus2/publishers\
               /example/artifacttypes/vmimage/offers/windows-11/skus/win11-24h2/versions?api-version=2024-07-01\
               &%24expand=properties";
    let state = |state: &str| json!({"imageDeprecationStatus": {"imageState": state}});
    let table = Table::new().json(
        url,
        &json!([
            {"name": "26100.3775.250406", "location": "westus2", "id": "/versions/1", "properties": state("Deprecated")},
            {"name": "26100.8246.260413", "id": "/versions/2", "properties": state("Active")},
            {"name": "26100.8655.999999", "properties": state("ScheduledForDeprecation")},
            {"name": "latest"},
        ]),
    );
    let sku = |dated: bool| {
        source(json!({"azure-marketplace": {
            "subscription": "0-0", "location": "westus2", "publisher": "example", "offer": "windows-11",
            "sku": "win11-24h2", "dated": dated,
        }}))
    };
    insta::assert_snapshot!(table.told(&sku(true)), @r"
    latest
    26100.8655.999999 withdrawn
    26100.8246.260413 2026-04-13T00:00:00.000Z id:/versions/2
    26100.3775.250406 2025-04-06T00:00:00.000Z withdrawn id:/versions/1
    ");
    assert!(!table.told(&sku(false)).contains("2026-04-13"));
    // A fleet need not name its deployment's subscription.
    let anybodys = source(json!({"azure-marketplace": {
        "location": "westus2", "publisher": "example", "offer": "windows-11", "sku": "win11-24h2",
    }}));
    assert!(table.told(&anybodys).contains("set `ARM_SUBSCRIPTION_ID`"));
    let told = table.act(|services| {
        let bases = Bases {
            azure_subscription: Some("0-0".to_owned()),
            ..services.bases.clone()
        };
        let services = Services {
            bases: &bases,
            ..*services
        };
        told(releases(&anybodys, &services, &BTreeSet::new()))
    });
    assert!(told.contains("26100.8246.260413"), "{told}");
}

/// AWS with a list of images, and what it was asked.
struct Fake(Vec<AwsImage>, RefCell<Vec<String>>);

impl Aws for Fake {
    fn images(&self, wanted: &AwsImages, region: &str) -> Result<Vec<AwsImage>, AwsError> {
        self.1
            .borrow_mut()
            .push(format!("{} {} {region}", wanted.owner, wanted.name));
        let mut images = self.0.clone();
        if region != wanted.region {
            // The newest gets there last.
            images.retain(|image| image.id != "ami-3");
            for image in &mut images {
                image.id += "-copy";
            }
        }
        Ok(images)
    }

    fn parameter(&self, wanted: &AwsSsm) -> Result<AwsParameter, AwsError> {
        match wanted.path.as_str() {
            "/aws/service/example/ami-id" => Ok(AwsParameter {
                value: "ami-000000000000000a1".to_owned(),
                modified: "2026-05-01T00:00:00Z".parse().ok(),
            }),
            path => Err(AwsError {
                why: format!("ssm GetParameter {path}: ParameterNotFound"),
                transient: false,
            }),
        }
    }
}

#[test]
fn amis() {
    let ami = |id: &str, owner: &str, time: &str| AwsImage {
        id: id.to_owned(),
        name: format!("example/{id}"),
        owner: owner.to_owned(),
        owner_alias: None,
        arch: "x86_64".to_owned(),
        created: time.parse().ok(),
        deprecated: None,
        state: "available".to_owned(),
    };
    let mut deprecated = ami("ami-2", "000000000000", "2026-05-02T00:00:00Z");
    deprecated.deprecated = "2026-05-10T00:00:00Z".parse().ok();
    let mut later = ami("ami-3", "000000000000", "2026-05-03T00:00:00Z");
    later.deprecated = "2028-05-10T00:00:00Z".parse().ok();
    let mut pending = ami("ami-4", "000000000000", "2026-05-04T00:00:00Z");
    pending.state = "pending".to_owned();
    let owned = vec![
        ami("ami-1", "000000000000", "2026-05-01T00:00:00Z"),
        deprecated,
        later,
        pending,
    ];
    let mut mixed = owned.clone();
    mixed.push(ami("ami-9", "999999999999", "2026-05-09T00:00:00Z"));
    let told = |images: &[AwsImage], source: &Source| {
        let aws = Fake(images.to_vec(), RefCell::default());
        let none = BTreeSet::new();
        Table::new().act(|services| {
            let services = Services {
                aws: Some(&aws),
                ..*services
            };
            told(releases(source, &services, &none))
        })
    };
    let images = source(json!({"aws-images": {
        "owner": "000000000000", "name": "example/*", "region": "us-west-2", "arch": "x86_64",
    }}));
    let alias = |owner: &str| {
        let mut images = owned.clone();
        for image in &mut images {
            image.owner_alias = Some(owner.to_owned());
        }
        images[0].arch = "arm64".to_owned();
        images[1].name = "another/ami-2".to_owned();
        images
    };
    let by_name = source(json!({"aws-images": {
        "owner": "amazon", "name": "example/*", "region": "us-west-2", "regions": ["us-east-2", "us-west-2"],
        "arch": "x86_64", "by-name": true,
    }}));
    let parameter = |path: &str| source(json!({"aws-ssm": {"path": path, "region": "us-west-2"}}));
    insta::assert_snapshot!(
        [
            told(&owned, &images),
            // Anybody can publish an AMI by that name.
            told(&mixed, &images),
            // What the filters let through is held to them; a version is the name, and has to be in both regions.
            told(&alias("amazon"), &by_name),
            told(&alias("aws-marketplace"), &by_name),
            told(&owned, &by_name),
            told(&[], &images),
            told(&[], &parameter("/aws/service/example/ami-id")),
            told(&[], &parameter("/aws/service/example/none")),
            Table::new().told(&images),
        ]
        .join("\n"),
        @r#"
        ami-4 2026-05-04T00:00:00.000Z name:example/ami-4 lacks image that is available
        ami-3 2026-05-03T00:00:00.000Z name:example/ami-3
        ami-2 2026-05-02T00:00:00.000Z withdrawn name:example/ami-2
        ami-1 2026-05-01T00:00:00.000Z name:example/ami-1

        error: aws-images of `example/*`: "ami-9" belongs to "999999999999", not to `000000000000`
        example/ami-4 2026-05-04T00:00:00.000Z id:ami-4 lacks image that is available, image in `us-east-2`
        example/ami-3 2026-05-03T00:00:00.000Z id:ami-3 lacks image in `us-east-2`

        error: aws-images of `example/*`: "ami-1" belongs to "000000000000", not to `amazon`
        error: aws-images of `example/*`: "ami-1" belongs to "000000000000", not to `amazon`
        error: aws-images of `example/*`: `000000000000` has no such image in us-west-2
        ami-000000000000000a1 2026-05-01T00:00:00.000Z

        error: aws-ssm of `/aws/service/example/none`: ssm GetParameter /aws/service/example/none: ParameterNotFound
        error: aws-images of `example/*`: it needs credentials of AWS, and there are none: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, by the environment or by a secret, to ones that may call `ec2:DescribeImages` and `ssm:GetParameter`
        "#
    );
}
