//! Against a GitHub in memory.

mod dashboard;
mod people;
mod pull_requests;
mod refusals;
mod runs;
mod tokens;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;

use super::fake::{BASE, Fake};
use super::*;
use crate::forges::events::{Event, say};
use crate::forges::said;
use crate::http::{Answer, HttpError, Request};
use crate::proposals::tests::{newer, rules, sample};
use crate::proposals::{Allowance, FileEdit, Marker, Reviewer};

const BRANCH: &str = "taskgraph-images/linux-gcp";
const URL: &str = "https://example.org/example/images/pull/1";

struct Fixed;

impl Tokens for Fixed {
    fn token(&self, _: &Repository) -> Result<Token, TokenError> {
        Token::new("not-a-token")
    }
}

fn forge(fake: &Fake) -> GitHub<'_> {
    let repository = Repository::new("example/images").unwrap();
    GitHub::new(fake, repository, rules())
        .tokens(&Fixed)
        .address(BASE)
        .identity("example-app[bot]")
}

fn propose(fake: &Fake, proposal: &Proposal) -> String {
    said::propose(&forge(fake), proposal)
}

fn withdraw(fake: &Fake) -> String {
    said::withdraw(&forge(fake))
}

fn opened() -> Fake {
    let fake = Fake::new();
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    fake.events.forget();
    fake
}
