//! Every rule, on fixtures of both shapes; and what the real files hold, where somebody names their folder.

use chrono::NaiveDate;
use serde_json::json;

use super::{EndOfLife, Finding, Known, Options, RULES, Report, Severity, check};
use crate::ci_config::fixtures::{community, edit, fxci, load, real, skipped};
use crate::ci_config::{Access, Options as CiOptions};
use crate::manifest::Manifest;
use crate::output::Locator;
use crate::pools::generate::{Declared, Expected, Request, entries, expected};
use crate::tree::MemoryTree;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 1).unwrap()
}

pub(super) fn report(tree: &MemoryTree, options: &Options) -> Report {
    let config = load(tree);
    let tree = tree.tree();
    let locator = Locator::new([&tree]);
    check(&config, options, &|place| locator.number(place))
}

/// What one more line or another word leads to.
fn changed(edits: &[(&str, &str, &str)], options: &Options) -> String {
    let tree = edits
        .iter()
        .fold(fxci(), |tree, (file, from, to)| edit(tree, file, from, to));
    findings(&report(&tree, options))
}

/// The findings that the fixture of the shape does not have by itself.
fn findings(report: &Report) -> String {
    let mut report = report.clone();
    for tree in [fxci(), community()] {
        let own = self::report(&tree, &plain()).findings;
        let same = |a: &Finding, b: &Finding| (&a.rule, &a.message) == (&b.rule, &b.message);
        report
            .findings
            .retain(|finding| !own.iter().any(|other| same(finding, other)));
    }
    let text = report.to_text();
    let lines: Vec<&str> = text.lines().collect();
    lines[..lines.len() - 1].join("\n")
}

pub(super) fn plain() -> Options {
    Options::new(today())
}

