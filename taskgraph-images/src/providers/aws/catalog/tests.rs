//! Answers as EC2 and SSM document them, on loopback. The whole is held to moto in `.ci/cloud-providers`.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::providers::tests::{Asked, recorder, serve, variables};

fn image(id: &str, name: &str, more: &str) -> String {
    format!(
        "<item><imageId>{id}</imageId><imageState>available</imageState><imageOwnerId>801119661308</imageOwnerId>\
         <imageOwnerAlias>amazon</imageOwnerAlias><name>{name}</name><architecture>x86_64</architecture>\
         <creationDate>2026-09-17T03:12:12.000Z</creationDate>{more}</item>"
    )
}

fn page(images: &[String], next: &str) -> Value {
    let images = images.concat();
    json!(format!(
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId>\
         <imagesSet>{images}</imagesSet>{next}</DescribeImagesResponse>"
    ))
}

/// What AWS is asked, and what it says to it.
fn act<T>(
    answer: impl Fn(&Asked) -> (u16, Value) + Send + 'static,
    test: impl FnOnce(&Aws<'_>) -> T,
) -> (T, Vec<String>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let address = serve(move |request| {
        let scope = request.authorization.split('/').skip(2).take(2);
        let scope: Vec<&str> = scope.collect();
        noted
            .lock()
            .unwrap()
            .push(format!("{} {}", scope.join(" "), request.text));
        answer(request)
    });
    let variables = variables(&[
        ("AWS_ACCESS_KEY_ID", "AKIA-not-real"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-real-secret"),
        ("AWS_ENDPOINT_URL", &address),
    ]);
    let result = recorder(false, |session| {
        test(&Aws::new(session, &variables).unwrap())
    });
    let asked = asked.lock().unwrap().clone();
    (result, asked)
}

fn wanted() -> AwsImages {
    AwsImages {
        owner: "amazon".to_owned(),
        name: "Windows_Server-2025-*".to_owned(),
        region: "us-west-2".to_owned(),
        regions: std::collections::BTreeSet::new(),
        arch: Some("x86_64".to_owned()),
        by_name: true,
    }
}

#[test]
fn images_are_listed_page_after_page_and_never_without_an_owner() {
    let answer = |asked: &Asked| {
        if asked.text.contains("NextToken=more") {
            let old = image(
                "ami-2",
                "Windows_Server-2025-2",
                "<deprecationTime>2028-09-17T03:12:12.000Z</deprecationTime>",
            );
            (200, page(&[old], ""))
        } else {
            let first = image("ami-1", "Windows_Server-2025-1", "");
            (200, page(&[first], "<nextToken>more</nextToken>"))
        }
    };
    let (found, asked) = act(answer, |aws| {
        datasources::Aws::images(aws, &wanted(), "eu-west-1")
    });
    let found = found.unwrap();
    assert_eq!(
        found[1],
        AwsImage {
            id: "ami-2".to_owned(),
            name: "Windows_Server-2025-2".to_owned(),
            owner: "801119661308".to_owned(),
            owner_alias: Some("amazon".to_owned()),
            arch: "x86_64".to_owned(),
            created: "2026-09-17T03:12:12.000Z".parse().ok(),
            deprecated: "2028-09-17T03:12:12.000Z".parse().ok(),
            state: "available".to_owned(),
        }
    );
    assert_eq!((found.len(), found[0].deprecated), (2, None));
    insta::assert_snapshot!(asked.join("\n"), @"
    eu-west-1 ec2 Action=DescribeImages&Version=2016-11-15&Filter.1.Name=name&Filter.1.Value.1=Windows_Server-2025-*&Filter.2.Name=architecture&Filter.2.Value.1=x86_64&IncludeDeprecated=true&MaxResults=500&Owner.1=amazon
    eu-west-1 ec2 Action=DescribeImages&Version=2016-11-15&Filter.1.Name=name&Filter.1.Value.1=Windows_Server-2025-*&Filter.2.Name=architecture&Filter.2.Value.1=x86_64&IncludeDeprecated=true&MaxResults=500&NextToken=more&Owner.1=amazon
    ");
}

#[test]
fn what_refuses_is_told() {
    let refused = |status: u16, code: &'static str| {
        let answer = move |_: &Asked| {
            let body = format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
            );
            (status, json!(body))
        };
        let (found, _) = act(answer, |aws| {
            datasources::Aws::images(aws, &wanted(), "us-west-2")
        });
        let error = found.unwrap_err();
        format!("{} {error}", error.transient)
    };
    insta::assert_snapshot!(
        [
            refused(403, "UnauthorizedOperation"),
            refused(400, "RequestLimitExceeded"),
            refused(503, "Unavailable"),
        ]
        .join("\n"),
        @"
        false ec2.DescribeImages in us-west-2: refused with UnauthorizedOperation: no
        true ec2.DescribeImages in us-west-2: over a limit: RequestLimitExceeded: no
        true ec2.DescribeImages in us-west-2: no answer: status 503: <Response><Errors><Error><Code>Unavailable</Code><Message>no</Message></Error></Errors></Response>
        "
    );
}

#[test]
fn a_parameter_is_read() {
    let path = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
    let settings = AwsSsm {
        path: path.to_owned(),
        region: "us-west-2".to_owned(),
    };
    let ask = |name: &'static str, answer: (u16, Value)| {
        let (found, asked) = act(
            move |_| answer.clone(),
            |aws| datasources::Aws::parameter(aws, &settings),
        );
        match found {
            Ok(found) => format!("{name}: {} {:?} {}", found.value, found.modified, asked[0]),
            Err(error) => format!("{name}: {} {error}", error.transient),
        }
    };
    let parameter = |name: &str| {
        json!({"Parameter": {
            "ARN": "arn:aws:ssm:us-west-2::parameter/x", "DataType": "aws:ec2:image",
            "LastModifiedDate": 1_777_593_600.25, "Name": name, "Type": "String", "Value": "ami-000000000000000a1", "Version": 7,
        }})
    };
    insta::assert_snapshot!(
        [
            ask("it", (200, parameter(path))),
            ask("another", (200, parameter("/aws/other"))),
            ask("none", (400, json!({"__type": "ParameterNotFound"}))),
            ask(
                "twice",
                (
                    400,
                    json!({"__type": "ParameterNotFound", "message": "not found", "Message": "not found"}),
                ),
            ),
            ask(
                "fast",
                (400, json!({"__type": "com.amazon#ThrottlingException", "message": "Rate exceeded"})),
            ),
            ask("no JSON", (403, json!("<html>"))),
            ask("other JSON", (200, json!({"Parameters": []}))),
        ]
        .join("\n"),
        @r#"
        it: ami-000000000000000a1 Some(Timestamp(1777593600250)) us-west-2 ssm {"Name":"/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id","WithDecryption":false}
        another: false asked for `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id`, it told of "/aws/other"
        none: false ssm.GetParameter of `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id` in us-west-2: refused with ParameterNotFound: there is none of that name in this region
        twice: false ssm.GetParameter of `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id` in us-west-2: refused with ParameterNotFound: not found
        fast: true ssm.GetParameter of `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id` in us-west-2: over a limit: ThrottlingException: Rate exceeded
        no JSON: false ssm.GetParameter of `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id` in us-west-2: refused with status 403: 
        other JSON: true ssm.GetParameter of `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id` in us-west-2: no answer: it cannot be read: missing field `Parameter` at line 1 column 17
        "#
    );
}

#[test]
fn a_service_is_where_its_region_is() {
    let of = |service: &str, region: &str| {
        super::super::sign::endpoint(None, "", service, region).unwrap()
    };
    assert_eq!(
        of("ssm", "us-west-2").as_str(),
        "https://ssm.us-west-2.amazonaws.com/"
    );
    assert_eq!(
        of("ec2", "cn-north-1").as_str(),
        "https://ec2.cn-north-1.amazonaws.com.cn/"
    );
}
