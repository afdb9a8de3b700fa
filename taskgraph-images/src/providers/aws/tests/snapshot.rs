//! AMIs of a machine's own boot disk.

use std::sync::{Arc, Mutex};

use taskgraph_images_transforms::Cloud;

use super::*;
use crate::providers::tests::{Asked, machine, new_image, serve, variables};
use crate::providers::{Disk, Snapshots as _};

const MACHINE: &str = "<r><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><rootDeviceType>ebs</rootDeviceType>\
     <rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/sdb</deviceName><ebs><volumeId>vol-2\
     </volumeId></ebs></item><item><deviceName>/dev/sda1</deviceName><ebs><volumeId>vol-1</volumeId></ebs></item>\
     </blockDeviceMapping></item></instancesSet></item></reservationSet></r>";

/// What the fake has, and how it behaves.
struct Fake {
    machine: String,
    image: Option<(String, String, String)>,
    asked: Vec<String>,
    lost: bool,
}

impl Fake {
    fn answer(&mut self, asked: &Asked) -> (u16, String) {
        let form = reqwest::Url::parse(&format!("form:?{}", asked.text)).unwrap();
        let form: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
        self.asked.push(form["Action"].clone());
        match form["Action"].as_str() {
            "DescribeInstances" => (200, self.machine.clone()),
            "CreateImage" if self.image.is_some() => {
                let error = "<r><Errors><Error><Code>InvalidAMIName.Duplicate</Code><Message>in use</Message></Error></Errors></r>";
                (400, error.to_owned())
            }
            "CreateImage" => {
                assert_eq!(form["NoReboot"], "true");
                assert_eq!(form["InstanceId"], "i-1");
                assert_eq!(form["TagSpecification.1.ResourceType"], "image");
                let task = form["TagSpecification.1.Tag.2.Value"].clone();
                self.image = Some((form["Name"].clone(), task, "pending".to_owned()));
                if std::mem::take(&mut self.lost) {
                    return (503, String::new());
                }
                (200, "<r><imageId>ami-9</imageId></r>".to_owned())
            }
            "CreateTags" => {
                assert_eq!(form["ResourceId.1"], "snap-9");
                assert_eq!(form["Tag.2.Value"], "7cdd526c0ad74cf49514d52f68e9629d");
                (200, "<r/>".to_owned())
            }
            "DeleteSnapshot" => (200, "<r/>".to_owned()),
            "DeregisterImage" => {
                self.image = None;
                (200, "<r/>".to_owned())
            }
            "DescribeImages" => match &mut self.image {
                None => (200, "<r><imagesSet/></r>".to_owned()),
                Some((name, task, state)) => {
                    let told = format!(
                        "<r><imagesSet><item><imageId>ami-9</imageId><name>{name}</name><imageState>{state}</imageState>\
                         <blockDeviceMapping><item><ebs><snapshotId>snap-9</snapshotId></ebs></item></blockDeviceMapping><tagSet>\
                         <item><key>taskgraph-images-task</key><value>{task}</value></item></tagSet></item></imagesSet></r>"
                    );
                    if state == "pending" {
                        "available".clone_into(state);
                    }
                    (200, told)
                }
            },
            other => panic!("{other}"),
        }
    }
}

