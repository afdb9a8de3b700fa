//! Real git repositories with a small fleet, the program run over them, and its answers as short lines.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program under test.
const BINARY: &str = env!("CARGO_BIN_EXE_taskgraph-images");

/// A small fleet in which every kind of sharing occurs once.
///
/// `common.sh` sources `lib/util.sh` and goes into `base` and, through its parent, into `child`; `gui` takes a
/// folder, `globbed` a glob, `packed-a` and `packed-b` are two sources of one template, `boxed` is a container.
pub(crate) const FLEET: [(&str, &str); 21] = [
    ("README.md", "Images.\n"),
    (
        "image-defs/config.yml",
        "trust-domain: example
owner: team@example.org
provisioning: [image-defs]
unclaimed-ok: ['image-defs/**/README.md']
workers:
  aliases:
    builder: {provisioner: '{{trust-domain}}-{{level}}', worker-type: builder, implementation: generic-worker, os: linux}
    tester: {provisioner: '{{trust-domain}}-{{level}}', worker-type: tester, implementation: generic-worker, os: linux}
    publisher: {provisioner: '{{trust-domain}}-{{level}}', worker-type: publisher, implementation: generic-worker, os: linux}
",
    ),
    (
        "image-defs/pins.yml",
        "pins:
  worker: {value: 105.0.0}
  driver: {value: '570'}
",
    ),
    (
        "image-defs/fragments/task.yml",
        "cloud: google
os: linux
builder: {task: {}}
build: {worker: builder}
",
    ),
    (
        "image-defs/images/base.yml",
        "extends: [task]
scripts: [image-defs/scripts/common.sh]
verify: {method: boot, checks: [image-defs/checks/boot.sh], worker: tester}
publish: {worker: publisher, family: base}
",
    ),
    (
        "image-defs/images/child.yml",
        "extends: [task]
parent: base
scripts: [image-defs/scripts/child.sh]
",
    ),
    (
        "image-defs/images/gui.yml",
        "extends: [task]
scripts: [image-defs/scripts/gui/]
",
    ),
    (
        "image-defs/images/globbed.yml",
        "extends: [task]
scripts: ['image-defs/scripts/glob/*-*.sh']
inputs: [{path: image-defs/data/, reason: read by the machine at boot}]
",
    ),
    (
        "image-defs/images/packed-a.yml",
        "extends: [packer]
builder: {packer: {source: googlecompute.a}}
",
    ),
    (
        "image-defs/images/packed-b.yml",
        "extends: [packer]
builder: {packer: {source: googlecompute.b, variables: {driver: '{{pins.driver.value}}'}}}
",
    ),
    (
        "image-defs/images/boxed.yml",
        "cloud: container
os: linux
builder: {container: {context: image-defs/containers/box}}
build: {worker: builder}
",
    ),
    (
        "image-defs/fragments/packer.yml",
        "cloud: google
os: linux
builder:
  packer:
    template: image-defs/packer/two.pkr.hcl
    variables: {worker: '{{pins.worker.value}}', disk: 40}
build: {worker: builder}
",
    ),
    (
        "image-defs/packer/two.pkr.hcl",
        r#"variable "worker" { type = string }
variable "disk" { type = number }
variable "driver" {
  type    = string
  default = "none"
}
source "googlecompute" "a" {
  disk_size = var.disk
  labels    = { worker = var.worker }
}
source "googlecompute" "b" {
  disk_size = var.disk
  labels    = { worker = var.worker }
}
build {
  sources = ["source.googlecompute.a", "source.googlecompute.b"]
  provisioner "shell" {
    only   = ["googlecompute.a"]
    script = "image-defs/scripts/only-a.sh"
  }
  provisioner "shell" {
    only             = ["googlecompute.b"]
    environment_vars = ["DRIVER=${var.driver}"]
    script           = "image-defs/scripts/only-b.sh"
  }
  provisioner "file" {
    source      = "image-defs/data/"
    destination = "/etc/example"
  }
}
"#,
    ),
    ("image-defs/containers/box/Dockerfile", "FROM scratch\nCOPY file /file\n"),
    ("image-defs/containers/box/file", "box\n"),
    (
        "image-defs/scripts/common.sh",
        "#!/bin/bash\nset -eu\n. \"$(dirname \"$0\")/lib/util.sh\"\nutil\n",
    ),
    ("image-defs/scripts/lib/util.sh", "util() { echo util; }\n"),
    ("image-defs/scripts/child.sh", "#!/bin/sh\necho child\n"),
    ("image-defs/scripts/gui/10-desktop.sh", "#!/bin/sh\necho desktop\n"),
    ("image-defs/scripts/glob/10-first.sh", "#!/bin/sh\necho first\n"),
    ("image-defs/checks/boot.sh", "#!/bin/sh\ntrue\n"),
];

