//! Against a Phabricator in memory.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::json;

use super::fake::{Fake, HOST, TOKEN};
use super::*;
use crate::forges::events::{Event, say};
use crate::forges::said;
use crate::proposals::tests::{newer, rules, sample};
use crate::proposals::{Allowance, Branches, FileEdit, Reviewer};

const URL: &str = "https://phabricator.example.org/D1";

fn settings() -> Settings {
    let mut rules = rules();
    // Where no branch is made, none takes a level.
    rules.branches = Branches(vec![("*".to_owned(), 3)]);
    Settings {
        host: HOST.to_owned(),
        repository: "images".to_owned(),
        system: SourceControl::Git,
        base_revision: "0123456789".repeat(4),
        author: Author::new("Somebody", "somebody@example.org").unwrap(),
        date: DateTime::from_timestamp(1_788_000_000, 0).unwrap(),
        bug: None,
        rules,
    }
}

fn forge(fake: &Fake) -> Phabricator<'_> {
    Phabricator::new(fake, ApiToken::new(TOKEN).unwrap(), settings())
}

fn propose(fake: &Fake, proposal: &Proposal) -> String {
    said::propose(&forge(fake), proposal)
}

fn withdraw(fake: &Fake) -> String {
    said::withdraw(&forge(fake))
}

fn opened() -> Fake {
    let fake = Fake::default();
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    fake.events.forget();
    fake
}

/// A bug that somebody names later comes with the next edit, in the title and as the revision's own.
#[test]
fn an_open_revision_gets_the_bug_that_is_named_later() {
    let fake = opened();
    let mut phabricator = forge(&fake);
    phabricator.settings.bug = Some(7);
    let mut proposal = sample();
    proposal.title = format!("Bug 7 - {}", proposal.title);
    let said = phabricator.propose(&proposal).unwrap().to_string();
    assert_eq!(said, format!("updated {URL}"));
    assert!(
        fake.shown().starts_with("D1 needs-review PHID-USER-me \"Bug 7 - Use linux v2\" [\"PHID-PROJ-owners\"] [] bug \"7\"\n"),
        "{}",
        fake.shown()
    );
    let said = phabricator.propose(&proposal).unwrap().to_string();
    assert_eq!(said, format!("up to date: {URL}"));
}

