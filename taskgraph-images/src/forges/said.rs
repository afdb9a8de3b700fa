//! What forges say in tests.

use super::{Forge, ForgeError, Outcome};
use crate::proposals::Proposal;
use crate::proposals::tests::sample;

pub(super) fn propose(forge: &impl Forge, proposal: &Proposal) -> String {
    words(forge.propose(proposal))
}

pub(super) fn withdraw(forge: &impl Forge) -> String {
    words(forge.withdraw(&sample().group, "the image is gone."))
}

fn words(said: Result<Outcome, ForgeError>) -> String {
    match said {
        Ok(outcome) => outcome.to_string(),
        Err(error) => format!("error: {error}"),
    }
}
