//! What providers hold, and what manifests name that they do not.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use super::*;
use crate::providers::{Reference, Resource, ResourceKind, label_of_task};

fn held(kind: ResourceKind, id: &str, labels: &[(&str, &str)]) -> Resource {
    let labels = labels.iter();
    Resource {
        reference: Reference {
            region: Some("us-west-2".to_owned()),
            name: id.to_owned(),
        },
        kind,
        state: "available".to_owned(),
        labels: labels
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn image(id: &str) -> Resource {
    held(ResourceKind::Image, id, &[])
}

fn stock(cloud: Cloud, resources: Vec<Resource>) -> Stock {
    let mut stock = Stock::default();
    stock.add(cloud, resources);
    stock
}

fn plan(
    all: &Inventory,
    stock: &Stock,
    usage: &Usage,
    last: Option<&Plan>,
    now: u32,
) -> Result<Plan, Refusal> {
    let kept = ("keep", &nothing_kept as _);
    Plan::new((all, stock), usage, &policy(), last, kept, day(now)).map(Plan::capped)
}

/// What a provider holds beside two published images: their candidates, one that nothing came of, and what it knows alone.
fn mixed(manifests: &[Manifest]) -> Stock {
    let candidate = |at: usize| {
        let (name, value) = label_of_task(&manifests[at].tasks["build"]);
        held(
            ResourceKind::Image,
            &format!("ami-candidate-{at}"),
            &[(name, &value)],
        )
    };
    stock(
        Cloud::Aws,
        vec![
            image("ami-a-1"),
            image("ami-a-50"),
            candidate(0),
            candidate(1),
            held(
                ResourceKind::Image,
                "ami-left",
                &[("taskgraph-images-task", "0f")],
            ),
            held(ResourceKind::Image, "ami-kept", &[("keep", "true")]),
            held(ResourceKind::Image, "ami-not-kept", &[("keep", "false")]),
            image("ami-used"),
            held(ResourceKind::Instance, "i-1", &[]),
            held(ResourceKind::Snapshot, "snap-1", &[]),
        ],
    )
}

#[test]
fn what_no_manifest_accounts_for_goes_step_by_step() {
    let mut manifests = [published("a@aws", 1), published("a@aws", 50)];
    // What the newest was built on is not published itself.
    let parent = TaskId::derive(&TaskId::placeholder(), "parent");
    manifests[1].parent = Some(crate::manifest::Parent {
        image: "b@aws".parse().unwrap(),
        task_id: parent.clone(),
        manifest: "a".repeat(64).parse().unwrap(),
        reference: "ami-parent".to_owned(),
    });
    let all = inventory(&manifests);
    let mut stock = mixed(&manifests);
    let (name, value) = label_of_task(&parent);
    let of_parent = held(ResourceKind::Image, "ami-parent", &[(name, &value)]);
    stock.add(Cloud::Aws, vec![of_parent]);
    let used = usage(&["ami-used"]);
    let mut text = String::new();
    let mut last = None;
    for now in [100, 109, 110, 120, 130, 160] {
        let next = plan(&all, &stock, &used, last.as_ref(), now).unwrap();
        text += &format!("-- day {now}\n{}", next.to_text());
        // What is written is what is read.
        last = Some(Plan::read(next.to_json().as_bytes()).unwrap());
    }
    insta::assert_snapshot!(text, @"
    -- day 100
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    keep	a@aws	2026-01-02T00:00:00.000Z	nobody uses it; deprecated after 10 days
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    keep	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody uses it; deprecated after 10 days
    keep	aws	ami-not-kept in us-west-2	no manifest names it; nobody uses it; deprecated after 10 days
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    -- day 109
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    keep	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 9 days; deprecated after 10 days
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    keep	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody has used it for 9 days; deprecated after 10 days
    keep	aws	ami-not-kept in us-west-2	no manifest names it; nobody has used it for 9 days; deprecated after 10 days
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    -- day 110
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    deprecate	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 10 days; disabled after 20 days
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    deprecate	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody has used it for 10 days; disabled after 20 days
    deprecate	aws	ami-not-kept in us-west-2	no manifest names it; nobody has used it for 10 days; disabled after 20 days
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    -- day 120
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    disable	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 20 days; deleted after 30 days
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    disable	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody has used it for 20 days; deleted after 30 days
    disable	aws	ami-not-kept in us-west-2	no manifest names it; nobody has used it for 20 days; deleted after 30 days
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    -- day 130
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    delete	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 30 days
    keep	aws	ami-candidate-0 in us-west-2	a candidate that is left over, of the task with the label 27dec38fb2704a1d851858c0e05d0443; nobody uses it; deprecated after 10 days
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    delete	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody has used it for 30 days
    disable	aws	ami-not-kept in us-west-2	no manifest names it; nobody has used it for 30 days; a plan deletes at most 2 images, so this one has to wait
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    -- day 160
    keep	a@aws	2026-02-20T00:00:00.000Z	the newest of its image
    delete	a@aws	2026-01-02T00:00:00.000Z	nobody has used it for 60 days
    disable	aws	ami-candidate-0 in us-west-2	a candidate that is left over, of the task with the label 27dec38fb2704a1d851858c0e05d0443; nobody has used it for 30 days; a plan deletes at most 2 images, so this one has to wait
    keep	aws	ami-kept in us-west-2	kept by its label `keep`
    delete	aws	ami-left in us-west-2	a candidate that is left over, of the task with the label 0f; nobody has used it for 60 days
    disable	aws	ami-not-kept in us-west-2	no manifest names it; nobody has used it for 60 days; a plan deletes at most 2 images, so this one has to wait
    keep	aws	ami-used in us-west-2	used by pool `p/w` (ci-config)
    ");
    insta::assert_snapshot!(last.unwrap().to_markdown(), @"
    # Plan for published images

    Made 2026-06-10T00:00:00.000Z.

    | action | image | published | reason | places |
    | --- | --- | --- | --- | --- |
    | **delete** | `a@aws` | 2026-01-02T00:00:00.000Z | nobody has used it for 60 days | `ami-a-1` |
    | **disable** | left over in aws | | a candidate that is left over, of the task with the label 27dec38fb2704a1d851858c0e05d0443; nobody has used it for 30 days; a plan deletes at most 2 images, so this one has to wait | `ami-candidate-0 in us-west-2` |
    | **delete** | left over in aws | | a candidate that is left over, of the task with the label 0f; nobody has used it for 60 days | `ami-left in us-west-2` |
    | **disable** | left over in aws | | no manifest names it; nobody has used it for 60 days; a plan deletes at most 2 images, so this one has to wait | `ami-not-kept in us-west-2` |

    3 kept.
    ");
}

#[test]
fn what_is_gone_is_said_and_is_nothing_to_roll_back_to() {
    let manifests = [published("a@aws", 1), published("a@aws", 50)];
    let all = inventory(&manifests);
    let mut stock = stock(Cloud::Aws, vec![image("ami-a-1")]);
    let unseen = stock.unseen(&all);
    let names: Vec<&str> = unseen
        .iter()
        .map(|(_, reference)| reference.name.as_str())
        .collect();
    assert_eq!(names, ["ami-a-50"]);
    stock.gone.insert(Identity::ami("ami-a-50"));
    let plan = plan(&all, &stock, &usage(&["x"]), None, 100).unwrap();
    insta::assert_snapshot!(plan.to_text(), @"
    gone	a@aws	2026-02-20T00:00:00.000Z	its provider does not have it any more
    keep	a@aws	2026-01-02T00:00:00.000Z	the newest of its image
    ");
    // A provider that was not asked has lost nothing.
    assert!(Stock::default().unseen(&all).is_empty());
}

#[test]
fn images_that_cannot_be_deprecated_are_only_ever_deleted() {
    let all = inventory(&[published("a@aws", 1)]);
    let group = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute";
    let stock = stock(
        Cloud::Azure,
        vec![
            image(&format!("{group}/images/managed")),
            image(&format!("{group}/galleries/x/images/y/versions/1.2.3")),
        ],
    );
    let first = plan(&all, &stock, &usage(&["x"]), None, 100).unwrap();
    let actions = |now: u32| {
        let plan = plan(&all, &stock, &usage(&["x"]), Some(&first), now).unwrap();
        let actions: Vec<String> = plan
            .strays
            .iter()
            .map(|stray| stray.action.to_string())
            .collect();
        actions.join(" ")
    };
    // The gallery's comes first.
    assert_eq!(actions(110), "deprecate keep");
    assert_eq!(actions(120), "disable keep");
    assert_eq!(actions(130), "delete delete");
}

#[test]
fn a_provider_that_holds_much_less_is_not_believed() {
    let all = inventory(&[published("a@aws", 1)]);
    let many: Vec<Resource> = (0..10).map(|at| image(&format!("ami-{at}"))).collect();
    let before = stock(Cloud::Aws, many.clone());
    let first = plan(&all, &before, &usage(&["x"]), None, 100).unwrap();
    let words = |stock: &Stock| match plan(&all, stock, &usage(&["x"]), Some(&first), 130) {
        Ok(plan) => format!("{:?}", plan.counts()),
        Err(Refusal(errors)) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            lines.join("\n")
        }
    };
    insta::assert_snapshot!(
        [
            words(&before),
            words(&stock(Cloud::Aws, many[..8].to_vec())),
            words(&stock(Cloud::Aws, many[..7].to_vec())),
            words(&stock(Cloud::Aws, Vec::new())),
            words(&stock(Cloud::Google, many.clone())),
            words(&Stock::default()),
        ]
        .join("\n--\n"),
        @"
        {Keep: 1, Disable: 8, Delete: 2}
        --
        {Keep: 1, Disable: 6, Delete: 2}
        --
        3 of 10 images of this project that `aws` held for the last plan are not there any more, and at most 20 % may be gone
        --
        10 of 10 images of this project that `aws` held for the last plan are not there any more, and at most 20 % may be gone
        --
        `aws` was asked what it holds for the last plan, and not for this one
        --
        `aws` was asked what it holds for the last plan, and not for this one
        "
    );
    // What the last plan was to delete may be gone.
    let later = plan(&all, &before, &usage(&["x"]), Some(&first), 130).unwrap();
    assert_eq!(later.counts()[&Action::Delete], 2);
    let after = stock(Cloud::Aws, many[..7].to_vec());
    assert!(plan(&all, &after, &usage(&["x"]), Some(&later), 131).is_ok());
}

#[test]
fn a_reviewed_plan_does_only_what_still_holds() {
    let manifests = [published("a@aws", 1), published("a@aws", 50)];
    let all = inventory(&manifests);
    let names = ["ami-1", "ami-2", "ami-3", "ami-4"];
    let stock_of =
        |names: &[&str]| stock(Cloud::Aws, names.iter().map(|name| image(name)).collect());
    let first = plan(&all, &stock_of(&names), &usage(&["x"]), None, 100).unwrap();
    let reviewed = plan(&all, &stock_of(&names), &usage(&["x"]), Some(&first), 130).unwrap();
    let fresh = plan(
        &all,
        &stock_of(&names[..3]),
        &usage(&["ami-3"]),
        Some(&reviewed),
        131,
    )
    .unwrap();
    let agreed = agreed(&reviewed, &fresh, day(131)).unwrap();
    let done: BTreeMap<&str, String> = agreed
        .strays
        .iter()
        .map(|stray| (stray.place.reference.as_str(), stray.action.to_string()))
        .collect();
    let left: Vec<String> = agreed
        .strays_left
        .iter()
        .map(|(stray, why)| format!("{}: {why}", stray.place))
        .collect();
    insta::assert_snapshot!(format!("{done:?}\n{}", left.join("\n")), @r#"
    {"ami-1": "delete", "ami-2": "disable"}
    ami-3 in us-west-2: now it is to `keep`: used by pool `p/w` (ci-config)
    ami-4 in us-west-2: it is not there any more, or a manifest accounts for it now
    "#);
}
