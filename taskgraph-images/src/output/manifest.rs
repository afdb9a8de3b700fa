//! Manifests and what changed between two of them, as text for people: on a terminal, or as Markdown for pull requests.

use super::markdown::span;
use super::text::count;
use crate::manifest::{Change, Changes, Manifest, Recorded, Stage};

/// How many changes of a group are shown, unless all are asked for.
pub const SHOWN: usize = 40;

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain lines.
    Text,
    /// Markdown, in which no value can be anything but text.
    Markdown,
}

/// What a manifest says, in lines.
pub fn show(recorded: &Recorded, style: Style) -> String {
    let manifest = &recorded.manifest;
    let mut page = Page::new(style);
    let stage = match manifest.stage {
        Stage::Candidate => "candidate",
        Stage::Published => "published",
    };
    page.title(&[
        Part::Value(&manifest.image.to_string()),
        Part::Word(&format!(
            "{stage}, {} {}, level {}",
            manifest.os, manifest.arch, manifest.level
        )),
    ]);
    page.fact("revision", &revision(manifest));
    page.fact(
        "built",
        &format!("{} to {}", manifest.started, manifest.finished),
    );
    for (kind, digest) in &manifest.digests {
        page.fact(&format!("digest of {kind}"), digest.as_str());
    }
    for (kind, task) in &manifest.tasks {
        page.fact(&format!("{kind} task"), task.as_str());
    }
    if let Some(parent) = &manifest.parent {
        let words = format!(
            "{} ({}, built by {})",
            parent.image, parent.reference, parent.task_id
        );
        page.fact("parent", &words);
    }
    for (name, pin) in &manifest.pins {
        let resolved = pin.resolved.as_ref();
        let resolved = resolved.map_or_else(String::new, |resolved| format!(" (was {resolved})"));
        page.fact(&format!("pin {name}"), &format!("{}{resolved}", pin.value));
    }
    for artifact in &manifest.artifacts {
        let place = artifact
            .region
            .as_deref()
            .unwrap_or(manifest.cloud.as_str());
        page.fact(&format!("in {place}"), &artifact.reference);
    }
    let files = manifest
        .artifacts
        .iter()
        .filter_map(|artifact| artifact.file.as_ref());
    for file in files.chain(&manifest.sbom).chain(&manifest.files) {
        let words = format!(
            "{} ({} bytes, sha256:{})",
            file.name, file.size, file.sha256
        );
        page.fact("file", &words);
    }
    page.fact("inputs", &count(manifest.inputs.len(), "file"));
    if let Some(packages) = &recorded.packages {
        page.fact("packages", &packages.len().to_string());
    }
    page.end()
}

fn revision(manifest: &Manifest) -> String {
    let source = &manifest.source;
    let mut words = source.revision.clone();
    if !source.repository.is_empty() {
        words = format!("{words} of {}", source.repository);
    }
    if source.modified {
        words += ", modified";
    }
    words
}

/// What changed, in groups.
pub fn changes(changes: &Changes, style: Style, all: bool) -> String {
    let mut page = Page::new(style);
    let (from, to) = (&changes.from, &changes.to);
    page.title(&[
        Part::Value(&to.image),
        Part::Word(&format!("{} → {}", from.finished, to.finished)),
    ]);
    let mut unchanged = Vec::new();
    for (name, group) in changes.groups() {
        if name == "packages" && changes.packages.is_none() {
            page.note("packages: unknown, as one of the builds has no SBOM here");
        } else if group.is_empty() {
            unchanged.push(name);
        } else {
            page.group(name, group, all);
        }
    }
    match unchanged.len() {
        0 => {}
        6 => page.note("nothing changed"),
        _ => page.note(&format!("unchanged: {}", unchanged.join(", "))),
    }
    page.end()
}

