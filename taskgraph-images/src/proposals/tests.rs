//! Proposals, their markers and what they may touch.

use proptest::prelude::*;

use super::*;
use crate::tree::TreePath;

/// A proposal that nothing is wrong with.
pub(crate) fn sample() -> Proposal {
    let group = Group::new("linux-gcp").unwrap();
    let edit = FileEdit {
        old: Some("image: v1\nkeep: 1\n".to_owned()),
        new: "image: v2\nkeep: 1\n".to_owned(),
    };
    let step = Step {
        from: "v1".to_owned(),
        to: "v2".to_owned(),
        digest: Some("sha256:00".to_owned()),
    };
    Proposal {
        group: group.clone(),
        title: "Use linux v2".to_owned(),
        body: "Moves `linux` from v1 to v2.\n\n- [ ] integration\n".to_owned(),
        files: BTreeMap::from([("images/linux.yml".to_owned(), edit)]),
        labels: vec!["images".to_owned()],
        reviewers: vec![Reviewer::Team("image-owners".to_owned())],
        marker: Marker {
            group,
            subjects: BTreeMap::from([("linux".to_owned(), step)]),
        },
        base: BranchName::new("main").unwrap(),
    }
}

/// The same with a newer version.
pub(crate) fn newer() -> Proposal {
    let mut proposal = sample();
    proposal.title = "Use linux v3".to_owned();
    proposal.body = "Moves `linux` from v1 to v3.\n".to_owned();
    proposal.files.get_mut("images/linux.yml").unwrap().new = "image: v3\nkeep: 1\n".to_owned();
    let step = Step {
        from: "v1".to_owned(),
        to: "v3".to_owned(),
        digest: None,
    };
    proposal.marker.subjects.insert("linux".to_owned(), step);
    proposal
}

pub(crate) fn rules() -> Rules {
    Rules {
        branches: Branches(vec![("main".to_owned(), 3), ("*".to_owned(), 1)]),
        allowance: Allowance::new(&["images/*.yml"], false).unwrap(),
        ..Rules::default()
    }
}