#[test]
fn a_proposal_becomes_a_revision() {
    let fake = Fake::default();
    let mut phabricator = forge(&fake);
    phabricator.settings.bug = Some(1);
    phabricator.settings.rules.allowance = Allowance::new(&["**"], true).unwrap();
    let mut proposal = sample();
    let edit = FileEdit {
        old: None,
        new: "é & + %\r\nlast".to_owned(),
    };
    proposal.files.insert("new.yml".to_owned(), edit);
    assert_eq!(
        phabricator.propose(&proposal).unwrap().to_string(),
        format!("opened {URL}")
    );
    insta::assert_snapshot!(fake.events.asked.borrow().join("\n"), @"
    user.whoami
    diffusion.repository.search
    differential.revision.search
    differential.revision.search
    differential.revision.search
    differential.revision.search
    project.search
    differential.creatediff
    differential.setdiffproperty
    differential.revision.edit
    ");
    insta::assert_snapshot!(fake.shown(), @r#"
    D1 needs-review PHID-USER-me "Use linux v2" ["PHID-PROJ-owners"] [] bug "1"
    Moves `linux` from v1 to v2.

    - [ ] integration

    <!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"v2","digest":"sha256:00"}},"body":"322071d28591409cf548e0e035eb5e59"} -->
    2 "images/linux.yml"
    -image: v1
    +image: v2
     keep: 1
    1 "new.yml"
    +é & + %
    +last
    \ No newline at end of file
    "#);
    let mut diff = fake.diffs.borrow()["PHID-DIFF-1"].clone();
    diff["__conduit__"] = json!("…");
    insta::assert_snapshot!(serde_json::to_string_pretty(&diff).unwrap(), @r#"
    {
      "changes": [
        {
          "metadata": {},
          "oldPath": "images/linux.yml",
          "currentPath": "images/linux.yml",
          "awayPaths": [],
          "oldProperties": {},
          "newProperties": {},
          "commitHash": "5f3f5abeab6f844912517d704b569af2936d38c6",
          "type": 2,
          "fileType": 1,
          "hunks": [
            {
              "oldOffset": 1,
              "oldLength": 2,
              "newOffset": 1,
              "newLength": 2,
              "addLines": 1,
              "delLines": 1,
              "isMissingOldNewline": false,
              "isMissingNewNewline": false,
              "corpus": "-image: v1\n+image: v2\n keep: 1\n"
            }
          ]
        },
        {
          "metadata": {},
          "oldPath": null,
          "currentPath": "new.yml",
          "awayPaths": [],
          "oldProperties": {},
          "newProperties": {
            "unix:filemode": "100644"
          },
          "commitHash": "5f3f5abeab6f844912517d704b569af2936d38c6",
          "type": 1,
          "fileType": 1,
          "hunks": [
            {
              "oldOffset": 0,
              "oldLength": 0,
              "newOffset": 1,
              "newLength": 2,
              "addLines": 2,
              "delLines": 0,
              "isMissingOldNewline": false,
              "isMissingNewNewline": true,
              "corpus": "+é & + %\r\n+last\n\\ No newline at end of file\n"
            }
          ]
        }
      ],
      "sourceMachine": "taskgraph-images",
      "sourcePath": "/",
      "branch": "main",
      "sourceControlSystem": "git",
      "sourceControlPath": "/",
      "sourceControlBaseRevision": "0123456789012345678901234567890123456789",
      "creationMethod": "taskgraph-images",
      "lintStatus": "none",
      "unitStatus": "none",
      "repositoryPHID": "PHID-REPO-images",
      "__conduit__": "…"
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&fake.properties.borrow()["PHID-DIFF-1"]).unwrap(), @r#"
    {
      "5f3f5abeab6f844912517d704b569af2936d38c6": {
        "author": "Somebody",
        "authorEmail": "somebody@example.org",
        "time": 1788000000,
        "summary": "Use linux v2",
        "message": "Use linux v2\n\nMoves `linux` from v1 to v2.\n\n- [ ] integration",
        "commit": "5f3f5abeab6f844912517d704b569af2936d38c6",
        "parents": [
          "0123456789012345678901234567890123456789"
        ]
      }
    }
    "#);
    fake.events.forget();
    assert_eq!(
        phabricator.propose(&proposal).unwrap().to_string(),
        format!("up to date: {URL}")
    );
    assert_eq!(fake.writes(), [""; 0]);
    let open = phabricator.open().unwrap();
    assert_eq!(
        (open.len(), &open[0].marker, open[0].url.as_str()),
        (1, &proposal.marker, URL)
    );
}

