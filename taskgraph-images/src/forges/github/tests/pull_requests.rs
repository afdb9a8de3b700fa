//! What becomes a pull request, and what is written to it.

use super::*;

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
