//! [`Usage`]: who uses which image.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::Identity;

/// Who uses which image, by all that was asked: branches of configuration repositories, open proposals, worker pools
/// that run, projects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    users: BTreeMap<Identity, BTreeSet<String>>,
    /// How many images each source names.
    sources: BTreeMap<String, usize>,
    /// What could not be asked, and why.
    unknown: Vec<String>,
}

impl Usage {
    /// Notes a source and what it uses: each image with who uses it there, in words.
    pub fn add(
        &mut self,
        source: &str,
        uses: impl IntoIterator<Item = (Identity, String)>,
    ) -> &mut Self {
        let count = self.sources.entry(source.to_owned()).or_default();
        for (identity, user) in uses {
            *count += 1;
            self.users
                .entry(identity)
                .or_default()
                .insert(format!("{user} ({source})"));
        }
        self
    }

    /// Notes a source that could not be asked.
    pub fn unknown(&mut self, source: &str, why: &str) -> &mut Self {
        self.unknown.push(format!("{source}: {why}"));
        self
    }

    /// Who uses an image, sorted.
    pub fn of(&self, identity: &Identity) -> impl Iterator<Item = &str> {
        self.users
            .get(identity)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// How many images each source names.
    pub fn sources(&self) -> &BTreeMap<String, usize> {
        &self.sources
    }

    /// What could not be asked, and why.
    pub fn faults(&self) -> &[String] {
        &self.unknown
    }
}
