//! Answers as EC2 documents them. The whole is held to moto in `.ci/cloud-providers`.

mod copies;
mod snapshot;

use super::*;
use crate::providers::tests::{promotion, recorder, said};
use std::collections::BTreeMap;

const IMAGES: &str = r#"<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>59dbff89</requestId>
  <imagesSet><item>
    <imageId>ami-1</imageId><imageState>failed</imageState><name>debian</name>
    <description>debian@aws (candidate 9)</description>
    <stateReason><code>Client.InternalError</code><message>no space</message></stateReason>
    <blockDeviceMapping>
      <item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId></ebs></item>
      <item><deviceName>/dev/xvdb</deviceName><virtualName>ephemeral0</virtualName></item>
    </blockDeviceMapping>
    <tagSet><item><key>a</key><value>b</value></item></tagSet>
  </item></imagesSet>
  <nextToken>more</nextToken>
</DescribeImagesResponse>"#;

#[test]
fn an_image_is_read() {
    let images = xml::images(IMAGES).unwrap();
    assert_eq!(
        images,
        [Image {
            id: "ami-1".to_owned(),
            state: "failed".to_owned(),
            reason: "no space".to_owned(),
            description: "debian@aws (candidate 9)".to_owned(),
            snapshots: vec!["snap-1".to_owned()],
            labels: [("a".to_owned(), "b".to_owned())].into(),
        }]
    );
    assert!(images[0].has_failed());
    assert_eq!(xml::next_token(IMAGES).unwrap().as_deref(), Some("more"));
}

#[test]
fn machines_are_read() {
    let answer = "<r><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><instanceState><code>16</code>\
                  <name>running</name></instanceState></item></instancesSet></item></reservationSet></r>";
    let found = xml::things(answer, ResourceKind::Instance, "us-east-1").unwrap();
    assert_eq!(found[0].to_string(), "instance `i-1` in us-east-1");
    assert_eq!(found[0].state, "running");
}

#[test]
fn what_is_no_xml_is_told() {
    let error = xml::images("<html>").unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[test]
fn a_dry_run_says_every_call_and_needs_no_credentials() {
    let variables = Variables::new(|_| None, &BTreeMap::new());
    recorder(true, |session| {
        let aws = Aws::new(session, &variables).unwrap();
        aws.promote(&promotion()).unwrap();
    });
    insta::assert_snapshot!(said().join("\n"), @"
    aws us-east-1 DescribeImages Filter.1.Name=name Filter.1.Value.1=debian-20261125173000 Owner.1=self
    aws us-east-1 CopyImage ClientToken=9999999999999999999999999999999999999999-us-east-1 Description=debian@aws (candidate 9999999999999999999999999999999999999999) Name=debian-20261125173000 SourceImageId=ami-1 SourceRegion=us-west-2
    aws us-west-2 DescribeImages Filter.1.Name=name Filter.1.Value.1=debian-20261125173000 Owner.1=self
    aws us-west-2 CopyImage ClientToken=9999999999999999999999999999999999999999-us-west-2 Description=debian@aws (candidate 9999999999999999999999999999999999999999) Name=debian-20261125173000 SourceImageId=ami-1 SourceRegion=us-west-2
    aws us-east-1 DescribeImages ImageId.1=ami-assumed
    aws us-west-2 DescribeImages ImageId.1=ami-assumed
    aws us-east-1 CreateTags ResourceId.1=ami-assumed Tag.1.Key=Name Tag.1.Value=debian-20261125173000 Tag.2.Key=managed-by Tag.2.Value=taskgraph-images Tag.3.Key=taskgraph-images-candidate Tag.3.Value=9999999999999999999999999999999999999999
    aws us-west-2 CreateTags ResourceId.1=ami-assumed Tag.1.Key=Name Tag.1.Value=debian-20261125173000 Tag.2.Key=managed-by Tag.2.Value=taskgraph-images Tag.3.Key=taskgraph-images-candidate Tag.3.Value=9999999999999999999999999999999999999999
    aws us-east-1 ModifyImageAttribute ImageId=ami-assumed LaunchPermission.Add.1.UserId=123456789012
    aws us-west-2 ModifyImageAttribute ImageId=ami-assumed LaunchPermission.Add.1.UserId=123456789012
    ");
}
