//! A fixture, edited: what an edit affects, what goes into each image, what is wrong.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use taskgraph_images::affected::Affected;
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::fleet::Fleet;
use taskgraph_images::formats::BuildValues;
use taskgraph_images::graph::Contents;
use taskgraph_images::lint::lint;
use taskgraph_images::output::{self, Locator, images, template};
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::{Files as _, MemoryTree, TreePath, View, changed_paths};

use crate::support::Repo;

/// Changes to a repository.
pub(super) type Edit = fn(Repository) -> Repository;

/// A fixture, edited.
#[derive(Clone)]
pub(super) struct Repository {
    pub(super) files: MemoryTree,
    pub(super) root: PathBuf,
}

impl Repository {
    pub(super) fn read(fixture: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/fixtures")
            .join(fixture);
        let mut folders = vec![root.clone()];
        let mut files = MemoryTree::default();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    files = files.file(&name.replace('\\', "/"), std::fs::read(&path).unwrap());
                }
            }
        }
        Self { files, root }
    }

    pub(super) fn builders() -> Self {
        Self::read("builders")
    }

    pub(super) fn templates() -> Self {
        Self::read("templates")
    }

    /// One without files.
    pub(super) fn empty() -> Self {
        Self {
            files: MemoryTree::default(),
            root: PathBuf::new(),
        }
    }

    /// What stands in a file, edits and all.
    pub(super) fn text(&self, path: &str) -> String {
        let tree = self.files.tree();
        let content = View::new(&tree).read(&TreePath::from_git(path)).unwrap();
        String::from_utf8(content.to_vec()).unwrap()
    }

    /// Replaces text in a file as it stands after other edits.
    pub(super) fn edit(self, path: &str, from: &str, to: &str) -> Self {
        let old = self.text(path);
        assert!(old.contains(from), "{path} does not hold {from:?}");
        self.write(path, &old.replacen(from, to, 1))
    }

    /// Takes a file away that an edit may have written.
    pub(super) fn without(mut self, path: &str) -> Self {
        self.files = self.files.without(path);
        self
    }

    pub(super) fn write(mut self, path: &str, text: &str) -> Self {
        self.files = self.files.file(path, text);
        self
    }

    pub(super) fn append(self, path: &str, text: &str) -> Self {
        let old = std::fs::read_to_string(self.root.join(path)).unwrap();
        self.write(path, &(old + text))
    }

    pub(super) fn replace(self, path: &str, from: &str, to: &str) -> Self {
        let old = std::fs::read_to_string(self.root.join(path)).unwrap();
        assert!(old.contains(from), "{path} does not hold {from:?}");
        self.write(path, &old.replace(from, to))
    }

    pub(super) fn remove(mut self, path: &str) -> Self {
        assert!(self.root.join(path).exists(), "{path}");
        self.files = self.files.without(path);
        self
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::load(&self.files.tree(), &Layout::default(), &Contents::default()).unwrap()
    }

    /// All that is wrong, as lines.
    pub(super) fn faults(&self) -> String {
        let snapshot = self.snapshot();
        let locate = Locator::new([&snapshot.fleet.tree]);
        let mut text = String::new();
        for fault in &snapshot.fleet.findings {
            let at = fault
                .place
                .as_ref()
                .map_or_else(String::new, |place| locate.line(place));
            let _ = writeln!(text, "{at} [{}] {}", fault.code, fault.message);
            for (place, words) in &fault.notes {
                let _ = writeln!(text, "    {}: {words}", locate.line(place));
            }
            if let Some(hint) = &fault.hint {
                let _ = writeln!(text, "    hint: {hint}");
            }
        }
        text
    }

    /// What is legal but looks wrong, as lines.
    pub(super) fn lints(&self) -> String {
        let snapshot = self.snapshot();
        let locate = Locator::new([&snapshot.fleet.tree]);
        let mut text = String::new();
        for finding in lint(snapshot.side()) {
            let at = finding
                .place
                .as_ref()
                .map_or_else(String::new, |place| locate.line(place));
            let _ = writeln!(text, "{at} [{}] {}", finding.code, finding.message);
        }
        text
    }

    /// What Packer is given for an image, as a build of some task is.
    pub(super) fn template(&self, id: &str) -> serde_json::Value {
        let build = BuildValues::new("fN1SbArXTPSVFNUvaOlinQ", "2026-01-02", "0123456");
        template::of(&self.snapshot(), &id.parse().unwrap(), &build).unwrap()
    }
}

