//! A Compute Engine on loopback, with answers as Google documents them: operations that take a while, what is known late,
//! pages, quotas, and tokens of a service account.

mod snapshot;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::manifest::Artifact;
use crate::providers::tests::{Asked, promotion, recorder, said, serve, variables};

/// What the fake has, and how it behaves.
#[derive(Default)]
struct Fake {
    images: BTreeMap<String, Value>,
    /// How often an image is asked for before it is ready; the first time it is not known yet.
    asked: usize,
    operations: usize,
    /// The error of the next operation.
    error: Option<Value>,
    /// Answers that the next requests get.
    broken: Vec<(u16, Value)>,
    /// The next answer to a POST is lost, after it was done.
    lost: bool,
    /// Machines and disks, by path.
    things: BTreeMap<String, Value>,
}

const BASE: &str = "https://www.googleapis.com/compute/v1/";
const IMAGES: &str = "/projects/images-1/global/images";

impl Fake {
    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        if asked.authorization != "Bearer not-a-real-token" {
            return (
                401,
                json!({"error": {"code": 401, "message": "no credentials", "errors": [{"reason": "required"}]}}),
            );
        }
        if let Some(broken) = self.broken.pop() {
            return broken;
        }
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method.as_str(), path.strip_prefix(IMAGES)) {
            ("POST", Some("")) => {
                let name = asked.body["name"].as_str().unwrap().to_owned();
                if self.images.contains_key(&name) {
                    return (
                        409,
                        json!({"error": {"code": 409, "message": "exists", "errors": [{"reason": "alreadyExists"}]}}),
                    );
                }
                if self.error.is_none() {
                    self.asked = 0;
                    self.images.insert(name, asked.body.clone());
                }
                if std::mem::take(&mut self.lost) {
                    return (503, Value::Null);
                }
                self.operation()
            }
            ("PATCH", Some(image)) => match self.images.get_mut(&image[1..]) {
                Some(image) => {
                    image["family"] = asked.body["family"].clone();
                    self.operation()
                }
                None => (404, json!({"error": {"code": 404}})),
            },
            ("DELETE", Some(image)) => match self.images.remove(&image[1..]) {
                Some(_) => self.operation(),
                None => (404, json!({"error": {"code": 404}})),
            },
            ("POST", Some(deprecate)) => {
                let name = deprecate[1..].strip_suffix("/deprecate").unwrap();
                self.images.get_mut(name).unwrap()["deprecated"] = asked.body.clone();
                self.operation()
            }
            ("GET", Some("")) => self.page(asked),
            ("GET", Some(image)) => match self.images.get(&image[1..]) {
                None => (404, json!({"error": {"code": 404}})),
                Some(image) => {
                    self.asked += 1;
                    let mut image = image.clone();
                    if image.get("status").is_none() {
                        image["status"] = if self.asked < 3 { "PENDING" } else { "READY" }.into();
                    }
                    if self.asked == 1 {
                        (404, json!({"error": {"code": 404}}))
                    } else {
                        (200, image)
                    }
                }
            },
            ("GET", None) if self.things.contains_key(path) => (200, self.things[path].clone()),
            ("GET", None) if path.contains("/operations/") => {
                self.operations += 1;
                let mut operation = json!({"name": "op", "selfLink": format!("{BASE}projects/images-1/global/operations/op"),
                    "status": if self.operations.is_multiple_of(3) { "DONE" } else { "RUNNING" }});
                if operation["status"] == "DONE"
                    && let Some(error) = self.error.take()
                {
                    operation["error"] = json!({"errors": [error]});
                }
                (200, operation)
            }
            ("GET", None) if path.contains("/aggregated/instances") => (
                200,
                json!({"items": {
                    "zones/a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}},
                    "zones/b": {"instances": [{"selfLink": format!("{BASE}projects/images-1/zones/b/instances/packer-1"),
                        "status": "RUNNING", "labels": {"l": "v"}}, {"selfLink": "projects/p/other", "status": "RUNNING"}]},
                }}),
            ),
            _ => (200, json!({})),
        }
    }

    fn operation(&mut self) -> (u16, Value) {
        self.operations = 0;
        (
            200,
            json!({"name": "op", "status": "PENDING", "selfLink": format!("{BASE}projects/images-1/global/operations/op")}),
        )
    }

    /// One image a page.
    fn page(&self, asked: &Asked) -> (u16, Value) {
        let at = asked
            .path
            .split("pageToken=")
            .nth(1)
            .map_or(0, |at| at.parse().unwrap());
        let mut page = json!({"items": []});
        if let Some((name, image)) = self.images.iter().nth(at) {
            let mut image = image.clone();
            image["selfLink"] = format!("{BASE}projects/images-1/global/images/{name}").into();
            image["status"] = "READY".into();
            page["items"] = json!([image]);
            page["nextPageToken"] = (at + 1).to_string().into();
        }
        (200, page)
    }
}

