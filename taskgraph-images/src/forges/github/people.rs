//! People: what they did with a pull request, what they are told, and who is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::GitHub;
use super::api::Written;
use super::branches::Owner;
use super::pulls::Pull;
use crate::forges::{ForgeError, ForgeErrorKind};
use crate::hex::hex;
use crate::proposals::{Proposal, Reviewer, escape_comments};

/// The comment with which people start the tests of images.
const INTEGRATION: &str = "/taskcluster integration";

/// How often labels and reviewers are tried on a pull request that GitHub itself has yet to find.
const TRIES: usize = 4;

impl GitHub<'_> {
    /// What a person did that an update would undo, if anything: tests of images take days, and an approval is of what
    /// was approved.
    ///
    /// Whoever it was counts. That a stranger can hold up a pull request is seen and soon mended; that what a person
    /// has tested is replaced behind their back is neither.
    pub(super) fn taken_on(
        &self,
        pull: &Pull,
        owner: Option<&Owner>,
    ) -> Result<Option<String>, ForgeError> {
        if let Some(Owner::Person(name)) = owner {
            return Ok(Some(pushed(name)));
        }
        let login = |value: &Value| {
            let login = value.pointer("/user/login").and_then(Value::as_str);
            login.unwrap_or("somebody").to_owned()
        };
        let mut approved = BTreeMap::new();
        for review in self.api.list(&format!("/pulls/{}/reviews", pull.number))? {
            let state = review.get("state").and_then(Value::as_str);
            match state.unwrap_or_default() {
                "APPROVED" => approved.insert(login(&review), ()),
                "CHANGES_REQUESTED" | "DISMISSED" => approved.remove(&login(&review)),
                _ => None,
            };
        }
        if let Some(name) = approved.keys().next() {
            return Ok(Some(format!("`{name}` approved it")));
        }
        let is_asked = |comment: &&Value| {
            let body = comment
                .get("body")
                .and_then(Value::as_str)
                .unwrap_or_default();
            body.lines()
                .any(|line| line.trim_start().starts_with(INTEGRATION))
        };
        let comments = self.comments(pull)?;
        let asked = comments.iter().find(is_asked);
        Ok(asked.map(|comment| format!("`{}` asked for integration tests of it", login(comment))))
    }

    fn comments(&self, pull: &Pull) -> Result<Vec<Value>, ForgeError> {
        self.api.list(&format!("/issues/{}/comments", pull.number))
    }

    /// Says something below a pull request, unless it stands there. Where nobody may say anything any more, it is left
    /// unsaid: the outcome says it, too.
    pub(super) fn say_once(&self, pull: &Pull, about: &str, words: &str) -> Result<(), ForgeError> {
        let key = hex(&Sha256::digest(about)[..8]);
        let key = format!("<!-- taskgraph-images-note: {key} -->");
        let is_said = |comment: &Value| {
            let body = comment.get("body").and_then(Value::as_str);
            body.is_some_and(|body| body.contains(&key))
        };
        if self.comments(pull)?.iter().any(is_said) {
            return Ok(());
        }
        let body = json!({"body": format!("{}\n\n{key}", escape_comments(words))});
        let path = format!("/issues/{}/comments", pull.number);
        match self.api.write("POST", &path, &body, "a comment") {
            Err(error) if matches!(error.kind, ForgeErrorKind::Refused { .. }) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Sets the labels and asks the reviewers of a proposal, each once: what a person has taken back stays so.
    pub(super) fn ask(
        &self,
        number: u64,
        url: &str,
        pull: Option<&Pull>,
        proposal: &Proposal,
    ) -> Result<(), ForgeError> {
        let (mut users, mut teams) = (BTreeSet::new(), BTreeSet::new());
        for reviewer in &proposal.reviewers {
            match reviewer {
                Reviewer::User(name) => users.insert(name.clone()),
                Reviewer::Team(name) => teams.insert(name.clone()),
            };
        }
        let mut labels: BTreeSet<String> = proposal.labels.iter().cloned().collect();
        let mut lists = [&mut labels, &mut users, &mut teams];
        let drop = |list: &mut BTreeSet<String>, name: &str| {
            list.retain(|wanted| !wanted.eq_ignore_ascii_case(name));
        };
        if let Some(pull) = pull {
            for (list, held) in lists
                .iter_mut()
                .zip([&pull.labels, &pull.reviewers, &pull.teams])
            {
                held.iter().for_each(|name| drop(list, name));
            }
            if lists.iter().any(|list| !list.is_empty()) {
                let places = [
                    "/label/name",
                    "/requested_reviewer/login",
                    "/requested_team/slug",
                ];
                for event in self.api.list(&format!("/issues/{number}/events"))? {
                    let kind = event.get("event").and_then(Value::as_str);
                    if !matches!(kind, Some("labeled" | "review_requested")) {
                        continue;
                    }
                    for (list, place) in lists.iter_mut().zip(places) {
                        if let Some(name) = event.pointer(place).and_then(Value::as_str) {
                            drop(list, name);
                        }
                    }
                }
            }
        }
        let mut faults = Vec::new();
        if !labels.is_empty() {
            let path = format!("/issues/{number}/labels");
            let words = labels
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let fault = self.patiently(
                &path,
                &json!({"labels": labels}),
                &format!("labels {words}"),
            )?;
            faults.extend(fault.map(|why| format!("it has no labels {words}: {why}")));
        }
        let path = format!("/pulls/{number}/requested_reviewers");
        let everybody: Vec<(&str, &String)> = users
            .iter()
            .map(|name| ("reviewers", name))
            .chain(teams.iter().map(|name| ("team_reviewers", name)))
            .collect();
        if !everybody.is_empty() {
            let names = |list: &[(&str, &String)]| {
                list.iter()
                    .map(|(_, name)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let body = json!({"reviewers": users, "team_reviewers": teams});
            let what = format!("reviewers {}", names(&everybody));
            let fault = self.patiently(&path, &body, &what)?;
            // One that may not be asked keeps the others from being asked.
            if let (Some(_), 2..) = (&fault, everybody.len()) {
                for (kind, name) in &everybody {
                    let body = json!({*kind: [name]});
                    let fault = self.patiently(&path, &body, &format!("reviewer {name}"))?;
                    faults.extend(fault.map(|why| format!("`{name}` cannot review: {why}")));
                }
            } else if let Some(why) = fault {
                faults.push(format!("`{}` cannot review: {why}", names(&everybody)));
            }
        }
        let url = url.to_owned();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(self.api.error(ForgeErrorKind::Incomplete { url, faults })),
        }
    }

    /// Changes something about a new pull request, which not all of GitHub may know yet; why it cannot be.
    fn patiently(
        &self,
        path: &str,
        body: &Value,
        what: &str,
    ) -> Result<Option<String>, ForgeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.api.write("POST", path, body, what)? {
                Written::Done(_) => return Ok(None),
                Written::Refused(_, words) => {
                    let is_late = words.contains("Could not resolve to a node");
                    if !is_late || tries == TRIES {
                        return Ok(Some(words));
                    }
                }
            }
        }
    }
}

/// What a person did who pushed.
pub(super) fn pushed(name: &str) -> String {
    // An author's name is any text; it is shown between backticks.
    let name: String = name
        .chars()
        .filter(|c| !c.is_control() && *c != '`')
        .take(60)
        .collect();
    let name = if name.trim().is_empty() {
        "somebody"
    } else {
        &name
    };
    format!("`{name}` pushed to it")
}
