//! Google Cloud's images on loopback, as far as publishing one goes: made from a candidate, ready at once, put into a family.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fake_github::{Call, Reply, listen};
use serde_json::{Value, json};

/// What signs its calls.
const TOKEN: &str = "not-a-token-of-google";

/// The images that there are, by their paths.
type Images = Arc<Mutex<BTreeMap<String, Value>>>;

/// The service.
pub(super) struct Cloud {
    address: String,
    images: Images,
}

impl Cloud {
    pub(super) fn start() -> Self {
        let images = Images::default();
        let own = Arc::clone(&images);
        Self {
            address: listen(move |call| reply(&own, call)),
            images,
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The paths of all images, each with what it was made from and its family.
    pub(super) fn shown(&self) -> String {
        let images = self.images.lock().unwrap();
        let line = |(path, image): (&String, &Value)| {
            format!("{path} of {} in {}", image["sourceImage"], image["family"])
        };
        images.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn reply(images: &Images, call: &Call) -> Reply {
    let mut images = images.lock().unwrap();
    let path = call.path.trim_start_matches("/compute/v1/").to_owned();
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let done = || {
        Reply::json(
            200,
            &json!({"status": "DONE", "selfLink": "projects/x/global/operations/1"}),
        )
    };
    let missing = || {
        let error =
            json!({"code": 404, "message": "not found", "errors": [{"reason": "notFound"}]});
        Reply::json(404, &json!({"error": error}))
    };
    if call.token.as_deref() != Some(TOKEN) {
        return Reply::json(
            401,
            &json!({"error": {"code": 401, "message": "who is it?"}}),
        );
    }
    match call.method.as_str() {
        "GET" => match images.get(&path) {
            Some(image) => Reply::json(200, image),
            None => missing(),
        },
        "POST" => {
            let mut image = body;
            let path = format!("{path}/{}", image["name"].as_str().unwrap());
            image["status"] = "READY".into();
            image["selfLink"] = path.clone().into();
            images.insert(path, image);
            done()
        }
        "PATCH" => match images.get_mut(&path) {
            Some(image) => {
                image["family"] = body["family"].clone();
                done()
            }
            None => missing(),
        },
        _ => missing(),
    }
}
