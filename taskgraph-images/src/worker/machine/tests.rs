//! Answers as the services document them.

use std::collections::BTreeMap;

use super::*;

/// A service that knows some addresses, and refuses what lacks its header.
struct Fake {
    header: (&'static str, &'static str),
    answers: BTreeMap<&'static str, &'static str>,
    flavor: bool,
}

impl Http for Fake {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let said = request.headers.iter();
        let mut said = said.map(|(name, value)| (*name, value.as_str()));
        let asked = format!("{} {}", request.method, request.url);
        let (status, body) = match self.answers.get(asked.as_str()) {
            _ if request.method == "GET" && !said.any(|one| one == self.header) => (401, ""),
            Some(body) => (200, *body),
            None => (404, "not found"),
        };
        let flavor = ("metadata-flavor".to_owned(), "Google".to_owned());
        Ok(Answer {
            status,
            headers: self.flavor.then_some(flavor).into_iter().collect(),
            body: body.as_bytes().to_vec(),
        })
    }
}

fn ask(cloud: Cloud, fake: &Fake) -> Result<Machine, MachineError> {
    let variables = Variables::new(|_| None, &BTreeMap::new());
    Machine::ask(cloud, fake, &variables)
}

const GOOGLE: [(&str, &str); 5] = [
    (
        "GET http://metadata.google.internal/computeMetadata/v1/project/project-id",
        "images-1",
    ),
    (
        "GET http://metadata.google.internal/computeMetadata/v1/instance/zone",
        "projects/471/zones/us-west1-b",
    ),
    (
        "GET http://metadata.google.internal/computeMetadata/v1/instance/name",
        "vm-1\n",
    ),
    (
        "GET http://metadata.google.internal/computeMetadata/v1/instance/id",
        "8137598127489",
    ),
    (
        "GET http://metadata.google.internal/computeMetadata/v1/instance/image",
        "projects/images-1/global/images/base-1",
    ),
];

fn google() -> Fake {
    Fake {
        header: ("metadata-flavor", "Google"),
        answers: GOOGLE.into(),
        flavor: true,
    }
}

#[test]
fn googles() {
    let machine = ask(Cloud::Google, &google()).unwrap();
    assert_eq!(machine.id, "8137598127489");
    assert_eq!(
        machine.path,
        "projects/images-1/zones/us-west1-b/instances/vm-1"
    );
    let base = "projects/images-1/global/images/base-1";
    assert_eq!(machine.image.as_deref(), Some(base));
    // One that was started from a disk has no image.
    let mut fake = google();
    fake.answers.remove(GOOGLE[4].0);
    assert_eq!(ask(Cloud::Google, &fake).unwrap().image, None);
    fake.answers.remove(GOOGLE[3].0);
    insta::assert_snapshot!(ask(Cloud::Google, &fake).unwrap_err(), @"what answers as the metadata service of google is none: it does not say the machine's project, zone, name and id");
    fake.flavor = false;
    insta::assert_snapshot!(ask(Cloud::Google, &fake).unwrap_err(), @"what answers as the metadata service of google is none: its answer to `project/project-id` lacks the header `Metadata-Flavor: Google`");
}

#[test]
fn amazons() {
    let document = "GET http://169.254.169.254/latest/dynamic/instance-identity/document";
    let mut fake = Fake {
        header: ("x-aws-ec2-metadata-token", "not-a-real-token"),
        answers: BTreeMap::from([
            (
                "PUT http://169.254.169.254/latest/api/token",
                "not-a-real-token",
            ),
            (
                document,
                r#"{"accountId": "123456789012", "architecture": "x86_64", "availabilityZone": "us-west-2b",
                "imageId": "ami-1", "instanceId": "i-1", "instanceType": "m6i.large", "region": "us-west-2"}"#,
            ),
        ]),
        flavor: false,
    };
    let machine = ask(Cloud::Aws, &fake).unwrap();
    let told = (
        machine.id.as_str(),
        machine.region.as_deref(),
        machine.image.as_deref(),
    );
    assert_eq!(told, ("i-1", Some("us-west-2"), Some("ami-1")));
    fake.answers.insert(document, r#"{"instanceId": "i-1"}"#);
    insta::assert_snapshot!(ask(Cloud::Aws, &fake).unwrap_err(), @"what answers as the metadata service of aws is none: it has no `/region`");
    fake.answers.clear();
    insta::assert_snapshot!(ask(Cloud::Aws, &fake).unwrap_err(), @"this is no machine of aws, or it is kept from saying so: PUT http://169.254.169.254/latest/api/token: status 404: not found");
}

#[test]
fn azures() {
    let fake = Fake {
        header: ("metadata", "true"),
        answers: BTreeMap::from([(
            "GET http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01&format=json",
            r#"{"location": "eastus2", "name": "vm-1", "osType": "Linux",
                "resourceId": "/subscriptions/s-1/resourceGroups/w/providers/Microsoft.Compute/virtualMachines/vm-1",
                "storageProfile": {"imageReference": {"id": "", "publisher": "canonical"},
                "osDisk": {"managedDisk": {"id": "/subscriptions/s-1/resourceGroups/w/providers/Microsoft.Compute/disks/d"}}}}"#,
        )]),
        flavor: false,
    };
    let machine = ask(Cloud::Azure, &fake).unwrap();
    assert_eq!((machine.id.as_str(), &machine.image), ("vm-1", &None));
    assert!(machine.disk.unwrap().ends_with("/disks/d"));
}

#[test]
fn what_has_no_machines() {
    let error = ask(Cloud::Container, &google()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "container has no machines that say what they are"
    );
}
