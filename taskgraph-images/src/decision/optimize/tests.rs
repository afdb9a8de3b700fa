//! What is created, found or dropped, and when a found task is refused.

use proptest::prelude::*;

use super::*;
use crate::decision::lookup::{Found, Now};
use crate::decision::testing::{Case, label};
use crate::taskcluster::TaskState;

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
fn what_is_on_a_base_that_has_moved_is_made_anew() {
    let mut case = Case::new(Level::Three, &["build-base-google", "build-child-google"]);
    case.indexed(&["build-base-google", "build-child-google"]);
    let pins = BTreeSet::from(["ubuntu".to_owned()]);
    case.floating.insert(label("build-base-google"), pins);
    case.targets.ages = true;
    let build = case.lookups.tasks.iter().find(|(_, found)| {
        found.image.as_deref() == Some("base@google") && found.kind.as_deref() == Some("build")
    });
    let build = build.unwrap().0.clone();
    let mut lines = String::new();
    let mut check = |case: &Case, name: &str| {
        let first = case
            .lines()
            .lines()
            .map(|line| format!("{name}: {line}\n"))
            .collect::<String>();
        lines += &first;
    };
    check(&case, "nobody was asked");
    case.lookups
        .floating
        .insert("ubuntu".to_owned(), Now::Version("24.04.2".to_owned()));
    check(&case, "no manifest");
    let on = |case: &mut Case, version: &str| {
        let pins = BTreeMap::from([("ubuntu".to_owned(), version.to_owned())]);
        case.lookups.built_on.insert(build.clone(), pins);
    };
    on(&mut case, "24.04.2");
    check(&case, "the same");
    on(&mut case, "24.04.1");
    check(&case, "moved");
    case.lookups
        .floating
        .insert("ubuntu".to_owned(), Now::Unknown("no answer".to_owned()));
    check(&case, "unknown");
    case.lookups
        .floating
        .insert("ubuntu".to_owned(), Now::Version("24.04.2".to_owned()));
    // A push makes nothing anew for it.
    case.targets.ages = false;
    check(&case, "a push");
    insta::assert_snapshot!(lines, @"
    nobody was asked: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`; whether `ubuntu` has moved is not known: nobody was asked
    nobody was asked: found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
    no manifest: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`; whether `ubuntu` has moved is not known: its build does not say what it is on
    no manifest: found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
    the same: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
    the same: found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
    moved: create build-base-google: asked for; `ubuntu`, which floats, is at `24.04.2`, and its newest build is on `24.04.1`
    moved: create build-child-google: asked for; `build-base-google`, which it depends on, is made anew
    unknown: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`; whether `ubuntu` has moved is not known: no answer
    unknown: found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
    a push: found build-base-google: the index has it at `td.cache.level-3.images.v1.base-google.hash.<digest>`
    a push: found build-child-google: the index has it at `td.cache.level-3.images.v1.child-google.hash.<digest>`
    ");
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