enum Part<'a> {
    Word(&'a str),
    Value(&'a str),
}

struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn new(style: Style) -> Self {
        Self {
            style,
            text: String::new(),
        }
    }

    fn end(self) -> String {
        format!("{}\n", self.text.trim_end())
    }

    /// Some text of others as it can stand in a line.
    fn value(&self, text: &str) -> String {
        let line: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        match self.style {
            Style::Text => line,
            Style::Markdown => code(&line),
        }
    }

    fn line(&mut self, words: &str) {
        self.text.push_str(words);
        self.text.push('\n');
    }

    fn title(&mut self, parts: &[Part<'_>]) {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Word(word) => (*word).to_owned(),
                Part::Value(value) => self.value(value),
            })
            .collect();
        let words = parts.join(": ");
        match self.style {
            Style::Text => self.line(&words),
            Style::Markdown => self.line(&format!("**{words}**\n")),
        }
    }

    fn note(&mut self, words: &str) {
        match self.style {
            Style::Text => self.line(words),
            Style::Markdown => self.line(&format!("{words}\n")),
        }
    }

    fn fact(&mut self, name: &str, value: &str) {
        let value = self.value(value);
        match self.style {
            Style::Text => self.line(&format!("  {name}: {value}")),
            Style::Markdown => {
                let name = self.value(name);
                self.line(&format!("- {name}: {value}"));
            }
        }
    }

    fn group(&mut self, name: &str, group: &[Change], all: bool) {
        match self.style {
            Style::Text => self.line(&format!("{name} ({})", group.len())),
            Style::Markdown => self.line(&format!("**{name}** ({})\n", group.len())),
        }
        let shown = if all {
            group.len()
        } else {
            SHOWN.min(group.len())
        };
        for change in &group[..shown] {
            let line = self.change(change, name == "inputs");
            self.line(&line);
        }
        if shown < group.len() {
            let more = group.len() - shown;
            match self.style {
                Style::Text => self.line(&format!("  … and {more} more")),
                Style::Markdown => self.line(&format!("- … and {more} more")),
            }
        }
        if self.style == Style::Markdown {
            self.line("");
        }
    }

    /// One change in a line; of files only that they changed, as nobody reads digests.
    fn change(&self, change: &Change, is_file: bool) -> String {
        let value = |text: &Option<String>| {
            text.as_deref()
                .filter(|text| !text.is_empty() && !is_file)
                .map(|text| format!(" {}", self.value(short(text))))
                .unwrap_or_default()
        };
        let (from, to) = (value(&change.from), value(&change.to));
        let name = self.value(&change.name);
        let (sign, word, rest) = match (&change.from, &change.to) {
            (None, _) => ("+", "added", to),
            (Some(_), None) => ("-", "removed", from),
            (Some(_), Some(_)) if is_file => ("~", "changed", String::new()),
            (Some(_), Some(_)) => ("~", "changed", format!("{from} →{to}")),
        };
        match self.style {
            Style::Text => format!("  {sign} {name}{rest}"),
            Style::Markdown => format!("- {word} {name}{rest}"),
        }
    }
}

/// The beginning of a commit's id or a digest, which is enough to tell two apart; else the text itself.
fn short(text: &str) -> &str {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { &text[..12] } else { text }
}

