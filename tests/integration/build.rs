//! `build` and `verify` on a small repository. A script stands in for Packer, so that what goes wrong can be chosen; the real
//! one builds real images in `.ci/real-images`.

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

/// What stands in for Packer where a template is made for the image: it keeps what it was given, as it was given it.
const PACKER_OF_BUILDERS: &str = r#"#!/bin/bash
set -e
template="${!#}"
cp "$template" "$HOME/template.json"
echo "$@" >"$HOME/arguments"
env >"$HOME/environment"
for archive in 0 1; do
    mkdir -p "$HOME/$archive"
    tar -x -C "$HOME/$archive" -f "$(dirname "$template")/$archive.tar"
done
echo "==> a script prints $(cat "$HOME/1/var/lib/token")"
[ "$1" = validate ] || echo '{"builds": [{"artifact_id": "linux-google-1", "packer_run_uuid": "1"}], "last_run_uuid": "1"}' \
    >packer-artifacts.json
"#;

const BUILDERS_SETTINGS: &str = "trust-domain: example\nowner: team@example.org\nworkers:\n  aliases:\n    builder: {provisioner: \
     'example-{{level}}', worker-type: builder, implementation: generic-worker, os: linux}\nimages:\n  - build: {worker: builder, \
     max-run-time: 10 minutes}\n";

/// A repository of builder files.
fn of_builders() -> Case {
    let case = Case::new();
    case.repo.remove("image-defs");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/builders");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                case.repo.write(name, std::fs::read(&path).unwrap());
            }
        }
    }
    case.repo.write("taskgraph-images.yml", BUILDERS_SETTINGS);
    case.repo.commit();
    std::fs::write(&case.packer, PACKER_OF_BUILDERS).unwrap();
    case
}

