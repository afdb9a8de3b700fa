//! What is refused, by rules and by GitHub, and what is said then.

use super::*;

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
