//! `build` and `verify` on a small repository. A script stands in for Packer, so that what goes wrong can be chosen; the real
//! one builds real images in `.ci/real-images`.

mod boot;
mod builders;
mod floating;
mod publish;
mod replicate;
mod task;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Ran, Repo};

const FILES: [(&str, &str); 7] = [
    (
        "image-defs/config.yml",
        "trust-domain: example\nowner: team@example.org\nworkers:\n  aliases:\n    builder: {provisioner: 'example-{{level}}', \
         worker-type: builder, implementation: generic-worker, os: linux}\n",
    ),
    (
        "image-defs/fragments/disk.yml",
        "os: linux\ncloud: qemu\nbuilder: {packer: {template: image-defs/t.pkr.hcl, source: null.a, variables: {word: \
         \"it's $(id)\"}}}\nscripts: [image-defs/scripts/]\nbuild: {worker: builder, max-run-time: 10 minutes}\n",
    ),
    (
        "image-defs/images/base.yml",
        "extends: [disk]\nverify: {method: pool, worker: builder, checks: [image-defs/checks/*.sh]}\npublish: {worker: builder}\n",
    ),
    (
        "image-defs/images/child.yml",
        "extends: [disk]\nparent: base\nverify: {method: in-build, worker: builder, checks: [image-defs/checks/*.sh]}\n",
    ),
    (
        "image-defs/t.pkr.hcl",
        "variable \"word\" {\n  type = string\n}\nvariable \"scripts\" {\n  type = list(string)\n}\nvariable \"artifacts\" {\n  \
         type = string\n  default = \"artifacts\"\n}\nsource \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n  \
         provisioner \"shell\" {\n    scripts = var.scripts\n  }\n}\n",
    ),
    ("image-defs/scripts/10-a.sh", "#!/bin/sh\ntrue\n"),
    (
        "image-defs/checks/10-a.sh",
        "#!/bin/bash\necho \"checked in $(basename \"$PWD\")\"\n",
    ),
];

/// What stands in for Packer: it finds the folder of results in the file of values, as the template would.
const PACKER: &str = r#"#!/bin/bash
set -e
for word in "$@"; do case "$word" in -var-file=*values*) values="${word#-var-file=}" ;; esac; done
cp "$values" "$HOME/values.json"
left="$(sed -n 's/.*"artifacts": "\(.*\)".*/\1/p' "$values")"
echo "==> null.a: Provisioning with shell script: image-defs/scripts/10-a.sh"
if [ -f "$HOME/packer-fails" ]; then cat "$HOME/packer-fails"; exit 1; fi
[ ! -f "$HOME/packer-is-idle" ] || exit 0
mkdir -p "$left/disk"
[ ! -f "$HOME/packer-is-foreign" ] || foreign=packer-artifacts.json
echo "disk on ${PARENT_IMAGE:+a parent}" >"$left/disk/x.qcow2"
printf 'deb\tbash\t5.2\n' >"$left/sbom.tsv"
cp "$HOME/checks.json" "$left/" 2>/dev/null || true
echo '{"builds": [{"artifact_id": "VM", "packer_run_uuid": "1", "files": [{"name": "x.qcow2", "size": 1}]}], "last_run_uuid": "1"}' \
    >"${foreign:-$left/manifest.json}"
"#;

/// The task that built the base.
const BASE: &str = "fN1SbArXTPSVFNUvaOlinQ";

struct Case {
    repo: Repo,
    packer: PathBuf,
    home: PathBuf,
}

