//! A machine in a folder.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn with(self, path: &str, content: &str) -> Self {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// A worker whose task this is: this process, a shell, the worker, its runner, and the first of all.
    fn with_worker(self, settings: &str) -> Self {
        let machine = self
            .with("proc/self/status", "Name:\ttool\nPPid:\t30\n")
            .with("proc/30/status", "Name:\tsh\nPPid:\t20\n")
            .with("proc/30/cmdline", "/bin/sh\0-c\0x\0")
            .with("proc/20/status", "Name:\tgeneric-worker\nPPid:\t10\n")
            .with(
                "proc/20/cmdline",
                "/usr/local/bin/generic-worker\0run\0--config\0/etc/generic-worker/config\0--with-worker-runner\0",
            )
            .with("proc/10/status", "Name:\tstart-worker\nPPid:\t1\n")
            .with(
                "proc/10/cmdline",
                "/usr/local/bin/start-worker\0/etc/start-worker.yml\0",
            )
            .with("proc/1/status", "Name:\tinit\nPPid:\t0\n")
            .with("etc/generic-worker/config", settings)
            .with(
                "etc/start-worker.yml",
                "provider: {providerType: google}\ncacheOverRestarts: /etc/start-worker-cache.json\n",
            );
        for process in ["20", "10"] {
            symlink(
                "/worker",
                machine.root().join("proc").join(process).join("cwd"),
            )
            .unwrap();
        }
        machine
    }

    /// All files, and whether there is something in each.
    fn files(&self) -> String {
        let (mut folders, mut lines) = (vec![self.root().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path
                    .strip_prefix(self.root())
                    .unwrap()
                    .display()
                    .to_string();
                if name.starts_with("proc") {
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    let empty = std::fs::metadata(&path).is_ok_and(|data| data.len() == 0);
                    lines.push(format!("{name}{}", if empty { " (empty)" } else { "" }));
                }
            }
        }
        lines.sort();
        lines.join("\n")
    }
}

const SETTINGS: &str = r#"{"accessToken": "not-a-real-token", "numberOfTasksToRun": 1, "cachesDir": "/mnt/caches",
    "ed25519SigningKeyLocation": "/etc/generic-worker/ed25519_key", "tasksDir": "/home"}"#;