/// A fake, its address, and variables that lead to it.
fn fake() -> (Arc<Mutex<Fake>>, Variables) {
    let fake = Arc::new(Mutex::new(Fake::default()));
    let served = fake.clone();
    let base = serve(move |asked| served.lock().unwrap().answer(asked));
    let variables = variables(&[
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", &base),
        ("GOOGLE_CLOUD_PROJECT", "images-1"),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "not-a-real-token"),
    ]);
    (fake, variables)
}

fn candidate() -> Promotion {
    let mut promotion = promotion();
    promotion.candidate = vec![Artifact {
        region: None,
        reference: "debian-candidate".to_owned(),
        file: None,
    }];
    promotion
}

fn promote(variables: &Variables) -> Result<Vec<Artifact>, ProviderError> {
    recorder(false, |session| {
        Google::new(session, variables)?.promote(&candidate())
    })
}

#[test]
fn published_and_again() {
    let (fake, variables) = fake();
    let published = promote(&variables).unwrap();
    assert_eq!(
        published[0].reference,
        "projects/images-1/global/images/debian-20261125173000"
    );
    let image = fake.lock().unwrap().images["debian-20261125173000"].clone();
    assert_eq!(
        image["sourceImage"],
        "projects/images-1/global/images/debian-candidate"
    );
    assert_eq!(image["family"], "debian");
    assert_eq!(said().len(), 2, "{:?}", said());
    assert!(!said().join("\n").contains("token"));
    // Again: nothing is changed.
    assert_eq!(promote(&variables).unwrap(), published);
    assert_eq!(said(), Vec::<String>::new());
}

#[test]
fn anothers_image_is_never_replaced() {
    let (fake, variables) = fake();
    let image = json!({"labels": {"taskgraph-images-candidate": "0"}, "status": "READY"});
    fake.lock()
        .unwrap()
        .images
        .insert("debian-20261125173000".to_owned(), image.clone());
    fake.lock().unwrap().asked = 5;
    let error = promote(&variables).unwrap_err();
    assert!(
        matches!(error.kind, ProviderErrorKind::Conflict(_)),
        "{error}"
    );
    assert_eq!(fake.lock().unwrap().images["debian-20261125173000"], image);
}

#[test]
fn a_quota_is_told_apart_and_a_rerun_completes() {
    let (fake, variables) = fake();
    fake.lock().unwrap().error =
        Some(json!({"code": "QUOTA_EXCEEDED", "message": "Quota 'IMAGES' exceeded. Limit: 2000"}));
    let error = promote(&variables).unwrap_err();
    assert!(error.is_transient());
    assert_eq!(
        error.to_string(),
        "POST of `projects/images-1/global/images`: over a limit: QUOTA_EXCEEDED: Quota 'IMAGES' exceeded. Limit: 2000"
    );
    promote(&variables).unwrap();
    // The service says it in another way, too.
    let reason = json!({"error": {"code": 403, "message": "slow down", "errors": [{"reason": "rateLimitExceeded"}]}});
    fake.lock().unwrap().broken = vec![(403, reason)];
    assert!(promote(&variables).unwrap_err().is_transient());
}

#[test]
fn a_lost_answer_does_nothing_twice() {
    let (fake, variables) = fake();
    fake.lock().unwrap().lost = true;
    promote(&variables).unwrap();
    assert_eq!(fake.lock().unwrap().images.len(), 1);
}

#[test]
fn failures_are_told() {
    let (fake, variables) = fake();
    let denied = json!({"error": {"code": 403, "message": "Required permission", "errors": [{"reason": "forbidden"}]}});
    fake.lock().unwrap().broken = vec![(403, denied)];
    let error = promote(&variables).unwrap_err();
    assert!(!error.is_transient());
    assert_eq!(
        error.to_string(),
        "GET of `projects/images-1/global/images/debian-20261125173000`: refused with forbidden: Required permission"
    );
    fake.lock().unwrap().broken = vec![(500, Value::Null); 3];
    assert!(matches!(
        promote(&variables).unwrap_err().kind,
        ProviderErrorKind::NoAnswer(_)
    ));
    fake.lock().unwrap().broken = vec![(500, Value::Null); 2];
    promote(&variables).unwrap();
}

