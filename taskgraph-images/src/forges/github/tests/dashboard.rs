//! The issue that is a dashboard.

use fake_github::Issue;

use super::*;
use crate::forges::github::Dashboard;
use crate::proposals::Group;

const ISSUE: &str = "https://example.org/example/images/issues/1";

fn page(body: &str) -> Dashboard {
    Dashboard {
        about: Group::new("projects").unwrap(),
        title: "Projects and their images".to_owned(),
        body: body.to_owned(),
        labels: vec!["images".to_owned()],
    }
}

fn show(fake: &Fake, page: &Dashboard) -> String {
    match forge(fake).dashboard(page) {
        Ok(outcome) => outcome.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn issues(fake: &Fake) -> String {
    let state = fake.state.borrow();
    let line = |issue: &Issue| {
        format!(
            "#{} {} {:?} {:?} {:?}",
            issue.number, issue.state, issue.title, issue.labels, issue.body
        )
    };
    state.issues.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn is_opened_once_and_written_only_when_it_changes() {
    let fake = Fake::new();
    assert_eq!(show(&fake, &page("a table\n")), format!("opened {ISSUE}"));
    insta::assert_snapshot!(issues(&fake), @r##"#1 open "Projects and their images" ["images"] "<!-- taskgraph-images-dashboard: projects -->\n\na table""##);
    fake.events.forget();
    assert_eq!(
        show(&fake, &page("a table")),
        format!("up to date: {ISSUE}")
    );
    assert_eq!(fake.writes(), [""; 0]);
    // A person gave it another title; what they wrote below the table is written over.
    fake.issue(1, |issue| {
        "Images".clone_into(&mut issue.title);
        issue.body += "\r\nwords";
    });
    assert_eq!(show(&fake, &page("a table\n")), format!("updated {ISSUE}"));
    assert_eq!(show(&fake, &page("another")), format!("updated {ISSUE}"));
    insta::assert_snapshot!(issues(&fake), @r##"#1 open "Images" ["images"] "<!-- taskgraph-images-dashboard: projects -->\n\nanother""##);
    insta::assert_snapshot!(fake.writes().join("\n"), @"
    PATCH /repos/example/images/issues/1
    PATCH /repos/example/images/issues/1
    ");
    // GitHub ends lines as it likes.
    fake.issue(1, |issue| {
        issue.body = issue.body.replace('\n', "\r\n") + "\r\n"
    });
    assert_eq!(
        show(&fake, &page("another")),
        format!("up to date: {ISSUE}")
    );
    // Closed is closed.
    fake.issue(1, |issue| issue.state = "closed");
    fake.events.forget();
    assert_eq!(
        show(&fake, &page("news")),
        format!("left as it is, somebody has closed it: {ISSUE}")
    );
    assert_eq!(fake.writes(), [""; 0]);
}

#[test]
fn a_dry_run_says_what_it_would_call() {
    let fake = Fake::new();
    let said = forge(&fake).dry_run().dashboard(&page("x")).unwrap();
    insta::assert_snapshot!(said.to_string(), @"would call: POST https://api.example.org/repos/example/images/issues (Projects and their images)");
    assert_eq!(issues(&fake), "");
}

/// Whoever may open issues may write the marker into one.
#[test]
fn issues_of_strangers_are_not_ours() {
    let fake = Fake::new();
    let marker = "<!-- taskgraph-images-dashboard: projects -->\n\nmine now";
    for (author, kind, association) in [
        ("stranger", "User", "NONE"),
        ("example-app[bot]", "Bot", "NONE"),
    ] {
        fake.report(author, kind, association, marker);
    }
    assert_eq!(
        show(&fake, &page("x")),
        "updated https://example.org/example/images/issues/2"
    );
    // Without an identity, programs and those who may write count.
    let repository = || Repository::new("example/images").unwrap();
    let anybody = |fake: &Fake| {
        let forge = GitHub::new(fake, repository(), rules())
            .tokens(&Fixed)
            .address(BASE);
        forge.dashboard(&page("y")).unwrap().to_string()
    };
    assert_eq!(
        anybody(&fake),
        "updated https://example.org/example/images/issues/2"
    );
    let fake = Fake::new();
    fake.report("somebody", "User", "CONTRIBUTOR", marker);
    fake.report("owner", "User", "MEMBER", marker);
    assert_eq!(
        anybody(&fake),
        "updated https://example.org/example/images/issues/2"
    );
    // The marker somewhere below, a pull request, or one of something else: none of them is it.
    let fake = Fake::new();
    fake.report(
        "example-app[bot]",
        "Bot",
        "NONE",
        &format!("words {marker}"),
    );
    fake.report(
        "example-app[bot]",
        "Bot",
        "NONE",
        "<!-- taskgraph-images-dashboard: projects-2 -->",
    );
    fake.report("example-app[bot]", "Bot", "NONE", marker);
    fake.issue(3, |issue| issue.is_pull = true);
    assert_eq!(
        show(&fake, &page("x")),
        "opened https://example.org/example/images/issues/4"
    );
}

#[test]
fn its_text_ends_no_comment_and_fits() {
    let fake = Fake::new();
    show(&fake, &page("<!-- taskgraph-images-dashboard: other -->"));
    insta::assert_snapshot!(issues(&fake), @r#"#1 open "Projects and their images" ["images"] "<!-- taskgraph-images-dashboard: projects -->\n\n&lt;!-- taskgraph-images-dashboard: other -->""#);
    let fake = Fake::new();
    let row = "| 😀 row |\n";
    show(&fake, &page(&row.repeat(10_000)));
    let body = fake.state.borrow().issues[0].body.clone();
    assert!((65_000..=65_536).contains(&body.encode_utf16().count()));
    assert!(body.ends_with(
        "| 😀 row |\n\nThere is more than an issue can hold: the rest is left out here."
    ));
    fake.events.forget();
    assert_eq!(
        show(&fake, &page(&row.repeat(10_000))),
        format!("up to date: {ISSUE}")
    );
}

/// Cuts every request once, before and after it is obeyed, and runs again: one issue, with the same text.
#[test]
fn to_be_cut_anywhere_leads_to_one_issue() {
    let opened = || {
        let fake = Fake::new();
        show(&fake, &page("old"));
        fake.events.forget();
        fake
    };
    for start in [&Fake::new as &dyn Fn() -> Fake, &opened] {
        let fake = start();
        show(&fake, &page("new"));
        let (requests, end) = (fake.events.asked.borrow().len(), issues(&fake));
        assert!(requests >= 3, "{requests}");
        for n in 0..requests {
            for event in [Event::FailBefore, Event::FailAfter] {
                let fake = start();
                fake.events.at(n, event);
                let words = show(&fake, &page("new"));
                assert!(words.starts_with("error: "), "{n}: {words}");
                fake.events.forget();
                let words = show(&fake, &page("new"));
                assert!(!words.starts_with("error: "), "{n}: {words}");
                assert_eq!(issues(&fake), end, "cut at request {n}");
                fake.events.forget();
                assert_eq!(show(&fake, &page("new")), format!("up to date: {ISSUE}"));
                assert_eq!(fake.writes(), [""; 0]);
            }
        }
    }
}

#[test]
fn refusals_say_what_to_do() {
    let fake = Fake::new();
    fake.state.borrow_mut().archived = true;
    insta::assert_snapshot!(show(&fake, &page("x")), @"error: example/images: the repository is archived; take it off the list of projects, or have it unarchived");
    let fake = Fake::new();
    let message = "Issues has been disabled in this repository.";
    fake.events
        .at(1, Event::Say(say(410, &json!({"message": message}))));
    insta::assert_snapshot!(show(&fake, &page("x")), @"error: example/images: GET https://api.example.org/repos/example/images/issues?state=all&sort=created&direction=asc&per_page=100: status 410: Issues has been disabled in this repository.");
}
