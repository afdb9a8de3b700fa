//! From a file of pins and what their sources have to the table, the edited file and the proposals.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Upgrade, Words, ask, edited, markdown, proposals, recorded, rows, select, table};
use crate::datasources::tests::Table;
use crate::datasources::{
    Aws, AwsError, AwsImage, AwsImages, AwsParameter, AwsSsm, Release, Services,
};
use crate::definitions::{Pins, PinsFile};
use crate::proposals::BranchName;
use crate::tree::TreePath;
use crate::yaml::{self, Decode as _, Decoder, Phase};

const PINS: &str = r#"# Versions.
pins:
  taskcluster:
    value: 105.0.0   # the workers' and the proxies'
    sha256:
      worker: "1111111111111111111111111111111111111111111111111111111111111111"
      proxy: "0000000000000000000000000000000000000000000000000000000000000000"
    datasource:
      github-releases:
        repository: example/taskcluster
        tag-prefix: v
        assets: {worker: 'worker-linux', proxy: 'proxy-linux'}
    scheme: semver
    cool-down: 5 days
    group: workers
    reason: 104 lost tasks
    review: 2026-05-01
  puppet:
    value: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    datasource: {github-commits: {repository: example/puppet, branch: main}}
    group: workers
  windows:
    value: "26100.8246.260413"
    datasource: {json: {url: 'https://versions.example.org/windows.json', versions: /versions/*/name}}
    scheme: dotted
    constraint: "26100."
    cool-down: 0 days
  by-hand:
    value: "570"
    review: soon
  broken:
    value: 1.0.0
    datasource: {json: {url: 'https://versions.example.org/none.json', versions: /versions/*/name}}
"#;

fn pins(text: &str) -> Result<Pins, String> {
    let path = TreePath::parse("image-defs/pins.yml").unwrap();
    let node = yaml::read(&path, text.as_bytes()).unwrap();
    let mut decoder = Decoder::new(Phase::Resolved);
    let file = PinsFile::decode(&node, &mut decoder);
    let faults: Vec<&str> = decoder
        .faults
        .iter()
        .map(|fault| fault.message.as_str())
        .collect();
    match file {
        Some(file) if faults.is_empty() => {
            let mut pins = Pins::default();
            pins.pins = file.pins;
            Ok(pins)
        }
        _ => Err(faults.join("\n")),
    }
}

fn release(tag: &str, day: &str, notes: &str, worker: char) -> Value {
    let asset = |name: &str, digit: char| {
        json!({
            "name": name, "url": format!("https://github.example.org/assets/{tag}/{name}"), "state": "uploaded",
            "digest": format!("sha256:{}", digit.to_string().repeat(64)),
        })
    };
    json!({
        "tag_name": tag, "draft": false, "prerelease": tag.contains('-'), "published_at": format!("2026-05-{day}T00:00:00Z"),
        "body": notes, "html_url": format!("https://github.example.org/example/taskcluster/releases/{tag}"),
        "assets": [asset("worker-linux", worker), asset("proxy-linux", '7')],
    })
}

fn services(releases: &[Value]) -> Table {
    let commit = |digit: &str, day: &str| json!({"sha": digit.repeat(40), "commit": {"message": "a change", "committer": {"date": format!("2026-05-{day}T00:00:00Z")}}});
    let compare = |status: &str| json!({"status": status, "ahead_by": 1, "behind_by": 0});
    let (old, new) = ("a".repeat(40), "b".repeat(40));
    Table::new()
        .json(
            "https://github.example.org/repos/example/taskcluster/releases?per_page=100",
            &json!(releases),
        )
        .json(
            "https://github.example.org/repos/example/puppet/commits?sha=main&per_page=100",
            &json!([commit("b", "10"), commit("a", "01")]),
        )
        .json(
            &format!(
                "https://github.example.org/repos/example/puppet/compare/{old}...{new}?per_page=1"
            ),
            &compare("ahead"),
        )
        .json(
            &format!(
                "https://github.example.org/repos/example/puppet/compare/main...{old}?per_page=1"
            ),
            &compare("behind"),
        )
        .json(
            "https://versions.example.org/windows.json",
            &json!({"versions": [{"name": "26100.9000.260514"}, {"name": "26200.1.1"}]}),
        )
}