/// A code span, also of blanks.
fn code(text: &str) -> String {
    if text.trim().is_empty() {
        format!("` {text} `")
    } else {
        span(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::changes_tests::{later, manifest, recorded};
    use proptest::prelude::*;

    fn both() -> (Recorded, Recorded) {
        (
            recorded(manifest(), "deb\tbash\t5.2-1\ndeb\told\t1\ndeb\tsame\t1\n"),
            recorded(later(), "deb\tbash\t5.2-2\ndeb\tnew`\t1\ndeb\tsame\t1\n"),
        )
    }

    #[test]
    fn changes_as_text() {
        let (from, to) = both();
        let changes_of = Changes::between(&from, &to);
        insta::assert_snapshot!(changes(&changes_of, Style::Text, false), @"
        debian@aws: 2026-11-25T17:30:00.000Z → 2026-12-01T00:00:00.000Z
        image (2)
          ~ digest of build bbbbbbbbbbbb → dddddddddddd
          ~ revision aaaaaaaaaaaa → cccccccccccc
        pins (1)
          ~ base latest (12.1) → latest (12.2)
        parent (3)
          - image base@aws
          - manifest 333333333333
          - reference ami-0
        inputs (3)
          ~ image-defs/images/debian.yml
          - image-defs/scripts/a|b`.sh
          + image-defs/scripts/new.sh
        packages (3)
          ~ deb bash 5.2-1 → 5.2-2
          + deb new` 1
          - deb old 1
        places (1)
          ~ us-west-2 ami-1 → ami-2
        ");
    }

    #[test]
    fn changes_as_markdown() {
        let (from, to) = both();
        let changes_of = Changes::between(&from, &to);
        insta::assert_snapshot!(changes(&changes_of, Style::Markdown, false), @"
        **`debian@aws`: 2026-11-25T17:30:00.000Z → 2026-12-01T00:00:00.000Z**

        **image** (2)

        - changed `digest of build` `bbbbbbbbbbbb` → `dddddddddddd`
        - changed `revision` `aaaaaaaaaaaa` → `cccccccccccc`

        **pins** (1)

        - changed `base` `latest (12.1)` → `latest (12.2)`

        **parent** (3)

        - removed `image` `base@aws`
        - removed `manifest` `333333333333`
        - removed `reference` `ami-0`

        **inputs** (3)

        - changed `image-defs/images/debian.yml`
        - removed ``image-defs/scripts/a|b`.sh``
        - added `image-defs/scripts/new.sh`

        **packages** (3)

        - changed `deb bash` `5.2-1` → `5.2-2`
        - added `` deb new` `` `1`
        - removed `deb old` `1`

        **places** (1)

        - changed `us-west-2` `ami-1` → `ami-2`
        ");
    }

    #[test]
    fn nothing_changed_and_no_sbom() {
        let (from, _) = both();
        let same = Changes::between(&from, &from);
        insta::assert_snapshot!(changes(&same, Style::Text, false), @"
        debian@aws: 2026-11-25T17:30:00.000Z → 2026-11-25T17:30:00.000Z
        nothing changed
        ");
        let unknown = Recorded {
            packages: None,
            ..from.clone()
        };
        let unknown = Changes::between(&from, &unknown);
        insta::assert_snapshot!(changes(&unknown, Style::Text, false), @"
        debian@aws: 2026-11-25T17:30:00.000Z → 2026-11-25T17:30:00.000Z
        packages: unknown, as one of the builds has no SBOM here
        unchanged: image, pins, parent, inputs, places
        ");
    }

    #[test]
    fn long_groups_are_cut_unless_all_is_asked_for() {
        let sbom: String = (0..50).map(|at| format!("deb\tp{at:02}\t1\n")).collect();
        let changes_of = Changes::between(&recorded(manifest(), ""), &recorded(manifest(), &sbom));
        let cut = changes(&changes_of, Style::Text, false);
        assert!(cut.contains("\n  … and 10 more\n"), "{cut}");
        let all = changes(&changes_of, Style::Markdown, true);
        assert_eq!(all.matches("- added").count(), 50);
    }

    #[test]
    fn a_manifest_as_text() {
        let (from, _) = both();
        insta::assert_snapshot!(show(&from, Style::Text), @"
        debian@aws: candidate, linux amd64, level 3
          revision: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa of https://example.org/images
          built: 2026-11-25T17:00:00.000Z to 2026-11-25T17:30:00.000Z
          digest of build: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          build task: fN1SbArXTPSVFNUvaOlinQ
          parent: base@aws (ami-0, built by fN1SbArXTPSVFNUvaOlinQ)
          pin base: latest (was 12.1)
          pin taskcluster: 105.0.0
          in us-west-2: ami-1
          file: sbom.tsv (1 bytes, sha256:4444444444444444444444444444444444444444444444444444444444444444)
          inputs: 2 files
          packages: 3
        ");
    }

    proptest! {
        /// No value ends its code span early, nor starts a line.
        #[test]
        fn a_value_stays_in_its_place(text in "[`a \n]{1,12}") {
            let span = Page::new(Style::Markdown).value(&text);
            let fence: String = span.chars().take_while(|letter| *letter == '`').collect();
            let inner = &span[fence.len()..span.len() - fence.len()];
            prop_assert!(span.ends_with(&fence));
            prop_assert!(inner.split(|letter| letter != '`').all(|run| run.len() < fence.len()));
            prop_assert!(!span.contains('\n'));
        }
    }
}
