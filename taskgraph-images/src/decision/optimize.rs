//! [`Optimized`]: which tasks of the target graph are created, which the index replaces, which nothing needs.
//!
//! Pure: a graph, the targets and what was looked up go in, a verdict with its reason for each task comes out. Found
//! tasks are held to what they should be, because a path of the index is only a name that somebody was allowed to
//! write.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{
    ByLevel, Duration, ImageDefinition, IndexPath, Kind, Label, Level, Optimization, Payload,
    ProjectConfig, Task, TaskGraph, TaskQueueId,
};

use super::lookup::{Found, Lookups};
use super::target::Targets;
use crate::fleet::Fleet;
use crate::taskcluster::{TaskId, TaskState, Timestamp};

/// What happens to a task, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It is created.
    Kept {
        /// Why, in words.
        reason: String,
    },
    /// Another task takes its place.
    Replaced {
        /// That task.
        task_id: TaskId,
        /// Why, in words.
        reason: String,
    },
    /// It is not created, and nothing takes its place.
    Removed {
        /// Why, in words.
        reason: String,
    },
}

impl Outcome {
    /// Why, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Kept { reason } | Self::Replaced { reason, .. } | Self::Removed { reason } => {
                reason
            }
        }
    }
}

/// What happens to each task of the target graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Optimized {
    /// By label.
    pub outcomes: BTreeMap<Label, Outcome>,
}

impl Optimized {
    /// The labels of the tasks that are created.
    pub fn kept(&self) -> impl Iterator<Item = &Label> {
        self.outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Kept { .. }))
            .map(|(label, _)| label)
    }

    /// The tasks that take others' places, by the others' labels.
    pub fn replaced(&self) -> impl Iterator<Item = (&Label, &TaskId)> {
        self.outcomes
            .iter()
            .filter_map(|(label, outcome)| match outcome {
                Outcome::Replaced { task_id, .. } => Some((label, task_id)),
                _ => None,
            })
    }
}

/// What an optimization is about, besides what was looked up.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The target tasks and all that they need.
    pub graph: &'a TaskGraph,
    /// What was asked for.
    pub targets: &'a Targets,
    /// The project's settings.
    pub config: &'a ProjectConfig,
    /// The level of the run.
    pub level: Level,
    /// When tasks are created.
    pub now: Timestamp,
    /// Whether the index may replace targets.
    pub optimize_targets: bool,
    /// Labels that the index may not replace.
    pub do_not_optimize: &'a BTreeSet<Label>,
    /// Tasks that take the place of labels, whatever the index says.
    pub existing: &'a BTreeMap<Label, TaskId>,
    /// How old the newest build of each image may become, by the label of its build task.
    pub max_age: &'a BTreeMap<Label, Duration>,
    /// The task queues on which each task runs at each level.
    pub queues: &'a BTreeMap<Label, ByLevel<TaskQueueId>>,
}

/// Where the answer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The artifacts of these tasks must be looked up first.
    Artifacts(BTreeSet<TaskId>),
    /// It is found.
    Optimized(Optimized),
}

/// Whether something takes a task's place.
enum Hit<'a> {
    /// This task, found at a path or given.
    Task(&'a TaskId, String),
    /// Nothing, and why.
    Miss(String),
}

