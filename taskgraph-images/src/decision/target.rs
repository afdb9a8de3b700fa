//! [`Targets`]: the tasks that an event asks for, each with why. The stage before the index is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use taskgraph_images_transforms::{
    ImageId, Kind, Label, Level, MaintenanceKind, Parameters, ProjectConfig, TaskGraph,
};

use super::request::{Selector, Wanted};
use crate::affected::{Affected, ImageChange};
use crate::output::text::cause;

/// How target tasks are chosen: Taskgraph's *target tasks method*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// What the event implies: of a push, all that the index lacks; of a pull request, what it affects.
    Default,
    /// All that the index lacks, and what is older than its definition allows.
    Rebuild,
    /// Every task of every image.
    All,
    /// Every task of some images.
    Image,
    /// Nothing.
    None,
    /// The one task about the fleet of a kind that a cron job starts.
    Maintenance(MaintenanceKind),
}

/// A word that is no target tasks method; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown target tasks method `{0}`, expected one of `default`, `rebuild`, `all`, `image`, `none`, {kinds}",
    kinds = kinds()
)]
pub struct MethodError(String);

fn kinds() -> String {
    let kinds: Vec<String> = MaintenanceKind::ALL
        .iter()
        .filter(|kind| kind.is_scheduled())
        .map(|kind| format!("`{kind}`"))
        .collect();
    kinds.join(", ")
}

impl Method {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Rebuild => "rebuild",
            Self::All => "all",
            Self::Image => "image",
            Self::None => "none",
            Self::Maintenance(kind) => kind.as_str(),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Method {
    type Err = MethodError;

    /// Takes `nothing`, too, which is Taskgraph's word for `none`.
    fn from_str(text: &str) -> Result<Self, MethodError> {
        Ok(match text {
            "default" => Self::Default,
            "rebuild" => Self::Rebuild,
            "all" => Self::All,
            "image" => Self::Image,
            "none" | "nothing" => Self::None,
            other => match other.parse::<MaintenanceKind>() {
                Ok(kind) if kind.is_scheduled() => Self::Maintenance(kind),
                _ => return Err(MethodError(text.to_owned())),
            },
        })
    }
}

/// The tasks that an event asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// Their labels, each with why it is asked for, in words.
    pub labels: BTreeMap<Label, String>,
    /// Whether images whose newest build is too old are made anew.
    pub ages: bool,
}

/// An image that was asked for and that there is not; whoever asked can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no image `{wanted}`{}", perhaps(.near))]
pub struct UnknownImage {
    /// What was asked for.
    pub wanted: String,
    /// What it may have meant.
    pub near: Option<String>,
}

/// There is no task about the fleet where one was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoMaintenance {
    /// The settings say nothing of it; whoever edits them or `.cron.yml` can fix it.
    #[error("the settings have no `maintenance.{0}`, so there is no such task")]
    Settings(MaintenanceKind),
    /// The run is none that has such tasks; whoever asked can fix it.
    #[error(
        "`{kind}` runs at level 3 by a cron job or an action only, and this is `{tasks_for}` at level {level}"
    )]
    Run {
        /// What was asked for.
        kind: MaintenanceKind,
        /// The event.
        tasks_for: String,
        /// The level of the run.
        level: Level,
    },
}

fn perhaps(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl Targets {
    /// Chooses the one task about the fleet of a kind, which needs no other.
    ///
    /// # Errors
    /// When there is none, with why.
    pub fn maintenance(
        kind: MaintenanceKind,
        full: &TaskGraph,
        config: Option<&ProjectConfig>,
        parameters: &Parameters,
    ) -> Result<Self, NoMaintenance> {
        let known = config.is_some_and(|config| config.maintenance.contains_key(&kind));
        let label = kind.label();
        if !parameters.maintains() {
            Err(NoMaintenance::Run {
                kind,
                tasks_for: parameters.tasks_for.clone(),
                level: parameters.level,
            })
        } else if !known || full.get(&label).is_none() {
            Err(NoMaintenance::Settings(kind))
        } else {
            Ok(Self {
                labels: BTreeMap::from([(label, "it was asked for".to_owned())]),
                ages: false,
            })
        }
    }

    /// Chooses among tasks, given with their images: those of the full graph, and those that the event may not have.
    ///
    /// # Errors
    /// Every image that was asked for and that there is not.
    pub fn choose(
        tasks: &BTreeMap<Label, ImageId>,
        method: Method,
        wanted: &Wanted,
        affected: &Affected,
        pull_request: bool,
    ) -> Result<Self, Vec<UnknownImage>> {
        let reasons = reasons(affected);
        let mut targets = Self {
            ages: method == Method::Rebuild,
            ..Self::default()
        };
        let mut add = |label: &Label, reason: String| {
            targets.labels.insert(label.clone(), reason);
        };
        match method {
            // What is about the fleet is none of the images' tasks: see `Targets::maintenance`.
            Method::None | Method::Maintenance(_) => {}
            Method::Default if pull_request => {
                for label in tasks.keys() {
                    if let Some(reason) = reasons.get(label) {
                        add(label, reason.clone());
                    }
                }
            }
            Method::Default | Method::Rebuild => {
                for label in tasks.keys() {
                    let reason = reasons.get(label).cloned();
                    add(
                        label,
                        reason.unwrap_or_else(|| "every image is to be up to date".to_owned()),
                    );
                }
            }
            Method::All => {
                for label in tasks.keys() {
                    add(label, "every image was asked for".to_owned());
                }
            }
            Method::Image => {
                let Wanted::Images(selectors) = wanted else {
                    return Ok(targets);
                };
                let unknown = unknown(tasks, selectors);
                if !unknown.is_empty() {
                    return Err(unknown);
                }
                for (label, image) in tasks {
                    if selectors.iter().any(|selector| selector.selects(image)) {
                        add(label, "the image was asked for".to_owned());
                    }
                }
            }
        }
        Ok(targets)
    }
}

/// Why each affected task is affected, in words.
fn reasons(affected: &Affected) -> BTreeMap<Label, String> {
    let mut reasons = BTreeMap::new();
    for (id, image) in &affected.images {
        let words = match image.change {
            ImageChange::Removed => continue,
            ImageChange::New => "the image is new".to_owned(),
            ImageChange::Changed => {
                let causes: BTreeSet<String> = image.reasons.iter().map(cause).collect();
                causes.into_iter().collect::<Vec<_>>().join("; ")
            }
        };
        for kind in &image.tasks {
            reasons.insert(id.label(*kind), words.clone());
            if *kind == Kind::Build {
                // What is validated is what would be built.
                reasons.insert(id.label(Kind::Validate), words.clone());
            }
        }
    }
    reasons
}

/// The images that were asked for and that none of the tasks is about.
pub fn unknown(tasks: &BTreeMap<Label, ImageId>, selectors: &[Selector]) -> Vec<UnknownImage> {
    let images: BTreeSet<&ImageId> = tasks.values().collect();
    selectors
        .iter()
        .filter(|selector| !images.iter().any(|id| selector.selects(id)))
        .map(|selector| {
            let wanted = selector.to_string();
            let near = images
                .iter()
                .map(|id| match selector {
                    Selector::Name(_) => id.name.to_string(),
                    Selector::Id(_) => id.to_string(),
                })
                .max_by(|a, b| {
                    let score = |text: &str| strsim::jaro_winkler(text, &wanted);
                    score(a).total_cmp(&score(b))
                })
                .filter(|near| strsim::jaro_winkler(near, &wanted) > 0.85);
            UnknownImage { wanted, near }
        })
        .collect()
}
