//! Plans over time, and all that keeps one from being made.

use proptest::prelude::*;
use taskgraph_images_transforms::Duration;

mod strays;

use super::{Action, Plan, Policy, Refusal, Usage, agreed};
use crate::inventory::{Identity, Inventory, Published, Stock};
use crate::manifest::{Manifest, Stage, changes_tests};
use crate::taskcluster::{TaskId, Timestamp};

fn day(day: u32) -> Timestamp {
    let first: Timestamp = "2026-01-01T00:00:00.000Z".parse().unwrap();
    first.after(Duration::days(day))
}

/// What was published of an image on a day.
fn published(image: &str, on: u32) -> Manifest {
    let mut manifest = changes_tests::manifest();
    manifest.image = image.parse().unwrap();
    manifest.stage = Stage::Published;
    manifest.parent = None;
    manifest.finished = day(on);
    manifest.artifacts[0].reference = format!("ami-{}-{on}", manifest.image.name);
    let build = TaskId::derive(&TaskId::placeholder(), &format!("{image} {on}"));
    manifest.tasks.insert("build".to_owned(), build);
    manifest
}

/// An inventory of manifests, read from files as a user's is.
fn inventory(manifests: &[Manifest]) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    for (at, manifest) in manifests.iter().enumerate() {
        let path = folder.path().join(format!("{at}.json"));
        std::fs::write(path, manifest.to_json()).unwrap();
    }
    Inventory::of_folder(folder.path(), day(10_000)).unwrap()
}

/// A configuration repository that uses some AMIs.
fn usage(amis: &[&str]) -> Usage {
    let mut usage = Usage::default();
    let uses = amis
        .iter()
        .map(|ami| (Identity::ami(ami), "pool `p/w`".to_owned()));
    usage.add("ci-config", uses);
    usage
}

fn policy() -> Policy {
    Policy {
        newest: 1,
        window: Duration::days(5),
        deprecate_after: Duration::days(10),
        disable_after: Duration::days(20),
        delete_after: Duration::days(30),
        most_deletions: 2,
        ..Policy::default()
    }
}

fn nothing_kept(_: &Published) -> Option<String> {
    None
}

fn plan(
    inventory: &Inventory,
    usage: &Usage,
    last: Option<&Plan>,
    now: u32,
) -> Result<Plan, Refusal> {
    made_anew(inventory, usage, last, now).map(Plan::capped)
}

/// A plan as one that is carried out is held to.
fn made_anew(
    inventory: &Inventory,
    usage: &Usage,
    last: Option<&Plan>,
    now: u32,
) -> Result<Plan, Refusal> {
    let stock = Stock::default();
    Plan::new(
        (inventory, &stock),
        usage,
        &policy(),
        last,
        ("keep", &nothing_kept),
        day(now),
    )
}

