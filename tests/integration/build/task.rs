//! Images that are made of a worker's own disk: a machine in a folder, and a metadata service and a Compute Engine on
//! loopback.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::{Arc, Mutex};

use fake_taskcluster::{Artifact, Options, Server, TaskState};
use serde_json::json;

use super::*;

const OWN: &str = "Xz8-Ab3kQmeWq1pL5rT9vg";
const CANDIDATE: &str = "projects/images-1/global/images/child-5f3f3e01bde4-0";

/// The base is made by Packer in Google's cloud, the child on a machine of it.
const CHILD: &str = "cloud: google\nos: linux\nparent: base\nbuilder: {task: {}}\nscripts: [image-defs/scripts/child/*-*.sh]\nbuild: {worker: \
                     builder, max-run-time: 10 minutes}\n";
const SCRIPT: &str = "#!/usr/bin/env bash\n. \"$(dirname \"$0\")/lib.sh\"\necho \"$IMAGE_NAME on $PARENT_IMAGE\"\nenv | sort | grep -vE '^(PWD|SHLVL|_)='\necho made \
                      >>../../../etc/made\n";
const PACKER_OF_GOOGLE: &str = r#"#!/bin/bash
for word in "$@"; do case "$word" in -var-file=*values*) values="${word#-var-file=}" ;; esac; done
left="$(sed -n 's/.*"artifacts": "\(.*\)".*/\1/p' "$values")"
echo '{"builds": [{"artifact_id": "base-1", "packer_run_uuid": "1"}], "last_run_uuid": "1"}' >"$left/manifest.json"
"#;

/// What the machine says it was started from, and what the cloud has.
#[derive(Default)]
struct Cloud {
    /// The image that the machine was started from.
    base: String,
    /// Its disk's image has these labels.
    labels: serde_json::Value,
    images: BTreeMap<String, Value>,
    /// What the cloud was asked to change.
    changes: Vec<String>,
    /// Every answer but the metadata service's.
    refuses: bool,
}

impl Cloud {
    fn answer(&mut self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let path = path.split('?').next().unwrap_or_default();
        if let Some(key) = path.strip_prefix("/computeMetadata/v1/") {
            return match key {
                "project/project-id" => (200, "images-1".to_owned()),
                "instance/zone" => (200, "projects/4711/zones/z".to_owned()),
                "instance/name" => (200, "vm-1".to_owned()),
                "instance/id" => (200, "fake".to_owned()),
                "instance/image" => (200, self.base.clone()),
                _ => (404, String::new()),
            };
        }
        if self.refuses {
            let refusal = json!({"error": {"code": 403, "message": "Required permission", "errors": [{"reason": "forbidden"}]}});
            return (403, refusal.to_string());
        }
        if method != "GET" {
            self.changes.push(format!("{method} {path}"));
        }
        let known = path.strip_prefix("/projects/images-1/global/images/");
        let (status, answer) = match (method, path, known) {
            ("GET", "/projects/images-1/zones/z/instances/vm-1", _) => {
                let disk = json!({"boot": true, "type": "PERSISTENT", "source": "projects/images-1/zones/z/disks/d"});
                (200, json!({"id": "fake", "disks": [disk]}))
            }
            ("GET", "/projects/images-1/zones/z/disks/d", _) => {
                (200, json!({"sourceImage": self.base}))
            }
            ("GET", _, Some("other")) => (200, json!({"status": "READY", "labels": self.labels})),
            ("GET", _, Some(name)) => match self.images.get(name) {
                Some(image) => (200, image.clone()),
                None => (404, json!({"error": {"code": 404}})),
            },
            ("POST", "/projects/images-1/global/images", _) => {
                let mut image = body.clone();
                image["status"] = "READY".into();
                self.images
                    .insert(body["name"].as_str().unwrap().to_owned(), image);
                (200, json!({"status": "DONE"}))
            }
            _ => (404, json!({"error": {"code": 404, "message": path}})),
        };
        (status, answer.to_string())
    }
}

/// Serves it on loopback; its address, without `http://`. It ends with the process.
fn serve(cloud: Arc<Mutex<Cloud>>) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    break;
                };
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut words = first.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let (status, text) = cloud.lock().unwrap().answer(method, path, &body);
            // Whoever asked may be gone.
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nmetadata-flavor: Google\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
                text.len()
            );
        }
    });
    address.to_string()
}

