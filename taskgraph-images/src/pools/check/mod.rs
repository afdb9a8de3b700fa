//! [`check`]: what is wrong with the images and worker pools of a configuration repository.
//!
//! One file a rule in `rules/`, all of them in one list, [`RULES`]. Each is a function of the configuration and of what
//! the caller knows besides ([`Options`]); a rule whose knowledge is not given says nothing.

mod context;
mod date;
mod end_of_life;
mod known;
mod markdown;
#[cfg(test)]
mod output_tests;
mod report;
mod rules;
mod sarif;
#[cfg(test)]
mod tests;
mod text;
mod users;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use taskgraph_images_transforms::Level;

use crate::ci_config::{Access, CiConfig};
use crate::diagnostic::Place;

pub use date::date_in;
pub use end_of_life::{DeclaredEnd, EndOfLife, EndOfLifeError};
pub use known::Known;
pub use report::{Counts, Finding, Note, Report, Severity, VERSION};
pub use rules::{RULES, Rule};
pub use users::{PoolUse, Users};

use context::Context;
use users::uses;

/// What the rules hold a configuration to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The day that ages are counted to.
    pub today: NaiveDate,
    /// How many days old an image may be; without it, age is not looked at.
    pub max_age_days: Option<u32>,
    /// When what images are made of is no longer supported.
    pub end_of_life: Vec<EndOfLife>,
    /// How many days before the end of life it is told.
    pub end_of_life_notice_days: u32,
    /// Levels of Google's projects, as far as their names do not tell them or tell them wrongly.
    pub project_levels: BTreeMap<String, Level>,
    /// Who may create tasks in which pools; without it, unused pools are not looked for.
    pub access: Option<Access>,
    /// What is defined and published; without it, images are not held to that.
    pub known: Option<Known>,
    /// The pools that should be there for images, as they should be; without it, that is not looked at.
    pub generated: Option<crate::pools::generate::Expected>,
}

impl Options {
    /// What can be told from the configuration itself, on a day.
    pub fn new(today: NaiveDate) -> Self {
        Self {
            today,
            max_age_days: None,
            end_of_life: Vec::new(),
            end_of_life_notice_days: 90,
            project_levels: BTreeMap::new(),
            access: None,
            known: None,
            generated: None,
        }
    }
}

/// Checks a configuration. What could not be resolved in it is among the findings. `line` says at which line of its
/// file a place is, from 1; none where the whole file is meant.
pub fn check(
    config: &CiConfig,
    options: &Options,
    line: &dyn Fn(&Place) -> Option<usize>,
) -> Report {
    let mut context = Context::new(config, options, line);
    let unread = options.access.iter().flat_map(|access| &access.findings);
    for fault in config.findings.iter().chain(unread) {
        context.fault(fault);
    }
    for rule in RULES {
        context.rule = Some(rule);
        (rule.run)(&mut context);
    }
    let pools = uses(config, options);
    let findings = context.into_findings();
    Report::new(config, findings, pools)
}
