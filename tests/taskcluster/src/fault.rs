//! [`Faults`]: what goes wrong, and when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request is not handled; the answer has this status and an error body as the services write it.
    Status(u16),
    /// The request is not handled; the answer is a proxy's page of HTML.
    Html(u16),
    /// The request is not handled; the answer has status 200 and this body.
    Body(String),
    /// The request waits, and is then handled.
    Delay(Duration),
    /// The connection is cut; the request is not handled.
    CutBefore,
    /// The request is handled, and the connection is cut before the answer: the caller never learns of it.
    CutAfter,
    /// The request is handled, and the connection is cut in the middle of the answer's body.
    CutWithin,
}

/// A request, as far as faults are chosen by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which request it is of all of this server, from 1.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// Its path without the query, such as `/api/queue/v1/task/fN1SbArXTPSVFNUvaOlinQ`.
    pub path: String,
    /// Which request it is of those with this method and path, from 1.
    pub nth: u64,
}

type Choice = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;

/// What goes wrong, and when. All that match apply: delays add up, of the others the first one counts.
#[derive(Clone, Default)]
pub struct Faults(Vec<(Choice, Fault)>);

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// And request `number` of this server goes wrong.
    #[must_use]
    pub fn at(self, number: u64, fault: Fault) -> Self {
        self.when(move |seen| seen.number == number, fault)
    }

    /// And every request goes wrong for which `choice` holds.
    #[must_use]
    pub fn when(
        mut self,
        choice: impl Fn(&Seen) -> bool + Send + Sync + 'static,
        fault: Fault,
    ) -> Self {
        self.0.push((Arc::new(choice), fault));
        self
    }

    pub(crate) fn of(&self, seen: &Seen) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        let mut other = None;
        for (choice, fault) in &self.0 {
            if choice(seen) {
                match fault {
                    Fault::Delay(more) => delay += *more,
                    fault => other = other.or(Some(fault.clone())),
                }
            }
        }
        (delay, other)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(_, fault)| fault))
            .finish()
    }
}