/// A task on a machine of the base.
struct OnMachine {
    case: Case,
    cloud: Arc<Mutex<Cloud>>,
    address: String,
    machine: PathBuf,
}

impl OnMachine {
    fn new() -> Self {
        let case = Case::new();
        case.repo
            .replace("image-defs/fragments/disk.yml", "qemu", "google");
        case.repo.write("image-defs/images/child.yml", CHILD);
        case.repo.write("image-defs/scripts/child/10-a.sh", SCRIPT);
        case.repo
            .write("image-defs/scripts/child/lib.sh", "set -e\n");
        case.repo.commit();
        std::fs::write(&case.packer, PACKER_OF_GOOGLE).unwrap();
        done(&case.run(&["build", "base"], &[]));
        case.keep();
        let cloud = Arc::new(Mutex::new(Cloud {
            base: "projects/images-1/global/images/base-1".to_owned(),
            ..Cloud::default()
        }));
        let address = serve(cloud.clone());
        let machine = case.repo.beside("machine");
        let on = Self {
            case,
            cloud,
            address,
            machine,
        };
        on.task();
        on
    }

    /// What is on the machine when the task begins.
    fn task(&self) {
        for (path, text) in [
            ("proc/self/status", "PPid:\t20\n"),
            ("proc/20/status", "PPid:\t0\n"),
            (
                "proc/20/cmdline",
                "/usr/local/bin/generic-worker-multiuser\0run\0--config\0/etc/worker.json\0",
            ),
            (
                "etc/worker.json",
                r#"{"accessToken": "not-a-real-token", "numberOfTasksToRun": 1}"#,
            ),
            ("etc/machine-id", "4711\n"),
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            ("etc/ssh/ssh_host_rsa_key", "not-a-real-key"),
            ("var/log/syslog", "yesterday\n"),
            (
                "var/lib/dpkg/status",
                "Package: bash\nStatus: install ok installed\nVersion: 5.2\n",
            ),
            (
                "home/task_1/generic-worker/live_backing.log",
                "the task's log\n",
            ),
            ("home/task_1/task-user-credentials.json", "not-a-real-token"),
        ] {
            let path = self.machine.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let link = self.machine.join("proc/20/cwd");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink("/worker", link).unwrap();
        let folder = self.machine.join("home/task_1");
        let _ = std::fs::remove_dir_all(folder.join("checkout"));
        let from = self.case.repo.path.display().to_string();
        let cloned = self
            .case
            .repo
            .try_git(&folder, &["clone", "--quiet", &from, "checkout"]);
        assert!(cloned.status.success());
    }

    /// What a task on the machine is told, besides the usual.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let folder = self.machine.join("home/task_1").display().to_string();
        let store = self.case.repo.beside("store").display().to_string();
        vec![
            ("UPLOAD_DIR", format!("{folder}/artifacts")),
            ("TASK_WORKDIR", folder),
            ("TASKGRAPH_IMAGES_STORE", store),
            ("TASKGRAPH_IMAGES_PARENT_TASK_ID", BASE.to_owned()),
            ("GCE_METADATA_HOST", self.address.clone()),
            (
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE",
                format!("http://{}", self.address),
            ),
            ("GOOGLE_OAUTH_ACCESS_TOKEN", "not-a-real-token".to_owned()),
            ("TASK_ID", OWN.to_owned()),
        ]
    }

    /// Runs the build as the task would, or by hand.
    fn build(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let root = self.machine.display().to_string();
        let mut words = vec!["build", "child", "--machine-root", &root];
        words.extend(arguments);
        let environment = self.environment();
        let mut all = Vec::new();
        all.extend(
            environment
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        all.extend(env);
        let checkout = self.machine.join("home/task_1/checkout");
        self.case.repo.run_at(&checkout, &words, &all)
    }

    fn by_hand(&self) -> Ran {
        self.build(&["--give-up-this-machine"], &[])
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.machine.join(path)).ok()
    }

