//! What happens to services in memory at their n-th request.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::http::{Answer, HttpError, HttpErrorKind};

/// What happens at a request.
pub(super) enum Event<F> {
    /// The request is not obeyed, and there is no answer.
    FailBefore,
    /// The request is obeyed, and there is no answer.
    FailAfter,
    /// Somebody does something first.
    Meanwhile(Box<dyn FnOnce(&F)>),
    /// The answer is this, and nothing is obeyed.
    Say(Answer),
}

/// How a request goes on.
pub(super) enum Begin {
    /// It is obeyed; whether the answer is lost.
    Go { is_cut: bool },
    /// It is not obeyed.
    Stop(Result<Answer, HttpError>),
}

/// What was asked, and what is to happen.
pub(super) struct Events<F> {
    /// Every request.
    pub(super) asked: RefCell<Vec<String>>,
    events: RefCell<BTreeMap<usize, VecDeque<Event<F>>>>,
    next: Cell<usize>,
}

impl<F> Default for Events<F> {
    fn default() -> Self {
        Self {
            asked: RefCell::default(),
            events: RefCell::default(),
            next: Cell::default(),
        }
    }
}

impl<F> Events<F> {
    /// Lets something happen at the n-th request from now on.
    pub(super) fn at(&self, n: usize, event: Event<F>) {
        let n = self.next.get() + n;
        self.events
            .borrow_mut()
            .entry(n)
            .or_default()
            .push_back(event);
    }

    /// Forgets what was asked, and what was to happen.
    pub(super) fn forget(&self) {
        self.asked.borrow_mut().clear();
        self.events.borrow_mut().clear();
    }

    /// Begins a request.
    pub(super) fn begin(&self, fake: &F, name: &str) -> Begin {
        let n = self.next.get();
        self.next.set(n + 1);
        self.asked.borrow_mut().push(name.to_owned());
        let mut is_cut = false;
        let events = self.events.borrow_mut().remove(&n).unwrap_or_default();
        for event in events {
            match event {
                Event::FailBefore => return Begin::Stop(Err(no_answer(name))),
                Event::FailAfter => is_cut = true,
                Event::Meanwhile(act) => act(fake),
                Event::Say(answer) => return Begin::Stop(Ok(answer)),
            }
        }
        Begin::Go { is_cut }
    }
}

pub(super) fn no_answer(name: &str) -> HttpError {
    HttpError {
        call: name.to_owned(),
        kind: HttpErrorKind::NoAnswer("cut".to_owned()),
    }
}

/// An answer.
pub(super) fn say(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: BTreeMap::new(),
        body: if status == 204 {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        },
    }
}
