//! Runs that are cut, that meet each other, and that meet refusals again.

use super::*;

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