fn upgrades(table: &Table) -> Vec<Upgrade> {
    let pins = pins(PINS).unwrap();
    table.act(|services| {
        let pins = pins.pins.iter();
        pins.map(|(name, pin)| ask(name, &pin.value, services))
            .collect()
    })
}

fn releases() -> Vec<Value> {
    let notes = "### WORKER-DEPLOYERS\n\n▶ [MAJOR]\nThe `proxy` moved. Thanks @somebody, closes #12. <!-- x -->\n\n### USERS\n\nNothing.\n";
    vec![
        // Too young, a prerelease, the newest good one, the current one.
        release("v107.0.0", "18", "", '9'),
        release("v106.1.0-rc.1", "02", "", '9'),
        release("v106.0.0", "05", notes, '2'),
        release("v105.0.0", "01", "", '1'),
    ]
}

#[test]
fn pins_go_to_what_is_newer() {
    let now = "2026-05-20T00:00:00Z".parse().unwrap();
    let found = upgrades(&services(&releases()));
    let image = |name: &str| format!("{name}@google").parse().unwrap();
    let images = BTreeMap::from([("taskcluster".to_owned(), vec![image("a"), image("b")])]);
    let rows = rows(&found, &images, now);
    insta::assert_snapshot!(table(&rows), @"
    PIN          FROM                                      TO                                        AGE      IMAGES
    broken       1.0.0                                     failed                                    -        -
    by-hand      570                                       no-datasource                             -        -
    puppet       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  19 days  -
    taskcluster  105.0.0                                   106.0.0 (major)                           19 days  2
    windows      26100.8246.260413                         26100.9000.260514                         -        -

    broken
      it names no `scheme`, and its datasource may have versions of any

    by-hand
      `review` is `soon`, which is no date such as 2027-03-01

    taskcluster
      `107.0.0` is in its cool-down until 2026-05-23T00:00:00.000Z
      `106.1.0-rc.1` is a prerelease
      review was due on 2026-05-01

    windows
      `26200.1.1` is outside of the constraint `26100.`
    ");
    insta::assert_snapshot!(markdown(&rows), @"
    | pin | from | to | images |
    | --- | --- | --- | --- |
    | `broken` | `1.0.0` | failed | 0 |
    | `by-hand` | `570` | no-datasource | 0 |
    | `puppet` | `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` | `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` | 0 |
    | `taskcluster` | `105.0.0` | `106.0.0` (major) | 2 |
    | `windows` | `26100.8246.260413` | `26100.9000.260514` | 0 |
    ");

    // Only values change: comments, quotes and placeholders' style stay.
    let all: Vec<&Upgrade> = found.iter().collect();
    let new = edited("image-defs/pins.yml", PINS, &all).unwrap();
    let changed: Vec<String> = PINS
        .lines()
        .zip(new.lines())
        .filter(|(old, new)| old != new)
        .map(|(old, new)| format!("- {old}\n+ {new}"))
        .collect();
    insta::assert_snapshot!(changed.join("\n"), @r#"
    -     value: 105.0.0   # the workers' and the proxies'
    +     value: 106.0.0   # the workers' and the proxies'
    -       worker: "1111111111111111111111111111111111111111111111111111111111111111"
    +       worker: "2222222222222222222222222222222222222222222222222222222222222222"
    -       proxy: "0000000000000000000000000000000000000000000000000000000000000000"
    +       proxy: "7777777777777777777777777777777777777777777777777777777777777777"
    -     value: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    +     value: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    -     value: "26100.8246.260413"
    +     value: "26100.9000.260514"
    "#);
    assert_eq!(PINS.lines().count(), new.lines().count());
}

#[test]
fn a_group_is_proposed_at_once() {
    let found = upgrades(&services(&releases()));
    let words = Words {
        base: BranchName::new("main").unwrap(),
        labels: vec!["images".to_owned()],
        reviewers: Vec::new(),
    };
    let images = |group: &str| match group {
        "workers" => vec!["a@google".parse().unwrap(), "b@google".parse().unwrap()],
        _ => Vec::new(),
    };
    let made = proposals(&found, ("image-defs/pins.yml", PINS), &images, &words).unwrap();
    let titles: Vec<String> = made
        .iter()
        .map(|one| format!("{}: {}", one.group, one.title))
        .collect();
    insta::assert_snapshot!(titles.join("\n"), @"
    windows: chore: upgrade windows to 26100.9000.260514
    workers: chore: upgrade workers: puppet bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, taskcluster 106.0.0
    ");
    let workers = made
        .iter()
        .find(|one| one.group.as_str() == "workers")
        .unwrap();
    insta::assert_snapshot!(workers.body, @r#"
    | pin | from | to | released |
    | --- | --- | --- | --- |
    | `puppet` | `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` | `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` | 2026-05-10T00:00:00.000Z |
    | `taskcluster` | `105.0.0` | [`106.0.0`](https://github.example.org/example/taskcluster/releases/v106.0.0) **major** | 2026-05-05T00:00:00.000Z |

    `taskcluster` was held: 104 lost tasks

    ### 2 images are rebuilt

    - `a@google`
    - `b@google`

    <details><summary>What <code>taskcluster</code> says to worker deployers</summary>

    **106.0.0** (major)

    ▶ \[MAJOR\]
    The `proxy` moved. Thanks `@somebody`, closes `#12`. &lt;\!-- x --&gt;
    </details>

    <details><summary>SHA-256</summary>

    ```
    7777777777777777777777777777777777777777777777777777777777777777  proxy
    2222222222222222222222222222222222222222222222222222222222222222  worker
    ```
    </details>

    Merging it builds, verifies and publishes these images; nothing uses them before another proposal moves worker pools to them.
    "#);
    assert_eq!(workers.marker.subjects.len(), 2);
}

#[test]
fn what_was_replaced_is_not_trusted() {
    // The asset of the current version has another content than when it was pinned.
    let found = upgrades(&services(&[
        release("v106.0.0", "05", "", '2'),
        release("v105.0.0", "01", "", '9'),
    ]));
    let taskcluster = found.iter().find(|one| one.pin == "taskcluster").unwrap();
    assert!(taskcluster.to().is_none());
    let now = "2026-05-20T00:00:00Z".parse().unwrap();
    let rows = rows(std::slice::from_ref(taskcluster), &BTreeMap::new(), now);
    insta::assert_snapshot!(rows[0].notes.join("\n"), @"
    `worker` of the current version was replaced: its SHA-256 was 1111111111111111111111111111111111111111111111111111111111111111 when it was pinned and is 9999999999999999999999999999999999999999999999999999999999999999 now; find out why before this source is trusted again
    review was due on 2026-05-01
    ");
}

#[test]
fn declarations_are_held_to_their_sources() {
    for (text, expect) in [
        (
            "pins: {a: {value: x, datasource: {github-release: {repository: a/b}}}}",
            "unknown source `github-release`, expected one of `github-releases`, `github-commits`, `simplestreams`, `google-images`, `azure-marketplace`, `aws-images`, `aws-ssm`, `crates`, `pypi`, `npm`, `debian`, `taskcluster-index`, `json`",
        ),
        (
            "pins: {a: {value: x, datasource: {github-commits: {repository: a}}}}",
            "github-commits: missing field `branch`",
        ),
        (
            "pins: {a: {value: x, scheme: calver, group: A, cool-down: soon}}",
            "\"calver\" is no scheme: expected `semver`, `dotted`, `date`, `debian`, `git` or `opaque`\n\"soon\" is no length of time: expected a whole number and a unit, such as `30 minutes`, `2 hours`, `28 days`, `1 month` or `1 year`\n\"A\" is no group: expected up to 100 lower case letters, digits and dashes, no dash first or last",
        ),
    ] {
        assert_eq!(pins(text).unwrap_err(), expect);
    }
    let all = pins(PINS).unwrap();
    assert_eq!(select(&all, &["puppet".to_owned()]).unwrap(), ["puppet"]);
    assert_eq!(
        select(&all, &["pupet".to_owned(), "windows".to_owned()]).unwrap_err(),
        ["pupet"]
    );
}

#[test]
fn what_floats_is_said_and_not_edited() {
    let text = "\
pins:
  windows:
    value: latest
    floats: true
    datasource: {json: {url: 'https://versions.example.org/windows.json', versions: /versions/*/name}}
    scheme: dotted
    constraint: '26100.'
    cool-down: 0 days
  nowhere:
    value: latest
    floats: true
    datasource: {json: {url: 'https://versions.example.org/none.json', versions: /versions/*/name}}
    scheme: dotted
  held:
    value: latest
    floats: true
    datasource: {json: {url: 'https://versions.example.org/windows.json', versions: /versions/*/name}}
    scheme: dotted
    constraint: '27000.'
";
    let pins = pins(text).unwrap();
    let table_of = |found: &[Upgrade]| {
        table(&rows(
            found,
            &BTreeMap::new(),
            "2026-05-20T00:00:00Z".parse().unwrap(),
        ))
    };
    let found: Vec<Upgrade> = services(&[]).act(|services| {
        let pins = pins.pins.iter();
        pins.map(|(name, pin)| ask(name, &pin.value, services))
            .collect()
    });
    insta::assert_snapshot!(table_of(&found), @"
    PIN      FROM    TO      AGE  IMAGES
    held     latest  failed  -    -
    nowhere  latest  failed  -    -
    windows  latest  floats  -    -

    held
      json of `https://versions.example.org/windows.json`: no version may be taken: `26100.9000.260514` is outside of the constraint `27000.`; `26200.1.1` is outside of the constraint `27000.`

    nowhere
      json of `https://versions.example.org/none.json`: GET https://versions.example.org/none.json: status 404: Not Found

    windows
      floats: a build takes `26100.9000.260514` now
    ");
    let all: Vec<&Upgrade> = found.iter().collect();
    assert_eq!(edited("image-defs/pins.yml", text, &all).unwrap(), text);

    // Written down, it is the same.
    let releases = [Release::new("26100.9000.260514")];
    let now = "2026-05-20T00:00:00Z".parse().unwrap();
    let recorded = recorded("windows", &pins.pins["windows"].value, &releases, now);
    assert_eq!(
        table_of(&[recorded]),
        table_of(&[found.into_iter().find(|one| one.pin == "windows").unwrap()])
    );
}

/// AWS with one parameter.
struct Parameter(&'static str);

impl Aws for Parameter {
    fn images(&self, _: &AwsImages, _: &str) -> Result<Vec<AwsImage>, AwsError> {
        Ok(Vec::new())
    }

    fn parameter(&self, _: &AwsSsm) -> Result<AwsParameter, AwsError> {
        Ok(AwsParameter {
            value: self.0.to_owned(),
            modified: "2026-05-01T00:00:00Z".parse().ok(),
        })
    }
}

#[test]
fn what_a_parameter_names_is_newer_than_what_it_named() {
    let text =
        "pins: {base: {value: ami-1, datasource: {aws-ssm: {path: /x/ami-id, region: us-west-2}}}}";
    let pins = pins(text).unwrap();
    let to = |value: &'static str| {
        let aws = Parameter(value);
        Table::new().act(|services| {
            let services = Services {
                aws: Some(&aws),
                ..*services
            };
            let upgrade = ask("base", &pins.pins["base"].value, &services);
            format!(
                "{:?} {}",
                upgrade.to().map(|release| &release.version),
                rows(
                    std::slice::from_ref(&upgrade),
                    &BTreeMap::new(),
                    services.now
                )[0]
                .state
            )
        })
    };
    assert_eq!(to("ami-2"), "Some(\"ami-2\") upgrade");
    assert_eq!(to("ami-1"), "None newest");
}
