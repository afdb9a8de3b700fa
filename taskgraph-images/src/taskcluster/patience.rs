//! [`Patience`]: how long services are waited for.

use std::time::Duration;

/// How long services are waited for. What fails for good, a refusal, is never tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// How often a call is tried again when no answer comes, or one of status 500 and above.
    pub retries: usize,
    /// How long the first pause is, more or less by chance; each one after it is twice as long.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Default for Patience {
    /// What Taskcluster's own clients do.
    fn default() -> Self {
        Self {
            retries: 5,
            pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(30),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Patience {
    pub(super) fn retry(&self) -> taskcluster::Retry {
        taskcluster::Retry {
            retries: self.retries,
            max_delay: self.longest_pause,
            delay_factor: self.pause,
            // The crate knows only whether there is any: pauses then become up to twice as long.
            randomization_factor: 0.25,
        }
    }
}