#[test]
fn a_newer_version_updates_it_in_place() {
    let fake = opened();
    assert_eq!(propose(&fake, &newer()), format!("updated {URL}"));
    insta::assert_snapshot!(fake.writes().join("\n"), @"
    differential.creatediff
    differential.setdiffproperty
    differential.revision.edit
    ");
    assert_eq!(fake.revisions.borrow().len(), 1);
    assert!(fake.shown().contains("+image: v3"));
    // A move of the base alone is no news.
    fake.events.forget();
    let mut phabricator = forge(&fake);
    phabricator.settings.base_revision = "9876543210".repeat(4);
    assert_eq!(
        phabricator.propose(&newer()).unwrap().to_string(),
        format!("up to date: {URL}")
    );
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn what_a_person_has_taken_on_is_frozen() {
    for (touch, why) in [
        (
            (|revision| "accepted".clone_into(&mut revision.status)) as fn(&mut fake::Revision),
            "somebody accepted it",
        ),
        (
            |revision| {
                "PHID-USER-friend".clone_into(&mut revision.author);
                revision.reviewers.push("PHID-USER-me".to_owned());
            },
            "somebody has taken it over",
        ),
    ] {
        let fake = opened();
        fake.revision(1, touch);
        assert_eq!(
            propose(&fake, &newer()),
            format!("left as it is, {why}: {URL}")
        );
        assert_eq!(withdraw(&fake), format!("left as it is, {why}: {URL}"));
        assert_eq!(fake.writes(), [""; 0]);
    }
}

#[test]
fn what_was_abandoned_is_declined_for_its_version() {
    let fake = opened();
    fake.revision(1, |revision| "abandoned".clone_into(&mut revision.status));
    assert_eq!(
        propose(&fake, &sample()),
        format!("declined by a person: {URL}")
    );
    // By its title or by what it moves.
    let mut proposal = sample();
    proposal.title = "Another title".to_owned();
    assert_eq!(
        propose(&fake, &proposal),
        format!("declined by a person: {URL}")
    );
    let declined = forge(&fake).declined().unwrap();
    assert_eq!(
        (declined.len(), declined[0].title.as_str()),
        (1, "Use linux v2")
    );
    assert_eq!(fake.writes(), [""; 0]);
    assert_eq!(propose(&fake, &newer()), format!("opened {HOST}/D2"));
}

/// Attack 14: what a stranger writes and abandons declines nothing, and hides nothing of ours.
#[test]
fn strangers_markers_count_little() {
    let fake = opened();
    let mut forged = fake.revisions.borrow()[0].clone();
    forged.id = 2;
    "PHID-USER-stranger".clone_into(&mut forged.author);
    forged.reviewers = vec!["PHID-USER-me".to_owned()];
    fake.revisions.borrow_mut().push(forged);
    assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
    assert_eq!(forge(&fake).open().unwrap().len(), 1);
    assert_eq!(withdraw(&fake), "closed, no longer needed");
    fake.revision(2, |revision| "abandoned".clone_into(&mut revision.status));
    assert_eq!(propose(&fake, &sample()), format!("opened {HOST}/D3"));
}

#[test]
fn what_is_no_longer_needed_is_abandoned() {
    let fake = opened();
    let mut proposal = sample();
    let edit = proposal.files.get_mut("images/linux.yml").unwrap();
    edit.new = edit.old.clone().unwrap();
    assert_eq!(propose(&fake, &proposal), "closed, no longer needed");
    insta::assert_snapshot!(fake.shown(), @r#"
    D1 abandoned PHID-USER-me "Use linux v2" ["PHID-PROJ-owners"] ["This is no longer needed: `main` holds all of it already."] bug null
    Moves `linux` from v1 to v2.

    - [ ] integration
    2 "images/linux.yml"
    -image: v1
    +image: v2
     keep: 1
    "#);
    fake.events.forget();
    assert_eq!(propose(&fake, &proposal), "nothing to do");
    assert_eq!(withdraw(&fake), "nothing to do");
    assert_eq!(fake.writes(), [""; 0]);
    // We abandoned it, so it is not declined.
    assert_eq!(forge(&fake).declined().unwrap(), []);
    assert_eq!(propose(&fake, &sample()), format!("opened {HOST}/D2"));
    // Between the look and the call somebody else abandons it.
    fake.events.forget();
    fake.events.at(
        4,
        Event::Meanwhile(Box::new(|fake| {
            fake.revision(2, |revision| "abandoned".clone_into(&mut revision.status));
        })),
    );
    assert_eq!(withdraw(&fake), "nothing to do");
    assert_eq!(fake.writes(), [""; 0]);
}

/// Cuts every call, before and after it is obeyed, and runs again.
fn survive(start: impl Fn() -> Fake, act: fn(&Fake) -> String, once_more: &str) {
    let fake = start();
    act(&fake);
    let (calls, end) = (fake.events.asked.borrow().clone(), fake.shown());
    assert!(calls.len() > 4);
    for (n, call) in calls.iter().enumerate() {
        for is_after in [false, true] {
            let fake = start();
            let event = || {
                if is_after {
                    Event::FailAfter
                } else {
                    Event::FailBefore
                }
            };
            fake.events.at(n, event());
            let is_asking = call.ends_with(".search") || call == "user.whoami";
            if is_asking {
                // These are made three times.
                fake.events.at(n + 1, event());
                fake.events.at(n + 2, event());
            }
            let words = act(&fake);
            assert!(words.starts_with("error: "), "{n}: {words}");
            fake.events.forget();
            let words = act(&fake);
            assert!(!words.starts_with("error: "), "{n}: {words}");
            assert_eq!(fake.shown(), end, "cut at call {n}, {call}");
            fake.events.forget();
            assert_eq!(act(&fake), once_more);
            assert_eq!(fake.writes(), [""; 0]);
        }
    }
}

#[test]
fn to_be_cut_anywhere_does_no_harm() {
    survive(
        Fake::default,
        |fake| propose(fake, &sample()),
        &format!("up to date: {URL}"),
    );
    survive(
        opened,
        |fake| propose(fake, &newer()),
        &format!("up to date: {URL}"),
    );
    survive(opened, withdraw, "nothing to do");
}

#[test]
fn what_creates_is_called_once_and_what_asks_again() {
    let fake = Fake::default();
    fake.events.at(0, Event::FailBefore);
    fake.events.at(2, Event::FailAfter);
    assert_eq!(propose(&fake, &sample()), format!("opened {URL}"));
    for method in [
        "differential.creatediff",
        "differential.setdiffproperty",
        "differential.revision.edit",
    ] {
        let fake = Fake::default();
        propose(&fake, &sample());
        let at = fake
            .events
            .asked
            .borrow()
            .iter()
            .position(|call| call == method)
            .unwrap();
        let fake = Fake::default();
        fake.events.at(at, Event::FailAfter);
        let error = forge(&fake).propose(&sample()).unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert_eq!(
            fake.events
                .asked
                .borrow()
                .iter()
                .filter(|call| *call == method)
                .count(),
            1
        );
    }
}

/// Two runs at once can create two revisions; the next run leaves one.
#[test]
fn two_runs_at_once_end_with_one() {
    let fake = Fake::default();
    propose(&fake, &sample());
    let calls = fake.events.asked.borrow().len();
    for n in 0..calls {
        let fake = Fake::default();
        fake.events.at(
            n,
            Event::Meanwhile(Box::new(|fake| {
                propose(fake, &sample());
            })),
        );
        assert!(!propose(&fake, &sample()).starts_with("error: "));
        assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
        let open = fake
            .revisions
            .borrow()
            .iter()
            .filter(|revision| revision.status != "abandoned")
            .count();
        assert_eq!(open, 1, "{n}");
        assert_eq!(forge(&fake).declined().unwrap(), []);
        fake.events.forget();
        assert_eq!(propose(&fake, &sample()), format!("up to date: {URL}"));
        assert_eq!(fake.writes(), [""; 0]);
    }
}

#[test]
fn faults_are_told_before_anything_is_made() {
    let fake = Fake::default();
    let mut proposal = sample();
    proposal.reviewers = vec![
        Reviewer::User("friend".to_owned()),
        Reviewer::User("stranger".to_owned()),
        Reviewer::Team("#nobody".to_owned()),
    ];
    insta::assert_snapshot!(propose(&fake, &proposal), @"error: images: there is no person `stranger` to review it; there is no group `#nobody` to review it");
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        let phabricator = Phabricator::new(&fake, ApiToken::new(TOKEN).unwrap(), settings);
        phabricator
            .propose(&sample())
            .map_or_else(|error| error.to_string(), |outcome| outcome.to_string())
    };
    insta::assert_snapshot!([
        with(|settings| "nothing".clone_into(&mut settings.repository)),
        with(|settings| "old".clone_into(&mut settings.repository)),
        with(|settings| "abc".clone_into(&mut settings.base_revision)),
        with(|settings| settings.rules.allowance = Allowance::default()),
    ].join("\n"), @r#"
    nothing: 0 repositories have the short name or callsign `nothing`; expected one that the token may see
    old: the repository is archived; take it off the list of projects, or have it unarchived
    images: "abc" is no full id of a commit, which the edits were made from
    images: the proposal is refused: `images/linux.yml` is not among the files that may be edited; add it to their list if it should be
    "#);
    assert_eq!(fake.writes(), [""; 0]);
    assert_eq!(
        with(|settings| "IMAGES".clone_into(&mut settings.repository)),
        format!("opened {URL}")
    );
}

/// Attack 20: errors of Conduit repeat the token.
#[test]
fn no_token_is_shown() {
    let fake = Fake::default();
    let other = "api-another-secret-another-secre";
    let token = ApiToken::new(other).unwrap();
    assert_eq!(format!("{token:?}"), "[token]");
    let error = Phabricator::new(&fake, token.clone(), settings())
        .propose(&sample())
        .unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"images: user.whoami: ERR-INVALID-AUTH: API token "[token]" has the wrong length. API tokens should be 32 characters long."#);
    assert!(!format!("{error:?}").contains("another"));
    let words = json!({"message": format!("bad {other} and {TOKEN}")});
    for n in 0..3 {
        fake.events.at(n, Event::Say(say(500, &words)));
    }
    let error = Phabricator::new(&fake, token, settings())
        .open()
        .unwrap_err();
    assert!(
        !format!("{error:?} {error}").contains("another") && error.is_transient(),
        "{error}"
    );
    for bad in [
        "",
        "api-short",
        "xyz-not-a-token-not-a-token-not-",
        "api-not-a-token not-a-token-not-",
    ] {
        assert_eq!(ApiToken::new(bad), Err(ApiTokenError));
    }
}

#[test]
fn what_is_told_in_a_dry_run_is_not_done() {
    let fake = Fake::default();
    insta::assert_snapshot!(forge(&fake).dry_run().propose(&sample()).unwrap().to_string(), @"would call: differential.creatediff (Use linux v2); differential.setdiffproperty (local:commits); differential.revision.edit (Use linux v2)");
    assert_eq!(fake.writes(), [""; 0]);
    let fake = opened();
    insta::assert_snapshot!(forge(&fake).dry_run().propose(&newer()).unwrap().to_string(), @"would call: differential.creatediff (Use linux v3); differential.setdiffproperty (local:commits); differential.revision.edit (Use linux v3)");
    insta::assert_snapshot!(forge(&fake).dry_run().withdraw(&sample().group, "x").unwrap().to_string(), @"would call: differential.revision.edit (abandon D1)");
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn mercurial_has_its_own_words() {
    let fake = Fake::default();
    let mut phabricator = forge(&fake);
    phabricator.settings.system = SourceControl::Mercurial;
    let mut proposal = sample();
    proposal.files = BTreeMap::from([(
        "images/linux.yml".to_owned(),
        FileEdit {
            old: Some("a".to_owned()),
            new: "b\n".to_owned(),
        },
    )]);
    phabricator.propose(&proposal).unwrap();
    let diff = fake.diffs.borrow()["PHID-DIFF-1"].clone();
    let hunk = &diff["changes"][0]["hunks"][0];
    assert_eq!(diff["sourceControlSystem"], "hg");
    assert_eq!(
        (&hunk["isMissingOldNewline"], &hunk["isMissingNewNewline"]),
        (&json!(true), &json!(false))
    );
    let property = fake.properties.borrow()["PHID-DIFF-1"].clone();
    let (id, commit) = property.as_object().unwrap().iter().next().unwrap();
    assert_eq!(&commit["rev"], id);
}
