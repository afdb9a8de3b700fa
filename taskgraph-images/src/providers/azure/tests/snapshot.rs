//! Managed images of a machine's own boot disk.

use taskgraph_images_transforms::Cloud;

use super::*;
use crate::providers::tests::{machine, new_image};
use crate::providers::{Disk, Snapshots as _};
use crate::worker::machine::Machine;

const GROUP: &str = "/subscriptions/s-1/resourceGroups/w/providers/Microsoft.Compute";
const NAME: &str = "debian-7cdd526c0ad7-0";

fn vm() -> Machine {
    let path = format!("{GROUP}/virtualMachines/vm-1");
    let mut machine = machine(Cloud::Azure, &path, Some("eastus2"), "base");
    machine.disk = Some(format!("{GROUP}/disks/vm-1"));
    machine
}

/// A fake with a machine's disk.
fn with_disk() -> (Arc<Mutex<Fake>>, Variables) {
    let (fake, given) = fake();
    let disk = json!({"managedBy": vm().path.to_uppercase(), "properties": {"osType": "Linux", "hyperVGeneration": "V2"}});
    fake.lock()
        .unwrap()
        .things
        .insert(format!("{GROUP}/disks/vm-1"), disk);
    (fake, set(&given))
}

fn disk(variables: &Variables) -> Result<Disk, ProviderError> {
    recorder(false, |session| {
        Azure::new(session, variables)?.boot_disk(&vm())
    })
}

fn make(variables: &Variables) -> Result<Artifact, ProviderError> {
    let disk = disk(variables)?;
    recorder(false, |session| {
        Azure::new(session, variables)?.make(&disk, &new_image())
    })
}

#[test]
fn made_of_a_snapshot_which_goes() {
    let (fake, variables) = with_disk();
    let made = make(&variables).unwrap();
    let path = format!("{GROUP}/images/{NAME}");
    assert_eq!(made.reference, path);
    let methods: Vec<String> = said()
        .iter()
        .map(|line| line.split('?').next().unwrap().replace(GROUP, ""))
        .map(|line| line.rsplit_once("://").unwrap().1.to_owned())
        .map(|line| line.split_once('/').unwrap().1.to_owned())
        .collect();
    assert_eq!(
        methods,
        [
            format!("snapshots/{NAME}"),
            format!("images/{NAME}"),
            format!("snapshots/{NAME}")
        ],
        "{:?}",
        said()
    );
    let image = fake.lock().unwrap().things[&path].clone();
    assert_eq!(
        image["tags"]["taskgraph-images-task"],
        "7cdd526c0ad74cf49514d52f68e9629d"
    );
    assert_eq!(image["properties"]["hyperVGeneration"], "V2");
    let os_disk = &image["properties"]["storageProfile"]["osDisk"];
    assert_eq!(os_disk["osState"], "Generalized");
    assert_eq!(
        os_disk["snapshot"]["id"],
        format!("{GROUP}/snapshots/{NAME}")
    );
    assert_eq!(fake.lock().unwrap().things.len(), 2, "the snapshot is gone");
    // Again: it is found.
    assert_eq!(make(&variables).unwrap(), made);
    assert_eq!(said(), Vec::<String>::new());
}

#[test]
fn what_an_earlier_try_began_is_continued() {
    let (fake, variables) = with_disk();
    fake.lock().unwrap().fails = true;
    let error = make(&variables).unwrap_err();
    assert!(error.is_transient(), "{error}");
    fake.lock().unwrap().fails = false;
    // A snapshot that is there is not made again.
    let snapshot = format!("{GROUP}/snapshots/{NAME}");
    let done =
        json!({"tags": new_image().labels, "properties": {"provisioningState": "Succeeded"}});
    fake.lock().unwrap().things.insert(snapshot.clone(), done);
    let of_disk = disk(&variables).unwrap();
    recorder(false, |session| {
        let azure = Azure::new(session, &variables).unwrap();
        assert!(azure.is_begun(&of_disk, &new_image()).unwrap());
    });
    make(&variables).unwrap();
    assert!(
        !said()
            .iter()
            .any(|line| line.starts_with("PUT")
                && line.contains("/snapshots/debian-7cdd526c0ad7-0?")),
        "{:?}",
        said()
    );
    let image = format!("{GROUP}/images/{NAME}");
    let theirs = json!({"tags": {}, "properties": {"provisioningState": "Succeeded"}});
    fake.lock().unwrap().things.insert(image, theirs);
    let error = make(&variables).unwrap_err();
    assert!(
        error.to_string().contains("and not of this task"),
        "{error}"
    );
}