#[test]
fn finds_nothing_but_the_chain_in_the_fixtures() {
    insta::assert_snapshot!(report(&fxci(), &plain()).to_text(), @"
    worker-images.yml:3: warning[alias-chain]: the alias `docker-current` leads to `docker-2026-08-01` through `docker-latest`
      hint: name `docker-2026-08-01` itself
    worker-images.yml:34: note[unused-image]: no pool boots `fuzz-win` in `west-us-2`
    worker-images.yml:42: note[unused-image]: no pool boots `fuzz-linux` in `us-west-2`
    7 images, 2 aliases, 9 pools: 0 errors, 1 warning, 2 notes
    ");
    insta::assert_snapshot!(report(&community(), &plain()).to_text(), @"
    config/projects/example.yml:13: warning[ignored-key]: the pool `proj-example/ci-aws` says `regions`, which the generator does not read
      hint: it uses every region that the image set has an image for
    3 images, 4 pools: 0 errors, 1 warning, 0 notes
    ");
}

#[test]
fn finds_images_that_no_pool_boots() {
    let unused = "headless-old:\n  example-level1-gcp: projects/example-imaging/global/images/old\nother: headless-old\nheadless:";
    insta::assert_snapshot!(changed(&[("worker-images.yml", "headless:", unused)], &plain()), @"
    worker-images.yml:8: error[unused-image]: no pool boots the image `headless-old`
      hint: remove it, or add its pools with it
    worker-images.yml:10: error[unused-image]: no pool boots the alias `other`
      hint: remove it, or add its pools with it
    ");
    // For one provider, and in one region.
    insta::assert_snapshot!(changed(&[("worker-pools.yml", "      - pool-group: example-3\n        chain-of-trust: trusted\n", "")], &plain()), @"
    worker-images.yml:11: warning[unused-image]: no pool of the provider `example-level3-gcp` boots `headless`
      hint: remove what it says for the provider
    ");
    let tree = edit(
        community(),
        "config/projects/example.yml",
        "cloud: azure",
        "cloud: gcp",
    );
    insta::assert_snapshot!(findings(&report(&tree, &plain())), @"
    config/imagesets.yml:22: warning[unused-image]: no pool of the provider `community-tc-workers-azure` boots `windows`
      hint: remove what it says for the provider
    config/projects/example.yml:17: error[unknown-image]: the pool `proj-example/windows` boots `windows`, which has no image for `community-tc-workers-google`
      config/imagesets.yml:18: it has one for `community-tc-workers-azure`
      hint: publish the image for the provider, or boot another one
    ");
}

#[test]
fn finds_pools_whose_image_is_not_there() {
    insta::assert_snapshot!(changed(&[
        ("worker-pools.yml", "          default: headless", "          default: headles"),
        ("worker-pools.yml", "image: fuzz-linux, ", ""),
        ("worker-pools.yml", "trusted_win2022\n", "win2022\n"),
        ("worker-images.yml", "docker-latest: docker-2026-08-01", "docker-latest: docker-current"),
    ], &plain()), @"
    worker-images.yml:3: error[alias-cycle]: aliases lead in a circle: `docker-current` → `docker-latest` → `docker-current`
      hint: let one of them name an image
    worker-images.yml:5: error[unused-image]: no pool boots the image `docker-2026-08-01`
      hint: remove it, or add its pools with it
    worker-images.yml:8: error[unused-image]: no pool boots the image `headless`
      hint: remove it, or add its pools with it
    worker-images.yml:25: error[unused-image]: no pool boots the image `trusted_win2022`
      hint: remove it, or add its pools with it
    worker-images.yml:40: error[unused-image]: no pool boots the image `fuzz-linux`
      hint: remove it, or add its pools with it
    worker-pools.yml:33: error[unknown-image]: the pool `example-t/b-linux-docker` boots `docker-current`, an alias that leads to no image
    worker-pools.yml:34: error[unknown-image]: the pool `example-1/b-linux` boots the image `headles`, which does not exist
      hint: did you mean `headless`?
    worker-pools.yml:34: error[unknown-image]: the pool `example-3/b-linux` boots the image `headles`, which does not exist
      hint: did you mean `headless`?
    worker-pools.yml:49: error[unknown-image]: the pool `example-3/win2022` boots `win2022`, which has no image for `azure_example_trusted`
      worker-images.yml:13: it has one for `azure-example`
      hint: publish the image for the provider, or boot another one
    worker-pools.yml:67: error[unknown-image]: the pool `proj-fuzzing/aws` names no image
    ");
}

#[test]
fn finds_regions_without_an_image() {
    insta::assert_snapshot!(changed(&[
        ("worker-pools.yml", "locations: [east-us]", "locations: [eastus, north-us]"),
        ("worker-pools.yml", "regions: [us-east-1]", "regions: [us-east-1, eu-west-1]"),
        ("worker-pools.yml", "          -alpha: [west-us-2]", "          -alpha: []"),
    ], &plain()), @"
    worker-images.yml:34: note[unused-image]: no pool boots `fuzz-win` in `east-us`, `west-us-2`
    worker-pools.yml:56: error[missing-region]: the pool `example-1/win2022-alpha` names no region
    worker-pools.yml:69: error[missing-region]: the pool `proj-fuzzing/aws` uses `eu-west-1`, where `fuzz-linux` has no image
      worker-images.yml:42: it has one in us-east-1, us-west-2
      hint: copy the image there, or leave the region out of the pool
    worker-pools.yml:75: error[missing-region]: the pool `proj-fuzzing/windows` uses `eastus`, `north-us`, where `fuzz-win` has no image
      worker-images.yml:34: it has one in east-us, west-us-2
      hint: `eastus` is written `east-us` there
    ");
}

#[test]
fn finds_levels_that_differ() {
    let l3 = "projects/example-level3-workers/global/images/gw-l3-headless-2026-08-01";
    let cases: [&[(&str, &str, &str)]; 6] = [
        // By its name and its project's company; by its company alone; by a named project.
        &[(
            "worker-images.yml",
            l3,
            "projects/example-imaging/global/images/gw-l1-headless-2026-08-01",
        )],
        &[
            (
                "worker-images.yml",
                l3,
                "projects/example-imaging/global/images/gw-headless-2026-08-01",
            ),
            (
                "worker-images.yml",
                "docker-2026-08-01:\n",
                "docker-2026-08-01:\n  example-level3-gcp: projects/example-trusty/global/images/docker-2026-08-01\n",
            ),
        ],
        &[(
            "worker-images.yml",
            l3,
            "projects/example-level1-workers/global/images/headless-2026-08-01",
        )],
        // The other way round.
        &[(
            "worker-images.yml",
            "projects/example-imaging/global/images/gw-l1-headless-2026-08-01",
            "projects/example-level3-workers/global/images/headless",
        )],
        // Pools on the providers of other levels.
        &[(
            "worker-pools.yml",
            "by-level: {1: azure-example, 3: azure_example_trusted}",
            "by-level: {1: azure_example_trusted, 3: azure-example}",
        )],
        &[(
            "worker-pools.yml",
            "        default: example-level1-gcp",
            "        default: example-level3-gcp",
        )],
    ];
    let all: Vec<String> = cases
        .iter()
        .map(|case| {
            let found = changed(case, &plain());
            found
                .lines()
                .filter(|line| !line.contains("[un"))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"), @"
    worker-images.yml:11: error[level-mismatch]: `headless` has an image of level 1 for the level-3 provider `example-level3-gcp`: its name `gw-l1-headless-2026-08-01` says level 1; 1 pool boots it
      hint: level 3 boots only what level 3 built: name its own image, or remove the line

      hint: remove what it says for the provider
    worker-images.yml:12: error[level-mismatch]: `headless` has an image of level 1 for the level-3 provider `example-level3-gcp`: level-1 providers use the project `example-imaging` too; 1 pool boots it
      hint: level 3 boots only what level 3 built: name its own image, or remove the line

    worker-images.yml:11: error[level-mismatch]: `headless` has an image of level 1 for the level-3 provider `example-level3-gcp`: the project `example-level1-workers` is named so; 1 pool boots it
      hint: level 3 boots only what level 3 built: name its own image, or remove the line

    worker-images.yml:10: warning[level-mismatch]: `headless` has an image of level 3 for the level-1 provider `example-level1-gcp`: the project `example-level3-workers` is named so; 1 pool boots it
      hint: what is on a level-3 image may be none of level 1's business

      hint: remove what it says for the provider
      hint: remove what it says for the provider
      hint: remove what it says for the provider
    worker-pools.yml:40: warning[level-mismatch]: the pool `example-1/win2022` of level 1 is on the level-3 provider `azure_example_trusted`
      hint: use the provider of its level
    worker-pools.yml:41: warning[level-mismatch]: the pool `example-1/win2022-alpha` of level 1 is on the level-3 provider `azure_example_trusted`
      hint: use the provider of its level
      worker-images.yml:25: it has one for `azure_example_trusted`
      hint: publish the image for the provider, or boot another one
      worker-images.yml:19: it has one for `azure-example`
      hint: publish the image for the provider, or boot another one
      worker-images.yml:13: it has one for `azure-example`
      hint: publish the image for the provider, or boot another one

      hint: remove what it says for the provider
      hint: remove what it says for the provider
    worker-pools.yml:20: warning[level-mismatch]: the pool `example-1/b-linux` of level 1 is on the level-3 provider `example-level3-gcp`
      hint: use the provider of its level
      worker-images.yml:5: it has one for `example-level1-gcp`
      hint: publish the image for the provider, or boot another one
    ");
    let mut options = plain();
    options.project_levels = [(
        "example-level3-workers".to_owned(),
        crate::transforms::Level::One,
    )]
    .into();
    insta::assert_snapshot!(changed(&[], &options), @"
    worker-images.yml:11: error[level-mismatch]: `headless` has an image of level 1 for the level-3 provider `example-level3-gcp`: the project `example-level3-workers` is of level 1; 1 pool boots it
      hint: level 3 boots only what level 3 built: name its own image, or remove the line
    ");
}

#[test]
fn finds_images_that_are_old_or_undated() {
    let mut options = plain();
    options.max_age_days = Some(30);
    insta::assert_snapshot!(changed(&[], &options), @"
    worker-images.yml:6: warning[old-image]: `docker-2026-08-01` is 31 days old for `example-level1-gcp` (named 2026-08-01; at most 30 days); 1 pool boots it
      hint: publish it anew and update the entry
    worker-images.yml:10: warning[old-image]: `headless` is 31 days old for `example-level1-gcp` (named 2026-08-01; at most 30 days); 1 pool boots it
      hint: publish it anew and update the entry
    worker-images.yml:11: warning[old-image]: `headless` is 31 days old for `example-level3-gcp` (named 2026-08-01; at most 30 days); 1 pool boots it
      hint: publish it anew and update the entry
    worker-images.yml:15: note[old-image]: nothing tells how old `win2022` is for `azure-example`
      hint: its manifest would, or a day in its name
    worker-images.yml:21: note[old-image]: nothing tells how old `win2022-alpha` is for `azure-example`
      hint: its manifest would, or a day in its name
    worker-images.yml:27: note[old-image]: nothing tells how old `trusted_win2022` is for `azure_example_trusted`
      hint: its manifest would, or a day in its name
    worker-images.yml:34: note[old-image]: nothing tells how old `fuzz-win` is for `azure-example`
      hint: its manifest would, or a day in its name
    worker-images.yml:42: note[old-image]: nothing tells how old `fuzz-linux` is for `aws`
      hint: its manifest would, or a day in its name
    ");
    options.max_age_days = Some(31);
    assert!(!changed(&[], &options).contains("days old"));
}

fn manifest(image: &str, level: u8, references: &[&str]) -> Manifest {
    let artifacts: Vec<_> = references
        .iter()
        .map(|reference| json!({"region": null, "reference": reference, "file": null}))
        .collect();
    let text = json!({
        "version": 1, "stage": "published", "image": image, "cloud": image.split_once('@').unwrap().1, "os": "linux",
        "arch": "amd64", "digests": {}, "inputs": {}, "source": {"repository": "https://example.org/images",
        "revision": "0".repeat(40), "modified": false}, "parent": null, "pins": {}, "artifacts": artifacts,
        "sbom": null, "files": [], "tasks": {}, "level": level, "chain-of-trust": true,
        "started": "2026-07-01T00:00:00.000Z", "finished": "2026-07-01T01:00:00.000Z",
    });
    let text = serde_json::to_vec(&text).unwrap();
    Manifest::read(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn holds_images_to_their_manifests_and_definitions() {
    let manifests = [
        manifest(
            "headless@google",
            1,
            &["projects/example-level3-workers/global/images/gw-l3-headless-2026-08-01"],
        ),
        manifest(
            "win@azure",
            3,
            &[
                "/subscriptions/0000/resourceGroups/RG-EXAMPLE-IMAGES/providers/Microsoft.Compute/galleries/win2022_64/images/win2022_64/versions/1.2.3",
            ],
        ),
        manifest("gone@aws", 1, &["ami-00000000000000001"]),
    ];
    let mut known = Known::default().with_manifests(&manifests);
    known.defined = Some(
        ["headless@google", "win@azure", "fuzz@azure"]
            .map(|id| id.parse().unwrap())
            .into(),
    );
    let of = |id: &str| [id.parse().unwrap()].into();
    known.builds = [
        ("fuzz-win".to_owned(), of("fuzz@azure")),
        ("trusted_win2022".to_owned(), of("lost@azure")),
    ]
    .into();
    let mut options = plain();
    options.known = Some(known);
    options.max_age_days = Some(40);
    insta::assert_snapshot!(changed(&[], &options), @"
    worker-images.yml:5: warning[no-definition]: no definition builds `docker-2026-08-01`; 1 pool boots it
      hint: define it, or declare which definition builds it
    worker-images.yml:11: error[level-mismatch]: `headless` has an image of level 1 for the level-3 provider `example-level3-gcp`: its manifest says level 1; 1 pool boots it
      hint: level 3 boots only what level 3 built: name its own image, or remove the line
    worker-images.yml:11: warning[old-image]: `headless` is 62 days old for `example-level3-gcp` (published on 2026-07-01; at most 40 days); 1 pool boots it
      hint: publish it anew and update the entry
    worker-images.yml:15: warning[old-image]: `win2022` is 62 days old for `azure-example` (published on 2026-07-01; at most 40 days); 1 pool boots it
      hint: publish it anew and update the entry
    worker-images.yml:19: warning[no-definition]: no definition builds `win2022-alpha`; 1 pool boots it
      hint: define it, or declare which definition builds it
    worker-images.yml:21: note[old-image]: nothing tells how old `win2022-alpha` is for `azure-example`
      hint: its manifest would, or a day in its name
    worker-images.yml:25: warning[no-definition]: `trusted_win2022` is said to be built from `lost@azure`, which no definition builds
      hint: correct the declaration, or define the image
    worker-images.yml:27: note[old-image]: nothing tells how old `trusted_win2022` is for `azure_example_trusted`
      hint: its manifest would, or a day in its name
    worker-images.yml:34: note[old-image]: nothing tells how old `fuzz-win` is for `azure-example`
      hint: its manifest would, or a day in its name
    worker-images.yml:40: warning[no-definition]: no definition builds `fuzz-linux`; 1 pool boots it
      hint: define it, or declare which definition builds it
    worker-images.yml:42: warning[old-image]: `fuzz-linux` is 62 days old for `aws` (published on 2026-07-01; at most 40 days); 1 pool boots it
      hint: publish it anew and update the entry
    ");
}

#[test]
fn finds_the_end_of_life() {
    let mut options = plain();
    let date = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    options.end_of_life = vec![
        EndOfLife::new("Example 2022", date(8, 31), "win2022").unwrap(),
        EndOfLife::new("livelog's certificate", date(10, 1), "docker.*").unwrap(),
        EndOfLife::new("Example 7", date(12, 31), "headless").unwrap(),
    ];
    insta::assert_snapshot!(changed(&[], &options), @"
    worker-images.yml:5: note[end-of-life]: support of livelog's certificate in `docker-2026-08-01` ends on 2026-10-01, in 30 days; 1 pool boots it
      hint: build it from a newer base, or move its pools to an image that is
    worker-images.yml:13: warning[end-of-life]: support of Example 2022 in `win2022` ended on 2026-08-31; 1 pool boots it
      hint: build it from a newer base, or move its pools to an image that is
    worker-images.yml:19: warning[end-of-life]: support of Example 2022 in `win2022-alpha` ended on 2026-08-31; 1 pool boots it
      hint: build it from a newer base, or move its pools to an image that is
    worker-images.yml:25: warning[end-of-life]: support of Example 2022 in `trusted_win2022` ended on 2026-08-31; 1 pool boots it
      hint: build it from a newer base, or move its pools to an image that is
    ");
}

#[test]
fn finds_the_same_image_twice() {
    let twin = "twin:\n  example-level1-gcp: projects/example-imaging/global/images/gw-l1-headless-2026-08-01\nalso:\n  azure-example:\n    version: 1.2.3\n    resource_group: rg-example-images\n    deployment_id: other\n    name: win2022_64\nheadless:";
    let found = changed(&[("worker-images.yml", "headless:", twin)], &plain());
    let found: Vec<&str> = found
        .lines()
        .filter(|line| !line.contains("unused") && !line.contains("remove it"))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @"
    worker-images.yml:9: warning[duplicate-image]: `headless` and `twin` are the same image for `example-level1-gcp`
      worker-images.yml:18: `headless` says it first
      hint: if they are meant to move together, let pools use one of them
    worker-images.yml:23: warning[duplicate-image]: `also` and `win2022` are the same image for `azure-example`
      worker-images.yml:12: `also` says it first
      hint: make one an alias of the other, so that both move together
    ");
}

#[test]
fn finds_names_and_pools_that_should_not_be() {
    insta::assert_snapshot!(changed(&[
        ("worker-pools.yml", "proj-fuzzing/windows", "proj-fuzzing/Windows_"),
        ("worker-pools.yml", "proj-fuzzing/{kind}", "proj.fuzzing/{kind}"),
    ], &plain()), @"
    worker-pools.yml:67: error[illegal-name]: `proj.fuzzing` of the pool `proj.fuzzing/aws` is no provisioner: expected up to 38 letters, digits, `-` and `_`
    worker-pools.yml:70: error[illegal-name]: `Windows_` of the pool `proj-fuzzing/Windows_` is no worker type
      hint: up to 38 small letters, digits and `-`, a letter first and no `-` last
    ");
}

#[test]
fn finds_pools_that_no_grant_reaches() {
    let tree = fxci().file("projects.yml", "{}").file(
        "grants.d/all.yml",
        "- grant: ['queue:create-task:low:example-*']\n  to: [{group: everybody}]\n\
         - grant: ['worker-manager:*', 'queue:create-task:low:proj-fuzzing/aws']\n  to: [{role: root}]\n",
    );
    let told = |tree: &MemoryTree| {
        let mut options = plain();
        options.access = Access::load(tree, &CiOptions::default()).unwrap();
        report(tree, &options)
    };
    insta::assert_snapshot!(findings(&told(&tree)), @"
    worker-pools.yml:67: note[unused-pool]: only administrators may create tasks in the pool `proj-fuzzing/aws`: the role `root`
      hint: ask them whether it is used
    worker-pools.yml:70: warning[unused-pool]: nobody may create tasks in the pool `proj-fuzzing/windows`: no grant reaches it
      hint: remove it, and its image if no other pool boots it; or grant it to whoever is to use it
    ");
    let users = told(&tree).users_text();
    insta::assert_snapshot!(users.lines().skip(6).collect::<Vec<_>>().join("\n"), @"
    proj-fuzzing/aws		role root
    proj-fuzzing/windows		
    example-1/by-hand	group everybody
    ");
    insta::assert_snapshot!(told(&tree).users_markdown().lines().skip(8).collect::<Vec<_>>().join("\n"), @"
    | `example-3/win2022` | `group everybody` | nobody |
    | `proj-fuzzing/aws` | nobody | `role root` |
    | `proj-fuzzing/windows` | nobody | nobody |
    | `example-1/by-hand` | `group everybody` | nobody |
    ");
    // Who knows what is granted where others grant, too?
    let elsewhere = "x: ['Role=project:fuzzing:.*']\n";
    insta::assert_snapshot!(findings(&told(&tree.clone().file("externally-managed.yml", elsewhere))), @"
    worker-pools.yml:67: note[unused-pool]: only administrators may create tasks in the pool `proj-fuzzing/aws`: the role `root`; scopes of what is managed elsewhere are not known: `Role=project:fuzzing:.*`
      hint: ask them whether it is used
    worker-pools.yml:70: warning[unused-pool]: nobody may create tasks in the pool `proj-fuzzing/windows`: no grant reaches it; scopes of what is managed elsewhere are not known: `Role=project:fuzzing:.*`
      hint: remove it, and its image if no other pool boots it; or grant it to whoever is to use it
    ");
    // A grant that cannot be read might reach any pool.
    insta::assert_snapshot!(findings(&told(&tree.file("grants.d/more.yml", "- grant: ['*']\n  to: everybody\n"))), @"grants.d/more.yml:2: error[wrong-type]: expected a list of grantees, found a string");
    assert_eq!(told(&fxci()).pools, None);
}

#[test]
fn finds_generated_pools_that_are_out_of_date() {
    let config = load(&fxci());
    let template = json!({
        "description": "For {image}.", "owner": "team@example.org", "email_on_error": false,
        "provider_id": "azure-example", "config": {"maxCapacity": 1, "locations": ["east-us"]},
    });
    let request = Request {
        template: &template,
        group: "proj-fuzzing",
        images: None,
        named: [("windows".to_owned(), "win2022".to_owned())].into(),
    };
    let mut options = plain();
    options.generated = Some(Expected {
        groups: ["proj-fuzzing".to_owned()].into(),
        pools: entries(&config, &request).unwrap(),
    });
    insta::assert_snapshot!(changed(&[], &options), @"
    worker-images.yml:13: warning[stale-pool]: `win2022` has no pool `proj-fuzzing/win2022`
      hint: generate the pools again
    worker-images.yml:19: warning[stale-pool]: `win2022-alpha` has no pool `proj-fuzzing/win2022-alpha`
      hint: generate the pools again
    worker-images.yml:32: warning[stale-pool]: `fuzz-win` has no pool `proj-fuzzing/fuzz-win`
      hint: generate the pools again
    worker-pools.yml:67: warning[stale-pool]: the pool `proj-fuzzing/aws` is for no image that there is: all pools of `proj-fuzzing` are generated
      hint: generate the pools again
    worker-pools.yml:70: warning[stale-pool]: the pool `proj-fuzzing/windows` boots `fuzz-win` on `azure-example`; it would be generated for `win2022` on `azure-example`
      hint: generate the pools again
    ");
}

/// A group that a mapping declares is held to its template, word by word.
#[test]
fn finds_generated_pools_that_are_not_like_their_template() {
    let declared = [(
        "made".to_owned(),
        Declared {
            template: "proj-fuzzing/windows".to_owned(),
            images: Some(["fuzz-win".to_owned()].into()),
            named: [("latest".to_owned(), "fuzz-win".to_owned())].into(),
        },
    )]
    .into();
    let made = |more: &str| {
        let pool = |name: &str| {
            format!(
                "  - pool_id: made/{name}\n    description: Windows fuzzing.\n    owner: team@example.org\n    \
                 email_on_error: true\n    provider_id: azure-example\n    \
                 config: {{maxCapacity: 1, locations: [east-us], image: fuzz-win}}\n"
            )
        };
        let text = format!("{}{more}", pool("fuzz-win"));
        let from = "  - pool_id: example-1/by-hand\n";
        let tree = edit(
            fxci(),
            "worker-pools.yml",
            from,
            &(text + &pool("latest") + from),
        );
        let mut options = plain();
        options.generated = Some(expected(&load(&tree), &declared).unwrap());
        (tree, options)
    };
    let (tree, options) = made("");
    assert_eq!(findings(&report(&tree, &options)), "");
    let tree = edit(
        tree,
        "worker-pools.yml",
        "pool_id: made/latest\n    description: Windows",
        "pool_id: made/latest\n    description: Other",
    );
    insta::assert_snapshot!(findings(&report(&tree, &options)), @"
    worker-pools.yml:82: warning[stale-pool]: the entry of the pool `made/latest` differs from what would be generated from its template
      hint: generate the pools again
    ");
    let config = load(&fxci());
    let wrong = Declared {
        template: "none/there".to_owned(),
        ..Declared::default()
    };
    let faults = expected(&config, &[("made".to_owned(), wrong)].into()).unwrap_err();
    assert_eq!(
        faults,
        ["there is no pool `none/there` to be the template of `made`"]
    );
}

#[test]
fn denies_by_severity() {
    let tree = edit(
        fxci(),
        "worker-pools.yml",
        "locations: [east-us]",
        "locations: [north-us]",
    );
    let bad = report(&tree, &plain());
    assert!(bad.is_denied(Severity::Note) && bad.is_denied(Severity::Error));
    let chain = report(&fxci(), &plain());
    assert!(chain.is_denied(Severity::Warning) && !chain.is_denied(Severity::Error));
}

#[test]
fn lists_every_rule_once() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    for rule in RULES {
        let file = format!(
            "{}/src/pools/check/rules/{}.rs",
            env!("CARGO_MANIFEST_DIR"),
            rule.id.replace('-', "_")
        );
        assert!(std::path::Path::new(&file).is_file(), "{file}");
    }
}

#[test]
fn finds_what_is_known_of_the_real_files() {
    let Some(tree) = real("fxci-config") else {
        return;
    };
    let mut options = plain();
    options.max_age_days = Some(180);
    options.end_of_life = EndOfLife::of_bases();
    let report = report(&tree, &options);
    let by = |rule: &str| {
        report
            .findings
            .iter()
            .filter(|finding| finding.rule == rule)
            .count()
    };
    let counts: Vec<String> = RULES
        .iter()
        .map(|rule| format!("{} {}", rule.id, by(rule.id)))
        .collect();
    let counts = format!("{}\n{}", report.summary(), counts.join("\n"));
    if report.counts.pools != 384 {
        skipped(&format!(
            "the files are of another revision than the test: {counts}"
        ));
        return;
    }
    insta::assert_snapshot!(counts, @"
    36 images, 1 alias, 384 pools: 1 error, 17 warnings, 28 notes
    alias-chain 0
    duplicate-image 2
    end-of-life 2
    illegal-name 0
    level-mismatch 1
    missing-region 0
    no-definition 0
    old-image 37
    stale-pool 0
    unknown-image 0
    unused-image 4
    unused-pool 0
    ");
}

#[test]
fn finds_no_error_in_the_real_files_of_community() {
    let Some(tree) = real("community-tc-config") else {
        return;
    };
    let report = report(&tree, &plain());
    assert!(!report.is_denied(Severity::Error), "{}", report.to_text());
    assert!(report.counts.pools >= 50, "{}", report.to_text());
}
