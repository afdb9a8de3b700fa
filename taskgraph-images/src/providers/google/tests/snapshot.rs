//! Images of a machine's own boot disk.

use taskgraph_images_transforms::Cloud;

use super::*;
use crate::providers::tests::{machine, new_image};
use crate::providers::{Disk, Snapshots as _};

const BASE: &str = "projects/images-1/global/images/base-1";
const VM: &str = "projects/images-1/zones/z/instances/vm-1";
const DISK: &str = "projects/images-1/zones/z/disks/vm-1";
const NAME: &str = "debian-7cdd526c0ad7-0";

/// A fake with a machine that was started from the base.
fn with_machine() -> (Arc<Mutex<Fake>>, Variables) {
    let (fake, variables) = fake();
    let things = [
        (
            VM,
            json!({"id": "4711", "disks": [
                {"boot": false, "type": "SCRATCH"},
                {"boot": true, "type": "PERSISTENT", "source": format!("{BASE_URL}{DISK}")}]}),
        ),
        (
            DISK,
            json!({"sourceImage": format!("{BASE_URL}{BASE}"), "status": "READY"}),
        ),
    ];
    let things = things.map(|(path, thing)| (format!("/{path}"), thing));
    fake.lock().unwrap().things = things.into();
    (fake, variables)
}

use super::BASE as BASE_URL;

fn disk(variables: &Variables) -> Result<Disk, ProviderError> {
    recorder(false, |session| {
        Google::new(session, variables)?.boot_disk(&machine(Cloud::Google, VM, None, BASE))
    })
}

fn make(variables: &Variables) -> Result<Artifact, ProviderError> {
    let disk = disk(variables)?;
    recorder(false, |session| {
        Google::new(session, variables)?.make(&disk, &new_image())
    })
}

#[test]
fn made_of_the_boot_disk_and_made_once() {
    let (fake, variables) = with_machine();
    let made = make(&variables).unwrap();
    let path = format!("projects/images-1/global/images/{NAME}");
    assert_eq!(made.reference, path);
    let image = fake.lock().unwrap().images[NAME].clone();
    assert_eq!(image["sourceDisk"], DISK);
    assert_eq!(
        image["labels"]["taskgraph-images-task"],
        "7cdd526c0ad74cf49514d52f68e9629d"
    );
    let words = said();
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].contains("/images?forceCreate=true {"), "{words:?}");
    // Again: it is found, and nothing is changed.
    assert_eq!(make(&variables).unwrap(), made);
    assert_eq!(said(), Vec::<String>::new());
    recorder(false, |session| {
        let google = Google::new(session, &variables).unwrap();
        let disk = disk(&variables).unwrap();
        assert!(google.is_begun(&disk, &new_image()).unwrap());
        let found = google.list("taskgraph-images-task", "7cdd526c0ad74cf49514d52f68e9629d");
        assert_eq!(found.unwrap()[0].to_string(), format!("image `{path}`"));
    });
}

#[test]
fn a_lost_answer_makes_it_once() {
    let (fake, variables) = with_machine();
    fake.lock().unwrap().lost = true;
    make(&variables).unwrap();
    assert_eq!(fake.lock().unwrap().images.len(), 1);
}

#[test]
fn what_failed_is_made_again_and_anothers_is_left() {
    let (fake, variables) = with_machine();
    let put = |labels: Value, status: &str| {
        let mut fake = fake.lock().unwrap();
        fake.asked = 5;
        let image = json!({"labels": labels, "status": status});
        fake.images.insert(NAME.to_owned(), image);
    };
    put(json!(new_image().labels), "FAILED");
    make(&variables).unwrap();
    assert_eq!(fake.lock().unwrap().images[NAME]["sourceDisk"], DISK);
    put(json!({"taskgraph-images-task": "0"}), "READY");
    let error = make(&variables).unwrap_err();
    assert!(
        error.to_string().contains("and not of this task"),
        "{error}"
    );
    let quota = json!({"code": "QUOTA_EXCEEDED", "message": "Quota 'IMAGES' exceeded."});
    fake.lock().unwrap().images.clear();
    fake.lock().unwrap().error = Some(quota);
    assert!(make(&variables).unwrap_err().is_transient());
    make(&variables).unwrap();
}

#[test]
fn another_machine_and_another_disk_are_told() {
    let (fake, variables) = with_machine();
    let set = |path: &str, pointer: &str, value: Value| {
        let mut fake = fake.lock().unwrap();
        let thing = fake.things.get_mut(&format!("/{path}")).unwrap();
        *thing.pointer_mut(pointer).unwrap() = value;
    };
    set(DISK, "/sourceImage", json!("projects/x/global/images/y"));
    let mut words = vec![disk(&variables).unwrap_err().to_string()];
    set(VM, "/disks/1/type", json!("SCRATCH"));
    words.push(disk(&variables).unwrap_err().to_string());
    set(VM, "/id", json!("1"));
    words.push(disk(&variables).unwrap_err().to_string());
    fake.lock().unwrap().things.clear();
    fake.lock().unwrap().broken = vec![(404, Value::Null)];
    words.push(disk(&variables).unwrap_err().to_string());
    insta::assert_snapshot!(words.join("\n"), @"
    google.snapshot: `projects/images-1/zones/z/disks/vm-1` was made of `projects/x/global/images/y`, and the metadata service says `projects/images-1/global/images/base-1`
    google.snapshot: `projects/images-1/zones/z/instances/vm-1` has no boot disk that lasts
    google.snapshot: `projects/images-1/zones/z/instances/vm-1` has the number 1, and this machine 4711: another has its name
    projects/images-1/zones/z/instances/vm-1: refused with 404: it is not there
    ");
}

#[test]
fn a_dry_run_says_every_call() {
    let variables = variables(&[("GOOGLE_CLOUD_PROJECT", "images-1")]);
    recorder(true, |session| {
        let google = Google::new(session, &variables).unwrap();
        let disk = google
            .boot_disk(&machine(Cloud::Google, VM, None, BASE))
            .unwrap();
        google.make(&disk, &new_image()).unwrap()
    });
    insta::assert_snapshot!(said().join("\n"), @r#"
    GET https://compute.googleapis.com/compute/v1/projects/images-1/zones/z/instances/vm-1
    GET https://compute.googleapis.com/compute/v1/projects/images-1/zones/z/instances/vm-1-disk
    GET https://compute.googleapis.com/compute/v1/projects/images-1/global/images/debian-7cdd526c0ad7-0
    POST https://compute.googleapis.com/compute/v1/projects/images-1/global/images?forceCreate=true {"name":"debian-7cdd526c0ad7-0","sourceDisk":"projects/images-1/zones/z/instances/vm-1-disk","description":"debian@google, a candidate by taskgraph-images","labels":{"image":"debian","taskgraph-images-task":"7cdd526c0ad74cf49514d52f68e9629d"}}
    GET https://compute.googleapis.com/compute/v1/projects/images-1/global/images/debian-7cdd526c0ad7-0
    "#);
}
