//! What people do to pull requests is left as it is.

use super::*;

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
