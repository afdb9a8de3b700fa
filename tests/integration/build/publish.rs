//! What was verified is published, and what is left over is cleaned up.

use super::*;

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
        "`qemu` cannot be asked what is there",
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