#[test]
fn what_makes_a_machine_this_machine_goes() {
    let machine = Machine::new()
        .with("etc/ssh/ssh_host_rsa_key", "x")
        .with("etc/ssh/sshd_config", "x")
        .with("etc/machine-id", "x")
        .with("var/lib/cloud/instances/i-1/user-data.txt", "x")
        .with("root/.ssh/authorized_keys", "x")
        .with("home/admin/.ssh/authorized_keys", "x")
        .with("home/admin/.bash_history", "x")
        .with("home/admin/.profile", "x")
        .with("root/.aws/credentials", "x")
        .with("var/log/journal/7/system.journal", "x")
        .with("var/log/apt/history.log", "x")
        .with("var/log/syslog.1", "x")
        .with("var/log/kern.log.2.gz", "x")
        .with("tmp/left", "x")
        .with("tmp/systemd-private-1/x", "x")
        .with("proc/swaps", "Filename Type Size\n/dev/zram0 partition 1\n");
    let done = seal(machine.root(), None, &OwnTask::default()).unwrap();
    insta::assert_snapshot!(machine.files(), @"
    etc/machine-id (empty)
    etc/ssh/sshd_config
    home/admin/.profile
    tmp/systemd-private-1/x
    var/log/apt/history.log (empty)
    ");
    assert_eq!(done["SSH host keys"], 1);
    // Again there is nothing to do but what stays.
    let again = seal(machine.root(), None, &OwnTask::default()).unwrap();
    assert!(!again.contains_key("ways in"), "{again:?}");
}

#[test]
fn what_the_worker_has_goes_and_what_it_writes_now_stays() {
    let machine = Machine::new()
        .with_worker(SETTINGS)
        .with("etc/generic-worker/ed25519_key", "x")
        .with("etc/start-worker-cache.json", "x")
        .with("worker/next-task-user.json", "x")
        .with("worker/kept", "x")
        .with("mnt/caches/a/b", "x")
        .with("worker/downloads/c", "x")
        .with("home/task_1/secret", "x")
        .with("home/task_2/generic-worker/live_backing.log", "x")
        .with("home/task_2/task-user-credentials.json", "x")
        .with("home/task_2/checkout/.git/config", "x")
        .with("home/admin/.profile", "x");
    let worker = TaskWorker::find(machine.root()).unwrap().unwrap();
    assert_eq!(worker.tasks_to_run, 1);
    let own = OwnTask {
        folder: Some(machine.root().join("home/task_2")),
    };
    let done = seal(machine.root(), Some(&worker), &own).unwrap();
    insta::assert_snapshot!(machine.files(), @"
    etc/start-worker.yml
    home/admin/.profile
    home/task_2/generic-worker/live_backing.log
    worker/kept
    ");
    assert_eq!(done["the worker's credentials"], 2);
}

#[test]
fn a_task_below_a_temporary_folder_is_not_lost() {
    let machine = Machine::new()
        .with("tmp/tasks/task_1/generic-worker/log", "x")
        .with("tmp/tasks/task_1/checkout/x", "x")
        .with("tmp/tasks/other", "x");
    let own = OwnTask {
        folder: Some(machine.root().join("tmp/tasks/task_1")),
    };
    seal(machine.root(), None, &own).unwrap();
    assert_eq!(machine.files(), "tmp/tasks/task_1/generic-worker/log");
}

#[test]
fn all_that_stays_is_told() {
    let machine = Machine::new()
        // A folder where a file is expected cannot be emptied like one.
        .with("etc/machine-id/x", "x")
        .with("etc/ssh/ssh_host_rsa_key", "x")
        .with("proc/swaps", "Filename Type Size\n/swapfile file 1\n");
    let left = seal(machine.root(), None, &OwnTask::default()).unwrap_err();
    let words: Vec<String> = left
        .iter()
        .map(|left| {
            left.to_string()
                .replace(&machine.root().display().to_string(), "")
        })
        .collect();
    insta::assert_snapshot!(words.join("\n"), @"
    `/etc/machine-id` (the machine's identity): Is a directory (os error 21)
    `/swapfile` (swapped memory): turn swap off in the image of the worker
    ");
    // All else is gone.
    assert!(!machine.root().join("etc/ssh/ssh_host_rsa_key").exists());
}

#[test]
fn what_other_machines_share_is_left_alone() {
    let mounts = "/dev/sda1 / ext4 rw 0 0\nlxcfs /var/lib/lxcfs fuse.lxcfs rw 0 0\nfiles:/home /home nfs4 rw 0 0\n";
    let machine = Machine::new()
        .with("home/somebody/.ssh/authorized_keys", "x")
        .with("etc/ssh/ssh_host_rsa_key", "x")
        .with("proc/self/mounts", mounts)
        .with("proc/swaps", "Filename Type Size\n/swapfile file 1\n");
    let words = |left: Vec<Left>| -> String {
        let lines: Vec<String> = left.iter().map(ToString::to_string).collect();
        lines.join("\n")
    };
    insta::assert_snapshot!(words(obstacles(machine.root())), @"
    `/home` (a file system of other machines): it is of the type `nfs4`, and what is removed there is gone for others: unmount it
    `/swapfile` (swapped memory): turn swap off in the image of the worker
    ");
    assert_eq!(
        seal(machine.root(), None, &OwnTask::default())
            .unwrap_err()
            .len(),
        1
    );
    insta::assert_snapshot!(machine.files(), @"
    etc/ssh/ssh_host_rsa_key
    home/somebody/.ssh/authorized_keys
    ");
}

#[test]
fn what_is_small_is_overwritten_and_nothing_that_has_another_name() {
    let machine = Machine::new().with("etc/ssh/ssh_host_rsa_key", "not-a-real-key");
    let (key, other) = (
        machine.root().join("etc/ssh/ssh_host_rsa_key"),
        machine.root().join("other"),
    );
    std::fs::hard_link(&key, &other).unwrap();
    let mut open = std::fs::File::open(&key).unwrap();
    seal(machine.root(), None, &OwnTask::default()).unwrap();
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "not-a-real-key");
    std::fs::rename(&other, &key).unwrap();
    seal(machine.root(), None, &OwnTask::default()).unwrap();
    let mut left = String::new();
    std::io::Read::read_to_string(&mut open, &mut left).unwrap();
    assert_eq!(left, "\0".repeat("not-a-real-key".len()));
}

#[test]
fn a_worker_is_found_or_its_settings_are_told() {
    let machine = Machine::new().with("proc/self/status", "PPid:\t0\n");
    assert_eq!(TaskWorker::find(machine.root()), Ok(None));
    let machine = Machine::new().with_worker("not-a-real-token");
    let error = TaskWorker::find(machine.root()).unwrap_err().to_string();
    assert!(
        error.ends_with("/etc/generic-worker/config`: the worker's settings are no JSON"),
        "{error}"
    );
    assert!(!error.contains("not-a-real-token"), "{error}");
    let machine = Machine::new().with_worker("{}");
    let worker = TaskWorker::find(machine.root()).unwrap().unwrap();
    assert_eq!(
        (worker.tasks_to_run, worker.tasks),
        (0, machine.root().join("home"))
    );
    // What may not be read is no absence.
    let status = machine.root().join("etc/start-worker.yml");
    std::fs::write(&status, ": : [").unwrap();
    std::fs::set_permissions(&status, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(TaskWorker::find(machine.root()).is_err());
}