fn fake() -> (Arc<Mutex<Fake>>, Variables) {
    let fake = Arc::new(Mutex::new(Fake {
        machine: MACHINE.to_owned(),
        image: None,
        asked: Vec::new(),
        lost: false,
    }));
    let served = fake.clone();
    let base = serve(move |asked| {
        let (status, text) = served.lock().unwrap().answer(asked);
        (status, text.into())
    });
    let variables = variables(&[
        ("AWS_ENDPOINT_URL", &base),
        ("AWS_ACCESS_KEY_ID", "AKIA-not-real"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-real-secret"),
    ]);
    (fake, variables)
}

fn vm() -> crate::worker::machine::Machine {
    machine(Cloud::Aws, "i-1", Some("us-west-2"), "ami-1")
}

fn disk(variables: &Variables) -> Result<Disk, ProviderError> {
    recorder(false, |session| {
        Aws::new(session, variables)?.boot_disk(&vm())
    })
}

fn make(variables: &Variables) -> Result<Artifact, ProviderError> {
    let disk = disk(variables)?;
    recorder(false, |session| {
        Aws::new(session, variables)?.make(&disk, &new_image())
    })
}

#[test]
fn made_of_the_boot_disk_alone_and_made_once() {
    let (fake, variables) = fake();
    let of = disk(&variables).unwrap();
    assert_eq!(
        (of.name.as_str(), &*of.others),
        ("vol-1", &["/dev/sdb".to_owned()][..])
    );
    let made = make(&variables).unwrap();
    assert_eq!(
        (made.region.as_deref(), made.reference.as_str()),
        (Some("us-west-2"), "ami-9")
    );
    let words = said().join("\n");
    assert!(
        words.contains("BlockDeviceMapping.1.DeviceName=/dev/sdb BlockDeviceMapping.1.NoDevice= "),
        "{words}"
    );
    assert!(!words.contains("not-a-real-secret"), "{words}");
    // Again: it is found, and its snapshots are labelled once more.
    assert_eq!(make(&variables).unwrap(), made);
    let words = said();
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(
        words[0].starts_with("aws us-west-2 CreateTags ResourceId.1=snap-9 "),
        "{words:?}"
    );
    recorder(false, |session| {
        let aws = Aws::new(session, &variables).unwrap();
        assert!(aws.is_begun(&of, &new_image()).unwrap());
    });
    let created = fake
        .lock()
        .unwrap()
        .asked
        .iter()
        .filter(|action| *action == "CreateImage")
        .count();
    assert_eq!(created, 1);
}

#[test]
fn a_lost_answer_makes_it_once() {
    let (fake, variables) = fake();
    fake.lock().unwrap().lost = true;
    assert_eq!(make(&variables).unwrap().reference, "ami-9");
}

#[test]
fn what_failed_is_made_again_and_anothers_is_left() {
    let (fake, variables) = fake();
    let put = |task: &str, state: &str| {
        fake.lock().unwrap().image = Some((new_image().name, task.to_owned(), state.to_owned()));
    };
    put("7cdd526c0ad74cf49514d52f68e9629d", "failed");
    make(&variables).unwrap();
    assert!(
        fake.lock()
            .unwrap()
            .asked
            .contains(&"DeregisterImage".to_owned())
    );
    put("0", "available");
    insta::assert_snapshot!(make(&variables).unwrap_err(), @"aws.snapshot: `debian-7cdd526c0ad7-0` (ami-9) in `us-west-2` is there, and not of this task: nothing is replaced; look at it");
    fake.lock().unwrap().machine = MACHINE.replace(">ebs<", ">instance-store<");
    insta::assert_snapshot!(disk(&variables).unwrap_err(), @"aws.snapshot: the boot disk of `i-1` is no volume of EBS, and EC2 makes an image of no other while its machine runs");
}

#[test]
fn a_dry_run_says_every_call() {
    let variables = variables(&[]);
    recorder(true, |session| {
        let aws = Aws::new(session, &variables).unwrap();
        let disk = aws.boot_disk(&vm()).unwrap();
        aws.make(&disk, &new_image()).unwrap()
    });
    insta::assert_snapshot!(said().join("\n"), @"
    aws us-west-2 DescribeInstances InstanceId.1=i-1
    aws us-west-2 DescribeImages Filter.1.Name=name Filter.1.Value.1=debian-7cdd526c0ad7-0 Owner.1=self
    aws us-west-2 CreateImage Description=debian@google, a candidate by taskgraph-images InstanceId=i-1 Name=debian-7cdd526c0ad7-0 NoReboot=true TagSpecification.1.ResourceType=image TagSpecification.1.Tag.1.Key=image TagSpecification.1.Tag.1.Value=debian TagSpecification.1.Tag.2.Key=taskgraph-images-task TagSpecification.1.Tag.2.Value=7cdd526c0ad74cf49514d52f68e9629d
    aws us-west-2 DescribeImages ImageId.1=ami-assumed
    ");
}