#[test]
fn disks_that_azure_makes_no_image_of() {
    let (fake, variables) = with_disk();
    let at = format!("{GROUP}/disks/vm-1");
    let change = |change: fn(&mut Value)| {
        change(fake.lock().unwrap().things.get_mut(&at).unwrap());
        disk(&variables).unwrap_err().to_string()
    };
    let mut words = vec![change(|disk| {
        disk["properties"]["securityProfile"] = json!({"securityType": "TrustedLaunch"});
    })];
    words.push(change(|disk| disk["managedBy"] = "/x".into()));
    let mut ephemeral = vm();
    ephemeral.disk = None;
    recorder(false, |session| {
        let azure = Azure::new(session, &variables).unwrap();
        words.push(azure.boot_disk(&ephemeral).unwrap_err().to_string());
    });
    insta::assert_snapshot!(words.join("\n").replace(GROUP, ""), @"
    azure.snapshot: `/disks/vm-1` is of a machine with the security type `TrustedLaunch`, and Azure makes a managed image of no such disk: give the worker pool the type `Standard`, or make the image with Packer
    azure.snapshot: `/disks/vm-1` is attached to `/x`, and this is `/virtualMachines/vm-1`
    azure.snapshot: the boot disk of `/virtualMachines/vm-1` is the machine's own (ephemeral), and Azure makes a snapshot of no such disk: give the worker pool managed disks
    ");
}

#[test]
fn a_dry_run_says_every_call() {
    let variables = variables(&[]);
    recorder(true, |session| {
        let azure = Azure::new(session, &variables).unwrap();
        let disk = azure.boot_disk(&vm()).unwrap();
        azure.make(&disk, &new_image()).unwrap()
    });
    insta::assert_snapshot!(said().join("\n").replace(GROUP, "").replace("https://management.azure.com", ""), @r#"
    GET /disks/vm-1?api-version=2023-10-02
    GET /images/debian-7cdd526c0ad7-0?api-version=2024-03-01
    GET /snapshots/debian-7cdd526c0ad7-0?api-version=2023-10-02
    PUT /snapshots/debian-7cdd526c0ad7-0?api-version=2023-10-02 {"location":"eastus2","tags":{"image":"debian","taskgraph-images-task":"7cdd526c0ad74cf49514d52f68e9629d"},"properties":{"creationData":{"createOption":"Copy","sourceResourceId":"/disks/vm-1"},"incremental":false}}
    GET /snapshots/debian-7cdd526c0ad7-0?api-version=2023-10-02
    GET /images/debian-7cdd526c0ad7-0?api-version=2024-03-01
    PUT /images/debian-7cdd526c0ad7-0?api-version=2024-03-01 {"location":"eastus2","tags":{"image":"debian","taskgraph-images-task":"7cdd526c0ad74cf49514d52f68e9629d"},"properties":{"hyperVGeneration":"V2","storageProfile":{"osDisk":{"osType":"Linux","osState":"Generalized","snapshot":{"id":"/snapshots/debian-7cdd526c0ad7-0"}}}}}
    GET /images/debian-7cdd526c0ad7-0?api-version=2024-03-01
    GET /snapshots/debian-7cdd526c0ad7-0?api-version=2023-10-02
    "#);
}