impl Case {
    fn new() -> Self {
        let repo = Repo::empty(&[]);
        for (path, text) in FILES {
            repo.write(path, text);
        }
        repo.commit();
        let packer = repo.beside("packer");
        std::fs::write(&packer, PACKER).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&packer, mode).unwrap();
        Self {
            home: repo.beside("home"),
            packer,
            repo,
        }
    }

    fn run(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let packer = self.packer.to_string_lossy().into_owned();
        let upload = self.repo.beside("artifacts").to_string_lossy().into_owned();
        let store = self.repo.beside("store").to_string_lossy().into_owned();
        let mut all = vec![
            ("TASKGRAPH_IMAGES_PACKER", packer.as_str()),
            ("UPLOAD_DIR", &upload),
            ("TASKGRAPH_IMAGES_STORE", &store),
            ("TASKGRAPH_IMAGES_PARENT_TASK_ID", BASE),
            ("TASKGRAPH_IMAGES_BUILD_TASK_ID", BASE),
        ];
        all.extend(env);
        self.repo.run_at(&self.repo.path, arguments, &all)
    }

    fn left(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.repo.beside("artifacts").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Puts what a build left where other tasks look for it.
    fn keep(&self) {
        let from = self.repo.beside("artifacts").join("image");
        let to = self.kept();
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(from, to).unwrap();
    }

    fn kept(&self) -> PathBuf {
        self.repo.beside("store").join(BASE).join("public/image")
    }

    /// Builds the base, for others to take.
    fn with_base() -> Self {
        let case = Self::new();
        done(&case.run(&["build", "base"], &[("MOZ_SCM_LEVEL", "3")]));
        case.keep();
        case
    }

    fn fails(&self, arguments: &[&str], code: i32, words: &str) {
        let ran = self.run(arguments, &[]);
        assert_eq!(ran.code, Some(code), "{}", ran.block());
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

fn done(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

#[test]
fn a_build_leaves_a_manifest() {
    let case = Case::new();
    done(&case.run(
        &["build", "base"],
        &[("TASK_ID", BASE), ("MOZ_SCM_LEVEL", "3")],
    ));
    insta::assert_json_snapshot!("manifest", case.left("image/manifest.json"), {
        ".started" => "[time]",
        ".finished" => "[time]",
        ".source.revision" => "[revision]",
        ".files[1].sha256" => "[digest]",
        ".files[1].size" => 0,
    });
    // Nothing else is left.
    let mut names: Vec<String> = std::fs::read_dir(case.repo.beside("artifacts"))
        .unwrap()
        .chain(std::fs::read_dir(case.repo.beside("artifacts").join("image")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    insta::assert_snapshot!(names.join(" "), @"base.qcow2 image log.txt manifest.json packer-manifest.json sbom.tsv");
    // The same again, in the place of the first; and what is not committed is said.
    case.repo.append("image-defs/scripts/10-a.sh", "true\n");
    done(&case.run(&["build", "base"], &[]));
    assert_eq!(case.left("image/manifest.json")["source"]["modified"], true);
}

#[test]
fn a_template_that_knows_nothing_of_this_program() {
    let case = Case::new();
    std::fs::write(case.home.join("packer-is-foreign"), "").unwrap();
    done(&case.run(&["build", "base"], &[]));
    assert_eq!(
        case.left("image/packer-manifest.json")["last_run_uuid"],
        "1"
    );
}

#[test]
fn a_build_on_a_parent() {
    let case = Case::with_base();
    let manifest = case.kept().join("manifest.json");
    done(&case.run(&["build", "child"], &[]));
    let child = case.left("image/manifest.json");
    assert_eq!(child["parent"]["image"], "base@qemu");
    let disk = case.repo.beside("artifacts").join("image/child.qcow2");
    assert_eq!(std::fs::read_to_string(disk).unwrap(), "disk on a parent\n");

    // Whatever is wrong with the parent's candidate is said, and nothing is built on it.
    let whole = std::fs::read_to_string(&manifest).unwrap();
    for (spoilt, words) in [
        (whole[..whole.len() / 2].to_owned(), "it is no manifest"),
        (
            whole.replace("\"version\": 1", "\"version\": 9"),
            "is of version 9",
        ),
        (
            whole.replace("base@qemu", "other@qemu"),
            "it is of `other@qemu`, expected `base@qemu`",
        ),
        (
            whole.replace("\"candidate\"", "\"published\""),
            "expected a Candidate",
        ),
    ] {
        std::fs::write(&manifest, spoilt).unwrap();
        case.fails(&["build", "child"], 3, words);
    }
    std::fs::write(&manifest, &whole).unwrap();
    std::fs::write(case.kept().join("base.qcow2"), "another disk\n").unwrap();
    case.fails(&["build", "child"], 3, "is not what its manifest says");
    std::fs::remove_file(case.kept().join("base.qcow2")).unwrap();
    case.fails(
        &["build", "child"],
        3,
        "has no artifact `public/image/base.qcow2`",
    );
    std::fs::remove_file(&manifest).unwrap();
    case.fails(
        &["build", "child"],
        3,
        "has no artifact `public/image/manifest.json`",
    );
}

#[test]
fn whose_fault_it_is() {
    let case = Case::new();
    let fails = |words: &str| std::fs::write(case.home.join("packer-fails"), words).unwrap();
    fails(
        "    null.a: 10-a.sh: failed at line 2: false\nScript exited with non-zero exit status: 1\n",
    );
    let words = "`base@qemu` cannot be built: `image-defs/scripts/10-a.sh` failed at line 2";
    case.fails(&["build", "base"], 1, words);
    fails("Error: Quota 'CPUS' exceeded. Limit: 24.0\n");
    case.fails(
        &["build", "base"],
        75,
        "that is not its own fault: Error: Quota",
    );
    std::fs::remove_file(case.home.join("packer-fails")).unwrap();
    std::fs::write(case.home.join("packer-is-idle"), "").unwrap();
    case.fails(
        &["build", "base"],
        2,
        "the template left no `manifest.json`",
    );
    std::fs::remove_file(&case.packer).unwrap();
    case.fails(&["build", "base"], 3, "cannot be run");
    // The log tells what happened until then.
    let log = case.repo.beside("artifacts").join("image/log.txt");
    assert!(log.exists());
}

#[test]
fn what_a_decision_recorded_is_what_is_built() {
    let case = Case::new();
    let digest = "0".repeat(64);
    let ran = case.run(&["build", "base"], &[("TASKGRAPH_IMAGES_DIGEST", &digest)]);
    assert_eq!(ran.code, Some(2));
    let own = case.repo.run(&["digest", "base", "--kind", "build"]).stdout;
    insta::assert_snapshot!(ran.stderr.replace(own.trim(), "[digest]"), @"
    error: the build of `base@qemu` has the digest [digest] here, and the decision recorded 0000000000000000000000000000000000000000000000000000000000000000
    hint: work on the revision of the decision, with the program of the decision: both go into the digest
    ");
    done(&case.run(
        &["build", "base"],
        &[("TASKGRAPH_IMAGES_DIGEST", own.trim())],
    ));
    case.fails(&["build", "bas"], 2, "did you mean `base`?");
}

#[test]
fn checks_on_this_machine() {
    let case = Case::with_base();
    done(&case.run(&["verify", "base"], &[]));
    let found = case.left("verification/verification.json");
    assert_eq!(found["passed"], true);
    assert_eq!(found["checks"][0]["output"], "checked in files\n");
    let manifest = std::fs::read(case.kept().join("manifest.json")).unwrap();
    let digest = taskgraph_images::graph::Digest::of(&manifest).to_string();
    assert_eq!(found["manifest"], digest.as_str());

    // Every check runs, also after one that fails; a check is no part of the build's digest.
    case.repo.write(
        "image-defs/checks/05-b.sh",
        "#!/bin/bash\necho broken >&2\nexit 1\n",
    );
    case.fails(
        &["verify", "base"],
        1,
        "`base@qemu` fails `image-defs/checks/05-b.sh`",
    );
    let found = case.left("verification/verification.json");
    let passed: Vec<&Value> = found["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| &check["passed"])
        .collect();
    assert_eq!(passed, [false, true]);
    let junit = case.repo.beside("artifacts").join("verification/junit.xml");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");

    // What was built of another revision is not what is verified.
    case.repo.append("image-defs/scripts/10-a.sh", "true\n");
    case.fails(&["verify", "base"], 3, "it is of another revision");
}

#[test]
fn checks_that_the_build_ran() {
    let case = Case::with_base();
    let checks = r#"[{"name": "image-defs/checks/10-a.sh", "passed": true, "seconds": 1.0, "output": "ok"}]"#;
    let verify = |checks: Option<&str>| {
        if let Some(checks) = checks {
            std::fs::write(case.home.join("checks.json"), checks).unwrap();
        }
        done(&case.run(&["build", "child"], &[]));
        let to = case
            .repo
            .beside("store")
            .join("Xz8-Ab3kQmeWq1pL5rT9vg/public/image");
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(case.repo.beside("artifacts").join("image"), &to).unwrap();
        let task = ("TASKGRAPH_IMAGES_BUILD_TASK_ID", "Xz8-Ab3kQmeWq1pL5rT9vg");
        case.run(&["verify", "child"], &[task])
    };
    let ran = verify(None);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("left no `checks.json`"),
        "{}",
        ran.stderr
    );
    done(&verify(Some(checks)));
    let ran = verify(Some("[]"));
    assert_eq!(ran.code, Some(1));
    let found = case.left("verification/verification.json");
    assert_eq!(found["checks"][0]["output"], "the build did not run it\n");
}