/// Works out what happens to each task.
///
/// A task is created when it is wanted (asked for, or needed by one that is created) and nothing may take its place,
/// or when something that it depends on is created: dependent images follow their parents. The rule only ever adds
/// tasks, so it is repeated until it adds none.
pub fn optimize(question: &Question<'_>, lookups: &Lookups) -> Answer {
    let order = question.graph.topological();
    let hits: BTreeMap<&Label, Hit<'_>> = order
        .iter()
        .filter_map(|label| question.graph.get(label))
        .map(|task| (&task.label, hit(question, lookups, task)))
        .collect();
    let mut kept: BTreeMap<&Label, String> = BTreeMap::new();
    let mut wanted: BTreeSet<&Label> = question.targets.labels.keys().collect();
    // Where nothing may take a wanted task's place, what it needs is wanted, too; what it needs comes first in the
    // order, so one pass may not be enough.
    loop {
        let before = (kept.len(), wanted.len());
        for label in &order {
            let Some(task) = question.graph.get(label) else {
                continue;
            };
            if kept.contains_key(label) || !wanted.contains(label) {
                continue;
            }
            let reason = match &hits[label] {
                Hit::Miss(reason) => Some(reason.clone()),
                // Somebody decided that this task stands in, whatever becomes of what it depends on.
                Hit::Task(..) if question.existing.contains_key(*label) => None,
                Hit::Task(..) => task
                    .dependencies
                    .values()
                    .find(|needed| kept.contains_key(needed))
                    .map(|needed| format!("`{needed}`, which it depends on, is made anew")),
            };
            if let Some(reason) = reason {
                kept.insert(&task.label, reason);
                wanted.extend(task.dependencies.values());
            }
        }
        if before == (kept.len(), wanted.len()) {
            break;
        }
    }
    let unknown = unknown_artifacts(question, lookups, &kept, &hits);
    if !unknown.is_empty() {
        return Answer::Artifacts(unknown);
    }
    let outcomes = order
        .iter()
        .map(|label| {
            let outcome = match (kept.remove(*label), &hits[label]) {
                (Some(reason), _) => Outcome::Kept {
                    reason: because(question, label, reason),
                },
                (None, Hit::Task(id, reason)) if wanted.contains(label) => Outcome::Replaced {
                    task_id: (*id).clone(),
                    reason: reason.clone(),
                },
                _ => Outcome::Removed {
                    reason: "nothing that is created needs it".to_owned(),
                },
            };
            ((*label).clone(), outcome)
        })
        .collect();
    Answer::Optimized(Optimized { outcomes })
}

/// The reason with what the task was asked for, if it was.
fn because(question: &Question<'_>, label: &Label, reason: String) -> String {
    match question.targets.labels.get(label) {
        Some(asked) => format!("{asked}; {reason}"),
        None => format!("a task that is created needs it; {reason}"),
    }
}

/// The tasks that stand in for what a created task needs, and whose artifacts were not looked up yet.
///
/// Only these matter: nobody reads the artifacts of a task that merely need not be repeated.
fn unknown_artifacts(
    question: &Question<'_>,
    lookups: &Lookups,
    kept: &BTreeMap<&Label, String>,
    hits: &BTreeMap<&Label, Hit<'_>>,
) -> BTreeSet<TaskId> {
    kept.keys()
        .filter_map(|label| question.graph.get(label))
        .flat_map(|task| task.dependencies.values())
        .filter(|needed| !kept.contains_key(needed) && !question.existing.contains_key(*needed))
        .filter_map(|needed| match &hits[needed] {
            Hit::Task(id, _) => Some((*id).clone()),
            Hit::Miss(_) => None,
        })
        .filter(|id| !lookups.artifacts.contains_key(id))
        .collect()
}

fn hit<'a>(question: &Question<'a>, lookups: &'a Lookups, task: &Task) -> Hit<'a> {
    let label = &task.label;
    let forced = question.do_not_optimize.contains(label)
        || (!question.optimize_targets && question.targets.labels.contains_key(label));
    // What an earlier run of this decision created is part of the graph, whatever was indexed since.
    if lookups.created.contains(label) {
        return Hit::Miss("an earlier run of this decision created it".to_owned());
    }
    if forced {
        return Hit::Miss("it is to be made anew, whatever the index has".to_owned());
    }
    if let Some(id) = question.existing.get(label) {
        return Hit::Task(id, "an existing task stands in for it".to_owned());
    }
    let Some(Optimization::IndexSearch(paths)) = &task.optimization else {
        return Hit::Miss("nothing may take its place".to_owned());
    };
    let mut refusals = Vec::new();
    for path in paths {
        let Some(entry) = lookups.index.get(path) else {
            continue;
        };
        if entry.expires <= question.now {
            refusals.push(format!("what was indexed at `{path}` has expired"));
            continue;
        }
        let id = &entry.task_id;
        let refused = match lookups.tasks.get(id) {
            None => Some("the queue does not know it any more".to_owned()),
            Some(found) => refusal(question, task, path, found, lookups.artifacts.get(id)),
        };
        match refused {
            Some(why) => refusals.push(format!("the task `{id}` at `{path}` is not taken: {why}")),
            None => {
                return match old(question, label, &lookups.tasks[id]) {
                    Some(age) => Hit::Miss(age),
                    None => Hit::Task(id, format!("the index has it at `{path}`")),
                };
            }
        }
    }
    if refusals.is_empty() {
        Hit::Miss("the index does not have it".to_owned())
    } else {
        Hit::Miss(refusals.join("; "))
    }
}

