//! Which release is taken, and what is said of those that are not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use taskgraph_images_transforms::Duration;

use super::{
    Ancestry, Choice, Constraint, Current, Rules, Scheme, choose, compare, latest, unordered,
};
use crate::datasources::Release;
use crate::taskcluster::Timestamp;

/// A release from its version and the day of 2026-05 on which it came out.
fn release(version: &str, day: u32) -> Release {
    Release {
        released: Some(format!("2026-05-{day:02}T00:00:00Z").parse().unwrap()),
        ..Release::new(version)
    }
}

struct Case {
    scheme: Scheme,
    constraint: &'static str,
    cool_down: Option<Duration>,
    prereleases: bool,
    digests: BTreeMap<String, String>,
    ancestry: BTreeMap<String, Ancestry>,
}

impl Case {
    fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            constraint: "none",
            cool_down: Some(Duration::days(7)),
            prereleases: false,
            digests: BTreeMap::new(),
            ancestry: BTreeMap::new(),
        }
    }

    fn with<T>(&self, version: &str, act: impl FnOnce(&Current<'_>, &Rules<'_>) -> T) -> T {
        let constraint = Constraint::parse(self.scheme, self.constraint).unwrap();
        let current = Current {
            version,
            released: None,
            digests: &self.digests,
        };
        let rules = Rules {
            scheme: self.scheme,
            constraint: &constraint,
            cool_down: self.cool_down,
            prereleases: self.prereleases,
            now: "2026-05-20T00:00:00Z".parse().unwrap(),
            ancestry: &self.ancestry,
        };
        act(&current, &rules)
    }

    fn choose(&self, current: &str, releases: &[Release]) -> Choice {
        self.with(current, |current, rules| choose(current, releases, rules))
    }

    fn told(&self, current: &str, releases: &[Release]) -> String {
        let choice = self.choose(current, releases);
        let newest = choice
            .newest
            .as_ref()
            .map_or("nothing", |release| &release.version);
        let mut told = newest.to_owned();
        told += if choice.major { " (major)\n" } else { "\n" };
        for held in &choice.held {
            let _ = writeln!(told, "{held}");
        }
        for warning in &choice.warnings {
            let _ = writeln!(told, "warning: {warning}");
        }
        told
    }
}

