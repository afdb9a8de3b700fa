//! A Phabricator in memory, behind Conduit.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::forges::events::{Begin, Events, no_answer, say};
use crate::http::{Answer, Http, HttpError, Request};

pub(super) const HOST: &str = "https://phabricator.example.org";
pub(super) const TOKEN: &str = "api-not-a-token-not-a-token-not-";

/// How many entries a page has here, whatever is asked for.
const PAGE: usize = 1;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Revision {
    pub(super) id: usize,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) status: String,
    pub(super) author: String,
    pub(super) reviewers: Vec<String>,
    pub(super) comments: Vec<String>,
    pub(super) bug: Value,
    pub(super) diff: String,
}

#[derive(Default)]
pub(super) struct Fake {
    pub(super) revisions: RefCell<Vec<Revision>>,
    /// What was made, by its id.
    pub(super) diffs: RefCell<BTreeMap<String, Value>>,
    pub(super) properties: RefCell<BTreeMap<String, Value>>,
    pub(super) events: Events<Self>,
}

impl Fake {
    /// The calls that changed something, since they were last forgotten.
    pub(super) fn writes(&self) -> Vec<String> {
        let asked = self.events.asked.borrow();
        let is_write = |call: &&String| !call.ends_with(".search") && *call != "user.whoami";
        asked.iter().filter(is_write).cloned().collect()
    }

    pub(super) fn revision(&self, id: usize, change: impl FnOnce(&mut Revision)) {
        change(&mut self.revisions.borrow_mut()[id - 1]);
    }

    /// All that people see.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        for revision in self.revisions.borrow().iter() {
            let Revision {
                id,
                title,
                summary,
                status,
                author,
                reviewers,
                comments,
                bug,
                diff,
            } = revision;
            let diff = &self.diffs.borrow()[diff];
            let mut changes = String::new();
            for change in diff["changes"].as_array().unwrap() {
                changes += &format!("{} {}\n", change["type"], change["currentPath"]);
                for hunk in change["hunks"].as_array().unwrap() {
                    changes += hunk["corpus"].as_str().unwrap();
                }
            }
            text += &format!(
                "D{id} {status} {author} {title:?} {reviewers:?} {comments:?} bug {bug}\n{summary}\n{changes}"
            );
        }
        text
    }

    fn call(&self, method: &str, params: &Value) -> Result<Value, (&'static str, String)> {
        let constraints = &params["constraints"];
        let names = |key: &str| -> Vec<&str> {
            constraints[key]
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| name.as_str().unwrap())
                .collect()
        };
        match method {
            "user.whoami" => Ok(json!({"phid": "PHID-USER-me", "userName": "bot"})),
            "diffusion.repository.search" => Ok(list(
                params,
                match (
                    names("shortNames").as_slice(),
                    names("callsigns").as_slice(),
                ) {
                    (["images"], _) | (_, ["IMAGES"]) => {
                        vec![json!({"phid": "PHID-REPO-images", "fields": {"status": "active"}})]
                    }
                    (["old"], _) => {
                        vec![json!({"phid": "PHID-REPO-old", "fields": {"status": "inactive"}})]
                    }
                    _ => Vec::new(),
                },
            )),
            "user.search" => Ok(list(
                params,
                match names("usernames").as_slice() {
                    ["friend"] => vec![json!({"phid": "PHID-USER-friend"})],
                    _ => Vec::new(),
                },
            )),
            "project.search" => Ok(list(
                params,
                match names("slugs").as_slice() {
                    ["image-owners"] => vec![json!({"phid": "PHID-PROJ-owners"})],
                    _ => Vec::new(),
                },
            )),
            "differential.revision.search" => {
                let is_found = |revision: &&Revision| {
                    let has = |key: &str, of: &[String]| {
                        constraints.get(key).is_none()
                            || names(key)
                                .iter()
                                .any(|name| of.iter().any(|one| one == name))
                    };
                    let is_closed = revision.status == "abandoned";
                    let statuses = names("statuses");
                    let is_status = statuses.is_empty()
                        || statuses.contains(&revision.status.as_str())
                        || statuses.contains(&"open()") && !is_closed;
                    is_status
                        && has("phids", &[format!("PHID-DREV-{}", revision.id)])
                        && has("authorPHIDs", std::slice::from_ref(&revision.author))
                        && has("reviewerPHIDs", &revision.reviewers)
                };
                let revisions = self.revisions.borrow();
                let found = revisions.iter().filter(is_found).map(|revision| json!({
                    "id": revision.id,
                    "phid": format!("PHID-DREV-{}", revision.id),
                    "fields": {
                        "title": revision.title,
                        "uri": format!("{HOST}/D{}", revision.id),
                        "summary": revision.summary,
                        "authorPHID": revision.author,
                        "status": {"value": revision.status, "closed": revision.status == "abandoned"},
                    },
                }));
                Ok(list(params, found.collect()))
            }
            "differential.creatediff" => {
                assert_eq!(params["repositoryPHID"], "PHID-REPO-images");
                let mut diffs = self.diffs.borrow_mut();
                let id = diffs.len() + 1;
                let phid = format!("PHID-DIFF-{id}");
                diffs.insert(phid.clone(), params.clone());
                Ok(
                    json!({"diffid": id, "phid": phid, "uri": format!("{HOST}/differential/diff/{id}/")}),
                )
            }
            "differential.setdiffproperty" => {
                let data = params["data"].as_str().unwrap();
                let data = serde_json::from_str(data).unwrap();
                self.properties
                    .borrow_mut()
                    .insert(format!("PHID-DIFF-{}", params["diff_id"]), data);
                Ok(Value::Null)
            }
            "differential.revision.edit" => self.edit(params),
            _ => Err(("ERR-CONDUIT-CALL", format!("no method {method}"))),
        }
    }

    fn edit(&self, params: &Value) -> Result<Value, (&'static str, String)> {
        let mut revisions = self.revisions.borrow_mut();
        let at = match params["objectIdentifier"].as_str() {
            Some(phid) => {
                phid.strip_prefix("PHID-DREV-")
                    .unwrap()
                    .parse::<usize>()
                    .unwrap()
                    - 1
            }
            None => {
                let id = revisions.len() + 1;
                revisions.push(Revision {
                    id,
                    title: String::new(),
                    summary: String::new(),
                    status: "needs-review".to_owned(),
                    author: "PHID-USER-me".to_owned(),
                    reviewers: Vec::new(),
                    comments: Vec::new(),
                    bug: Value::Null,
                    diff: String::new(),
                });
                id - 1
            }
        };
        let revision = &mut revisions[at];
        for transaction in params["transactions"].as_array().unwrap() {
            let value = &transaction["value"];
            let text = value.as_str().unwrap_or_default().to_owned();
            match transaction["type"].as_str().unwrap() {
                "update" => {
                    // What has no commit cannot be landed.
                    assert!(self.properties.borrow().contains_key(&text));
                    revision.diff = text;
                }
                "title" => revision.title = text,
                "summary" => revision.summary = text,
                "comment" => revision.comments.push(text),
                "reviewers.set" => {
                    let all = value.as_array().unwrap().iter();
                    revision.reviewers = all.map(|one| one.as_str().unwrap().to_owned()).collect();
                }
                "bugzilla.bug-id" => revision.bug = value.clone(),
                "abandon" if revision.status == "abandoned" => {
                    return Err((
                        "ERR-CONDUIT-CORE",
                        "You can not abandon this revision because it has already been closed."
                            .to_owned(),
                    ));
                }
                "abandon" => revision.status = "abandoned".to_owned(),
                other => return Err(("ERR-CONDUIT-CORE", format!("no type {other}"))),
            }
        }
        Ok(
            json!({"object": {"id": revision.id, "phid": format!("PHID-DREV-{}", revision.id)}, "transactions": []}),
        )
    }
}