/// Why a build is too old, if it is and that counts.
fn old(question: &Question<'_>, label: &Label, found: &Found) -> Option<String> {
    if !question.targets.ages {
        return None;
    }
    let limit = *question.max_age.get(label)?;
    let until = found.created.after(limit);
    (until <= question.now).then(|| {
        let days = (question.now.as_seconds() - found.created.as_seconds()).max(0) / 86_400;
        format!("its newest build is {days} days old, and `max-age` is {limit}")
    })
}

/// Why a found task may not take the place of another, if it may not.
///
/// The scheduler's id says whose decision made the task: only tasks of a level hold the scope to use it. The queue
/// says which machines ran it. Kind, image and digest are the task's own words; they guard against mistakes, and
/// together with the first two against whoever may write the index, but not the queue.
fn refusal(
    question: &Question<'_>,
    task: &Task,
    path: &IndexPath,
    found: &Found,
    artifacts: Option<&BTreeMap<String, Timestamp>>,
) -> Option<String> {
    let level = level_of(question, path);
    let scheduler = scheduler_id(question.config, level);
    let deadline = question.now.after(task.task.deadline.after);
    let cached = &task.attributes.cached_task;
    if found.state != TaskState::Completed {
        return Some("it is not completed".to_owned());
    }
    if found.scheduler_id != scheduler {
        return Some(format!(
            "its scheduler is `{}`, not `{scheduler}`",
            found.scheduler_id
        ));
    }
    if let Some(queue) = question
        .queues
        .get(&task.label)
        .map(|queues| queues.at(level))
        && found.task_queue_id != queue.to_string()
    {
        return Some(format!(
            "it ran on `{}`, not on `{queue}`",
            found.task_queue_id
        ));
    }
    for (what, is, should) in [
        ("kind", &found.kind, task.kind.to_string()),
        ("image", &found.image, task.attributes.image.to_string()),
        ("digest", &found.digest, cached.digest.to_string()),
    ] {
        if is.as_deref() != Some(should.as_str()) {
            return Some(match is {
                Some(is) => format!("its {what} is `{is}`, not `{should}`"),
                None => format!("it names no {what}"),
            });
        }
    }
    if found.expires < deadline {
        return Some(format!(
            "it expires at {}, before what needs it must be done",
            found.expires
        ));
    }
    artifacts.and_then(|artifacts| missing_artifact(&task.task.payload, artifacts, deadline))
}

/// Why the artifacts of a found task are not enough, if they are not.
fn missing_artifact(
    payload: &Payload,
    artifacts: &BTreeMap<String, Timestamp>,
    deadline: Timestamp,
) -> Option<String> {
    payload.artifact_names().find_map(|name| {
        let folder = format!("{name}/");
        let mut found = artifacts
            .iter()
            .filter(|(other, _)| *other == name || other.starts_with(&folder))
            .map(|(_, expires)| *expires)
            .peekable();
        if found.peek().is_none() {
            return Some(format!("it has no artifact `{name}`"));
        }
        found
            .any(|expires| expires < deadline)
            .then(|| format!("its artifact `{name}` expires before what needs it must be done"))
    })
}

/// The level whose tasks alone may write a path.
fn level_of(question: &Question<'_>, path: &IndexPath) -> Level {
    let trusted = format!("{}.cache.level-3.", question.config.index_prefix);
    if path.as_str().starts_with(&trusted) {
        Level::Three
    } else {
        Level::One
    }
}