#[test]
fn an_image_goes_step_by_step() {
    let all = inventory(&[
        published("a@aws", 1),
        published("a@aws", 50),
        published("b@aws", 1),
    ]);
    let used = usage(&["ami-b-1"]);
    let mut last: Option<Plan> = None;
    let mut text = String::new();
    for now in [51, 60, 61, 71, 80, 81] {
        let plan = plan(&all, &used, last.as_ref(), now).unwrap();
        text += &format!("day {now}\n{}", plan.to_text());
        // What is written is what is read.
        assert_eq!(Plan::read(plan.to_json().as_bytes()).unwrap(), plan);
        last = Some(plan);
    }
    insta::assert_snapshot!(text, @"
    day 51
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    keep	a@aws	2026-01-02T00:00:00.000Z	nobody uses it; deprecated after 10 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    day 60
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    keep	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 9 days; deprecated after 10 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    day 61
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    deprecate	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 10 days; disabled after 20 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    day 71
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    disable	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 20 days; deleted after 30 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    day 80
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    disable	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 29 days; deleted after 30 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    day 81
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    delete	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 30 days
    keep	b@aws	2026-01-02T00:00:00.000Z	used by pool `p/w` (ci-config)
    ");
    insta::assert_snapshot!(last.unwrap().to_markdown(), @"
    # Plan for published images

    Made 2026-03-23T00:00:00.000Z.

    | action | image | published | reason | places |
    | --- | --- | --- | --- | --- |
    | **delete** | `a@aws` | 2026-01-02T00:00:00.000Z | nobody has used it for 30 days | `ami-a-1` |

    2 kept.
    ");
}

#[test]
fn a_user_who_comes_back_starts_the_time_anew() {
    let all = inventory(&[published("a@aws", 1), published("a@aws", 2)]);
    let (used, other) = (usage(&["ami-a-1"]), usage(&["ami-other"]));
    let first = plan(&all, &other, None, 100).unwrap();
    let again = plan(&all, &used, Some(&first), 125).unwrap();
    let later = plan(&all, &other, Some(&again), 131).unwrap();
    assert!(later.items.iter().all(|item| item.action == Action::Keep));
    assert_eq!(later.items[1].unused_since, Some(day(131)));
}

#[test]
fn what_others_need_is_kept() {
    // `c` is used, and was built on the older `b`, which was built on the older `a`.
    let (old_a, mut old_b) = (published("a@aws", 1), published("b@aws", 1));
    let mut child = published("c@aws", 3);
    let parent = |of: &Manifest| crate::manifest::Parent {
        image: of.image.clone(),
        task_id: of.tasks["build"].clone(),
        manifest: "3".repeat(64).parse().unwrap(),
        reference: "ami-0".to_owned(),
    };
    old_b.parent = Some(parent(&old_a));
    child.parent = Some(parent(&old_b));
    let all = inventory(&[
        old_a,
        published("a@aws", 2),
        old_b,
        published("b@aws", 2),
        child,
        published("d@aws", 1),
        published("d@aws", 2),
    ]);
    let first = plan(&all, &usage(&["ami-c-3"]), None, 100).unwrap();
    let keep = |one: &Published| {
        (one.manifest.artifacts[0].reference == "ami-d-1")
            .then(|| "it is labelled `keep`".to_owned())
    };
    let later = Plan::new(
        (&all, &Stock::default()),
        &usage(&["ami-c-3"]),
        &policy(),
        Some(&first),
        ("keep", &keep),
        day(200),
    )
    .unwrap();
    insta::assert_snapshot!(later.to_text(), @"
    keep	a@aws	2026-01-03T00:00:00.000Z	the newest of its image
    keep	a@aws	2026-01-02T00:00:00.000Z	`b@aws`, which stays, was built on it
    keep	b@aws	2026-01-03T00:00:00.000Z	the newest of its image
    keep	b@aws	2026-01-02T00:00:00.000Z	`c@aws`, which stays, was built on it
    keep	c@aws	2026-01-04T00:00:00.000Z	used by pool `p/w` (ci-config)
    keep	d@aws	2026-01-03T00:00:00.000Z	the newest of its image
    keep	d@aws	2026-01-02T00:00:00.000Z	it is labelled `keep`
    ");
}

#[test]
fn few_are_deleted_at_a_time() {
    let manifests: Vec<Manifest> = (1..8).map(|on| published("a@aws", on)).collect();
    let all = inventory(&manifests);
    let first = plan(&all, &usage(&["ami-x"]), None, 100).unwrap();
    let later = plan(&all, &usage(&["ami-x"]), Some(&first), 200).unwrap();
    assert_eq!(later.counts()[&Action::Delete], 2);
    assert_eq!(later.counts()[&Action::Disable], 4);
    // The oldest go first.
    assert_eq!(later.items.last().unwrap().action, Action::Delete);
}

/// Manifests stay for a while when their images are gone, and need not keep others from their turn.
#[test]
fn every_image_has_its_turn() {
    let manifests: Vec<Manifest> = (1..7).map(|on| published("a@aws", on)).collect();
    let all = inventory(&manifests);
    let nobody = usage(&["ami-x"]);
    let mut last = plan(&all, &nobody, None, 100).unwrap();
    let mut text = String::new();
    for now in 200..205 {
        let next = plan(&all, &nobody, Some(&last), now).unwrap();
        let deleted = |plan: &Plan| -> Vec<String> {
            let items = plan
                .items
                .iter()
                .filter(|item| item.action == Action::Delete);
            items
                .map(|item| item.references[0].reference.clone())
                .collect()
        };
        let chosen = deleted(&next);
        text += &format!("{}\n", chosen.join(" "));
        // What was reviewed holds, whoever is next.
        let fresh = made_anew(&all, &nobody, Some(&next), now).unwrap();
        let found = agreed(&next, &fresh, day(now)).unwrap();
        let mut carried_out = found.items;
        carried_out.retain(|item| item.action == Action::Delete);
        assert_eq!(carried_out.len(), chosen.len());
        last = next;
    }
    insta::assert_snapshot!(text, @"
    ami-a-2 ami-a-1
    ami-a-4 ami-a-3
    ami-a-5 ami-a-1
    ami-a-3 ami-a-2
    ami-a-4 ami-a-1
    ");
    // Whoever has a user again has not been chosen.
    let used = plan(&all, &usage(&["ami-a-1"]), Some(&last), 205).unwrap();
    assert_eq!(used.items.last().unwrap().chosen, None);
}

#[test]
fn not_knowing_is_no_reason_to_delete() {
    let all = inventory(&[
        published("a@aws", 1),
        published("a@aws", 2),
        published("a@aws", 3),
    ]);
    let first = plan(&all, &usage(&["ami-a-1"]), None, 100).unwrap();
    let words = |result: Result<Plan, Refusal>| {
        let Refusal(errors) = result.unwrap_err();
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        lines.join("\n")
    };
    let mut unknown = usage(&[]);
    unknown.unknown("ci-config at `esr`", "no answer");
    let mut other = Usage::default();
    other.add("elsewhere", [(Identity::ami("ami-1"), "pool".to_owned())]);
    let few = inventory(&[published("a@aws", 1)]);
    let mut wrong = policy();
    wrong.disable_after = Duration::days(1);
    let text = [
        words(plan(&inventory(&[]), &Usage::default(), None, 100)),
        words(plan(&all, &unknown, None, 100)),
        words(plan(&all, &other, Some(&first), 100)),
        words(plan(&few, &usage(&["ami-a-1"]), Some(&first), 100)),
        words(plan(&all, &usage(&["ami-a-1"]), Some(&first), 99)),
        words(Plan::new(
            (&all, &Stock::default()),
            &usage(&["ami-1"]),
            &wrong,
            None,
            ("keep", &nothing_kept),
            day(100),
        )),
    ];
    insta::assert_snapshot!(text.join("\n--\n"), @"
    nothing is published, as far as the inventory says: that it could not be read is likelier
    nothing was asked who uses images, so every one would seem unused
    --
    `ci-config` names no image at all: that it could not be read is likelier
    who uses images is not known: ci-config at `esr`: no answer
    --
    `ci-config` was asked for the last plan and not for this one
    --
    2 of 3 images of the last plan are not in the inventory any more, and at most 20 % may be gone: a@aws of 2026-01-04T00:00:00.000Z, a@aws of 2026-01-03T00:00:00.000Z
    --
    the last plan was made at 2026-04-11T00:00:00.000Z, which is yet to come
    --
    the policy: `disable-after` is shorter than `deprecate-after`
    ");
}

#[test]
fn a_plan_is_looked_at_again_when_it_is_carried_out() {
    let all = inventory(&[
        published("a@aws", 1),
        published("a@aws", 2),
        published("b@aws", 1),
        published("b@aws", 2),
        published("c@aws", 1),
        published("c@aws", 2),
    ]);
    let nobody = usage(&["ami-x"]);
    let first = plan(&all, &nobody, None, 100).unwrap();
    let reviewed = plan(&all, &nobody, Some(&first), 121).unwrap();
    // `a` has found a user since; `b` is gone.
    let less = inventory(&[
        published("a@aws", 1),
        published("a@aws", 2),
        published("b@aws", 2),
        published("c@aws", 1),
        published("c@aws", 2),
    ]);
    let fresh = made_anew(&less, &usage(&["ami-a-1"]), Some(&reviewed), 123).unwrap();
    let found = agreed(&reviewed, &fresh, day(123)).unwrap();
    let mut text = String::new();
    for item in &found.items {
        text += &format!("{} {}\n", item.action, item.references[0].reference);
    }
    for (item, why) in &found.left {
        text += &format!("left {}: {why}\n", item.references[0].reference);
    }
    insta::assert_snapshot!(text, @"
    disable ami-c-1
    left ami-a-1: now it is to `keep`: used by pool `p/w` (ci-config)
    left ami-b-1: it is not in the inventory any more
    ");
    insta::assert_snapshot!(agreed(&reviewed, &fresh, day(140)).unwrap_err(), @"it was made at 2026-05-02T00:00:00.000Z, and a plan is good for 7 days: make a new one, and look at it");
    insta::assert_snapshot!(agreed(&reviewed, &fresh, day(120)).unwrap_err(), @"it was made at 2026-05-02T00:00:00.000Z, which is yet to come");

    // Somebody wrote another place into the plan.
    let mut forged = reviewed.clone();
    for item in &mut forged.items {
        item.references[0].reference = "ami-production".to_owned();
    }
    let found = agreed(&forged, &fresh, day(123)).unwrap();
    assert!(found.items.is_empty(), "{found:?}");
}

proptest! {
    /// Whatever happens to be used, nothing that is used, newest or young leaves, and what goes was unused for its time.
    #[test]
    fn no_plan_touches_what_is_needed(
        images in prop::collection::btree_set((0_u8..3, 1_u32..60), 1..12),
        used in prop::collection::btree_set((0_u8..3, 1_u32..60), 1..6),
        days in prop::collection::vec(1_u32..25, 1..6),
    ) {
        let name = |image: u8| char::from(b'a' + image);
        let manifests: Vec<Manifest> = images
            .iter()
            .map(|(image, on)| published(&format!("{}@aws", name(*image)), *on))
            .collect();
        let all = inventory(&manifests);
        let amis: Vec<String> = used.iter().map(|(image, on)| format!("ami-{}-{on}", name(*image))).collect();
        let amis: Vec<&str> = amis.iter().map(String::as_str).collect();
        let used = usage(&amis);
        let mut last: Option<Plan> = None;
        let (mut now, begin) = (60, 60);
        for pause in days {
            let next = plan(&all, &used, last.as_ref(), now).unwrap();
            let mut seen = std::collections::BTreeSet::new();
            for item in &next.items {
                let newest = seen.insert(item.image.clone());
                let is_used = amis.contains(&item.references[0].reference.as_str());
                let is_young = item.published.after(Duration::days(5)) > day(now);
                let unused = now - begin;
                let most = match unused {
                    _ if newest || is_used || is_young => Action::Keep,
                    30.. => Action::Delete,
                    20.. => Action::Disable,
                    10.. => Action::Deprecate,
                    _ => Action::Keep,
                };
                prop_assert!(item.action <= most, "{item:?} on day {now}");
            }
            // A plan agrees with itself.
            let same = agreed(&next, &next, day(now)).unwrap();
            prop_assert!(same.left.is_empty());
            last = Some(next);
            now += pause;
        }
    }
}