/// Files of the fleet that are the same in every test and need no names there.
pub(crate) const MORE: [(&str, &str); 3] = [
    ("image-defs/scripts/only-a.sh", "#!/bin/sh\necho a\n"),
    (
        "image-defs/scripts/only-b.sh",
        "#!/bin/sh\necho \"$DRIVER\"\n",
    ),
    ("image-defs/data/settings.conf", "answer = 42\n"),
];

/// A git repository in a folder of its own, with a home of its own, that nothing outside has a say in.
pub(crate) struct Repo {
    /// Keeps the folder until the test is over.
    _keep: tempfile::TempDir,
    home: PathBuf,
    /// The work tree, or the repository itself if it is bare.
    pub(crate) path: PathBuf,
}

impl Repo {
    /// A repository that holds the fleet in one commit, tagged `start`.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, made by `git init` with more arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let repo = Self::empty(arguments);
        for (path, text) in FLEET.iter().chain(&MORE) {
            repo.write(path, text);
        }
        repo.commit();
        repo.git(&["tag", "start"]);
        repo
    }

    /// A repository without a commit.
    pub(crate) fn empty(arguments: &[&str]) -> Self {
        let keep = tempfile::tempdir().unwrap();
        // The system's temporary folder may itself stand behind a link.
        let root = keep.path().canonicalize().unwrap();
        let (home, path) = (root.join("home"), root.join("repo"));
        std::fs::create_dir(&home).unwrap();
        std::fs::create_dir(&path).unwrap();
        let repo = Self {
            _keep: keep,
            home,
            path,
        };
        let mut init = vec!["init", "--quiet"];
        init.extend(arguments);
        repo.git(&init);
        repo
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    fn command(&self, program: &str, at: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(at)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join(".config"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    /// Runs git in the work tree; its output, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_at(&self.path, arguments)
    }

    /// Runs git in another folder.
    pub(crate) fn git_at(&self, at: &Path, arguments: &[&str]) -> String {
        let output = self.try_git(at, arguments);
        assert!(
            output.status.success(),
            "git {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs git with a file as its standard input.
    pub(crate) fn git_from(&self, input: &str, arguments: &[&str]) {
        let input = std::fs::File::open(self.path.join(input)).unwrap();
        let status = self
            .command("git", &self.path)
            .args(arguments)
            .stdin(input)
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}: {status}");
    }

    /// Runs git where it may well fail.
    pub(crate) fn try_git(&self, at: &Path, arguments: &[&str]) -> Output {
        self.command("git", at)
            .args(["-c", "init.defaultBranch=main", "-c", "user.name=Somebody"])
            .args([
                "-c",
                "user.email=somebody@example.org",
                "-c",
                "protocol.file.allow=always",
            ])
            .args([
                "-c",
                "commit.gpgSign=false",
                "-c",
                "advice.detachedHead=false",
            ])
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
            ])
            .args(arguments)
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .output()
            .unwrap()
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Appends to a file.
    pub(crate) fn append(&self, path: &str, text: &str) -> &Self {
        let old = std::fs::read(self.path.join(path)).unwrap_or_default();
        self.write(path, [&old[..], text.as_bytes()].concat())
    }

    /// Replaces text of a file, which must hold it.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let text = std::fs::read_to_string(self.path.join(path)).unwrap();
        assert!(text.contains(from), "`{path}` does not hold `{from}`");
        self.write(path, text.replace(from, to))
    }

    /// Removes a file or folder.
    pub(crate) fn remove(&self, path: &str) -> &Self {
        let full = self.path.join(path);
        if full.is_dir() && !full.is_symlink() {
            std::fs::remove_dir_all(full).unwrap();
        } else {
            std::fs::remove_file(full).unwrap();
        }
        self
    }

    /// Moves a file or folder.
    pub(crate) fn rename(&self, from: &str, to: &str) -> &Self {
        let to = self.path.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(self.path.join(from), to).unwrap();
        self
    }

    /// Makes a symbolic link.
    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Sets or clears the permission bits of a file.
    pub(crate) fn chmod(&self, path: &str, mode: u32) -> &Self {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path.join(path), permissions).unwrap();
        self
    }

    /// Commits everything; the commit's id.
    pub(crate) fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs the program in the work tree.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_at(&self.path, arguments, &[])
    }

    /// Runs the program elsewhere, with more environment.
    pub(crate) fn run_at(&self, at: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let output = self
            .command(BINARY, at)
            .args(arguments)
            .envs(env.iter().copied())
            .output()
            .unwrap();
        Ran::of(output)
    }

    /// Starts the program, with more environment, and does not wait for it.
    pub(crate) fn start(&self, arguments: &[&str], env: &[(&str, &str)]) -> std::process::Child {
        self.command(BINARY, &self.path)
            .args(arguments)
            .envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What `affected` answers, as sorted lines: see [`lines`].
    pub(crate) fn affected(&self, arguments: &[&str]) -> Vec<String> {
        self.affected_at(&self.path, arguments, &[])
    }

    /// The same elsewhere, with more environment.
    pub(crate) fn affected_at(
        &self,
        at: &Path,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> Vec<String> {
        let mut all = vec!["affected", "--format", "json"];
        all.extend(arguments);
        let ran = self.run_at(at, &all, env);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        lines(&ran.json())
    }

    /// Commits what was changed since the tag `start`, and asserts exactly what it affects.
    #[track_caller]
    pub(crate) fn expect(&self, expected: &[&str]) {
        self.commit();
        self.expect_range("start", "HEAD", expected);
    }

    /// Asserts exactly what lies between two revisions.
    #[track_caller]
    pub(crate) fn expect_range(&self, base: &str, head: &str, expected: &[&str]) {
        let found = self.affected(&["--base", base, "--head", head]);
        assert_set(&found, expected);
    }

    /// Asserts exactly what the work tree affects.
    #[track_caller]
    pub(crate) fn expect_work_tree(&self, expected: &[&str]) {
        assert_set(&self.affected(&["--base", "HEAD", "--worktree"]), expected);
    }
}

/// Asserts that what is required is there, and nothing else is.
#[track_caller]
pub(crate) fn assert_set(found: &[String], expected: &[&str]) {
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    let missed: Vec<_> = expected.difference(&found).collect();
    let extra: Vec<_> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && extra.is_empty(),
        "missed: {missed:#?}\nextra: {extra:#?}"
    );
}

