//! Images whose template is made for them from builders.

use super::*;

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
