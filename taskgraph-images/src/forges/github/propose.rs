//! One proposal, from the state that GitHub shows to the one that is wanted.

use serde_json::Value;

use super::GitHub;
use super::branches::Owner;
use super::objects::Commit;
use super::people::pushed;
use super::pulls::Pull;
use crate::forges::{ForgeError, ForgeErrorKind, Outcome};
use crate::proposals::{Branch, Group, Proposal, body_hash};

/// How often it is begun anew because another run, or a person, changed something meanwhile.
const ROUNDS: usize = 4;

/// Where a proposal is, as far as a round needs it.
struct Place<'a> {
    group: &'a Group,
    branch: &'a Branch,
    default: &'a str,
}

impl GitHub<'_> {
    pub(super) fn propose_once(&self, proposal: &Proposal) -> Result<Outcome, ForgeError> {
        let checked = self.rules.check(proposal);
        let branch = checked.map_err(|faults| self.api.error(ForgeErrorKind::Rules(faults)))?;
        let default = self.repository()?;
        let place = Place {
            group: &proposal.group,
            branch: &branch,
            default: &default,
        };
        for _ in 0..ROUNDS {
            if let Some(outcome) = self.round(&place, proposal)? {
                return Ok(outcome);
            }
        }
        Err(self.api.error(ForgeErrorKind::Busy))
    }

    pub(super) fn withdraw_once(&self, group: &Group, why: &str) -> Result<Outcome, ForgeError> {
        let default = self.repository()?;
        let branch = self.rules.prefix.branch(group);
        let place = Place {
            group,
            branch: &branch,
            default: &default,
        };
        for _ in 0..ROUNDS {
            let pulls = self.pulls(&branch)?;
            let head = self.head(branch.as_str())?;
            let open = pulls.iter().find(|pull| pull.is_open);
            if open.is_none() && head.is_none() {
                return Ok(Outcome::NotNeeded);
            }
            let base = open.map_or(default.as_str(), |pull| pull.base.as_str());
            let base = self.base(base)?;
            if let Some(outcome) = self.close(&place, &base, &pulls, head.as_ref(), why)? {
                return Ok(outcome);
            }
        }
        Err(self.api.error(ForgeErrorKind::Busy))
    }

    /// One attempt; nothing if the state changed meanwhile.
    fn round(&self, place: &Place<'_>, proposal: &Proposal) -> Result<Option<Outcome>, ForgeError> {
        let base = self.base(proposal.base.as_str())?;
        let wanted = self.wanted(&base, proposal)?;
        let pulls = self.pulls(place.branch)?;
        let head = self.head(place.branch.as_str())?;
        if wanted.is_empty() {
            let why = format!("`{}` holds all of it already.", proposal.base);
            return self.close(place, &base, &pulls, head.as_ref(), &why);
        }
        let owner = self.owner_of(place, head.as_ref(), &base, &pulls)?;
        let is_current = match (&head, &owner) {
            (Some(head), Some(Owner::Ours)) => self.holds(head, &base, &wanted)?,
            _ => false,
        };
        let open = pulls.iter().find(|pull| pull.is_open);
        if let Some(pull) = open {
            // A title or body that a person has edited stays, until we have something new to say.
            let marked = pull.marked.as_ref();
            let is_said = marked.is_some_and(|marked| {
                marked.marker.group == *place.group && marked.hash == body_hash(proposal)
            });
            let url = pull.url.clone();
            if is_current && is_said && pull.base == proposal.base.as_str() {
                self.ask(pull.number, &url, open, proposal)?;
                return Ok(Some(Outcome::Unchanged { url }));
            }
            let taken_on = match pull.base == proposal.base.as_str() {
                true => self.taken_on(pull, owner.as_ref())?,
                false => Some(format!("it is for `{}` now", pull.base)),
            };
            if let Some(why) = taken_on {
                if !is_said {
                    let title = proposal.title_line();
                    let words = format!(
                        "There is something newer: {title}. Because {why}, this pull request stays as it is; \
                         merge or close it to get the newer one."
                    );
                    self.say_once(pull, &title, &words)?;
                }
                return Ok(Some(Outcome::Frozen { url, why }));
            }
            if !is_current && !self.build(place, proposal, &base, &wanted, head.as_ref())? {
                return Ok(None);
            }
            if !is_said {
                self.update_pull(pull, proposal)?;
            }
            self.ask(pull.number, &url, open, proposal)?;
            return Ok(Some(Outcome::Updated { url }));
        }
        let title = proposal.title_line();
        if let Some(pull) = pulls
            .iter()
            .find(|pull| !pull.is_merged && pull.title == title)
        {
            let words = "Closed without being merged, so this is not proposed again. Rename this pull request to get \
                 it anew; whatever is newer is proposed as ever.";
            self.say_once(pull, "declined", words)?;
            if let (Some(head), Some(Owner::Ours | Owner::Nobody)) = (&head, &owner) {
                self.delete(place.branch, place.default, head)?;
            }
            let url = pull.url.clone();
            return Ok(Some(Outcome::Declined { url }));
        }
        if let Some(Owner::Person(name)) = &owner {
            return Ok(Some(self.held(place, name)));
        }
        if !is_current && !self.build(place, proposal, &base, &wanted, head.as_ref())? {
            return Ok(None);
        }
        match self.open_pull(place.branch, proposal)? {
            Some((number, url)) => {
                self.ask(number, &url, None, proposal)?;
                Ok(Some(Outcome::Opened { url }))
            }
            None => Ok(None),
        }
    }

    /// Makes the commit and points the branch to it; whether the branch was still where it was seen.
    fn build(
        &self,
        place: &Place<'_>,
        proposal: &Proposal,
        base: &Commit,
        wanted: &[super::objects::Wanted],
        head: Option<&Commit>,
    ) -> Result<bool, ForgeError> {
        let commit = self.commit(base, proposal, wanted)?;
        self.point(place.branch, place.default, head, &commit)
    }

    /// Closes what is open and deletes the branch, unless a person has taken it on; nothing if the branch moved
    /// meanwhile.
    fn close(
        &self,
        place: &Place<'_>,
        base: &Commit,
        pulls: &[Pull],
        head: Option<&Commit>,
        why: &str,
    ) -> Result<Option<Outcome>, ForgeError> {
        let open = pulls.iter().find(|pull| pull.is_open);
        let owner = self.owner_of(place, head, base, pulls)?;
        if let Some(pull) = open {
            if let Some(taken) = self.taken_on(pull, owner.as_ref())? {
                let words =
                    format!("This is no longer needed: {why} Because {taken}, it stays open.");
                self.say_once(pull, "no longer needed", &words)?;
                let (url, why) = (pull.url.clone(), taken);
                return Ok(Some(Outcome::Frozen { url, why }));
            }
            self.say_once(
                pull,
                "no longer needed",
                &format!("This is no longer needed: {why}"),
            )?;
            // Before the branch goes: GitHub closes a pull request whose branch is gone, under its own title.
            self.close_pull(pull)?;
        }
        match (head, owner) {
            (Some(_), Some(Owner::Person(name))) => return Ok(Some(self.held(place, &name))),
            (Some(head), _) if !self.delete(place.branch, place.default, head)? => return Ok(None),
            (None, _) if open.is_none() => return Ok(Some(Outcome::NotNeeded)),
            _ => {}
        }
        Ok(Some(Outcome::Withdrawn))
    }

    fn owner_of(
        &self,
        place: &Place<'_>,
        head: Option<&Commit>,
        base: &Commit,
        pulls: &[Pull],
    ) -> Result<Option<Owner>, ForgeError> {
        head.map(|head| self.owner(place.group, head, base, pulls))
            .transpose()
    }

    /// A branch without a pull request that a person has pushed to.
    fn held(&self, place: &Place<'_>, name: &str) -> Outcome {
        Outcome::Frozen {
            url: format!("branch {} of {}", place.branch, self.api.repository),
            why: pushed(name),
        }
    }

    /// Looks whether the repository takes proposals; its default branch.
    pub(super) fn repository(&self) -> Result<String, ForgeError> {
        let missing = |words: String| self.api.error(ForgeErrorKind::Missing(words));
        let value = self.api.get("")?.ok_or_else(|| {
            missing(
                "there is no such repository, or the token may not see it; check the name, and where the app is \
                 installed"
                    .to_owned(),
            )
        })?;
        let name = self.api.text(&value, "/full_name")?;
        if !self.api.repository.is(name) {
            return Err(missing(format!(
                "the repository is called `{name}` now; correct it in the list of projects"
            )));
        }
        if value.get("archived") == Some(&Value::Bool(true)) {
            return Err(self.api.error(ForgeErrorKind::Archived));
        }
        Ok(self.api.text(&value, "/default_branch")?.to_owned())
    }
}