#[test]
fn the_newest_that_nothing_holds_back() {
    let mut incomplete = release("106.0.3", 2);
    incomplete.missing = vec!["`generic-worker`".to_owned(), "`livelog`".to_owned()];
    let mut yanked = release("106.0.2", 2);
    yanked.withdrawn = true;
    let mut marked = release("106.0.1", 2);
    marked.prerelease = true;
    let mut timeless = release("106.0.4", 2);
    timeless.released = None;
    let releases = [
        release("106.0.6", 19),
        release("106.0.5", 25),
        timeless,
        incomplete,
        yanked,
        marked,
        release("107.0.0-rc.1", 1),
        release("106.0.0", 1),
        release("105.9.9", 1),
        release("100.0.0", 1),
        release("nightly`@all`", 1),
    ];
    insta::assert_snapshot!(Case::new(Scheme::Semver).told("105.0.0", &releases), @r#"
    106.0.0 (major)
    `106.0.6` is in its cool-down until 2026-05-26T00:00:00.000Z
    `106.0.5` claims to be from 2026-05-25T00:00:00.000Z, which is in the future
    `106.0.4` came out at a time that its source does not tell, and there is a cool-down
    `106.0.3` is not complete: `generic-worker`, `livelog` missing
    `106.0.2` is withdrawn
    `106.0.1` is a prerelease
    `107.0.0-rc.1` is a prerelease
    `nightly`@all`` is no version of the scheme `semver`: expected 1 to 256 letters, digits and characters of `._:/@+~-`
    "#);
    let mut case = Case::new(Scheme::Semver);
    (case.constraint, case.prereleases, case.cool_down) = ("<107", true, None);
    insta::assert_snapshot!(case.told("105.0.0", &releases), @r#"
    106.0.6 (major)
    `106.0.5` claims to be from 2026-05-25T00:00:00.000Z, which is in the future
    `106.0.3` is not complete: `generic-worker`, `livelog` missing
    `106.0.2` is withdrawn
    `107.0.0-rc.1` is outside of the constraint `<107`
    `nightly`@all`` is no version of the scheme `semver`: expected 1 to 256 letters, digits and characters of `._:/@+~-`
    "#);
}

#[test]
fn nothing_goes_backwards() {
    let releases = [
        release("1.9.0", 1),
        release("v1.10.0", 1),
        release("0.1.0", 9),
    ];
    let choice = Case::new(Scheme::Semver).choose("1.10.0", &releases);
    assert_eq!(choice, Choice::default());
}

#[test]
fn a_jump_is_called_major_and_left_to_people() {
    let releases = [release("v999.0.0", 1)];
    let mut case = Case::new(Scheme::Semver);
    insta::assert_snapshot!(case.told("88.0.0", &releases), @r"v999.0.0 (major)");
    case.constraint = "^88";
    insta::assert_snapshot!(case.told("88.0.0", &releases), @r"
    nothing
    `v999.0.0` is outside of the constraint `^88`
    ");
}

#[test]
fn an_asset_that_was_replaced_stops_the_source() {
    let mut now = release("1.0.0", 1);
    now.digests = BTreeMap::from([("tool".to_owned(), "b".repeat(64))]);
    now.withdrawn = true;
    now.missing.push("`livelog`".to_owned());
    let mut case = Case::new(Scheme::Semver);
    case.digests = BTreeMap::from([("tool".to_owned(), "a".repeat(64))]);
    insta::assert_snapshot!(case.told("v1.0.0", &[release("1.1.0", 1), now.clone()]), @r"
    nothing
    warning: `tool` of the current version was replaced: its SHA-256 was aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa when it was pinned and is bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb now; find out why before this source is trusted again
    warning: the current version is not complete any more: `livelog` missing
    warning: the current version is withdrawn by its source
    ");
    // The same, in other letters.
    (now.withdrawn, now.missing) = (false, Vec::new());
    case.digests = BTreeMap::from([("tool".to_owned(), "B".repeat(64))]);
    assert_eq!(case.told("v1.0.0", &[release("1.1.0", 1), now]), "1.1.0\n");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let day = |text: &str| release(text, 1);
    insta::assert_snapshot!(
        [
            Case::new(Scheme::Date).told("20260501.1", &[day("20260501-2"), day("20260430")]),
            Case::new(Scheme::Semver).told("latest", &[day("1.0.0")]),
            // Two of one moment.
            Case::new(Scheme::Opaque).told("ami-a", &[day("ami-b"), day("ami-a")]),
            Case::new(Scheme::Opaque).told("ami-a", &[release("ami-c", 3), release("ami-d", 3), release("ami-b", 2), day("ami-a")]),
            // The current one is listed no more.
            Case::new(Scheme::Opaque).told("ami-z", &[day("ami-b")]),
            // Twice the same is once.
            Case::new(Scheme::Dotted).told("1.2", &[day("1.3"), day("1.3"), day("1.2.9")]),
            Case::new(Scheme::Dotted).told("1.2", &[day("1.3"), day("1.3.0"), day("1.2.9")]),
        ]
        .join("--\n"),
        @r#"
    nothing
    `20260501-2` cannot be compared with the current version
    --
    nothing
    warning: the current version cannot be compared: "latest" is no version of the scheme `semver`: expected three numbers such as `106.0.0`, with `v` before or `-rc.1` behind if need be; the scheme `dotted` takes any count of numbers
    --
    nothing
    `ami-b` cannot be compared with the current version
    --
    ami-b
    `ami-c` cannot be told from `ami-d`, which is as new
    `ami-d` cannot be told from `ami-c`, which is as new
    --
    nothing
    `ami-b` cannot be compared with the current version
    --
    1.3
    --
    1.2.9
    `1.3` cannot be told from `1.3.0`, which is as new
    `1.3.0` cannot be told from `1.3`, which is as new
    "#
    );
}

#[test]
fn commits_are_ordered_by_their_repository() {
    let id = |letter: &str| letter.repeat(40);
    let releases: Vec<Release> = [("a", 19), ("b", 5), ("c", 4), ("d", 3), ("e", 2)]
        .map(|(letter, day)| release(&id(letter), day))
        .into();
    let mut case = Case::new(Scheme::Git);
    let asked = case.with(&id("d"), |current, rules| {
        unordered(current, &releases, rules).join(" ")
    });
    assert_eq!(asked, format!("{} {}", id("b"), id("c")));
    // Nobody asked.
    assert_eq!(case.choose(&id("d"), &releases).newest, None);
    // `b` was merged from another line.
    case.ancestry = BTreeMap::from([(id("b"), Ancestry::Apart), (id("c"), Ancestry::Newer)]);
    insta::assert_snapshot!(case.told(&id("d"), &releases), @r"
    cccccccccccccccccccccccccccccccccccccccc
    `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is in its cool-down until 2026-05-26T00:00:00.000Z
    `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` is on another line of commits than the current one
    ");
    // An abbreviated id is nobody's, and what the repository calls older is.
    case.ancestry = BTreeMap::from([(id("b"), Ancestry::Older)]);
    assert_eq!(case.choose("ddddddd", &releases).newest, None);
    assert_eq!(case.choose(&id("d"), &releases).newest, None);
}

proptest! {
    /// Whatever is taken is newer, complete, out for long enough and the newest of such.
    #[test]
    fn what_is_taken_keeps_the_rules(
        versions in proptest::collection::vec(("[0-3]\\.[0-3]\\.[0-3](-rc\\.1)?", 1..28_u32, 0..4_u8), 0..12),
    ) {
        let releases: Vec<Release> = versions
            .iter()
            .map(|(text, day, fault)| {
                let mut release = release(text, *day);
                release.withdrawn = *fault == 1;
                if *fault == 2 {
                    release.missing.push("`x`".to_owned());
                }
                release
            })
            .collect();
        let choice = Case::new(Scheme::Semver).choose("1.1.1", &releases);
        let parse = |text: &str| Scheme::Semver.parse(text).unwrap();
        let limit: Timestamp = "2026-05-13T00:00:00Z".parse().unwrap();
        let fits = |release: &&Release| {
            let version = parse(&release.version);
            compare(&version, &parse("1.1.1")).unwrap().is_gt()
                && !version.is_prerelease()
                && !release.withdrawn
                && release.is_complete()
                && release.released.unwrap() <= limit
        };
        let fitting: Vec<&Release> = releases.iter().filter(fits).collect();
        match &choice.newest {
            Some(newest) => {
                prop_assert!(fits(&newest));
                let top = parse(&newest.version);
                let is_ambiguous = |release: &Release| {
                    choice.held.iter().any(|held| held.version == release.version)
                };
                for other in fitting {
                    let order = compare(&parse(&other.version), &top).unwrap();
                    prop_assert!(order.is_le() || is_ambiguous(other));
                }
            }
            None => {
                let explained = |release: &&Release| {
                    choice.held.iter().any(|held| held.version == release.version)
                };
                prop_assert!(fitting.iter().all(explained));
            }
        }
        // Every newer one is either taken or explained.
        for release in &releases {
            let is_newer = compare(&parse(&release.version), &parse("1.1.1")).unwrap().is_gt();
            let is_taken = choice.newest.as_ref().is_some_and(|newest| newest.version == release.version
                || compare(&parse(&release.version), &parse(&newest.version)).unwrap().is_lt());
            prop_assert!(!is_newer || is_taken
                || choice.held.iter().any(|held| held.version == release.version));
        }
    }
}

#[test]
fn what_floats_is_the_newest_that_is_allowed() {
    let newest = |case: &Case, releases: &[Release]| {
        case.with("latest", |_, rules| {
            let choice = latest(releases, rules);
            let held: Vec<String> = choice.held.iter().map(ToString::to_string).collect();
            let newest = choice.newest.map(|release| release.version);
            format!(
                "{} ({})",
                newest.as_deref().unwrap_or("none"),
                held.join("; ")
            )
        })
    };
    let mut dotted = Case::new(Scheme::Dotted);
    dotted.constraint = "24.";
    let mut withdrawn = release("24.9", 1);
    withdrawn.withdrawn = true;
    let all = [
        release("24.04", 1),
        release("24.10", 2),
        release("24.11", 19),
        release("25.1", 2),
        withdrawn,
        Release::new("latest"),
    ];
    let mut opaque = Case::new(Scheme::Opaque);
    opaque.cool_down = None;
    let twins = [
        release("ami-1", 3),
        release("ami-2", 3),
        release("ami-3", 2),
    ];
    insta::assert_snapshot!(
        [
            newest(&dotted, &all),
            newest(&dotted, &[]),
            newest(&opaque, &twins),
            newest(&Case::new(Scheme::Git), &[release(&"a".repeat(40), 2), release(&"b".repeat(40), 1)]),
        ]
        .join("\n"),
        @"
        24.10 (`24.11` is in its cool-down until 2026-05-26T00:00:00.000Z; `25.1` is outside of the constraint `24.`; `24.9` is withdrawn; `latest` is no version of the scheme `dotted`: expected numbers with dots between, such as `26100.8655.260607`)
        none ()
        ami-3 (`ami-1` cannot be told from `ami-2`, which is as new; `ami-2` cannot be told from `ami-1`, which is as new)
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ()
        "
    );
}
