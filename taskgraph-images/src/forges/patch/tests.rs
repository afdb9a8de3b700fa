//! Patches, and what real git makes of them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::proposals::tests::{rules, sample};
use crate::proposals::{Allowance, FileEdit};

fn patches(out: &Path) -> Patches {
    let mut rules = rules();
    rules.allowance = Allowance::new(&["**"], true).unwrap();
    Patches {
        out: out.to_owned(),
        author: Author::new("Somebody", "somebody@example.org").unwrap(),
        date: DateTime::from_timestamp(1_788_000_000, 0).unwrap(),
        rules,
        dry_run: false,
    }
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(at)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", at)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "user.name=Committer",
            "-c",
            "user.email=c@example.org",
        ])
        .args([
            "-c",
            "commit.gpgSign=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "mailinfo.scissors=true",
        ])
        .args([
            "-c",
            "core.autocrlf=false",
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "git {arguments:?}: {words}{faults}"
    );
    words
}

/// Writes the proposal's old files, lets git take its patch, and compares the files; what the commit says.
fn taken(proposal: &Proposal) -> String {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    git(&tree, &["init", "--quiet"]);
    std::fs::write(tree.join("untouched"), "same\n").unwrap();
    for (path, edit) in &proposal.files {
        if let Some(old) = &edit.old {
            std::fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
            std::fs::write(tree.join(path), old).unwrap();
        }
    }
    git(&tree, &["add", "--all"]);
    git(&tree, &["commit", "--quiet", "--message=base"]);
    let forge = patches(&folder.path().join("out"));
    let Outcome::Written { files } = forge.propose(proposal).unwrap() else {
        panic!("not written")
    };
    git(&tree, &["am", "--quiet", files[0].to_str().unwrap()]);
    for (path, edit) in &proposal.files {
        assert_eq!(
            std::fs::read_to_string(tree.join(path)).unwrap(),
            edit.new,
            "{path}"
        );
    }
    assert_eq!(git(&tree, &["status", "--porcelain"]), "");
    let open = forge.open().unwrap();
    assert_eq!(
        (&open[0].title, &open[0].marker),
        (&proposal.title_line(), &proposal.marker)
    );
    git(&tree, &["log", "-1", "--format=%an <%ae> %aI%n%B"])
}

fn edit(old: Option<&str>, new: &str) -> FileEdit {
    FileEdit {
        old: old.map(ToOwned::to_owned),
        new: new.to_owned(),
    }
}

