//! Against a GitHub in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;

use super::fake::{BASE, Fake};
use super::*;
use crate::forges::events::{Event, say};
use crate::http::{Answer, HttpError, Request};
use crate::proposals::tests::{rules, sample};
use crate::proposals::{Allowance, FileEdit, Marker, Reviewer, Step};

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

fn newer() -> Proposal {
    let mut proposal = sample();
    proposal.title = "Use linux v3".to_owned();
    proposal.body = "Moves `linux` from v1 to v3.\n".to_owned();
    proposal.files.get_mut("images/linux.yml").unwrap().new = "image: v3\nkeep: 1\n".to_owned();
    proposal.marker.subjects.insert(
        "linux".to_owned(),
        Step {
            from: "v1".to_owned(),
            to: "v3".to_owned(),
            digest: None,
        },
    );
    proposal
}

fn propose(fake: &Fake, proposal: &Proposal) -> String {
    match forge(fake).propose(proposal) {
        Ok(outcome) => outcome.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn withdraw(fake: &Fake) -> String {
    match forge(fake).withdraw(&sample().group, "the image is gone.") {
        Ok(outcome) => outcome.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn opened() -> Fake {
    let fake = Fake::new();
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    fake.events.forget();
    fake
}

#[test]
fn a_proposal_becomes_a_pull_request() {
    let fake = Fake::new();
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    insta::assert_snapshot!(fake.events.asked.borrow().join("\n"), @"
    GET /repos/example/images
    GET /repos/example/images/git/ref/heads/main
    GET /repos/example/images/git/commits/81b8564d7f3880303cba230e03d04d20835145ca
    GET /repos/example/images/git/trees/43f8e8790a3a0b4ddd16606eddbf55c189c18371
    GET /repos/example/images/git/trees/4e0ccbb3e56af23ae5ea4a395483afef38a2fa50
    GET /repos/example/images/git/blobs/37982a9a1e0ec2a92518f9c68b5897fbee71f6fb
    GET /repos/example/images/pulls?state=all&head=example%3Ataskgraph-images/linux-gcp&per_page=100
    GET /repos/example/images/git/ref/heads/taskgraph-images/linux-gcp
    POST /repos/example/images/git/blobs
    POST /repos/example/images/git/trees
    POST /repos/example/images/git/commits
    GET /repos/example/images/git/ref/heads/taskgraph-images/linux-gcp
    POST /repos/example/images/git/refs
    POST /repos/example/images/pulls
    POST /repos/example/images/issues/1/labels
    POST /repos/example/images/pulls/1/requested_reviewers
    ");
    insta::assert_snapshot!(fake.shown(), @r##"
    branch taskgraph-images/linux-gcp
    100644 README.md "Words.\n"
    100755 bin/run "#!/bin/sh\n"
    100644 images/deep/other.yml "x: 1\n"
    100644 images/linux.yml "image: v2\nkeep: 1\n"
    #1 open false "Use linux v2" taskgraph-images/linux-gcp → main ["images"] [] ["image-owners"]
    Moves `linux` from v1 to v2.

    - [ ] integration

    <!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"v2","digest":"sha256:00"}},"body":"840cf090f1964ee933f5816f0b6bd402"} -->
    "##);
    // Every other file is still there, with its mode.
    assert_eq!(fake.show(BRANCH), fake.show("main").replace("v1", "v2"));
    let state = fake.state.borrow();
    let commit = &state.git.commits[&state.git.refs[BRANCH]];
    assert_eq!(commit.parents, [state.git.refs["main"].clone()]);
    assert!(
        commit
            .message
            .starts_with("Use linux v2\n\nTaskgraph-Images: linux-gcp ")
    );
    drop(state);

    fake.events.forget();
    assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
    assert_eq!(fake.writes(), [""; 0]);
    let open = forge(&fake).open().unwrap();
    assert_eq!(
        (open.len(), &open[0].marker, open[0].url.as_str()),
        (1, &sample().marker, URL)
    );
}

#[test]
fn new_and_executable_files_in_folders() {
    let fake = Fake::new();
    let mut proposal = sample();
    let edit = |old: Option<&str>, new: &str| FileEdit {
        old: old.map(ToOwned::to_owned),
        new: new.to_owned(),
    };
    proposal.files = BTreeMap::from([
        (
            "bin/run".to_owned(),
            edit(Some("#!/bin/sh\n"), "#!/bin/sh\r\nx é"),
        ),
        ("new/deep/file.yml".to_owned(), edit(None, "a: 1\n")),
        ("README.md".to_owned(), edit(Some("Words.\n"), "Words.\n")),
    ]);
    let mut github = forge(&fake);
    github.rules.allowance = Allowance::new(&["**"], true).unwrap();
    github.propose(&proposal).unwrap();
    insta::assert_snapshot!(fake.show(BRANCH), @r##"
    100644 README.md "Words.\n"
    100755 bin/run "#!/bin/sh\r\nx é"
    100644 images/deep/other.yml "x: 1\n"
    100644 images/linux.yml "image: v1\nkeep: 1\n"
    100644 new/deep/file.yml "a: 1\n"
    "##);
    fake.events.forget();
    let url = URL.to_owned();
    assert_eq!(
        github.propose(&proposal).unwrap(),
        Outcome::Unchanged { url }
    );
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn a_newer_version_updates_it_in_place() {
    let fake = opened();
    assert_eq!(propose(&fake, &newer()), format!("updated {URL}"));
    assert_eq!(fake.show(BRANCH), fake.show("main").replace("v1", "v3"));
    assert_eq!(fake.state.borrow().pulls.len(), 1);
    assert_eq!(fake.state.borrow().pulls[0].title, "Use linux v3");
    fake.events.forget();
    assert_eq!(propose(&fake, &newer()), format!("up to date: {URL}"));
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn it_is_rebuilt_when_the_base_moves() {
    let fake = opened();
    fake.push("main", "Somebody", &[("README.md", "More words.\n")]);
    assert_eq!(propose(&fake, &sample()), format!("updated {URL}"));
    assert_eq!(fake.show(BRANCH), fake.show("main").replace("v1", "v2"));
    insta::assert_snapshot!(fake.writes().join("\n"), @"
    POST /repos/example/images/git/blobs
    POST /repos/example/images/git/trees
    POST /repos/example/images/git/commits
    PATCH /repos/example/images/git/refs/heads/taskgraph-images/linux-gcp
    ");
    fake.events.forget();
    assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
    assert_eq!(fake.writes(), [""; 0]);

    // Where the edited file itself has moved, the edits are of the past.
    fake.push(
        "main",
        "Somebody",
        &[("images/linux.yml", "image: v1\nkeep: 2\n")],
    );
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: the base has moved: `images/linux.yml` is no longer what the edits were made from; make them again");
    assert!(forge(&fake).propose(&sample()).unwrap_err().is_transient());
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn what_people_have_changed_in_words_stays() {
    let fake = opened();
    fake.pull(1, |pull| {
        pull.title = "Linux!".to_owned();
        pull.body = pull.body.replace("[ ]", "[x]");
        pull.labels.clear();
        pull.teams.clear();
    });
    assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
    assert_eq!(fake.writes(), [""; 0]);
    // Without its marker it is written again.
    fake.pull(1, |pull| pull.body = "mine".to_owned());
    assert_eq!(propose(&fake, &sample()), format!("updated {URL}"));
    assert_eq!(fake.writes(), ["PATCH /repos/example/images/pulls/1"]);
}

/// Does something to the open pull request; what is then said of the same and of a newer version, and written.
fn touched(touch: impl Fn(&Fake)) -> String {
    let fake = opened();
    touch(&fake);
    let before = fake.show(BRANCH);
    let mut said = vec![propose(&fake, &newer())];
    said.extend(fake.writes());
    fake.events.forget();
    let again = propose(&fake, &newer());
    assert_eq!(said[0], again);
    assert_eq!(fake.writes(), [""; 0]);
    said.push(withdraw(&fake));
    assert_eq!(fake.show(BRANCH), before);
    assert_eq!(fake.state.borrow().pulls[0].state, "open");
    said.extend(
        fake.state.borrow().pulls[0]
            .comments
            .iter()
            .map(|(who, words)| format!("{who}: {words}")),
    );
    said.join("\n")
}

#[test]
fn what_a_person_has_taken_on_is_frozen() {
    insta::assert_snapshot!(touched(|fake| fake.push(BRANCH, "a person", &[("images/linux.yml", "image: v2\n")])), @"
    left as it is, `a person` pushed to it: https://example.org/example/images/pull/1
    POST /repos/example/images/issues/1/comments
    left as it is, `a person` pushed to it: https://example.org/example/images/pull/1
    example-app[bot]: There is something newer: Use linux v3. Because `a person` pushed to it, this pull request stays as it is; merge or close it to get the newer one.

    <!-- taskgraph-images-note: 877909418833be12 -->
    example-app[bot]: This is no longer needed: the image is gone. Because `a person` pushed to it, it stays open.

    <!-- taskgraph-images-note: 4d67a9b35192a7cd -->
    ");
    insta::assert_snapshot!(touched(|fake| fake.pull(1, |pull| {
        pull.reviews = [("b", "COMMENTED"), ("b", "CHANGES_REQUESTED"), ("b", "APPROVED"), ("b", "COMMENTED")]
            .map(|(who, state)| (who.to_owned(), state.to_owned()))
            .to_vec();
    })), @"
    left as it is, `b` approved it: https://example.org/example/images/pull/1
    POST /repos/example/images/issues/1/comments
    left as it is, `b` approved it: https://example.org/example/images/pull/1
    example-app[bot]: There is something newer: Use linux v3. Because `b` approved it, this pull request stays as it is; merge or close it to get the newer one.

    <!-- taskgraph-images-note: 877909418833be12 -->
    example-app[bot]: This is no longer needed: the image is gone. Because `b` approved it, it stays open.

    <!-- taskgraph-images-note: 4d67a9b35192a7cd -->
    ");
    insta::assert_snapshot!(touched(|fake| fake.pull(1, |pull| {
        pull.comments.push(("c".to_owned(), "Please:\r\n/taskcluster integration\r\n".to_owned()));
    })), @"
    left as it is, `c` asked for integration tests of it: https://example.org/example/images/pull/1
    POST /repos/example/images/issues/1/comments
    left as it is, `c` asked for integration tests of it: https://example.org/example/images/pull/1
    c: Please:
    /taskcluster integration

    example-app[bot]: There is something newer: Use linux v3. Because `c` asked for integration tests of it, this pull request stays as it is; merge or close it to get the newer one.

    <!-- taskgraph-images-note: 877909418833be12 -->
    example-app[bot]: This is no longer needed: the image is gone. Because `c` asked for integration tests of it, it stays open.

    <!-- taskgraph-images-note: 4d67a9b35192a7cd -->
    ");
    // One commit, with our words, amended by a person.
    let amend = |fake: &Fake| {
        let state = &mut *fake.state.borrow_mut();
        let mut commit = state.git.commits[&state.git.refs[BRANCH]].clone();
        let mut files = state.git.trees[&commit.tree].clone();
        let blob = state.git.blob(b"amended");
        files.insert("images/linux.yml".to_owned(), ("100644".to_owned(), blob));
        commit.tree = state.git.tree(files);
        let sha = state.git.commit(commit);
        state.git.refs.insert(BRANCH.to_owned(), sha.clone());
        state.pulls[0].sha = sha;
    };
    assert!(touched(amend).contains("pushed to it"));
}

#[test]
fn one_for_another_branch_is_a_persons() {
    let fake = opened();
    fake.pull(1, |pull| pull.base = "other".to_owned());
    insta::assert_snapshot!(propose(&fake, &sample()), @"left as it is, it is for `other` now: https://example.org/example/images/pull/1");
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn fewer_files_are_an_update() {
    let fake = Fake::new();
    let mut proposal = sample();
    let edit = FileEdit {
        old: Some("x: 1\n".to_owned()),
        new: "x: 2\n".to_owned(),
    };
    proposal
        .files
        .insert("images/deep/other.yml".to_owned(), edit);
    let mut github = forge(&fake);
    github.rules.allowance = Allowance::new(&["**"], true).unwrap();
    github.propose(&proposal).unwrap();
    assert!(fake.show(BRANCH).contains("x: 2"));
    assert_eq!(propose(&fake, &sample()), format!("updated {URL}"));
    assert!(!fake.show(BRANCH).contains("x: 2"));
    assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
}

#[test]
fn what_is_taken_back_is_not_frozen() {
    let fake = opened();
    fake.pull(1, |pull| {
        pull.reviews = [
            ("b", "APPROVED"),
            ("c", "APPROVED"),
            ("b", "CHANGES_REQUESTED"),
            ("c", "DISMISSED"),
        ]
        .map(|(who, state)| (who.to_owned(), state.to_owned()))
        .to_vec();
        pull.comments.push((
            "c".to_owned(),
            "when do we say `/taskcluster integration`?".to_owned(),
        ));
    });
    assert_eq!(propose(&fake, &newer()), format!("updated {URL}"));
}

#[test]
fn what_was_closed_is_declined_for_its_version() {
    let fake = opened();
    fake.pull(1, |pull| pull.state = "closed");
    let declined = format!("declined by a person: {URL}");
    assert_eq!(propose(&fake, &sample()), declined);
    assert_eq!(fake.show(BRANCH), "nothing");
    assert_eq!(fake.state.borrow().pulls[0].comments.len(), 1);
    fake.events.forget();
    assert_eq!(propose(&fake, &sample()), declined);
    assert_eq!(fake.writes(), [""; 0]);
    let known = forge(&fake).declined().unwrap();
    assert_eq!((known.len(), known[0].title.as_str()), (1, "Use linux v2"));
    assert_eq!(forge(&fake).open().unwrap(), []);

    assert_eq!(
        propose(&fake, &newer()),
        "opened https://example.org/example/images/pull/2"
    );
    fake.pull(2, |pull| pull.state = "closed");
    fake.pull(1, |pull| pull.title = "Renamed".to_owned());
    assert_eq!(
        propose(&fake, &sample()),
        "opened https://example.org/example/images/pull/3"
    );
}

#[test]
fn what_is_no_longer_needed_is_closed() {
    let fake = opened();
    // Somebody did it by hand.
    fake.push(
        "main",
        "Somebody",
        &[("images/linux.yml", "image: v2\nkeep: 1\n")],
    );
    assert_eq!(propose(&fake, &sample()), "closed, no longer needed");
    insta::assert_snapshot!(fake.shown(), @r#"
    #1 closed false "Use linux v2 (no longer needed)" taskgraph-images/linux-gcp → main ["images"] [] ["image-owners"]
    Moves `linux` from v1 to v2.

    - [ ] integration

    <!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"v2","digest":"sha256:00"}},"body":"840cf090f1964ee933f5816f0b6bd402"} -->
    example-app[bot]: This is no longer needed: `main` holds all of it already.

    <!-- taskgraph-images-note: 4d67a9b35192a7cd -->
    "#);
    fake.events.forget();
    assert_eq!(propose(&fake, &sample()), "nothing to do");
    assert_eq!(withdraw(&fake), "nothing to do");
    assert_eq!(fake.writes(), [""; 0]);
    // We closed it, so it is not declined.
    assert_eq!(forge(&fake).declined().unwrap(), []);
    fake.push(
        "main",
        "Somebody",
        &[("images/linux.yml", "image: v1\nkeep: 1\n")],
    );
    assert_eq!(
        propose(&fake, &sample()),
        "opened https://example.org/example/images/pull/2"
    );
    assert_eq!(withdraw(&fake), "closed, no longer needed");
    assert_eq!(withdraw(&fake), "nothing to do");
}

#[test]
fn what_was_merged_is_in_nobodys_way() {
    // Squashed: the branch has a commit that the base has not.
    let fake = opened();
    fake.push(
        BRANCH,
        "a person",
        &[("images/linux.yml", "image: v2\nkeep: 1\nmore: 1\n")],
    );
    fake.pull(1, |pull| (pull.state, pull.merged) = ("closed", true));
    let mut proposal = newer();
    proposal.files.get_mut("images/linux.yml").unwrap().old =
        Some("image: v2\nkeep: 1\nmore: 1\n".to_owned());
    fake.push(
        "main",
        "a person",
        &[("images/linux.yml", "image: v2\nkeep: 1\nmore: 1\n")],
    );
    assert_eq!(
        propose(&fake, &proposal),
        "opened https://example.org/example/images/pull/2"
    );
    assert_eq!(
        fake.show(BRANCH),
        fake.show("main")
            .replace("image: v2\\nkeep: 1\\nmore: 1", "image: v3\\nkeep: 1")
    );
    // A branch of somebody's without any pull request is theirs.
    let fake = Fake::new();
    fake.push("main", "x", &[("images/linux.yml", "image: v1\nkeep: 1\n")]);
    let main = fake.state.borrow().git.refs["main"].clone();
    fake.state
        .borrow_mut()
        .git
        .refs
        .insert(BRANCH.to_owned(), main);
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    let fake = Fake::new();
    fake.push(BRANCH, "a person", &[("x", "y")]);
    insta::assert_snapshot!(propose(&fake, &sample()), @"left as it is, `a person` pushed to it: branch taskgraph-images/linux-gcp of example/images");
    assert_eq!(fake.writes(), [""; 0]);
}

/// A fork's branch of the same name, of the same owner.
#[test]
fn pull_requests_of_forks_are_not_ours() {
    let fake = opened();
    let mut pull = fake.state.borrow().pulls[0].clone();
    pull.repo = "example/fork".to_owned();
    pull.number = 7;
    fake.state.borrow_mut().pulls[0] = pull;
    assert_eq!(
        propose(&fake, &sample()),
        "opened https://example.org/example/images/pull/2"
    );
    assert_eq!(forge(&fake).open().unwrap().len(), 1);
}

/// Cuts every request once, before and after it is obeyed, and runs again.
fn survive(start: impl Fn() -> Fake, act: fn(&Fake) -> String, once_more: &str) {
    let fake = start();
    fake.events.forget();
    act(&fake);
    let (requests, end) = (fake.events.asked.borrow().len(), fake.shown());
    assert!(requests > 5);
    for n in 0..requests {
        for event in [Event::FailBefore, Event::FailAfter] {
            let fake = start();
            fake.events.at(n, event);
            let words = act(&fake);
            assert!(words.starts_with("error: "), "{n}: {words}");
            fake.events.forget();
            let words = act(&fake);
            assert!(!words.starts_with("error: "), "{n}: {words}");
            assert_eq!(fake.shown(), end, "cut at request {n}");
            fake.events.forget();
            assert_eq!(act(&fake), once_more, "cut at request {n}");
            assert_eq!(fake.writes(), [""; 0]);
        }
    }
}

#[test]
fn to_be_cut_anywhere_does_no_harm() {
    survive(
        Fake::new,
        |fake| propose(fake, &sample()),
        &format!("up to date: {URL}"),
    );
    survive(
        opened,
        |fake| propose(fake, &newer()),
        &format!("up to date: {URL}"),
    );
    survive(opened, withdraw, "nothing to do");
    let closed = || {
        let fake = opened();
        fake.pull(1, |pull| pull.state = "closed");
        fake
    };
    survive(
        closed,
        |fake| propose(fake, &sample()),
        &format!("declined by a person: {URL}"),
    );
}

/// Between two requests of one run another run does the whole.
#[test]
fn two_runs_at_once_do_no_harm() {
    let ends = |start: &dyn Fn() -> Fake, first: &Proposal, second: &Proposal| {
        let fake = start();
        propose(&fake, first);
        let requests = fake.events.asked.borrow().len();
        for n in 0..requests {
            let fake = start();
            let second = second.clone();
            fake.events.at(
                n,
                Event::Meanwhile(Box::new(move |fake| {
                    propose(fake, &second);
                })),
            );
            let words = propose(&fake, first);
            assert!(!words.starts_with("error: "), "{n}: {words}");
            // Whoever comes next finds one pull request, and leads it to what is wanted.
            assert!(!propose(&fake, first).starts_with("error: "));
            assert_eq!(fake.state.borrow().pulls.len(), 1, "{n}");
            assert_eq!(fake.show(BRANCH).matches("image: v").count(), 1);
            assert_eq!(fake.show(BRANCH).lines().count(), 4);
            assert_eq!(propose(&fake, first), format!("up to date: {URL}"));
            let labels = fake.state.borrow().pulls[0].events.len();
            assert!(labels <= 4, "{n}: {labels}");
        }
    };
    ends(&Fake::new, &sample(), &sample());
    ends(&opened, &newer(), &newer());
    ends(&opened, &newer(), &sample());
}

/// A person pushes between any two requests of a run: their commit is never lost.
#[test]
fn a_person_is_never_overwritten() {
    let fake = opened();
    propose(&fake, &newer());
    let asked = fake.events.asked.borrow().clone();
    let moved = asked
        .iter()
        .position(|call| call.starts_with("PATCH") && call.contains("/git/refs/"))
        .unwrap();
    for n in 0..moved {
        let fake = opened();
        fake.events.at(
            n,
            Event::Meanwhile(Box::new(|fake| {
                fake.push(BRANCH, "a person", &[("mine", "x")])
            })),
        );
        let words = propose(&fake, &newer());
        assert!(words.contains("`a person` pushed to it"), "{n}: {words}");
        assert!(fake.show(BRANCH).contains("mine"), "{n}");
    }
}

#[test]
fn conflicts_are_met_again() {
    let fake = opened();
    // The branch disappears between the look and the write.
    let asked = {
        let fake = opened();
        propose(&fake, &newer());
        fake.events.asked.borrow().clone()
    };
    let moved = asked
        .iter()
        .position(|call| call.starts_with("PATCH") && call.contains("/git/refs/"))
        .unwrap();
    let gone = say(422, &json!({"message": "Reference does not exist"}));
    fake.events.at(moved, Event::Say(gone));
    fake.events.at(moved, Event::Meanwhile(Box::new(|_| ())));
    fake.events.at(
        moved + 1,
        Event::Meanwhile(Box::new(|fake| {
            fake.state.borrow_mut().git.refs.remove(BRANCH);
        })),
    );
    assert_eq!(propose(&fake, &newer()), format!("updated {URL}"));

    let conflict = || say(409, &json!({"message": "Conflict"}));
    let fake = Fake::new();
    for n in [1, 2, 9, 10] {
        fake.events.at(n, Event::Say(conflict()));
    }
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    let fake = Fake::new();
    for n in 1..9 {
        fake.events.at(n, Event::Say(conflict()));
    }
    let error = forge(&fake).propose(&sample()).unwrap_err();
    assert_eq!(fake.events.asked.borrow().len(), 5);
    assert!(error.is_transient(), "{error}");
}

#[test]
fn labels_and_reviewers_wait_for_github() {
    let fake = Fake::new();
    fake.state.borrow_mut().late = 2;
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    assert_eq!(fake.state.borrow().pulls[0].labels, ["images"]);

    // For ever, it does not; and what cannot be is told, after all else is done.
    let fake = Fake::new();
    fake.state.borrow_mut().late = 4;
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: https://example.org/example/images/pull/1 stands, but it has no labels images: Could not resolve to a node with the global id of 'x'.");
    let mut proposal = sample();
    proposal
        .reviewers
        .push(Reviewer::User("stranger".to_owned()));
    proposal.reviewers.push(Reviewer::User("friend".to_owned()));
    insta::assert_snapshot!(propose(&fake, &proposal), @"error: example/images: https://example.org/example/images/pull/1 stands, but `stranger` cannot review: Reviews may only be requested from collaborators.");
    assert_eq!(fake.state.borrow().pulls[0].reviewers, ["friend"]);
    assert_eq!(fake.state.borrow().pulls[0].labels, ["images"]);
}

#[test]
fn refusals_say_what_to_do() {
    let refused = |status: u16, headers: &[(&str, &str)], message: &str| {
        let fake = Fake::new();
        let mut answer = say(status, &json!({"message": message}));
        answer.headers = headers
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        fake.events.at(7, Event::Say(answer));
        let error = forge(&fake).propose(&sample()).unwrap_err();
        format!(
            "{error} [{}]",
            if error.is_transient() {
                "later"
            } else {
                "never"
            }
        )
    };
    insta::assert_snapshot!([
        refused(403, &[("retry-after", "3600")], "You have exceeded a limit"),
        refused(403, &[], "You have exceeded a secondary rate limit. not-a-token"),
        refused(429, &[], ""),
        refused(403, &[], "Resource not accessible by integration"),
        refused(403, &[], "Repository was archived so is read-only."),
        refused(502, &[], "Bad Gateway"),
        refused(451, &[], "Unavailable"),
    ].join("\n"), @"
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: asks for fewer calls (You have exceeded a limit); run again later [later]
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: asks for fewer calls (You have exceeded a secondary rate limit. [token]); run again later [later]
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: asks for fewer calls (); run again later [later]
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: status 403: Resource not accessible by integration [never]
    example/images: the repository is archived; take it off the list of projects, or have it unarchived [never]
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: status 502: Bad Gateway [later]
    example/images: GET https://api.example.org/repos/example/images/git/ref/heads/taskgraph-images/linux-gcp: status 451: Unavailable [never]
    ");

    let fake = Fake::new();
    fake.state.borrow_mut().archived = true;
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: the repository is archived; take it off the list of projects, or have it unarchived");
    insta::assert_snapshot!(withdraw(&fake), @"error: example/images: the repository is archived; take it off the list of projects, or have it unarchived");
    let fake = Fake::new();
    fake.events
        .at(0, Event::Say(say(404, &json!({"message": "Not Found"}))));
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: there is no such repository, or the token may not see it; check the name, and where the app is installed");
    fake.events.at(
        0,
        Event::Say(say(
            200,
            &json!({"full_name": "example/moved", "default_branch": "main"}),
        )),
    );
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: the repository is called `example/moved` now; correct it in the list of projects");
    let mut proposal = sample();
    proposal.base = crate::proposals::BranchName::new("gone").unwrap();
    insta::assert_snapshot!(propose(&fake, &proposal), @"error: example/images: there is no branch `gone` for the proposal; is its name right?");
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn what_is_told_in_a_dry_run_is_not_done() {
    let fake = Fake::new();
    let Outcome::DryRun { calls } = forge(&fake).dry_run().propose(&sample()).unwrap() else {
        panic!("no dry run")
    };
    insta::assert_snapshot!(calls.join("\n"), @"
    POST https://api.example.org/repos/example/images/git/blobs (images/linux.yml)
    POST https://api.example.org/repos/example/images/git/trees (the tree)
    POST https://api.example.org/repos/example/images/git/commits (Use linux v2)
    POST https://api.example.org/repos/example/images/git/refs (branch taskgraph-images/linux-gcp)
    POST https://api.example.org/repos/example/images/pulls (Use linux v2)
    POST https://api.example.org/repos/example/images/issues/0/labels (labels images)
    POST https://api.example.org/repos/example/images/pulls/0/requested_reviewers (reviewers image-owners)
    ");
    assert_eq!(fake.writes(), [""; 0]);
    let fake = opened();
    let github = forge(&fake).dry_run();
    let url = URL.to_owned();
    assert_eq!(
        github.propose(&sample()).unwrap(),
        Outcome::Unchanged { url }
    );
    insta::assert_snapshot!(github.withdraw(&sample().group, "why").unwrap().to_string(), @"would call: POST https://api.example.org/repos/example/images/issues/1/comments (a comment); PATCH https://api.example.org/repos/example/images/pulls/1 (Use linux v2 (no longer needed)); DELETE https://api.example.org/repos/example/images/git/refs/heads/taskgraph-images/linux-gcp (branch taskgraph-images/linux-gcp)");
    insta::assert_snapshot!(github.propose(&newer()).unwrap().to_string(), @"would call: POST https://api.example.org/repos/example/images/git/blobs (images/linux.yml); POST https://api.example.org/repos/example/images/git/trees (the tree); POST https://api.example.org/repos/example/images/git/commits (Use linux v3); PATCH https://api.example.org/repos/example/images/git/refs/heads/taskgraph-images/linux-gcp (branch taskgraph-images/linux-gcp); PATCH https://api.example.org/repos/example/images/pulls/1 (Use linux v3)");
    assert_eq!(fake.writes(), [""; 0]);
}

/// Attack 2 and 15: a link leads nowhere.
#[test]
fn links_are_not_followed() {
    let fake = Fake::new();
    {
        let state = &mut *fake.state.borrow_mut();
        let mut commit = state.git.commits[&state.git.refs["main"]].clone();
        let mut files = state.git.trees[&commit.tree].clone();
        files.get_mut("images/linux.yml").unwrap().0 = "120000".to_owned();
        commit.tree = state.git.tree(files);
        let sha = state.git.commit(commit);
        state.git.refs.insert("main".to_owned(), sha);
    }
    insta::assert_snapshot!(propose(&fake, &sample()), @"error: example/images: `images/linux.yml` is no plain file in plain folders: `images/linux.yml` is a symbolic link");
    let mut proposal = sample();
    let edit = proposal.files.remove("images/linux.yml").unwrap();
    proposal.files.insert("images/deep".to_owned(), edit);
    let mut github = forge(&fake);
    github.rules.allowance = Allowance::new(&["**"], true).unwrap();
    insta::assert_snapshot!(github.propose(&proposal).unwrap_err().to_string(), @"example/images: `images/deep` is no plain file in plain folders: `images/deep` is a folder");
    assert_eq!(fake.writes(), [""; 0]);
}

/// Attacks 15 and 16: what is against the rules makes no call at all.
#[test]
fn rules_come_first() {
    let fake = Fake::new();
    let mut github = forge(&fake);
    github.rules.branches.0.push(("taskgraph-*".to_owned(), 3));
    let mut proposal = sample();
    let edit = proposal.files.remove("images/linux.yml").unwrap();
    proposal.files.insert(".taskcluster.yml".to_owned(), edit);
    insta::assert_snapshot!(github.propose(&proposal).unwrap_err().to_string(), @"example/images: the proposal is refused: the branch `taskgraph-images/linux-gcp` matches `taskgraph-*`, whose pushes run at level 3; choose another prefix; `.taskcluster.yml`: it says which tasks run for a push; no proposal touches it, whatever is listed");
    assert_eq!(fake.events.asked.borrow().len(), 0);
}

/// Attack 14: a marker of somebody else's text, and a body that is too long.
#[test]
fn what_is_said_is_bounded() {
    let fake = Fake::new();
    let mut proposal = sample();
    let forged = Marker {
        subjects: BTreeMap::new(),
        ..proposal.marker.clone()
    };
    proposal.body = format!("{}\n{}", forged.write("00"), "long 😀 ".repeat(20_000));
    propose(&fake, &proposal);
    assert_eq!(forge(&fake).open().unwrap()[0].marker, proposal.marker);
    assert_eq!(propose(&fake, &proposal), format!("up to date: {URL}"));
}

/// A token for each repository, and again when it has ended; never sent to where a page says.
#[test]
fn tokens_are_for_one_repository() {
    struct Counting(RefCell<Vec<String>>);
    impl Tokens for Counting {
        fn token(&self, repository: &Repository) -> Result<Token, TokenError> {
            self.0.borrow_mut().push(repository.to_string());
            Token::new("not-a-token")
        }
    }
    let (fake, tokens) = (Fake::new(), Counting(RefCell::default()));
    let github = |name: &str| {
        GitHub::new(&fake, Repository::new(name).unwrap(), rules())
            .tokens(&tokens)
            .address(BASE)
    };
    fake.events.at(
        5,
        Event::Say(say(401, &json!({"message": "Bad credentials"}))),
    );
    github("example/images").propose(&sample()).unwrap();
    github("example/other").propose(&sample()).unwrap_err();
    assert_eq!(
        *tokens.0.borrow(),
        ["example/images", "example/images", "example/other"]
    );

    let mut answer = say(200, &json!([]));
    let link = "<https://evil.example.org/repos?page=2>; rel=\"next\"";
    answer.headers.insert("link".to_owned(), link.to_owned());
    fake.events.forget();
    fake.events.at(1, Event::Say(answer));
    let error = github("example/images").open().unwrap_err().to_string();
    assert!(error.contains("next page on the same host"), "{error}");
    assert_eq!(fake.events.asked.borrow().len(), 2);
}

#[test]
fn the_proxy_gives_tokens() {
    struct Proxy(u16, RefCell<Vec<String>>);
    impl Http for Proxy {
        fn send(&self, request: &Request) -> Result<Answer, HttpError> {
            let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
            self.1.borrow_mut().push(format!("{request} {body}"));
            let token = json!({"token": "not-a-token", "expires": "2026-01-01T00:00:00Z"});
            let token = if self.0 == 200 {
                token
            } else {
                json!({"message": "words"})
            };
            Ok(say(self.0, &token))
        }
    }
    let ask = |status: u16| {
        let proxy = Rc::new(Proxy(status, RefCell::default()));
        let tokens = ProxyTokens {
            http: &*proxy,
            proxy: "http://proxy.example.org".to_owned(),
            app: "bot".to_owned(),
        };
        let token = tokens.token(&Repository::new("Example/Images").unwrap());
        (token, proxy.1.borrow().join("\n"))
    };
    let (token, asked) = ask(200);
    assert_eq!(token.as_ref().unwrap().secret(), "not-a-token");
    assert_eq!(format!("{token:?}"), "Ok([token])");
    insta::assert_snapshot!(asked, @r#"POST http://proxy.example.org/api/auth/v1/github/bot/Example/repo-token {"repositories":["Images"],"permissions":{"contents":"write","pull_requests":"write"}}"#);
    let errors: Vec<String> = [404, 400, 403, 429, 500]
        .map(|status| ask(status).0.unwrap_err().to_string())
        .to_vec();
    insta::assert_snapshot!(errors.join("\n"), @"
    the app `bot` is not configured in this deployment, or not installed for `Example` (status 404: words)
    GitHub refuses: the app `bot` may not be given `Example/Images`, or lacks one of the permissions contents and pull_requests (status 400: words)
    the task needs the scopes auth:github-repo-token:bot/example/images:contents:write and auth:github-repo-token:bot/example/images:pull_requests:write (status 403: words)
    too many tokens were asked for; run again later (status 429: words)
    the auth service refuses (status 500: words)
    ");
    assert!(ask(429).0.unwrap_err().is_transient && !ask(404).0.unwrap_err().is_transient);
}

#[test]
fn names_of_repositories_are_githubs() {
    for good in ["a/b", "mozilla-x/.github", "A1/a_b.c"] {
        assert!(Repository::new(good).is_ok(), "{good}");
    }
    for bad in [
        "", "a", "a/", "/b", "a/b/c", "a/..", "a b/c", "a/b?x", "-a/b", "a/b#", "a/é",
    ] {
        assert!(Repository::new(bad).is_err(), "{bad}");
    }
}
