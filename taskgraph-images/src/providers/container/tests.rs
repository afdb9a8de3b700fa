//! A script in skopeo's place, which keeps what it is given. The real one is asked in `.ci/cloud-providers`.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::manifest::File;
use crate::providers::tests::{promotion, recorder, said, variables};

/// Says what skopeo does of an image whose layers are in the file `layers`, and of a pushed one in `pushed`.
const SKOPEO: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/log"
[ ! -f "$here/fails" ] || { cat "$here/fails" >&2; exit 1; }
for last; do :; done
case "$*" in
*"--config"*docker-archive:*) cat "$here/layers" ;;
*"--config"*) cat "$here/pushed" ;;
"inspect --raw"*) echo 'level=warning msg="{beware}"' >&2; printf '{"config": {"digest": "sha256:c"}}'; echo '}' >&2 ;;
copy*) printf 'sha256:d' >"$(printf '%s' "$*" | sed 's/.*--digestfile=\([^ ]*\) .*/\1/')" ;;
esac
"#;

struct Case {
    folder: tempfile::TempDir,
    promotion: Promotion,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skopeo");
        std::fs::write(&path, SKOPEO).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut promotion = promotion();
        promotion.destination = Some(Destination::Container {
            repository: "docker://registry.example.org/team/box".to_owned(),
        });
        promotion.folder = "/artifacts".into();
        promotion.candidate = vec![Artifact {
            region: None,
            reference: "sha256:c".to_owned(),
            file: Some(File {
                name: "image.tar.zst".to_owned(),
                sha256: "1".repeat(64).parse().unwrap(),
                size: 1,
            }),
        }];
        let case = Self { folder, promotion };
        case.write("layers", r#"{"rootfs": {"diff_ids": ["sha256:1"]}}"#);
        case.write("pushed", r#"{"rootfs": {"diff_ids": ["sha256:1"]}}"#);
        case
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn with<T>(&self, test: impl FnOnce(&Containers<'_>) -> T) -> T {
        let program = self
            .folder
            .path()
            .join("skopeo")
            .to_string_lossy()
            .into_owned();
        let variables = variables(&[("TASKGRAPH_IMAGES_SKOPEO", &program)]);
        recorder(false, |session| test(&Containers::new(session, &variables)))
    }

    fn promote(&self) -> Result<Vec<Artifact>, ProviderError> {
        self.with(|containers| containers.promote(&self.promotion))
    }
}

#[test]
fn pushed_and_known_by_its_digest() {
    let case = Case::new();
    let published = case.promote().unwrap();
    assert_eq!(
        published[0].reference,
        "docker://registry.example.org/team/box@sha256:d"
    );
    assert_eq!(
        said().len(),
        1,
        "only what changes something is said: {:?}",
        said()
    );
}

#[test]
fn what_is_not_what_it_should_be() {
    let mut case = Case::new();
    case.promotion.candidate[0].reference = "sha256:other".to_owned();
    let error = case.promote().unwrap_err().to_string();
    assert!(error.contains("it is of another build"), "{error}");
    let case = Case::new();
    case.write("pushed", r#"{"rootfs": {"diff_ids": ["sha256:2"]}}"#);
    let error = case.promote().unwrap_err();
    assert!(
        matches!(error.kind, ProviderErrorKind::Conflict(_)),
        "{error}"
    );
}

#[test]
fn what_is_no_json_is_told() {
    let case = Case::new();
    case.write(
        "pushed",
        r#"level=warning {"rootfs": {"diff_ids": ["sha256:1"]}}"#,
    );
    let error = case.promote().unwrap_err().to_string();
    assert!(error.contains("skopeo answered no JSON: "), "{error}");
}

#[test]
fn whose_fault_it_is() {
    let case = Case::new();
    case.write(
        "fails",
        "dial tcp 127.0.0.1:5000: connect: connection refused",
    );
    assert!(case.promote().unwrap_err().is_transient());
    case.write("fails", "unauthorized: authentication required");
    let error = case.promote().unwrap_err();
    assert!(!error.is_transient(), "{error}");
    assert!(
        error.to_string().contains("authentication required"),
        "{error}"
    );
}

#[test]
fn described_and_deleted() {
    let case = Case::new();
    let image = Reference {
        region: None,
        name: "docker://registry.example.org/team/box@sha256:d".to_owned(),
    };
    case.with(|containers| {
        let found = containers.describe(&image).unwrap().unwrap();
        containers.delete(&found).unwrap();
        let error = containers.deprecate(&image).unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
    });
    case.write("fails", "reading manifest sha256:d: manifest unknown");
    case.with(|containers| {
        assert_eq!(containers.describe(&image).unwrap(), None);
        let gone = Resource {
            reference: image.clone(),
            kind: ResourceKind::Image,
            state: String::new(),
            labels: std::collections::BTreeMap::new(),
        };
        containers.delete(&gone).unwrap();
    });
}
