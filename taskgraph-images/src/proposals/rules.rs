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
    /// Checks a proposal; its branch.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self, proposal: &Proposal) -> Result<Branch, Vec<Fault>> {
        let branch = self.prefix.branch(&proposal.group);
        let mut faults = self.branches.faults(&branch);
        faults.extend(self.allowance.check(proposal).err().unwrap_or_default());
        let base = proposal.base.as_str();
        // Git keeps branches like files: none can be the folder of another.
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if base == branch.as_str() || within(branch.as_str(), base) || within(base, branch.as_str())
        {
            faults.push(Fault::Base {
                branch: branch.to_string(),
                base: base.to_owned(),
            });
        } else if self.prefix.group(base).is_some() {
            faults.push(Fault::Base {
                branch: self.prefix.to_string(),
                base: base.to_owned(),
            });
        }
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
            true => Ok(branch),
            false => Err(faults),
        }
    }
}