#[test]
fn a_patch_is_a_mail() {
    let mut proposal = sample();
    proposal
        .files
        .insert("images/new file.yml".to_owned(), edit(None, "a: 1"));
    let forge = patches(Path::new("out"));
    insta::assert_snapshot!(mail(&proposal, &forge.author, forge.date), @r#"
    From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
    From: Somebody <somebody@example.org>
    Date: Sat, 29 Aug 2026 10:40:00 +0000
    Subject: [PATCH] Use linux v2
    MIME-Version: 1.0
    Content-Type: text/plain; charset=UTF-8
    Content-Transfer-Encoding: 8bit

    Moves `linux` from v1 to v2.

    - [ ] integration

    ---
    <!-- taskgraph-images: {"version":1,"group":"linux-gcp","subjects":{"linux":{"from":"v1","to":"v2","digest":"sha256:00"}},"body":"840cf090f1964ee933f5816f0b6bd402"} -->
     images/linux.yml    | 2 +-
     images/new file.yml | 1 +
     2 files changed, 2 insertions(+), 1 deletion(-)
     create mode 100644 images/new file.yml

    diff --git a/images/linux.yml b/images/linux.yml
    --- a/images/linux.yml
    +++ b/images/linux.yml
    @@ -1,2 +1,2 @@
    -image: v1
    +image: v2
     keep: 1
    diff --git a/images/new file.yml b/images/new file.yml
    new file mode 100644
    --- /dev/null
    +++ b/images/new file.yml	
    @@ -0,0 +1 @@
    +a: 1
    \ No newline at end of file
    -- 
    taskgraph-images
    "#);
    insta::assert_snapshot!(taken(&proposal), @"
    Somebody <somebody@example.org> 2026-08-29T10:40:00Z
    Use linux v2

    Moves `linux` from v1 to v2.

    - [ ] integration
    ");
}

#[test]
fn git_takes_every_kind_of_edit() {
    let lines =
        |range: std::ops::Range<u32>| range.map(|n| format!("line {n}\n")).collect::<String>();
    let long = lines(0..60);
    let mut proposal = sample();
    proposal.files = BTreeMap::from([
        (
            "a/crlf.yml".to_owned(),
            edit(Some("a: 1\r\nb: 2\r\n"), "a: 2\r\nb: 2\r\n"),
        ),
        (
            "a/mixed.yml".to_owned(),
            edit(Some("a: 1\r\nb: 2\nc: x\ry\n"), "a: 2\nb: 2\r\nc: x\rz\n"),
        ),
        ("ended".to_owned(), edit(Some("a"), "a\n")),
        ("empty-new".to_owned(), edit(None, "")),
        ("emptied".to_owned(), edit(Some("a\nb"), "")),
        ("filled".to_owned(), edit(Some(""), "a\nb")),
        (
            "far".to_owned(),
            edit(
                Some(&long),
                &long
                    .replace("line 3\n", "From now\n")
                    .replace("line 50\n", "-- \nx \n"),
            ),
        ),
        ("new/crlf".to_owned(), edit(None, "a\r\nb")),
        (
            "spaced name.yml".to_owned(),
            edit(Some("a\n"), "é 😀 = =3D\n\n\t \n"),
        ),
        ("unended".to_owned(), edit(Some("a\n"), "a")),
        ("unended-both".to_owned(), edit(Some("a\nb"), "x\nb")),
        ("same".to_owned(), edit(Some("a\n"), "a\n")),
        ("wide".to_owned(), edit(Some("x"), &"wide=é ".repeat(300))),
    ]);
    assert!(taken(&proposal).contains("Use linux v2"));
    // The same without carriage returns goes as it is.
    proposal.files.retain(|_, edit| !edit.new.contains('\r'));
    let forge = patches(Path::new("out"));
    assert!(mail(&proposal, &forge.author, forge.date).contains("Encoding: 8bit"));
    taken(&proposal);
}

/// Attack 14: nothing that is said becomes a header, a patch or another mail.
#[test]
fn words_stay_words() {
    let mut proposal = sample();
    proposal.title = format!("Ünïcode – {} =?UTF-8?q?x?=\nFrom: x", "långt ".repeat(20));
    proposal.body = "\n\nFrom: Evil <evil@example.org>\nSubject: other\n\nFrom evil@example.org Mon Sep 17 00:00:00 2001\n\
        ---\n--- a/x\ndiff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+evil\nIndex: x\n\
        -- >8 -- >8 --\n>From x\n| a | b |\n|---|---|\nend\r\n"
        .to_owned();
    insta::assert_snapshot!(taken(&proposal), @"
    Somebody <somebody@example.org> 2026-08-29T10:40:00Z
    Ünïcode – långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt långt =?UTF-8?q?x?= From: x

     From: Evil <evil@example.org>
    Subject: other

     From evil@example.org Mon Sep 17 00:00:00 2001
     ---
     --- a/x
     diff --git a/x b/x
    new file mode 100644
     --- /dev/null
    +++ b/x
    @@ -0,0 +1 @@
    +evil
     Index: x
    -- > 8  -- > 8  --
     >From x
    | a | b |
    |---|---|
    end
    ");
    for start in ["[PATCH] x", ">From y", "Date: never", "-- 8< --"] {
        proposal.body = start.to_owned();
        let said = taken(&proposal);
        let said = said.trim_end().lines().last().unwrap().replace(' ', "");
        assert_eq!(said, start.replace(' ', ""));
    }
}

#[test]
fn the_folder_is_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let mut forge = patches(&folder.path().join("out"));
    let (mut proposal, group) = (sample(), sample().group);
    let file = forge.out.join("linux-gcp.patch");
    assert_eq!(forge.open().unwrap(), []);
    assert_eq!(forge.withdraw(&group, "").unwrap(), Outcome::NotNeeded);

    forge.dry_run = true;
    let calls = vec![format!("write {}", file.display())];
    assert_eq!(forge.propose(&proposal).unwrap(), Outcome::DryRun { calls });
    assert!(!forge.out.exists());
    forge.dry_run = false;

    let files = vec![file.clone()];
    assert_eq!(
        forge.propose(&proposal).unwrap(),
        Outcome::Written {
            files: files.clone()
        }
    );
    let url = file.display().to_string();
    assert_eq!(
        forge.propose(&proposal).unwrap(),
        Outcome::Unchanged { url }
    );
    proposal.title += "!";
    assert_eq!(
        forge.propose(&proposal).unwrap(),
        Outcome::Written { files }
    );
    assert_eq!(std::fs::read_dir(&forge.out).unwrap().count(), 1);
    assert_eq!(forge.declined().unwrap(), []);

    let edit = proposal.files.get_mut("images/linux.yml").unwrap();
    edit.new = edit.old.clone().unwrap();
    assert_eq!(forge.propose(&proposal).unwrap(), Outcome::Withdrawn);
    assert_eq!(forge.propose(&proposal).unwrap(), Outcome::NotNeeded);
    assert_eq!(forge.open().unwrap(), []);
}

/// Attack 15.
#[test]
fn nothing_is_written_against_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let forge = patches(&folder.path().join("out"));
    let mut proposal = sample();
    let edit = proposal.files["images/linux.yml"].clone();
    proposal
        .files
        .insert(".github/workflows/x.yml".to_owned(), edit.clone());
    proposal.files.insert("../x".to_owned(), edit);
    let error = forge.propose(&proposal).unwrap_err();
    assert!(!forge.out.exists() && !error.is_transient());
    let words = error.to_string();
    assert!(
        words.contains("`.github`") && words.contains("\"../x\""),
        "{words}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn git_takes_any_edit(old in "([ab=]{0,2}[ \t\r]?\n){0,12}[aé]?", new in "([ab=]{0,2}[ \t\r]?\n){0,12}[aé]?", body in "[-\\[\\]<>8:a \n]{0,40}") {
        prop_assume!(old != new);
        let mut proposal = sample();
        proposal.body = body;
        proposal.files = BTreeMap::from([("x".to_owned(), edit(Some(&old), &new))]);
        taken(&proposal);
    }
}
