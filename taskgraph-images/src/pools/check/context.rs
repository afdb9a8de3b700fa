//! [`Context`]: what rules look at, and where they leave their findings.

use super::known::Published;
use super::{Finding, Note, Options, Rule, Severity};
use crate::ci_config::{CiConfig, ImageEntry, Location};
use crate::diagnostic::{Diagnostic, Place};
use crate::pools::usage::Usage;

/// What rules look at.
pub(super) struct Context<'a> {
    pub(super) config: &'a CiConfig,
    pub(super) options: &'a Options,
    pub(super) usage: Usage,
    /// The rule that runs.
    pub(super) rule: Option<&'static Rule>,
    line: &'a dyn Fn(&Place) -> Option<usize>,
    findings: Vec<Finding>,
}

/// A finding, as a rule makes it.
pub(super) struct Draft<'a> {
    pub(super) severity: Severity,
    pub(super) subject: &'a str,
    pub(super) place: &'a Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) notes: Vec<(&'a Place, String)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(severity: Severity, subject: &'a str, place: &'a Place) -> Self {
        Self {
            severity,
            subject,
            place,
            message: String::new(),
            hint: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn error(subject: &'a str, place: &'a Place) -> Self {
        Self::new(Severity::Error, subject, place)
    }

    pub(super) fn warning(subject: &'a str, place: &'a Place) -> Self {
        Self::new(Severity::Warning, subject, place)
    }

    pub(super) fn say(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn note(mut self, place: &'a Place, message: impl Into<String>) -> Self {
        self.notes.push((place, message.into()));
        self
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(
        config: &'a CiConfig,
        options: &'a Options,
        line: &'a dyn Fn(&Place) -> Option<usize>,
    ) -> Self {
        Self {
            config,
            options,
            usage: Usage::new(config),
            rule: None,
            line,
            findings: Vec::new(),
        }
    }

    /// The images that are no aliases.
    pub(super) fn images(&self) -> impl Iterator<Item = &'a ImageEntry> + use<'a> {
        self.config
            .images
            .values()
            .filter(|image| image.alias_of.is_none())
    }

    /// What every image is for every provider.
    pub(super) fn locations(
        &self,
    ) -> impl Iterator<Item = (&'a ImageEntry, &'a Location)> + use<'a> {
        self.images().flat_map(|image| {
            image
                .locations
                .iter()
                .map(move |location| (image, location))
        })
    }

    /// The publication that made a location, if it is known.
    pub(super) fn published(&self, location: &Location) -> Option<&'a Published> {
        self.options
            .known
            .as_ref()
            .and_then(|known| known.published(&location.reference))
    }

    /// How many pools boot what an image is for a provider, in words.
    pub(super) fn users(&self, key: &str, provider: &str) -> String {
        match self.usage.pools_on(self.config, key, provider).count() {
            0 => "no pool boots it".to_owned(),
            1 => "1 pool boots it".to_owned(),
            many => format!("{many} pools boot it"),
        }
    }

    /// Leaves a finding of the rule that runs.
    pub(super) fn find(&mut self, draft: Draft<'_>) {
        let id = self.rule.map_or("", |rule| rule.id);
        let notes = draft.notes.into_iter();
        self.findings.push(Finding {
            rule: id.to_owned(),
            severity: draft.severity,
            file: Some(draft.place.path.to_string()),
            line: (self.line)(draft.place),
            subject: Some(draft.subject.to_owned()),
            message: draft.message,
            hint: draft.hint,
            notes: notes.map(|(at, words)| self.note(at, words)).collect(),
        });
    }

    /// Takes over what could not be resolved.
    pub(super) fn fault(&mut self, fault: &Diagnostic) {
        let notes = fault.notes.iter();
        self.findings.push(Finding {
            rule: fault.code.to_owned(),
            severity: fault.severity.into(),
            file: fault.place.as_ref().map(|place| place.path.to_string()),
            line: fault.place.as_ref().and_then(|place| (self.line)(place)),
            subject: None,
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            notes: notes
                .map(|(at, words)| self.note(at, words.clone()))
                .collect(),
        });
    }

    fn note(&self, place: &Place, message: String) -> Note {
        Note {
            file: place.path.to_string(),
            line: (self.line)(place),
            message,
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
