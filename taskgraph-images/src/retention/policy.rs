//! [`Policy`]: how long images are kept.

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::Duration;

/// How long images are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// How many of each image are kept whatever happens, from the newest on: what a roll-back goes back to.
    pub newest: usize,
    /// For how long everything is kept after it was published.
    pub window: Duration,
    /// After how long without a user an image is deprecated: usable, with a warning.
    pub deprecate_after: Duration,
    /// After how long without a user it is disabled: there, and not usable until somebody enables it.
    pub disable_after: Duration,
    /// After how long without a user it is deleted.
    pub delete_after: Duration,
    /// How many images are deleted by one plan at most.
    pub most_deletions: usize,
    /// How much of the inventory may be gone since the last plan, in percent.
    pub most_gone: u8,
    /// For how long a plan is good.
    pub good_for: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            newest: 3,
            window: Duration::days(60),
            deprecate_after: Duration::days(14),
            disable_after: Duration::days(60),
            delete_after: Duration::days(120),
            most_deletions: 10,
            most_gone: 20,
            good_for: Duration::days(7),
        }
    }
}

impl Policy {
    /// What makes it no policy, if anything does.
    pub fn fault(&self) -> Option<String> {
        let steps = [
            ("deprecate-after", self.deprecate_after),
            ("disable-after", self.disable_after),
            ("delete-after", self.delete_after),
        ];
        let wrong = steps
            .windows(2)
            .find(|pair| pair[0].1.as_seconds() > pair[1].1.as_seconds());
        match wrong {
            Some([(first, _), (second, _)]) => {
                Some(format!("`{second}` is shorter than `{first}`"))
            }
            _ if self.newest == 0 => {
                Some("`newest` is 0, so nothing could be rolled back to".to_owned())
            }
            _ if self.most_gone > 100 => Some("`most-gone` is more than 100 %".to_owned()),
            _ => None,
        }
    }
}
