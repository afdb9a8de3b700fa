//! Pins and what is newer: what each pin may go to, the edits that take it there, and proposals that explain them.
//!
//! ```text
//! pins.yml ─ Pin (declared) ─ ask (the pin's datasource) ─ choose ─▶ Upgrade      from, to, what is held back
//!                             edits of pins.yml ─ what they affect ─▶ the images that it rebuilds
//!                             one Proposal a group
//! ```
//!
//! Only [`ask`] talks to a service. A new version is only as trusted as its source: nothing goes back, nothing is a
//! prerelease unless somebody asked, nothing lacks an asset, and what strangers wrote is shown as text.

mod ask;
mod edits;
mod floating;
mod proposal;
mod report;
#[cfg(test)]
mod tests;

use taskgraph_images_transforms::Duration;

pub use ask::{ask, latest, recorded};
pub use edits::edited;
pub use floating::settled;
pub use proposal::{Words, proposals};
pub use report::{Row, markdown, rows, table};

use crate::datasources::{Note, Release};
use crate::definitions::{Pin, Pins};
use crate::taskcluster::Timestamp;
use crate::versions::Choice;

/// What a pin may go to.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The pin.
    pub pin: String,
    /// What it is proposed with.
    pub group: String,
    /// Its value now.
    pub from: String,
    /// What was found.
    pub found: Found,
    /// When it should have been looked at, if that time has come.
    pub overdue: Option<String>,
    /// Why it is held at its value, as its declaration says.
    pub reason: Option<String>,
}

/// What was found out about a pin.
#[derive(Debug, Clone)]
pub enum Found {
    /// It names no datasource.
    Nowhere,
    /// Its datasource, or its declaration, is at fault.
    Failed {
        /// Why, in words.
        why: String,
        /// Whether a later run may help.
        transient: bool,
    },
    /// It floats, so nothing has to be done: a build takes this release now.
    Floats(Box<Release>),
    /// Its datasource answered.
    Answer(Box<Answer>),
}

/// What a datasource said.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// What may be proposed, and what is held back.
    pub choice: Choice,
    /// When the current version came out, as far as the source tells.
    pub released: Option<Timestamp>,
    /// What the makers say to worker deployers of all that is new.
    pub notes: Vec<Note>,
}

impl Upgrade {
    /// The release that it goes to, if it goes anywhere.
    pub fn to(&self) -> Option<&Release> {
        match &self.found {
            Found::Answer(answer) => answer.choice.newest.as_ref(),
            Found::Nowhere | Found::Failed { .. } | Found::Floats(_) => None,
        }
    }
}

/// The review date of a pin that has come, or that is no date.
pub fn overdue(pin: &Pin, now: Timestamp) -> Option<String> {
    let review = pin.review.as_deref()?;
    let time: Result<Timestamp, _> = format!("{review}T00:00:00.000Z").parse();
    match time {
        Ok(time) if time > now => None,
        Ok(_) => Some(format!("review was due on {review}")),
        Err(_) => Some(format!(
            "`review` is `{review}`, which is no date such as 2027-03-01"
        )),
    }
}

/// How long a release must have been out where a pin says nothing: long enough for its makers to take it back.
pub const COOL_DOWN: Duration = Duration::days(3);

/// The pins that somebody asks for: all, if none is named.
///
/// # Errors
/// Every name that no pin has.
pub fn select<'a>(pins: &'a Pins, names: &'a [String]) -> Result<Vec<&'a str>, Vec<String>> {
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !pins.pins.contains_key(*name))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let all = pins.pins.keys().map(String::as_str);
    Ok(all
        .filter(|name| names.is_empty() || names.iter().any(|wanted| wanted == name))
        .collect())
}