fn faults(change: impl FnOnce(&mut Proposal, &mut Rules)) -> String {
    let (mut proposal, mut rules) = (sample(), rules());
    change(&mut proposal, &mut rules);
    match rules.check(&proposal) {
        Ok(branch) => format!("ok: {branch}"),
        Err(faults) => faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn edits(paths: &[&str]) -> BTreeMap<String, FileEdit> {
    let edit = FileEdit {
        old: Some(String::new()),
        new: "x".to_owned(),
    };
    paths
        .iter()
        .map(|path| ((*path).to_owned(), edit.clone()))
        .collect()
}

#[test]
fn what_is_listed_may_be_edited() {
    assert_eq!(faults(|_, _| ()), "ok: taskgraph-images/linux-gcp");
    insta::assert_snapshot!(faults(|proposal, _| {
        proposal.files = edits(&["images/a.yml", "images/b/c.yml", "other.yml"]);
        proposal.files.get_mut("images/a.yml").unwrap().old = None;
        proposal.files.get_mut("other.yml").unwrap().new = "\0".to_owned();
    }), @"
    `images/a.yml` would be a new file; only files that are there may be edited
    `images/b/c.yml` is not among the files that may be edited; add it to their list if it should be
    `other.yml` is not among the files that may be edited; add it to their list if it should be
    `other.yml` holds a NUL
    ");
}

/// Attack 15: whatever is listed, by whomever.
#[test]
fn nothing_that_decides_what_runs_is_touched() {
    let all = |proposal: &mut Proposal, rules: &mut Rules, paths: &[&str]| {
        proposal.files = edits(paths);
        rules.allowance = Allowance::new(&["**"], true).unwrap();
    };
    insta::assert_snapshot!(faults(|proposal, rules| all(proposal, rules, &[
        ".github/workflows/x.yml",
        "a/.GitHub/x.yml",
        ".taskcluster.yml",
        "sub/.Taskcluster.YML",
        ".cron.yml",
        "CODEOWNERS",
        "docs/codeowners",
        ".git/config",
        ".gitattributes",
        ".gitmodules",
    ])), @"
    `.cron.yml`: it says which tasks run by themselves; no proposal touches it, whatever is listed
    `.git/config`: git and its forges read it; no proposal touches it, whatever is listed
    `.gitattributes`: git and its forges read it; no proposal touches it, whatever is listed
    `.github/workflows/x.yml`: what is in `.github` runs on GitHub, and decides who reviews; no proposal touches it, whatever is listed
    `.gitmodules`: git and its forges read it; no proposal touches it, whatever is listed
    `.taskcluster.yml`: it says which tasks run for a push; no proposal touches it, whatever is listed
    `CODEOWNERS`: it says who approves; no proposal touches it, whatever is listed
    `a/.GitHub/x.yml`: what is in `.github` runs on GitHub, and decides who reviews; no proposal touches it, whatever is listed
    `docs/codeowners`: it says who approves; no proposal touches it, whatever is listed
    `sub/.Taskcluster.YML`: it says which tasks run for a push; no proposal touches it, whatever is listed
    ");
    insta::assert_snapshot!(faults(|proposal, rules| all(proposal, rules, &[
        "",
        "/etc/passwd",
        "C:/x",
        "../x",
        "a/../b",
        "a//b",
        "./a",
        "a\\..\\b",
        "a/\u{0}b",
        ".g\u{200c}it/config",
        "git~1/config",
        ".git./config",
        "x ",
        "a\nb",
        "x",
        "x/y",
    ])), @r#"
    "": it is empty; expected a path from the root of the repository downwards
    "../x": it has the component `.` or `..`; expected a path from the root of the repository downwards
    "./a": it has the component `.` or `..`; expected a path from the root of the repository downwards
    ".git./config": a component begins with a space, or ends with a space or dot; expected a path from the root of the repository downwards
    ".g\u{200c}it/config": it holds a control character, one of `\":*?<>|`, or no ASCII; expected a path from the root of the repository downwards
    "/etc/passwd": it is absolute; expected a path from the root of the repository downwards
    "C:/x": it is absolute; expected a path from the root of the repository downwards
    "a\nb": it holds a control character, one of `\":*?<>|`, or no ASCII; expected a path from the root of the repository downwards
    "a/\0b": it holds a control character, one of `\":*?<>|`, or no ASCII; expected a path from the root of the repository downwards
    "a/../b": it has the component `.` or `..`; expected a path from the root of the repository downwards
    "a//b": a component is empty; expected a path from the root of the repository downwards
    "a\\..\\b": it holds a control character, one of `\":*?<>|`, or no ASCII; expected a path from the root of the repository downwards
    "git~1/config": a component holds `~`, as short names of Windows do; expected a path from the root of the repository downwards
    `x` is edited as a file, and so is `x/y` in a folder of that name
    "x ": a component begins with a space, or ends with a space or dot; expected a path from the root of the repository downwards
    "#);
}

/// Attack 16: the branch of a proposal never takes what is kept for people's.
#[test]
fn no_branch_runs_at_level_3() {
    let with = |prefix: &str, patterns: &[(&str, u8)]| {
        faults(|_, rules| {
            rules.prefix = Prefix::new(prefix).unwrap();
            let own = |(pattern, level): &(&str, u8)| ((*pattern).to_owned(), *level);
            rules.branches = Branches(patterns.iter().map(own).collect());
        })
    };
    insta::assert_snapshot!(with("dev-images", &[("*", 1), ("dev*", 3), ("production*", 3)]), @"the branch `dev-images/linux-gcp` matches `dev*`, whose pushes run at level 3; choose another prefix");
    insta::assert_snapshot!(with("release/images", &[("release/*", 3), ("release*gcp", 3)]), @"
    the branch `release/images/linux-gcp` matches `release/*`, whose pushes run at level 3; choose another prefix
    the branch `release/images/linux-gcp` matches `release*gcp`, whose pushes run at level 3; choose another prefix
    ");
    insta::assert_snapshot!(with("x", &[("*", 3), ("*x*linux*", 3), ("x/linux-gcp", 3), ("*/x", 3), ("x", 3)]), @"
    the branch `x/linux-gcp` matches `*`, whose pushes run at level 3; choose another prefix
    the branch `x/linux-gcp` matches `*x*linux*`, whose pushes run at level 3; choose another prefix
    the branch `x/linux-gcp` matches `x/linux-gcp`, whose pushes run at level 3; choose another prefix
    ");
    assert_eq!(
        with("x", &[("*", 1), ("x/linux", 3), ("linux*", 3), ("*aws", 3)]),
        "ok: x/linux-gcp"
    );
    insta::assert_snapshot!(faults(|proposal, _| {
        proposal.base = BranchName::new("taskgraph-images").unwrap();
    }), @"the branch `taskgraph-images/linux-gcp` cannot stand beside `taskgraph-images`, which the proposal is for");
    insta::assert_snapshot!(faults(|proposal, _| {
        proposal.base = BranchName::new("taskgraph-images/linux-gcp").unwrap();
    }), @"the branch `taskgraph-images/linux-gcp` cannot stand beside `taskgraph-images/linux-gcp`, which the proposal is for");
}

#[test]
fn names_of_branches_are_gits_and_no_shells() {
    for good in ["main", "releases_v2", "release/v1.x", "a-b", "a@b"] {
        assert!(BranchName::new(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "-x",
        "a..b",
        "a b",
        "a~b",
        "a^b",
        "a:b",
        "a?b",
        "a*",
        "a[b",
        "a\\b",
        "a/",
        "/a",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "@",
        "a@{b",
        "a\u{7f}",
        "é",
        "HEAD",
        "refs/heads/x",
    ] {
        assert!(BranchName::new(bad).is_err(), "{bad}");
        assert!(Prefix::new(bad).is_err(), "{bad}");
    }
    for bad in [
        "x';curl${IFS}evil;'",
        "a$(id)",
        "a`id`",
        "a|b",
        "A",
        "a&b",
        "a@b",
    ] {
        assert!(Prefix::new(bad).is_err(), "{bad}");
    }
    for bad in [
        "",
        "-a",
        "a-",
        "a/b",
        "A",
        "a.b",
        "a b",
        "$(id)",
        &"a".repeat(101),
    ] {
        assert!(Group::new(bad).is_err(), "{bad}");
    }
    assert_eq!(
        Prefix::default()
            .group("taskgraph-images/a-1")
            .unwrap()
            .as_str(),
        "a-1"
    );
    for other in [
        "taskgraph-images",
        "taskgraph-images/",
        "taskgraph-images/a/b",
        "taskgraph-imagesx/a",
        "main",
    ] {
        assert_eq!(Prefix::default().group(other), None, "{other}");
    }
}

#[test]
fn a_proposal_says_what_it_is() {
    insta::assert_snapshot!(faults(|proposal, _| {
        proposal.title = " \n".to_owned();
        proposal.marker.group = Group::new("other").unwrap();
        proposal.labels.push(" ".to_owned());
        proposal.reviewers.push(Reviewer::User("a\nb".to_owned()));
        let long = Step { from: String::new(), to: "x".repeat(600), digest: None };
        proposal.marker.subjects.insert("long".to_owned(), long);
    }), @r#"
    the title is empty
    the marker is of the group `other`, the proposal of `linux-gcp`
    the marker holds "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": expected at most 512 characters, and no control characters
    " " is no name of a label or reviewer
    "a\nb" is no name of a label or reviewer
    "#);
    let mut proposal = sample();
    proposal.title = format!("a\r\n b\u{202e}c {}", "x".repeat(300));
    let title = proposal.title_line();
    assert!(title.starts_with("a bc xxx") && title.ends_with('…'));
    assert_eq!(title.chars().count(), 256);
}

#[test]
fn markers_are_read_back() {
    let mut proposal = sample();
    insta::assert_snapshot!(proposal.marker.write("00ff"), @r#"<!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"v2","digest":"sha256:00"}},"body":"00ff"} -->"#);
    let step = proposal.marker.subjects.get_mut("linux").unwrap();
    step.to = "--> <script> @everyone closes #1 é\u{1f600} ---".to_owned();
    let text = proposal.marker.write("00ff");
    insta::assert_snapshot!(text, @r#"<!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"-\u002d\u003e \u003cscript\u003e \u0040everyone closes \u00231 \u00e9\ud83d\ude00 -\u002d\u002d","digest":"sha256:00"}},"body":"00ff"} -->"#);
    let marked = Marker::read(&format!("words\n\n{text}\n")).unwrap();
    assert_eq!(
        (marked.marker, marked.hash.as_str()),
        (proposal.marker, "00ff")
    );
}

/// Attack 14: what somebody else wrote into a text is no marker.
#[test]
fn claims_are_no_markers() {
    let marker = sample().marker;
    let text = marker.write("00");
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Marker::read(&text.replacen(from, to, 1))
    };
    assert!(Marker::read(&text).is_some());
    assert_eq!(Marker::read(""), None);
    assert_eq!(
        Marker::remove(&format!("a\n\n{text}\nb {text}")),
        "a\n\n\nb"
    );
    assert_eq!(
        Marker::remove(&format!("a {}", text.replace(" -->", ""))),
        "a"
    );
    assert_eq!(Marker::read(&format!("{text}{text}")), None);
    assert_eq!(changed("\"version\":1", "\"version\":2"), None);
    assert_eq!(changed("\"version\":1", "\"version\":1.0"), None);
    assert_eq!(changed("{\"version\"", "{\"more\":1,\"version\""), None);
    assert_eq!(changed("\"from\"", "\"more\":\"\",\"from\""), None);
    assert_eq!(changed("\"v1\"", "1"), None);
    assert_eq!(changed("\"linux-gcp\"", "\"../x\""), None);
    assert_eq!(
        changed(
            "\"linux\":",
            "\"linux\":{\"from\":\"\",\"to\":\"\"},\"linux\":"
        ),
        None
    );
    assert_eq!(changed(",\"group\"", ", \"group\""), None);
    assert_eq!(changed("\"v1\"", &format!("\"{}\"", "x".repeat(600))), None);
    assert_eq!(
        changed("\"v1\"", &format!("\"{}\"", "x".repeat(40_000))),
        None
    );
    assert_eq!(changed("\"body\":\"00\"", "\"body\":\"zz\""), None);
    assert_eq!(changed(" -->", ""), None);

    let mut proposal = sample();
    let mut forged = marker.clone();
    forged.subjects.clear();
    proposal.body = format!("Notes: {} <!-- and open", forged.write("00"));
    let text = body_text(&proposal, &body_hash(&proposal), 65_536);
    assert_eq!(Marker::read(&text).unwrap().marker, marker);
    assert_eq!(text.matches("<!--").count(), 1);
}

#[test]
fn long_bodies_are_cut_and_keep_their_marker() {
    let mut proposal = sample();
    proposal.body = format!("<details>\n\n```\n{}", "line 😀\n".repeat(10_000));
    let text = body_text(&proposal, &body_hash(&proposal), 65_536);
    assert!(text.encode_utf16().count() <= 65_536);
    assert!(text.encode_utf16().count() > 65_000);
    assert_eq!(Marker::read(&text).unwrap().marker, proposal.marker);
    let end = text
        .split("line 😀\n")
        .last()
        .unwrap()
        .replace(&proposal.marker.write(&body_hash(&proposal)), "MARKER");
    insta::assert_snapshot!(end, @"
    ```
    </details>

    *(The text is longer than what fits here, and ends early.)*

    MARKER
    ");
    // One endless line.
    proposal.body = "x".repeat(70_000);
    assert_eq!(
        Marker::read(&body_text(&proposal, &body_hash(&proposal), 65_536))
            .unwrap()
            .marker,
        proposal.marker
    );
}

#[test]
fn the_hash_is_of_what_is_said() {
    let (a, mut b) = (sample(), sample());
    b.files.clear();
    assert_eq!(body_hash(&a), body_hash(&b));
    assert_ne!(content_hash(&a), content_hash(&b));
    b.title += "!";
    assert_ne!(body_hash(&a), body_hash(&b));
}

fn scalars(old: &str, new: &str, structure: bool) -> String {
    let allowed = |path: &[Part]| {
        let path = dotted(path);
        path.ends_with("version") || path.starts_with("list") || path.starts_with("new")
    };
    let path = TreePath::parse("x.yml").unwrap();
    match check_scalars(&path, old, new, &allowed, structure) {
        Ok(()) => "ok".to_owned(),
        Err(faults) => {
            let line = |fault: &crate::diagnostic::Diagnostic| {
                let span = fault.place.as_ref().unwrap().span;
                format!(
                    "{}..{} {}: {}",
                    span.start, span.end, fault.code, fault.message
                )
            };
            faults.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn only_scalars_at_allowed_paths_change() {
    let old = "a: {version: 1, name: x}  # why\nlist: [1, 2, 3]\nb.c: {version: 1}\n";
    assert_eq!(scalars(old, old, false), "ok");
    assert_eq!(
        scalars(
            old,
            "a: {version: 2, name: x}\nlist: [1, 5, 3]\nb.c: {version: '1'}\n",
            false
        ),
        "ok"
    );
    insta::assert_snapshot!(scalars(old, "a: {version: 1, name: y}\nlist: [1, 2, 3]\nb.c: {version: [1]}\n", false), @r#"
    22..23 edit-not-allowed: `a.name`: this value may not be edited
    56..59 edit-structure: `"b.c".version`: an integer became a list
    "#);
    insta::assert_snapshot!(scalars(old, "a: {version: 1}\nlist: [1, 3]\nb.c: {version: 1, more: 2}\nnew: 1\n", false), @r#"
    3..15 edit-structure: `a.name`: this entry is removed; only values may be edited
    22..28 edit-structure: `list[1]`: this entry is removed; only values may be edited
    47..51 edit-structure: `"b.c".more`: this entry is added; only values may be edited
    56..59 edit-structure: `new`: this entry is added; only values may be edited
    "#);
    insta::assert_snapshot!(scalars(old, "a: {version: 1}\nlist: [1, 3]\nb.c: {version: 1, more: 2}\nnew: 1\n", true), @r#"
    3..15 edit-not-allowed: `a.name`: this entry may not be removed
    47..51 edit-not-allowed: `"b.c".more`: this entry may not be added
    "#);
    assert_eq!(
        scalars(
            old,
            "a: {version: 1, name: x}\nlist: [1, 9, 2, 3]\nb.c: {version: 1}\nnew: {x: 1}\n",
            true
        ),
        "ok"
    );
    insta::assert_snapshot!(scalars(old, "b.c: {version: 1}\nlist: [1, 2, 3]\na: {version: 1, name: x}\n", true), @"0..59 edit-structure: the file: its keys are in another order");
    // A quoted value is another one for readers of YAML 1.1.
    insta::assert_snapshot!(scalars("d: 2026-09-01", "d: '2026-09-01'", false), @"3..15 edit-not-allowed: `d`: this value may not be edited");
    // An alias shows a value in a second place.
    insta::assert_snapshot!(scalars("version: &v 1\nother: *v", "version: &v 2\nother: *v", false), @"12..13 edit-not-allowed: `other`: this value may not be edited");
    insta::assert_snapshot!(scalars("a: [", "a: 1\n---\nb: 1", false), @"
    3..3 yaml-syntax: unclosed bracket '['
    5..8 many-documents: a second document starts here
    ");
    insta::assert_snapshot!(scalars("a: 1", "- a", true), @"0..3 edit-structure: the file: a map became a list");
}

/// The hunks laid over the old text.
pub(crate) fn apply(old: &str, hunks: &[Hunk]) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let (mut text, mut at) = (String::new(), 0);
    for hunk in hunks {
        let start = if hunk.old_lines == 0 {
            hunk.old_start
        } else {
            hunk.old_start - 1
        };
        text.extend(lines[at..start].iter().copied());
        at = start;
        let body: Vec<&str> = hunk.text.split_inclusive('\n').collect();
        for (index, line) in body.iter().enumerate() {
            let is_unended = body
                .get(index + 1)
                .is_some_and(|next| next.starts_with('\\'));
            let content = if is_unended {
                line[1..].strip_suffix('\n').unwrap()
            } else {
                &line[1..]
            };
            match &line[..1] {
                "+" => text += content,
                "\\" => {}
                mark => {
                    assert_eq!(lines[at], content);
                    at += 1;
                    if mark == " " {
                        text += content;
                    }
                }
            }
        }
    }
    text.extend(lines[at..].iter().copied());
    text
}

proptest! {
    #[test]
    fn markers_survive(what in ".{0,40}", from in ".{0,40}", to in "[-<>!@# ]{0,12}", noise in ".{0,40}") {
        let step = Step { from, to, digest: None };
        let marker = Marker { group: Group::new("g").unwrap(), subjects: BTreeMap::from([(what, step)]) };
        let text = marker.write("ab");
        let inner = &text["<!--".len()..text.len() - "-->".len()];
        prop_assert!(!inner.contains("--") && !inner.contains('>') && !inner.contains('<') && inner.is_ascii());
        let read = Marker::read(&format!("{}{text}{}", escape_comments(&noise), escape_comments(&noise)));
        prop_assert_eq!(read.is_some(), marker.fault().is_none());
        if let Some(read) = read {
            prop_assert_eq!(read.marker, marker);
        }
    }

    #[test]
    fn hunks_lead_from_old_to_new(old in "([ab]{0,2}\r?\n){0,12}[ab]?", new in "([ab]{0,2}\r?\n){0,12}[ab]?") {
        let edit = FileEdit { old: Some(old.clone()), new: new.clone() };
        let hunks = hunks(&edit);
        prop_assert_eq!(apply(&old, &hunks), new.clone());
        prop_assert_eq!(hunks.is_empty(), old == new);
        let (mut old_at, mut new_at) = (0, 0);
        for hunk in &hunks {
            let count = |marks: &str| hunk.text.lines().filter(|line| line.starts_with(|c| marks.contains(c))).count();
            prop_assert_eq!(hunk.old_lines, count(" -"));
            prop_assert_eq!(hunk.new_lines, count(" +"));
            prop_assert!(hunk.old_start >= old_at && hunk.new_start >= new_at);
            (old_at, new_at) = (hunk.old_start + hunk.old_lines, hunk.new_start + hunk.new_lines);
            // The line in the new text that the hunk says it begins with.
            let start = if hunk.new_lines == 0 { hunk.new_start } else { hunk.new_start - 1 };
            let before = new.split_inclusive('\n').take(start).collect::<String>();
            let earlier: Vec<Hunk> = hunks.iter().take_while(|other| *other != hunk).cloned().collect();
            let old_before = if hunk.old_lines == 0 { hunk.old_start } else { hunk.old_start - 1 };
            let old_before = old.split_inclusive('\n').take(old_before).collect::<String>();
            prop_assert_eq!(apply(&old_before, &earlier), before);
        }
    }

    #[test]
    fn bodies_fit(body in "(<details>\n|</details>\n|```\n|~~~\n|[a-z<! \\-]{0,30}\n){0,60}", limit in 500_usize..1500) {
        let mut proposal = sample();
        proposal.body = body;
        let text = body_text(&proposal, &body_hash(&proposal), limit);
        prop_assert!(text.encode_utf16().count() <= limit);
        prop_assert_eq!(Marker::read(&text).unwrap().marker, proposal.marker);
    }
}

/// The folder of real files, where it is named.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn real() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("TASKGRAPH_IMAGES_REAL");
    if folder.is_none() {
        eprintln!("skipped: TASKGRAPH_IMAGES_REAL does not name the folder of real files");
    }
    folder.map(Into::into)
}

/// Real files can be checked, and an edit of one value is seen as that.
#[test]
fn real_files_are_compared() {
    let Some(folder) = real() else { return };
    for name in [
        "fxci-config/worker-images.yml",
        "community-tc-config/imagesets.yml",
    ] {
        let path = TreePath::parse(name).unwrap();
        let old = std::fs::read_to_string(folder.join(name)).unwrap();
        let nothing = |_: &[Part]| false;
        check_scalars(&path, &old, &old, &nothing, false).unwrap();
        let at = old.rfind("ami-").or_else(|| old.rfind("images/")).unwrap();
        let new = format!("{}x{}", &old[..at + 4], &old[at + 4..]);
        let faults = check_scalars(&path, &old, &new, &nothing, false).unwrap_err();
        assert!(
            faults.iter().all(|fault| fault.code == "edit-not-allowed"),
            "{faults:?}"
        );
    }
}

/// The branches of real projects: only one whose every branch has level 3 refuses the default prefix.
#[test]
fn real_projects_take_the_default_prefix() {
    let Some(folder) = real() else { return };
    let path = folder.join("fxci-config/projects.yml");
    let projects: serde_json::Value =
        serde_yaml::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut seen = 0;
    for (name, project) in projects.as_object().unwrap() {
        let branches = project["branches"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let level = project["access"]
            .as_str()
            .map_or(3, |access| if access.ends_with('3') { 3 } else { 1 });
        let own = |branch: &serde_json::Value| {
            let level = branch["level"]
                .as_u64()
                .map_or(level, |level| u8::try_from(level).unwrap());
            (branch["name"].as_str().unwrap().to_owned(), level)
        };
        let rules = Rules {
            branches: Branches(branches.iter().map(own).collect()),
            ..rules()
        };
        let hits = rules.check(&sample()).err().unwrap_or_default();
        let is_all =
            |fault: &Fault| matches!(fault, Fault::Level { pattern, .. } if pattern == "*");
        assert!(hits.iter().all(is_all), "{name}: {hits:?}");
        seen += 1;
    }
    assert!(seen > 50);
}