#[test]
fn an_image_that_failed_is_made_again() {
    let (fake, variables) = fake();
    let labels = candidate().labels;
    let failed = json!({"labels": labels, "status": "FAILED"});
    fake.lock()
        .unwrap()
        .images
        .insert("debian-20261125173000".to_owned(), failed);
    fake.lock().unwrap().asked = 5;
    promote(&variables).unwrap();
    assert_eq!(
        fake.lock().unwrap().images["debian-20261125173000"]["family"],
        "debian"
    );
}

#[test]
fn listed_deprecated_and_deleted() {
    let (fake, variables) = fake();
    for name in ["a", "b"] {
        fake.lock()
            .unwrap()
            .images
            .insert(name.to_owned(), json!({"labels": {"l": "v"}}));
    }
    fake.lock()
        .unwrap()
        .images
        .insert("c".to_owned(), json!({"labels": {"l": "other"}}));
    recorder(false, |session| {
        let google = Google::new(session, &variables).unwrap();
        let found = google.list("l", "v").unwrap();
        let words: Vec<String> = found.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(words.join("\n"), @"
        instance `projects/images-1/zones/b/instances/packer-1`
        image `projects/images-1/global/images/a`
        image `projects/images-1/global/images/b`
        ");
        let image = &found[1];
        google.deprecate(&image.reference).unwrap();
        fake.lock().unwrap().asked = 5;
        assert_eq!(
            google.describe(&image.reference).unwrap().unwrap().state,
            "DEPRECATED"
        );
        google.delete(image).unwrap();
        google.delete(image).unwrap();
        assert_eq!(google.describe(&image.reference).unwrap(), None);
    });
}

#[test]
fn a_dry_run_says_every_call() {
    let variables = variables(&[("GOOGLE_CLOUD_PROJECT", "images-1")]);
    recorder(true, |session| {
        Google::new(session, &variables)
            .unwrap()
            .promote(&candidate())
            .unwrap()
    });
    insta::assert_snapshot!(said().join("\n"), @r#"
    GET https://compute.googleapis.com/compute/v1/projects/images-1/global/images/debian-20261125173000
    POST https://compute.googleapis.com/compute/v1/projects/images-1/global/images {"name":"debian-20261125173000","sourceImage":"projects/images-1/global/images/debian-candidate","description":"debian@aws, published by taskgraph-images","labels":{"managed-by":"taskgraph-images","taskgraph-images-candidate":"9999999999999999999999999999999999999999"}}
    GET https://compute.googleapis.com/compute/v1/projects/images-1/global/images/debian-20261125173000
    PATCH https://compute.googleapis.com/compute/v1/projects/images-1/global/images/debian-20261125173000 {"family":"debian"}
    "#);
}

#[test]
fn a_service_account_signs_in() {
    let token = serve(|asked| {
        assert!(
            asked.text.contains("grant-type%3Ajwt-bearer&assertion=ey"),
            "{}",
            asked.text
        );
        (
            200,
            json!({"access_token": "not-a-real-token", "expires_in": 3599}),
        )
    });
    let (_, with_token) = fake();
    let key = crate::providers::tests::rsa_key();
    let account = json!({"type": "service_account", "client_email": "a@b", "private_key": key, "token_uri": token});
    let base = with_token
        .get("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE")
        .unwrap();
    let variables = variables(&[
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", base),
        ("GOOGLE_CLOUD_PROJECT", "images-1"),
        ("GOOGLE_CREDENTIALS", &account.to_string()),
    ]);
    promote(&variables).unwrap();
}

#[test]
fn credentials_that_are_none_are_not_shown() {
    for (key, words) in [
        ("not-a-real-secret", "is no key of a service account"),
        (
            r#"{"type": "authorized_user"}"#,
            "is of the type `authorized_user`",
        ),
        (
            r#"{"type": "service_account", "private_key": "not-a-real-secret"}"#,
            "cannot be used",
        ),
    ] {
        let variables = variables(&[
            ("GOOGLE_CLOUD_PROJECT", "images-1"),
            ("GOOGLE_CREDENTIALS", key),
        ]);
        let error = promote(&variables).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("not-a-real"), "{error}");
    }
}