impl Http for Fake {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        assert_eq!((request.method, &request.authorization), ("POST", &None));
        let method = request
            .url
            .strip_prefix(HOST)
            .unwrap()
            .strip_prefix("/api/")
            .unwrap();
        let is_cut = match self.events.begin(self, method) {
            Begin::Go { is_cut } => is_cut,
            Begin::Stop(answer) => return answer,
        };
        let form = String::from_utf8(request.body.clone().unwrap()).unwrap();
        let fields: BTreeMap<&str, String> = form
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key, decode(value)))
            .collect();
        assert_eq!(
            (fields["output"].as_str(), fields["__conduit__"].as_str()),
            ("json", "True")
        );
        let params: Value = serde_json::from_str(&fields["params"]).unwrap();
        let token = params["__conduit__"]["token"].as_str().unwrap_or_default();
        let answer = if token == TOKEN {
            self.call(method, &params)
        } else {
            Err((
                "ERR-INVALID-AUTH",
                format!(
                    "API token \"{token}\" has the wrong length. API tokens should be 32 characters long."
                ),
            ))
        };
        let answer = match answer {
            Ok(result) => json!({"result": result, "error_code": null, "error_info": null}),
            Err((code, info)) => json!({"result": null, "error_code": code, "error_info": info}),
        };
        match is_cut {
            true => Err(no_answer(method)),
            false => Ok(say(200, &answer)),
        }
    }
}

fn list(params: &Value, all: Vec<Value>) -> Value {
    let from = params["after"]
        .as_str()
        .map_or(0, |after| after.parse::<usize>().unwrap());
    let page: Vec<Value> = all.iter().skip(from).take(PAGE).cloned().collect();
    let after = (all.len() > from + PAGE).then(|| (from + PAGE).to_string());
    json!({"data": page, "cursor": {"after": after, "before": null, "limit": 100}})
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [a, b, left @ ..]) => {
                let code = String::from_utf8(vec![*a, *b]).unwrap();
                bytes.push(u8::from_str_radix(&code, 16).unwrap());
                rest = left;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}