/// The scheduler's id of a level's tasks.
pub fn scheduler_id(config: &ProjectConfig, level: Level) -> String {
    format!("{}-level-{level}", config.trust_domain)
}

/// How old the newest build of each image may become, by the label of its build task.
pub fn max_ages(fleet: &Fleet) -> BTreeMap<Label, Duration> {
    definitions(fleet)
        .filter_map(|image| Some((image.id.label(Kind::Build), image.max_age?)))
        .collect()
}

/// The task queues on which the tasks of images run at each level.
pub fn queues(fleet: &Fleet, config: &ProjectConfig) -> BTreeMap<Label, ByLevel<TaskQueueId>> {
    let mut queues = BTreeMap::new();
    for image in definitions(fleet) {
        for &kind in Kind::ALL {
            let alias = image.worker(kind).and_then(|name| config.workers.get(name));
            if let Some(alias) = alias {
                let at = |level| TaskQueueId {
                    provisioner: alias.provisioner.at(level).clone(),
                    worker_type: alias.worker_type.at(level).clone(),
                };
                let both = ByLevel::new(at(Level::One), at(Level::Three));
                queues.insert(image.id.label(kind), both);
            }
        }
    }
    queues
}

fn definitions(fleet: &Fleet) -> impl Iterator<Item = &ImageDefinition> {
    fleet
        .images
        .values()
        .map(|image| &*image.resolved().definition)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Case, label};
    use super::*;

    const ALL: [&str; 5] = [
        "build-base-google",
        "verify-base-google",
        "publish-base-google",
        "build-child-google",
        "build-grandchild-google",
    ];

    #[test]
    fn what_the_index_lacks_is_created() {
        let mut case = Case::new(Level::Three, &ALL);
        case.indexed(&["build-base-google", "build-child-google"]);
        insta::assert_snapshot!(case.lines(), @"
        found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
        found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
        create build-grandchild-google: asked for; the index does not have it
        create publish-base-google: asked for; the index does not have it
        create verify-base-google: asked for; the index does not have it
        ");
    }

    #[test]
    fn dependent_images_follow_their_parents() {
        let mut case = Case::new(Level::Three, &ALL);
        case.indexed(&ALL);
        case.do_not_optimize.insert(label("build-child-google"));
        insta::assert_snapshot!(case.lines(), @"
        found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
        create build-child-google: asked for; it is to be made anew, whatever the index has
        create build-grandchild-google: asked for; `build-child-google`, which it depends on, is made anew
        found publish-base-google: the index has it at `td.cache.level-3.image-publications.v1.base-google.hash.<digest>`
        found verify-base-google: the index has it at `td.cache.level-3.image-verifications.v1.base-google.hash.<digest>`
        ");
    }

    #[test]
    fn what_nothing_needs_is_dropped() {
        let mut case = Case::new(Level::One, &["build-grandchild-google"]);
        case.indexed(&["build-grandchild-google"]);
        insta::assert_snapshot!(case.lines(), @"
        drop build-base-google: nothing that is created needs it
        drop build-child-google: nothing that is created needs it
        found build-grandchild-google: the index has it at `td.cache.level-1.images.v1.grandchild-google.hash.<digest>`
        ");
        // What is needed is made on the way down, as far as it is not found.
        let mut case = Case::new(Level::One, &["build-grandchild-google"]);
        case.index("build-child-google", Level::Three, |_, _, _| {});
        insta::assert_snapshot!(case.lines(), @"
        drop build-base-google: nothing that is created needs it
        found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
        create build-grandchild-google: asked for; the index does not have it
        ");
    }

    #[test]
    fn a_created_parent_is_followed_also_by_what_was_not_asked_for() {
        // The grandchild is asked for and missing, the child is found, its parent is to be made anew.
        let mut case = Case::new(
            Level::Three,
            &["build-grandchild-google", "build-base-google"],
        );
        case.indexed(&["build-child-google", "build-base-google"]);
        case.do_not_optimize.insert(label("build-base-google"));
        insta::assert_snapshot!(case.lines(), @"
        create build-base-google: asked for; it is to be made anew, whatever the index has
        create build-child-google: a task that is created needs it; `build-base-google`, which it depends on, is made anew
        create build-grandchild-google: asked for; the index does not have it
        ");
    }

    #[test]
    fn old_builds_are_made_anew_when_ages_count() {
        let mut case = Case::new(Level::Three, &ALL);
        case.indexed(&ALL);
        case.index("build-base-google", Level::Three, |_, found, _| {
            found.created = "2026-10-20T17:00:00.000Z".parse().unwrap();
        });
        assert!(case.lines().lines().all(|line| line.starts_with("found")));
        case.targets.ages = true;
        insta::assert_snapshot!(case.lines(), @"
        create build-base-google: asked for; its newest build is 36 days old, and `max-age` is 30 days
        create build-child-google: asked for; `build-base-google`, which it depends on, is made anew
        create build-grandchild-google: asked for; `build-child-google`, which it depends on, is made anew
        create publish-base-google: asked for; `build-base-google`, which it depends on, is made anew
        create verify-base-google: asked for; `build-base-google`, which it depends on, is made anew
        ");
    }

    #[test]
    fn targets_can_be_forced() {
        let mut case = Case::new(Level::Three, &["build-child-google"]);
        case.indexed(&["build-base-google", "build-child-google"]);
        case.optimize_targets = false;
        insta::assert_snapshot!(case.lines(), @"
        found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
        create build-child-google: asked for; it is to be made anew, whatever the index has
        ");
    }

    #[test]
    fn existing_tasks_stand_in_and_created_ones_stay() {
        let mut case = Case::new(Level::Three, &ALL);
        let id = TaskId::placeholder();
        case.existing.insert(label("build-base-google"), id.clone());
        case.existing.insert(label("build-child-google"), id);
        case.lookups
            .created
            .insert(label("build-grandchild-google"));
        case.indexed(&["verify-base-google", "build-grandchild-google"]);
        insta::assert_snapshot!(case.lines(), @"
        found build-base-google: an existing task stands in for it
        found build-child-google: an existing task stands in for it
        create build-grandchild-google: asked for; an earlier run of this decision created it
        create publish-base-google: asked for; the index does not have it
        found verify-base-google: the index has it at `td.cache.level-3.image-verifications.v1.base-google.hash.<digest>`
        ");
    }

    /// Whether a build that is spoilt so is taken nevertheless, and why not.
    fn refused(
        level: Level,
        spoil: impl FnOnce(
            &mut crate::decision::lookup::Entry,
            &mut Found,
            &mut BTreeMap<String, Timestamp>,
        ),
    ) -> String {
        let mut case = Case::new(level, &["verify-base-google"]);
        case.index("build-base-google", Level::Three, spoil);
        let lines = case.lines();
        let line = lines.lines().next().unwrap_or_default().to_owned();
        line.rsplit_once("; ")
            .map_or(line.clone(), |(_, why)| why.to_owned())
    }

    #[test]
    fn a_path_of_the_index_is_only_a_name() {
        let mut lines = String::new();
        let mut check = |name: &str, line: String| lines += &format!("{name}: {line}\n");
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        for level in Level::ALL {
            check("sound", refused(level, |_, _, _| {}));
            check(
                "made by level 1",
                refused(level, |_, found, _| {
                    found.scheduler_id = "td-level-1".to_owned()
                }),
            );
        }
        let mut spoilt = |name: &str, spoil: &dyn Fn(&mut Found)| {
            check(name, refused(Level::Three, |_, found, _| spoil(found)));
        };
        spoilt("of another domain", &|found| {
            found.scheduler_id = "other-level-3".to_owned();
        });
        spoilt("on a pool of level 1", &|found| {
            found.task_queue_id = "td-1/images".to_owned();
        });
        spoilt("failed", &|found| found.state = TaskState::Failed);
        spoilt("rerun", &|found| found.state = TaskState::Running);
        spoilt("another digest", &|found| {
            found.digest = Some("0".repeat(64))
        });
        spoilt("no digest", &|found| found.digest = None);
        spoilt("another kind", &|found| {
            found.kind = Some("verify".to_owned())
        });
        spoilt("another image", &|found| {
            found.image = Some("child@google".to_owned())
        });
        spoilt("about to expire", &|found| {
            found.expires = time("2026-11-26T16:59:59.999Z")
        });
        check(
            "entry expired",
            refused(Level::Three, |entry, _, _| {
                entry.expires = time("2026-11-25T17:00:00.000Z")
            }),
        );
        check(
            "no artifact",
            refused(Level::Three, |_, _, artifacts| artifacts.clear()),
        );
        check(
            "artifact expires",
            refused(Level::Three, |_, _, artifacts| {
                for expires in artifacts.values_mut() {
                    *expires = time("2026-11-26T00:00:00.000Z");
                }
            }),
        );
        insta::assert_snapshot!(lines, @"
        sound: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
        made by level 1: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its scheduler is `td-level-1`, not `td-level-3`
        sound: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
        made by level 1: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its scheduler is `td-level-1`, not `td-level-3`
        of another domain: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its scheduler is `other-level-3`, not `td-level-3`
        on a pool of level 1: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it ran on `td-1/images`, not on `td-3/images`
        failed: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it is not completed
        rerun: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it is not completed
        another digest: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its digest is `<digest>`, not `<digest>`
        no digest: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it names no digest
        another kind: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its kind is `verify`, not `build`
        another image: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its image is `child@google`, not `base@google`
        about to expire: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it expires at 2026-11-26T16:59:59.999Z, before what needs it must be done
        entry expired: what was indexed at `td.cache.level-3.images.v1.base-google.hash.<digest>` has expired
        no artifact: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: it has no artifact `public/image`
        artifact expires: the task <id> at `td.cache.level-3.images.v1.base-google.hash.<digest>` is not taken: its artifact `public/image` expires before what needs it must be done
        ");
    }

    #[test]
    fn artifacts_are_asked_for_only_where_somebody_reads_them() {
        let mut case = Case::new(Level::Three, &ALL);
        case.indexed(&ALL);
        // Everything is found, so nobody reads anything: gone artifacts do not matter.
        case.lookups.artifacts.clear();
        assert!(case.lines().lines().all(|line| line.starts_with("found")));
        // The verification is missing, and reads the build.
        case.lookups
            .index
            .retain(|path, _| !path.as_str().contains("verifications"));
        assert!(
            case.lines().contains("create build-base-google"),
            "{}",
            case.lines()
        );
    }

    proptest! {
        /// Whatever is indexed, forced or asked for: the result is closed, and the index having more never creates more.
        #[test]
        fn laws(
            wanted in prop::sample::subsequence(ALL.to_vec(), 1..=5),
            found in prop::sample::subsequence(ALL.to_vec(), 0..=5),
            forced in prop::sample::subsequence(ALL.to_vec(), 0..=2),
        ) {
            let mut case = Case::new(Level::Three, &wanted);
            case.do_not_optimize = forced.iter().map(|text| label(text)).collect();
            let none = case.optimized();
            for text in &found {
                if case.graph.get(&label(text)).is_some() {
                    case.indexed(&[text]);
                }
            }
            let some = case.optimized();
            let kept: BTreeSet<&Label> = some.kept().collect();
            let replaced: BTreeSet<&Label> = some.replaced().map(|(label, _)| label).collect();
            for task in case.graph.tasks() {
                let asked = case.targets.labels.contains_key(&task.label);
                prop_assert!(!asked || kept.contains(&task.label) || replaced.contains(&task.label));
                for needed in task.dependencies.values() {
                    if kept.contains(&task.label) {
                        prop_assert!(kept.contains(needed) || replaced.contains(needed));
                    }
                    if kept.contains(needed) {
                        prop_assert!(!replaced.contains(&task.label));
                    }
                }
            }
            let before: BTreeSet<&Label> = none.kept().collect();
            prop_assert!(kept.is_subset(&before));
        }
    }
}