/// What an edit affects, as lines.
pub(super) fn affected(repository: &Repository, edit: Edit) -> String {
    let edited = edit(repository.clone());
    let (base_tree, head_tree) = (repository.files.tree(), edited.files.tree());
    let contents = Contents::default();
    let base = Snapshot::load(&base_tree, &Layout::default(), &contents).unwrap();
    let head = Snapshot::load(&head_tree, &Layout::default(), &contents).unwrap();
    let changes = changed_paths(&base_tree, &head_tree).unwrap();
    takes_over_nothing_that_changed(&base, &head, &changes, &contents);
    let affected = Affected::compare(base.side(), head.side(), &changes);
    let mut text = String::new();
    for (id, image) in &affected.images {
        let kinds = output::text::kinds(&image.tasks);
        let reasons: Vec<String> = image.reasons.iter().map(output::text::cause).collect();
        let _ = writeln!(text, "  {id}: {kinds} ← {}", reasons.join("; "));
    }
    for path in &affected.unclaimed {
        let _ = writeln!(text, "  unclaimed: {path}");
    }
    for unresolved in &affected.unresolved {
        let name = unresolved
            .image
            .as_ref()
            .map_or_else(|| "?".to_owned(), ToString::to_string);
        let _ = writeln!(text, "  unresolved: {name} ({})", unresolved.definition);
    }
    text
}

/// Loading like another fleet gives what loading gives.
pub(super) fn takes_over_nothing_that_changed(
    base: &Snapshot,
    head: &Snapshot,
    changes: &[(
        taskgraph_images::tree::TreePath,
        taskgraph_images::tree::Change,
    )],
    contents: &Contents,
) {
    let like = Fleet::load_like(&base.fleet.tree, &head.fleet, changes);
    let like = Snapshot::of(like, contents).unwrap();
    let digests = |snapshot: &Snapshot| -> Vec<(ImageId, String)> {
        let ids = snapshot.fleet.images.keys();
        ids.map(|id| (id.clone(), format!("{:?}", images::digests(snapshot, id))))
            .collect()
    };
    assert_eq!(digests(base), digests(&like));
    assert_eq!(base.fleet.findings, like.fleet.findings);
}

pub(super) fn table(repository: &Repository, edits: &[(&str, Edit)]) -> String {
    let mut text = String::new();
    for (words, edit) in edits {
        let _ = writeln!(text, "{words}");
        let affected = affected(repository, *edit);
        text += if affected.is_empty() {
            "  nothing\n"
        } else {
            &affected
        };
    }
    text
}

/// Every image with its inputs: `-` counts by bytes, `=` by values, `.` for nothing.
pub(super) fn inputs(repository: &Repository) -> String {
    let snapshot = repository.snapshot();
    assert!(snapshot.fleet.is_sound(), "{:#?}", snapshot.fleet.findings);
    let mut text = String::new();
    for image in images::Images::new(&snapshot).images() {
        let (name, cloud, kind) = (&image.name, image.cloud, image.kind.unwrap_or_default());
        let _ = writeln!(
            text,
            "{name}@{cloud} ({}, {} {kind})",
            image.definition, image.format
        );
        for (name, pin) in &image.pins {
            let floats = if pin.floats { ", floats" } else { "" };
            let _ = writeln!(
                text,
                "  pin {name} {} {}{floats}",
                pin.repository, pin.revision
            );
        }
        for input in &image.inputs {
            let mark = match input.counts {
                "bytes" => '-',
                "values" => '=',
                _ => '.',
            };
            let step = input.via.last().unwrap();
            let at = step.at.as_deref().unwrap_or_default();
            let _ = writeln!(text, "  {mark} {} {} {at}", input.path, step.how);
        }
    }
    text
}

/// Settings that say where tasks run.
pub(super) const SETTINGS: &str = "trust-domain: example
owner: team@example.org
workers:
  aliases:
    builder: {provisioner: '{{trust-domain}}-{{level}}', worker-type: builder, implementation: generic-worker, os: linux}
    candidate: {provisioner: '{{trust-domain}}-{{level}}', worker-type: {by-level: {1: candidate, 3: candidate-trusted}}, implementation: generic-worker, os: windows}
    publisher: {provisioner: '{{trust-domain}}-{{level}}', worker-type: publisher, implementation: generic-worker, os: linux}
images:
  - build: {worker: builder, max-run-time: 3 hours, secrets: {by-cloud: {azure: [azure], default: []}}}
    verify: {method: in-build, worker: builder}
  - match: 'win*'
    verify: {method: pool, worker: candidate}
  - match: ['*@azure', nothing]
    publish: {worker: publisher, family: '{{name}}'}
";

pub(super) fn checkout(fixture: Repository, more: &[(&str, &str)]) -> Repo {
    let repo = Repo::empty(&[]);
    let tree = fixture.files.tree();
    let view = View::new(&tree);
    for path in view.list(&TreePath::root(), true).unwrap() {
        repo.write(path.as_str(), &*view.read(&path).unwrap());
    }
    for (path, text) in more {
        repo.write(path, text);
    }
    repo.commit();
    repo.git(&["tag", "start"]);
    repo
}