    /// Nothing was run, taken away or made.
    fn is_untouched(&self) -> bool {
        self.read("etc/made").is_none()
            && self.read("etc/worker.json").is_some()
            && self.read("etc/machine-id").as_deref() == Some("4711\n")
            && self.cloud.lock().unwrap().changes.is_empty()
    }

    /// A refusal in words, without what differs from run to run.
    fn refused(&self, ran: &Ran) -> String {
        assert_eq!(ran.code, Some(2), "{}", ran.block());
        assert!(self.is_untouched());
        let lines: Vec<&str> = ran
            .stderr
            .lines()
            .filter(|line| line.starts_with("error") || line.starts_with("hint"))
            .collect();
        lines
            .join("\n")
            .replace(&self.case.repo.beside("").display().to_string(), "/")
    }
}

#[test]
fn the_disk_becomes_an_image() {
    let on = OnMachine::new();
    let ran = on.by_hand();
    done(&ran);
    let left = |path: &str| {
        on.read(&format!("home/task_1/artifacts/image/{path}"))
            .unwrap()
    };
    let manifest: Value = serde_json::from_str(&left("manifest.json")).unwrap();
    assert_eq!(manifest["artifacts"][0]["reference"], CANDIDATE);
    assert_eq!(manifest["parent"]["reference"], "base-1");
    assert_eq!(manifest["chain-of-trust"], false);
    assert_eq!(manifest["sbom"]["name"], "sbom.tsv");
    assert_eq!(
        left("sbom.tsv"),
        "image\tchild\tamd64\nsystem\tdebian\t12\ndeb\tbash\t5.2\n"
    );
    // The script had the image's variables, and none of the task's.
    insta::assert_snapshot!(left("log.txt"), @"
    ==> child: script image-defs/scripts/child/10-a.sh
    child on base-1
    HOME=/root
    IMAGE_NAME=child
    LANG=C.UTF-8
    LOGNAME=root
    PARENT_IMAGE=base-1
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    USER=root
    ");
    assert_eq!(
        on.cloud.lock().unwrap().changes,
        ["POST /projects/images-1/global/images"]
    );
    let image = on.cloud.lock().unwrap().images["child-5f3f3e01bde4-0"].clone();
    assert_eq!(image["sourceDisk"], "projects/images-1/zones/z/disks/d");
    assert_eq!(image["labels"]["image"], "child");
    // What the script made stays; what is of this machine, the worker and the task is gone.
    assert_eq!(on.read("etc/made").as_deref(), Some("made\n"));
    assert_eq!(on.read("etc/machine-id").as_deref(), Some(""));
    assert_eq!(on.read("var/log/syslog").as_deref(), Some(""));
    for path in [
        "etc/worker.json",
        "etc/ssh/ssh_host_rsa_key",
        "home/task_1/task-user-credentials.json",
        "home/task_1/checkout/.git/config",
    ] {
        assert_eq!(on.read(path), None, "{path}");
    }
    assert!(
        on.read("home/task_1/generic-worker/live_backing.log")
            .is_some()
    );
    assert!(!ran.block().contains("not-a-real"), "{}", ran.block());
    // Again, as after a kill: the image is found, and no script runs.
    on.task();
    let ran = on.by_hand();
    done(&ran);
    assert!(
        ran.stderr.contains("no script runs again"),
        "{}",
        ran.stderr
    );
    assert_eq!(on.read("etc/made").as_deref(), Some("made\n"));
    assert_eq!(on.cloud.lock().unwrap().changes.len(), 1);
}

#[test]
fn a_script_that_fails_makes_no_image() {
    let on = OnMachine::new();
    let repo = &on.case.repo;
    repo.write(
        "image-defs/scripts/child/20-b.sh",
        "#!/bin/bash\necho '20-b.sh: failed at line 7: false' >&2\nexit 3\n",
    );
    repo.commit();
    on.task();
    let ran = on.by_hand();
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    let words =
        "`child@google` cannot be built: `image-defs/scripts/child/20-b.sh` failed at line 7";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("20-b.sh: failed at line 7: false"),
        "{}",
        ran.stderr
    );
    assert!(on.cloud.lock().unwrap().changes.is_empty());
    // The machine is as it was: nothing was taken away yet.
    assert!(on.read("etc/worker.json").is_some());
    // What is not its own fault is tried again.
    repo.write(
        "image-defs/scripts/child/20-b.sh",
        "echo 'E: Failed to fetch http://x/y  503 Service Unavailable'\nexit 100\n",
    );
    repo.commit();
    on.task();
    assert_eq!(on.by_hand().code, Some(75));
}

