//! [`Writes`]: whether calls that change something are made, or only told.

use std::sync::Mutex;

use super::Outcome;

/// Whether calls that change something are made, or only told.
#[derive(Debug, Default)]
pub(super) struct Writes {
    is_dry: bool,
    told: Mutex<Vec<String>>,
}

impl Writes {
    pub(super) fn new(is_dry: bool) -> Self {
        Self {
            is_dry,
            told: Mutex::default(),
        }
    }

    /// Whether the call is to be made. If not, it is noted.
    pub(super) fn allows(&self, call: impl FnOnce() -> String) -> bool {
        if self.is_dry {
            self.told().push(call());
        }
        !self.is_dry
    }

    /// What is said of a proposal: in a dry run what would have been called, if anything.
    pub(super) fn outcome(&self, outcome: Outcome) -> Outcome {
        let calls = std::mem::take(&mut *self.told());
        match calls.is_empty() {
            true => outcome,
            false => Outcome::DryRun { calls },
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.told
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