/// An `affected` document as lines: `child: build`, `+added: build`, `-gone`, `?unclaimed/path`.
pub(crate) fn lines(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut lines = Vec::new();
    for image in document["images"].as_array().unwrap() {
        let name = text(&image["name"]);
        let tasks: Vec<String> = image["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect();
        assert!(
            !image["reasons"].as_array().unwrap().is_empty(),
            "no reason for {name}"
        );
        lines.push(match image["change"].as_str().unwrap() {
            "removed" => format!("-{name}"),
            "new" => format!("+{name}: {}", tasks.join(" ")),
            "changed" => format!("{name}: {}", tasks.join(" ")),
            other => panic!("unknown change `{other}`"),
        });
    }
    for path in document["unclaimed"].as_array().unwrap() {
        lines.push(format!("?{}", text(path)));
    }
    lines
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Everything in one text, for snapshots: ids of commits and digests are replaced.
    pub(crate) fn block(&self) -> String {
        let mut text = String::new();
        let code = self
            .code
            .map_or_else(|| "signal".to_owned(), |code| code.to_string());
        let _ = writeln!(text, "exit {code}");
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name}\n{}", redact(stream));
            }
        }
        text.trim_end().to_owned()
    }
}

/// Hexadecimal ids of twelve digits and more, and folders of this machine, by names that are always the same.
fn redact(text: &str) -> String {
    let mut result = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, result: &mut String| {
        let hex = word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && word.bytes().any(|byte| byte != b'0') {
            let _ = write!(result, "[{}]", word.len());
        } else {
            result.push_str(word);
        }
        word.clear();
    };
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
        } else {
            flush(&mut word, &mut result);
            result.push(letter);
        }
    }
    flush(&mut word, &mut result);
    let temporary = std::env::temp_dir();
    let mut cleaned = String::new();
    let mut rest = result.as_str();
    while let Some(at) = rest.find(&*temporary.to_string_lossy()) {
        cleaned.push_str(&rest[..at]);
        cleaned.push_str("[TMP]");
        let tail = &rest[at + temporary.as_os_str().len()..];
        // The folder's own name is random.
        let tail = tail.trim_start_matches('/');
        rest =
            tail.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '.');
    }
    cleaned + rest
}