#[test]
fn a_template_that_is_made_for_an_image() {
    let case = of_builders();
    let home = |name: &str| std::fs::read_to_string(case.home.join(name)).unwrap();
    done(&case.run(&["build", "linux-google"], &[("TASK_ID", BASE)]));
    let manifest = case.left("image/manifest.json");
    assert_eq!(manifest["artifacts"][0]["reference"], "linux-google-1");
    assert!(
        home("arguments").starts_with("build -only=linux_google -var-file="),
        "{}",
        home("arguments")
    );
    // What is printed is what Packer is given, but for where the archives are.
    let given: Value = serde_json::from_str(&home("template.json")).unwrap();
    let printed = case
        .run(&["packer-template", "linux-google"], &[("TASK_ID", BASE)])
        .json();
    let told = case.repo.git(&["rev-parse", "HEAD"])[..7].to_owned();
    let text = printed.to_string().replace(
        "MONOPACKER_GIT_SHA=unknown",
        &format!("MONOPACKER_GIT_SHA={told}"),
    );
    let mut printed: Value = serde_json::from_str(&text).unwrap();
    for (step, archive) in [(0, 0), (2, 1)] {
        let source = given["provisioners"][step]["source"].as_str().unwrap();
        assert!(source.ends_with(&format!("/{archive}.tar")), "{source}");
        printed["provisioners"][step]["source"] = source.into();
    }
    assert_eq!(given, printed);
    // The repository's own list of secrets holds none.
    assert!(case.home.join("0/files/etc/helpers/funcs.sh").exists());
    assert_eq!(home("1/var/lib/token"), "ghi");
    // A build leaves nothing in the checkout but what the template does.
    assert_eq!(
        case.repo.git(&["status", "--porcelain"]).trim(),
        "?? packer-artifacts.json"
    );

    let theirs = case.repo.beside("secrets.yml");
    let list = "- {path: /etc/worker/cert, value: x}\n- {path: /etc/worker/key, value: x}\n- {path: /var/lib/token, value: \
                not-a-token-of-ours}\n";
    std::fs::write(&theirs, list).unwrap();
    let file = theirs.to_string_lossy().into_owned();
    done(&case.run(&["build", "linux-google", "--secrets-file", &file], &[]));
    assert_eq!(home("1/var/lib/token"), "not-a-token-of-ours");
    let log = std::fs::read_to_string(case.repo.beside("artifacts").join("image/log.txt")).unwrap();
    assert!(log.contains("a script prints [secret]"), "{log}");
    assert!(!home("environment").contains("not-a-token-of-ours"));
    std::fs::write(
        &theirs,
        "- {path: /elsewhere, value: not-a-token-of-ours}\n",
    )
    .unwrap();
    case.fails(
        &["build", "linux-google", "--secrets-file", &file],
        2,
        "are others than those of `fake_secrets.yaml`",
    );
    std::fs::write(
        &theirs,
        "- {path: /elsewhere, value: [not-a-token-of-ours]}\n",
    )
    .unwrap();
    let refused = case.run(&["build", "linux-google", "--secrets-file", &file], &[]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        !refused.stderr.contains("not-a-token-of-ours"),
        "{}",
        refused.stderr
    );

    done(&case.run(&["validate", "linux-google"], &[]));
    assert!(
        home("arguments").starts_with("validate -only=linux_google"),
        "{}",
        home("arguments")
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

/// The task that verified the base.
const VERIFY: &str = "Xz8-Ab3kQmeWq1pL5rT9vg";

#[test]
fn what_was_verified_is_published() {
    let case = Case::with_base();
    let keep = |passes: bool| {
        let ran = case.run(&["verify", "base"], &[]);
        assert_eq!(ran.code == Some(0), passes, "{}", ran.block());
        let to = case
            .repo
            .beside("store")
            .join(VERIFY)
            .join("public/verification");
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(case.repo.beside("artifacts").join("verification"), &to).unwrap();
        to.join("verification.json")
    };
    let publish = |level: &str, more: &[&str]| {
        let mut arguments = vec!["publish", "base"];
        arguments.extend(more);
        let task = ("TASKGRAPH_IMAGES_VERIFY_TASK_ID", VERIFY);
        case.run(&arguments, &[task, ("MOZ_SCM_LEVEL", level)])
    };
    let refused = |words: &str| {
        let ran = publish("3", &[]);
        assert_ne!(ran.code, Some(0), "{}", ran.block());
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        let left = case.repo.beside("artifacts").join("manifest");
        assert!(!left.exists(), "something was published");
    };
    refused("has no artifact `public/verification/verification.json`");
    let manifest = case.kept().join("manifest.json");
    let at_level_3 = std::fs::read_to_string(&manifest).unwrap();
    let lower = at_level_3.replace("\"level\": 3", "\"level\": 1");
    std::fs::write(&manifest, lower).unwrap();
    refused("was built at level 1");
    std::fs::write(&manifest, at_level_3).unwrap();
    let found = keep(true);
    let ran = publish("1", &[]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"
    error: only a run of level 3 publishes, and this one is of level 1
    hint: `MOZ_SCM_LEVEL` says the level; a decision sets it
    ");
    insta::assert_snapshot!(publish("3", &["--dry-run"]).stdout, @"keep base.qcow2 as an artifact");

    // Whatever does not agree is told, and nothing is left.
    let whole = std::fs::read_to_string(&found).unwrap();
    for (from, to, words) in [
        (
            "\"passed\": true,\n  \"checks\"",
            "\"passed\": false,\n  \"checks\"",
            "it did not pass",
        ),
        (
            "base@qemu",
            "other@qemu",
            "it is of `other@qemu`, expected `base@qemu`",
        ),
        (
            BASE,
            VERIFY,
            "it looked at `Xz8-Ab3kQmeWq1pL5rT9vg`, and not at",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        std::fs::write(&found, whole.replace(from, to)).unwrap();
        refused(words);
    }
    std::fs::write(&found, &whole).unwrap();
    let manifest = case.kept().join("manifest.json");
    let candidate = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{candidate}\n")).unwrap();
    refused("it looked at another manifest of that build");
    std::fs::write(&manifest, &candidate).unwrap();

    let ran = publish("3", &[]);
    done(&ran);
    let published = case.left("manifest/manifest.json");
    assert_eq!(published["stage"], "published");
    assert_eq!(published["tasks"]["verify"], VERIFY);
    assert_eq!(published["tasks"]["build"], BASE);
    let before: Value = serde_json::from_str(&candidate).unwrap();
    assert_eq!(published["artifacts"], before["artifacts"]);
    let disk = case.repo.beside("artifacts").join("manifest/base.qcow2");
    assert_eq!(
        std::fs::read(disk).unwrap(),
        std::fs::read(case.kept().join("base.qcow2")).unwrap()
    );
    // Again: the same.
    done(&publish("3", &[]));

    // A check that fails, and the candidate stays one.
    std::fs::remove_dir_all(case.repo.beside("artifacts")).unwrap();
    case.repo
        .write("image-defs/checks/05-b.sh", "#!/bin/bash\nexit 1\n");
    keep(false);
    refused("it did not pass: image-defs/checks/05-b.sh");
}

#[test]
fn a_disk_is_published_to_a_folder() {
    let case = Case::new();
    let folder = case.repo.beside("published");
    let settings = format!(
        "publish: {{worker: builder, destination: '{}'}}",
        folder.display()
    );
    case.repo.replace(
        "image-defs/images/base.yml",
        "publish: {worker: builder}",
        &settings,
    );
    done(&case.run(&["build", "base"], &[("MOZ_SCM_LEVEL", "3")]));
    case.keep();
    done(&case.run(&["verify", "base"], &[]));
    let to = case.repo.beside("store").join(VERIFY).join("public");
    std::fs::create_dir_all(&to).unwrap();
    let found = case.repo.beside("artifacts").join("verification");
    std::fs::rename(found, to.join("verification")).unwrap();
    let publish = |more: &[&str]| {
        let mut arguments = vec!["publish", "base"];
        arguments.extend(more);
        let task = ("TASKGRAPH_IMAGES_VERIFY_TASK_ID", VERIFY);
        case.run(&arguments, &[task, ("MOZ_SCM_LEVEL", "3")])
    };

    let said = publish(&["--dry-run"]);
    done(&said);
    assert_eq!(said.stdout.lines().count(), 3, "{}", said.stdout);
    assert!(
        said.stdout.starts_with("copy base.qcow2 to "),
        "{}",
        said.stdout
    );
    assert!(!folder.exists(), "a dry run left something");

    done(&publish(&[]));
    let published = case.left("manifest/manifest.json");
    let reference = published["artifacts"][0]["reference"].as_str().unwrap();
    assert!(
        reference.starts_with(&*folder.to_string_lossy()),
        "{reference}"
    );
    let disk = std::fs::read(case.kept().join("base.qcow2")).unwrap();
    assert_eq!(std::fs::read(reference).unwrap(), disk);
    let sum = std::fs::read_to_string(format!("{reference}.sha256")).unwrap();
    let sha256 = published["artifacts"][0]["file"]["sha256"]
        .as_str()
        .unwrap();
    assert!(sum.starts_with(sha256), "{sum}");
    // The SBOM and the log are beside the manifest, which names them.
    let left = case.repo.beside("artifacts").join("manifest");
    for file in ["sbom.tsv", "log.txt", "base.qcow2"] {
        assert!(left.join(file).is_file(), "{file}");
    }

    // What people and programs are told of it.
    let (from, to) = (case.kept(), left);
    let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
    let differs = case.run(&["manifest", "diff", &from, &to, "--format", "json"], &[]);
    done(&differs);
    let differs: Value = serde_json::from_str(&differs.stdout).unwrap();
    assert_eq!(differs["places"][0]["name"], "qemu");
    assert_eq!(differs["packages"], serde_json::json!([]));
    let task = format!("task-id={BASE}");
    let shown = case.run(&["manifest", "show", &task], &[]);
    done(&shown);
    assert!(
        shown
            .stdout
            .starts_with("base@qemu: candidate, linux amd64, level 3\n"),
        "{}",
        shown.stdout
    );
    case.fails(
        &["manifest", "show", "nowhere"],
        2,
        "there is no manifest at `nowhere`",
    );

    // Somebody else's file under the name stays, and is told.
    std::fs::write(format!("{reference}.sha256"), "another\n").unwrap();
    let ran = publish(&[]);
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(ran.stderr.contains("nothing is replaced"), "{}", ran.stderr);
    assert!(!case.repo.beside("artifacts").join("manifest").exists());
}

#[test]
fn a_destination_is_one_of_the_cloud() {
    let case = Case::new();
    case.repo.replace(
        "image-defs/images/base.yml",
        "publish: {worker: builder}",
        "publish: {worker: builder, destination: \"\", share-with: [\"1\"]}",
    );
    let ran = case.run(&["check"], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    for words in [
        "\"\" is no destination: expected the path of a folder",
        "an image of qemu cannot be shared with accounts of AWS",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[test]
fn cleanup_needs_a_cloud_and_credentials() {
    let case = Case::new();
    case.fails(
        &["cleanup", "--task", BASE],
        2,
        "no cloud is named, and no credentials of any",
    );
    case.fails(&["cleanup", "--task", "x"], 2, "is no task id");
    case.fails(
        &["cleanup", "--task", BASE, "--cloud", "qemu"],
        2,
        "nothing is left in `qemu`",
    );
    let env = [
        ("GOOGLE_CREDENTIALS", "not-a-real-secret"),
        ("GOOGLE_CLOUD_PROJECT", "p"),
    ];
    let ran = case.run(&["cleanup", "--task", BASE], &env);
    assert_eq!(ran.code, Some(2), "{}", ran.block());
    assert!(
        ran.stderr.contains("is no key of a service account"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("not-a-real-secret"), "{}", ran.stderr);
}
