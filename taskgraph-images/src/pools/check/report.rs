//! [`Report`]: what a check found, as a published document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PoolUse;
use crate::ci_config::CiConfig;
use crate::diagnostic;

/// The version of the document.
pub const VERSION: u32 = 1;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The version of the document.
    pub version: u32,
    /// How much was looked at, and how much was found.
    pub counts: Counts,
    /// What was found: by file and line, the worst first where they are the same.
    pub findings: Vec<Finding>,
    /// Who may create tasks in each pool, by what the configuration grants; absent where it has no grants.
    #[serde(default)]
    pub pools: Option<Vec<PoolUse>>,
}

/// How much was looked at, and how much was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Images, without aliases.
    pub images: usize,
    /// Aliases of images.
    pub aliases: usize,
    /// Worker pools.
    pub pools: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are notes.
    pub notes: usize,
}

/// How bad a finding is, the mildest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Somebody should look.
    Warning,
    /// It does not work, or it must not be.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file; absent for what no file holds.
    pub file: Option<String>,
    /// The line, from 1; absent where the whole file is meant.
    pub line: Option<usize>,
    /// The image's key or the pool's id that it is about.
    pub subject: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Other places that belong to it.
    pub notes: Vec<Note>,
}

/// Another place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Note {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is there.
    pub message: String,
}

impl Severity {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<diagnostic::Severity> for Severity {
    fn from(severity: diagnostic::Severity) -> Self {
        match severity {
            diagnostic::Severity::Error => Self::Error,
            diagnostic::Severity::Warning => Self::Warning,
        }
    }
}

impl Report {
    pub(super) fn new(
        config: &CiConfig,
        mut findings: Vec<Finding>,
        pools: Option<Vec<PoolUse>>,
    ) -> Self {
        findings.sort_by(|a, b| {
            let place = |finding: &Finding| (finding.file.clone(), finding.line);
            place(a)
                .cmp(&place(b))
                .then_with(|| b.severity.cmp(&a.severity))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a.message.cmp(&b.message))
        });
        findings.dedup();
        let of = |severity: Severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        let aliases = config
            .images
            .values()
            .filter(|image| image.alias_of.is_some())
            .count();
        Self {
            version: VERSION,
            counts: Counts {
                images: config.images.len() - aliases,
                aliases,
                pools: config.pools.len(),
                errors: of(Severity::Error),
                warnings: of(Severity::Warning),
                notes: of(Severity::Note),
            },
            findings,
            pools,
        }
    }

    /// Whether anything is at least as bad as what somebody denies: then the check has failed.
    pub fn is_denied(&self, deny: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= deny)
    }

    /// The document as JSON, with a final line break.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it has text keys and no other sort of map");
        text.push('\n');
        text
    }
}

impl Finding {
    /// The place as `file:line`.
    pub fn place(&self) -> Option<String> {
        self.file.as_deref().map(|file| place(file, self.line))
    }
}

pub(super) fn place(file: &str, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    }
}
