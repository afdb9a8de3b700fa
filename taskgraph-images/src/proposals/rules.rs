//! [`Rules`]: what proposals to one repository may be.

use super::{Allowance, Branch, Branches, Fault, Prefix, Proposal, Reviewer};

/// What proposals to one repository may be. Comes from reviewed configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What their branches begin with.
    pub prefix: Prefix,
    /// The branches of the project, so that no branch of a proposal takes the level of a person's.
    pub branches: Branches,
    /// Which files they may touch.
    pub allowance: Allowance,
}

impl Rules {
    /// Checks a proposal that gets a branch; the branch.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self, proposal: &Proposal) -> Result<Branch, Vec<Fault>> {
        let branch = self.prefix.branch(&proposal.group);
        let mut faults = self.branches.faults(&branch);
        let base = proposal.base.as_str();
        // Git keeps branches like files: none can be the folder of another.
        let within = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if within(branch.as_str(), base)
            || within(base, branch.as_str())
            || self.prefix.group(base).is_some()
        {
            faults.push(Fault::Base {
                branch: branch.to_string(),
                base: base.to_owned(),
            });
        }
        faults.extend(self.check_edits(proposal).err().unwrap_or_default());
        match faults.is_empty() {
            true => Ok(branch),
            false => Err(faults),
        }
    }

    /// Checks a proposal that gets no branch: what it edits, and what it says.
    ///
    /// # Errors
    /// Every fault.
    pub fn check_edits(&self, proposal: &Proposal) -> Result<(), Vec<Fault>> {
        let mut faults = self.allowance.check(proposal).err().unwrap_or_default();
        if proposal.title_line().is_empty() {
            faults.push(Fault::NoTitle);
        }
        if proposal.marker.group != proposal.group {
            faults.push(Fault::Group {
                marker: proposal.marker.group.to_string(),
                group: proposal.group.to_string(),
            });
        }
        faults.extend(proposal.marker.fault().map(Fault::Marker));
        let reviewers = proposal.reviewers.iter().map(|reviewer| match reviewer {
            Reviewer::User(name) | Reviewer::Team(name) => name,
        });
        for name in proposal.labels.iter().chain(reviewers) {
            if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
                faults.push(Fault::Name(name.chars().take(120).collect()));
            }
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults),
        }
    }
}