#[test]
fn nothing_is_done_where_something_is_in_the_way() {
    let on = OnMachine::new();
    let swaps = on.machine.join("proc/swaps");
    std::fs::write(swaps, "Filename\n/swapfile file 1 0 -2\n").unwrap();
    let ran = on.by_hand();
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(
        ran.stderr.contains("nothing is done, as 1 thing of this machine is in the way of an image:\n  `/swapfile` (swapped memory): turn swap off"),
        "{}",
        ran.stderr
    );
    assert!(on.is_untouched());
}

#[test]
fn nothing_is_made_where_something_stays() {
    let on = OnMachine::new();
    let id = on.machine.join("etc/machine-id");
    let _ = std::fs::remove_file(&id);
    std::fs::create_dir_all(&id).unwrap();
    let ran = on.by_hand();
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(
        ran.stderr
            .contains("no image is made, as 1 thing of this machine is in the way of an image:")
            && ran
                .stderr
                .contains("(the machine's identity): Is a directory"),
        "{}",
        ran.stderr
    );
    assert!(on.cloud.lock().unwrap().changes.is_empty());
    // What is known until then is kept.
    assert!(on.read("home/task_1/artifacts/image/log.txt").is_some());
}

#[test]
fn nobody_gives_up_a_machine_by_accident() {
    let on = OnMachine::new();
    insta::assert_snapshot!(on.refused(&on.build(&[], &[])), @"
    error: `child@google` would be made of the disk of this machine, and nobody said that it may: this is no task of a queue
    hint: its build runs its scripts here as root, and then removes keys, logs, accounts' credentials and temporary files; on a machine of the cloud that is for nothing else, run `build` itself with `--give-up-this-machine`
    ");
    // Under `run`, too.
    let repo = &on.case.repo;
    let store = repo.beside("store").display().to_string();
    let host = ("GCE_METADATA_HOST", on.address.as_str());
    let packer = on.case.packer.display().to_string();
    let env = [
        host,
        ("TASKGRAPH_IMAGES_PACKER", &packer),
        ("TASKGRAPH_IMAGES_STORE", &store),
    ];
    let ran = repo.run_at(
        &repo.path,
        &["run", "child", "--kind", "build", "--keep-going"],
        &env,
    );
    assert_ne!(ran.code, Some(0));
    assert!(
        ran.block().contains("--give-up-this-machine"),
        "{}",
        ran.block()
    );
    assert!(on.is_untouched());
}

#[test]
fn a_task_of_the_queue_may_have_its_own_machine_and_no_other() {
    let on = OnMachine::new();
    let server = Server::start(Options::default());
    let manifest = std::fs::read(on.case.kept().join("manifest.json")).unwrap();
    let definition = json!({"metadata": {"name": "x", "description": "", "owner": "a@example.org", "source": "https://example.org"}});
    server.insert_task(BASE, definition.clone(), TaskState::Completed);
    server.insert_artifact(BASE, "public/image/manifest.json", Artifact::new(manifest));
    server.insert_task(OWN, definition, TaskState::Pending);
    let root = server.root_url();
    let env = [
        ("TASKCLUSTER_ROOT_URL", root.as_str()),
        ("TASKGRAPH_IMAGES_STORE", ""),
    ];
    let words = on.refused(&on.build(&[], &env));
    assert!(
        words.contains(&format!("no worker runs `{OWN}`")),
        "{words}"
    );
    server.bring(OWN, TaskState::Running);
    let cmdline = on.machine.join("proc/20/cmdline");
    let told = std::fs::read(&cmdline).unwrap();
    std::fs::write(&cmdline, "/bin/bash\0").unwrap();
    let words = on.refused(&on.build(&[], &env));
    assert!(
        words.contains("no generic-worker has started this"),
        "{words}"
    );
    std::fs::write(&cmdline, told).unwrap();
    let settings = on.machine.join("etc/worker.json");
    std::fs::write(&settings, "{}").unwrap();
    let words = on.refused(&on.build(&[], &env));
    assert!(words.contains("set `numberOfTasksToRun: 1`"), "{words}");
    std::fs::write(&settings, r#"{"numberOfTasksToRun": 1}"#).unwrap();
    done(&on.build(&[], &env));
    assert_eq!(on.cloud.lock().unwrap().changes.len(), 1);
}

#[test]
fn a_machine_of_something_else_is_told() {
    let on = OnMachine::new();
    let base = |image: &str| on.cloud.lock().unwrap().base = image.to_owned();
    base("projects/debian-cloud/global/images/debian-12");
    insta::assert_snapshot!(on.refused(&on.by_hand()), @"
    error: this is no machine of `base@google`: this machine was started from `projects/debian-cloud/global/images/debian-12`, expected its candidate `base-1` or what was published of it
    hint: have the worker pool of this build start its machines from the parent's newest image
    ");
    base("");
    assert!(
        on.refused(&on.by_hand())
            .contains("was started from no image of one's own")
    );
    // Whoever may not look at it says so.
    base("projects/images-1/global/images/other");
    on.cloud.lock().unwrap().refuses = true;
    assert!(on.refused(&on.by_hand()).contains("cannot be looked at"));
    on.cloud.lock().unwrap().refuses = false;
    // What was published of the candidate is the same disk.
    on.cloud.lock().unwrap().labels = json!({"taskgraph-images-candidate": "0"});
    assert!(
        on.refused(&on.by_hand())
            .contains("/other`, expected its candidate `base-1`")
    );
    let manifest = std::fs::read(on.case.kept().join("manifest.json")).unwrap();
    let digest = taskgraph_images::graph::Digest::of(&manifest).to_string();
    on.cloud.lock().unwrap().labels = json!({"taskgraph-images-candidate": &digest[..40]});
    done(&on.by_hand());
}

#[test]
fn what_would_be_part_of_the_image_is_told() {
    let on = OnMachine::new();
    let ran = on.build(&["--give-up-this-machine"], &[("TASK_WORKDIR", "")]);
    assert!(
        on.refused(&ran)
            .contains("is on the disk that becomes an image"),
        "{}",
        ran.stderr
    );
    // No machine of the cloud at all.
    let ran = on.build(
        &["--give-up-this-machine"],
        &[("GCE_METADATA_HOST", "127.0.0.1:9")],
    );
    assert!(
        on.refused(&ran).contains("this is no machine of google"),
        "{}",
        ran.stderr
    );
    let repo = &on.case.repo;
    repo.write("image-defs/scripts/child/10-a.ps1", "exit 0\n");
    for (changes, words) in [
        (&[][..], "has no parent"),
        (&[("google", "qemu")], "and qemu has none"),
        (
            &[("os: linux", "os: windows"), ("-*.sh", "-*.ps1")],
            "makes images of Linux only",
        ),
    ] {
        let mut child = CHILD.replace("parent: base\n", "");
        for (from, to) in changes {
            child = child.replace(from, to);
        }
        repo.write("image-defs/images/child.yml", child);
        repo.commit();
        on.task();
        let refused = on.refused(&on.by_hand());
        assert!(refused.contains(words), "{words}: {refused}");
    }
}

#[test]
fn a_build_that_is_stopped_leaves_the_machine_as_it_is() {
    let on = OnMachine::new();
    let repo = &on.case.repo;
    repo.write(
        "image-defs/scripts/child/20-b.sh",
        "touch ../../../etc/begun\nsleep 60\n",
    );
    repo.commit();
    on.task();
    let (checkout, root) = (
        on.machine
            .join("home/task_1/checkout")
            .display()
            .to_string(),
        on.machine.display().to_string(),
    );
    let environment = on.environment();
    let mut env = Vec::new();
    env.extend(
        environment
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let words = [
        "--root",
        &checkout,
        "build",
        "child",
        "--machine-root",
        &root,
        "--give-up-this-machine",
    ];
    let mut child = repo.start(&words, &env);
    while !on.machine.join("etc/begun").exists() {
        assert!(
            matches!(child.try_wait(), Ok(None)),
            "it ended before its script began"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
    assert!(on.read("etc/worker.json").is_some());
    assert!(on.cloud.lock().unwrap().changes.is_empty());
}
