//! Repositories of other shapes, as the recipes that come with the program read them: which change affects what, and what
//! is said of bad input.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use taskgraph_images::affected::Affected;
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::fleet::Fleet;
use taskgraph_images::graph::{Contents, NodeKey};
use taskgraph_images::import::import;
use taskgraph_images::lint::lint;
use taskgraph_images::output::{self, Locator, images, template};
use taskgraph_images::transforms::ImageId;
use taskgraph_images::tree::{Files as _, MemoryTree, TreePath, View, changed_paths};

use crate::support::Repo;

/// Changes to a repository.
type Edit = fn(Repository) -> Repository;

/// A fixture, edited.
#[derive(Clone)]
struct Repository {
    files: MemoryTree,
    root: PathBuf,
}

impl Repository {
    fn read(fixture: &str) -> Self {
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

    fn builders() -> Self {
        Self::read("builders")
    }

    fn templates() -> Self {
        Self::read("templates")
    }

    fn write(mut self, path: &str, text: &str) -> Self {
        self.files = self.files.file(path, text);
        self
    }

    fn append(self, path: &str, text: &str) -> Self {
        let old = std::fs::read_to_string(self.root.join(path)).unwrap();
        self.write(path, &(old + text))
    }

    fn replace(self, path: &str, from: &str, to: &str) -> Self {
        let old = std::fs::read_to_string(self.root.join(path)).unwrap();
        assert!(old.contains(from), "{path} does not hold {from:?}");
        self.write(path, &old.replace(from, to))
    }

    fn remove(mut self, path: &str) -> Self {
        assert!(self.root.join(path).exists(), "{path}");
        self.files = self.files.without(path);
        self
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::load(&self.files.tree(), &Layout::default(), &Contents::default()).unwrap()
    }

    /// All that is wrong, as lines.
    fn faults(&self) -> String {
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
}

/// What an edit affects, as lines.
fn affected(repository: &Repository, edit: Edit) -> String {
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
fn takes_over_nothing_that_changed(
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

fn table(repository: &Repository, edits: &[(&str, Edit)]) -> String {
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
fn inputs(repository: &Repository) -> String {
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

#[test]
fn builders_name_what_goes_into_their_images() {
    let found = inputs(&Repository::builders());
    insta::assert_snapshot!(found);
}

#[test]
fn templates_name_what_goes_into_their_images() {
    let found = inputs(&Repository::templates());
    insta::assert_snapshot!(found);
}

#[test]
fn builders_are_affected_by_what_they_are_made_of() {
    let found = table(
        &Repository::builders(),
        &[
            ("a comment in a file of variables", |r| {
                r.append("template/vars/default_google.yaml", "# note\n")
            }),
            ("a variable that no template reads", |r| {
                r.append("template/vars/default_linux.yaml", "more: 1\n")
            }),
            ("a variable that a later file replaces", |r| {
                r.replace(
                    "template/vars/default_google.yaml",
                    "us-west1-a",
                    "us-west1-b",
                )
            }),
            ("a variable that the builder replaces", |r| {
                r.replace("template/vars/default_google.yaml", "disk: 20", "disk: 30")
            }),
            ("an entry of a map that files share", |r| {
                r.replace("template/vars/version.yaml", "64.3.0", "64.4.0")
            }),
            ("a list is replaced, not merged", |r| {
                r.replace("template/vars/arm.yaml", "[three]", "[three, four]")
            }),
            ("the order of files of variables", |r| {
                r.replace(
                    "builders/linux_google_arm.yaml",
                    "default_google, arm",
                    "arm, default_google",
                )
            }),
            ("a comment in a template", |r| {
                r.replace(
                    "template/builders/googlecompute.jinja2",
                    "a comment",
                    "another",
                )
            }),
            ("a template", |r| {
                r.replace("template/builders/googlecompute.jinja2", "zone:", "region:")
            }),
            ("a template that is included", |r| {
                r.replace(
                    "template/builders/licenses.jinja2",
                    "image_licenses",
                    "licenses",
                )
            }),
            ("an undefined variable is defined", |r| {
                r.append("template/vars/arm.yaml", "source_image: bionic\n")
            }),
            ("a script", |r| {
                r.append("scripts/agent/01-agent.sh", "true\n")
            }),
            ("a script comes between others", |r| {
                r.write("scripts/base/05-more.sh", "true\n")
            }),
            (
                "a script is renamed, and no longer named after reboots",
                |r| {
                    r.remove("scripts/base/02-reboot.sh")
                        .write("scripts/base/02-restart.sh", "#!/bin/bash\nreboot\n")
                },
            ),
            ("a README beside scripts", |r| {
                r.append("scripts/base/README.md", "More.\n")
            }),
            ("a file of Linux machines", |r| {
                r.append("files/etc/helpers/funcs.sh", "true\n")
            }),
            ("a new file of Linux machines", |r| {
                r.write("files/etc/new", "")
            }),
            ("a secret", |r| r.replace("fake_secrets.yaml", "abc", "xyz")),
            ("a comment among secrets", |r| {
                r.append("fake_secrets.yaml", "# end\n")
            }),
            ("user data named by a variable", |r| {
                r.append("scripts/userdata/bootstrap.txt", "more\n")
            }),
            ("the tool that lists packages", |r| {
                r.append("monopacker/utils/monopacker_ubuntu_sbom.py", "#\n")
            }),
            ("a new builder", |r| {
                r.write(
                    "builders/new.yaml",
                    "template: amazon_ebs\nplatform: linux\nbuilder_var_files: [default_aws]\n",
                )
            }),
            ("a builder is gone", |r| {
                r.remove("builders/old/linux_aws.yaml")
            }),
            ("a script that nobody runs", |r| {
                r.append("scripts/nobody/01-nothing.sh", "true\n")
            }),
            ("a builder breaks", |r| {
                r.replace("builders/linux_google.yaml", "- agent", "- agents")
            }),
            ("a file of variables is no YAML", |r| {
                r.write("template/vars/arm.yaml", "a: [\n")
            }),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn templates_are_affected_by_what_they_are_made_of() {
    let found = table(
        &Repository::templates(),
        &[
            ("the defaults' list of images", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "- win11-64",
                    "- win11-64\n    - another",
                )
            }),
            ("a default pin", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "82415f4",
                    "99999f9",
                )
            }),
            ("a default that is only read on the machine", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "8.24.2",
                    "8.28.1",
                )
            }),
            ("a default that nobody inherits", |r| {
                r.append("config/windows_production_defaults.yaml", "more: 1\n")
            }),
            ("a default that an image writes out", |r| {
                r.replace(
                    "config/win11-64.yaml",
                    "sourceBranch: default",
                    "sourceBranch: master",
                )
            }),
            ("a comment", |r| r.append("config/win11-64.yaml", "# end\n")),
            ("a key that nothing reads", |r| {
                r.replace(
                    "config/gw-l1-gui-alpha.yaml",
                    "scripts/linux/nowhere",
                    "scripts/linux/gui.sh",
                )
            }),
            ("a version", |r| {
                r.replace("config/gw-l1-gui-alpha.yaml", "105.0.0", "106.0.0")
            }),
            ("the list of tests", |r| {
                r.replace("config/trusted-win2022.yaml", "clock", "git")
            }),
            ("a test that some images list", |r| {
                r.append("tests/win/git.tests.ps1", "#\n")
            }),
            ("a test that no image lists", |r| {
                r.append("tests/win/unused.tests.ps1", "#\n")
            }),
            ("a block under `only`", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "only    = [\"googlecompute.gw-l1-gui-alpha\"]",
                    "pause_before = \"9s\"\n    only    = [\"googlecompute.gw-l1-gui-alpha\"]",
                )
            }),
            ("a block under `except`", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "except  =",
                    "pause_before = \"9s\"\n    except  =",
                )
            }),
            ("one source", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "source \"googlecompute\" \"gw-l1-gui-alpha\" {",
                    "source \"googlecompute\" \"gw-l1-gui-alpha\" {\n  use_iap = true",
                )
            }),
            ("a comment in a template", |r| {
                r.replace("azure.pkr.hcl", "# Windows in a gallery.", "# Windows.")
            }),
            ("what only trusted images read", |r| {
                r.replace(
                    "azure.pkr.hcl",
                    "secret_name = \"cot\"",
                    "secret_name = \"cotkey\"",
                )
            }),
            ("a default of a variable that one image sets", |r| {
                r.replace("azure.pkr.hcl", "[\"eastus\", \"westus\"]", "[\"eastus\"]")
            }),
            ("a file that is downloaded again", |r| {
                r.append("sboms/win11-64.md", "More.\n")
            }),
            ("a script under `except`", |r| {
                r.append("scripts/linux/headless.sh", "true\n")
            }),
            ("a script that a variable names", |r| {
                r.append("scripts/linux/tceng/worker-ubuntu.sh", "true\n")
            }),
            ("a key of one of two clouds", |r| {
                r.replace("config/tceng/worker-ubuntu.yaml", "t3.large", "t4.large")
            }),
            ("a location of the host's", |r| {
                r.replace(
                    "config/tceng/worker-win2022.yaml",
                    "[eastus]",
                    "[eastus, westus]",
                )
            }),
            ("the module that is uploaded", |r| {
                r.append("scripts/windows/Bootstrap/Public/Invoke-Test.ps1", "#\n")
            }),
            ("the function that runs on the host", |r| {
                r.append("bin/WorkerImages/Public/New-AWSWorkerImage.ps1", "#\n")
            }),
            ("the module that runs on the host", |r| {
                r.append("bin/WorkerImages/WorkerImages.psm1", "#\n")
            }),
            ("a definition is filled in", |r| {
                r.write("config/tceng/image _development.yaml", "image: {publisher: x, offer: y, sku: z, version: latest}\nvm: {bootstrapscript: worker-win2022}\n")
            }),
            ("a definition is gone", |r| r.remove("config/win11-64.yaml")),
            ("a definition breaks", |r| {
                r.write("config/win11-64.yaml", "- a list\n")
            }),
            ("a listed test is gone", |r| {
                r.remove("tests/win/git.tests.ps1")
            }),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn faults_of_builders_name_the_key_that_led_there() {
    let repository = Repository::builders()
        .replace("builders/linux_google.yaml", "tools]", "tool]")
        .replace("builders/linux_google_arm.yaml", "[base]", "[bases]")
        .replace("builders/windows_aws.yaml", "amazon_ebs_windows", "amazon_ebs_window")
        .write("builders/a.yaml", "- no map\n")
        .write("builders/b.yaml", "template: amazon_ebs\n")
        .write("builders/c.yaml", "template: amazon_ebs\nplatform: solaris\nbuilder_var_files: one\nbuilder_vars: [x]\n")
        .write("builders/d.yaml", "template: [x]\nplatform: linux\n")
        .write("builders/e.yaml", "template: bad\nplatform: linux\n")
        .write("builders/f.yaml", "template: text\nplatform: linux\n")
        .write("builders/g.yaml", "template: unknown\nplatform: linux\n")
        .write("builders/h.yaml", "template: amazon_ebs\nplatform: linux\nbuilder_vars: {env_vars: [x]}\n")
        .write("builders/i.yaml", "template: amazon_ebs_windows\nplatform: windows\nbuilder_vars: {bootstrap_userdata_file: scripts/no.txt}\n")
        .write("builders/J.yaml", "template: amazon_ebs\nplatform: linux\n")
        .write("builders/j.yaml", "template: amazon_ebs\nplatform: linux\n")
        .write("template/builders/bad.jinja2", "- name: {{ builder.vars.name\n")
        .write("template/builders/text.jinja2", "just: a map\n")
        .write("template/builders/unknown.jinja2", "- {name: x, type: hetzner}\n");
    insta::assert_snapshot!(repository.faults());
    let sound = repository.snapshot();
    let builds = |name: &str| {
        sound.graph().contains(&NodeKey::Task(
            name.parse().unwrap(),
            taskgraph_images::transforms::Kind::Build,
        ))
    };
    assert!(builds("old-linux-aws@aws"), "the others are not hidden");
}

#[test]
fn faults_of_templates_name_the_key_that_led_there() {
    let repository = Repository::templates()
        .replace("config/win11-64.yaml", "git.tests.ps1", "gti.tests.ps1")
        .write("config/a.yaml", "text\n")
        .write("config/b.yaml", "a: [\n")
        .write(
            "config/c-alpha.yaml",
            "image: {source_image_family: x}\nvm: {tc_arch: sparc}\n",
        )
        .write(
            "config/gw-nowhere-alpha.yaml",
            "image: {source_image_family: x}\n",
        )
        .replace(
            "config/tceng/worker-ubuntu.yaml",
            "worker-ubuntu.sh",
            "worker-ubunt.sh",
        )
        .remove("packer/tceng-azure.pkr.hcl");
    insta::assert_snapshot!(repository.faults());
}

#[test]
fn lints_see_what_is_declared_twice_and_what_nothing_reaches() {
    let mut text = String::new();
    for repository in [Repository::builders(), Repository::templates()] {
        let snapshot = repository.snapshot();
        let locate = Locator::new([&snapshot.fleet.tree]);
        for finding in lint(snapshot.side()) {
            let at = finding
                .place
                .as_ref()
                .map_or_else(String::new, |place| locate.line(place));
            let _ = writeln!(text, "{at} [{}] {}", finding.code, finding.message);
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_builder_stands_for_a_template() {
    let snapshot = Repository::builders().snapshot();
    let of = |id: &str| output::json(&template::of(&snapshot, &id.parse().unwrap()).unwrap());
    insta::assert_snapshot!("template_linux", of("linux-google@google"));
    insta::assert_snapshot!("template_windows", of("windows-aws@aws"));
    let snapshot = Repository::templates().snapshot();
    let of = |id: &str| output::json(&template::of(&snapshot, &id.parse().unwrap()).unwrap());
    insta::assert_snapshot!("template_gallery", of("trusted-win2022@azure"));
}

/// Settings that say where tasks run.
const SETTINGS: &str = "trust-domain: example
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

fn checkout(fixture: Repository, more: &[(&str, &str)]) -> Repo {
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

#[test]
fn with_settings_images_have_tasks() {
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", SETTINGS)],
    );
    let tasks = repo.run(&["graph", "full", "--format", "json"]).json();
    let task = &tasks["verify-win11-64-azure"]["task"];
    assert_eq!(task["workerType"], "candidate");
    let build = &tasks["build-win11-64-azure"]["task"];
    assert_eq!(build["payload"]["maxRunTime"], 3 * 60 * 60);
    assert_eq!(
        build["payload"]["command"][1],
        serde_json::json!(["./taskgraph-images", "build", "win11-64@azure"])
    );
    let scopes = build["scopes"].to_string();
    assert!(scopes.contains("azure"), "{scopes}");
    let labels = repo
        .run(&["preview", "--all", "--event", "push", "--format", "json"])
        .json();
    let labels: Vec<&str> = labels["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["label"].as_str().unwrap())
        .filter(|label| label.starts_with("publish"))
        .collect();
    assert_eq!(
        labels,
        [
            "publish-trusted-win2022-azure",
            "publish-win11-64-azure",
            "publish-win11-a64-builder-azure",
            "publish-worker-win2022-azure"
        ]
    );
}

#[test]
fn without_settings_nothing_says_where_tasks_run() {
    let repo = checkout(Repository::builders(), &[]);
    let graph = repo.run(&["graph", "full"]);
    assert_eq!(graph.code, Some(1));
    assert!(
        graph
            .stderr
            .contains("`taskgraph-images.yml` does not exist"),
        "{}",
        graph.stderr
    );
    let preview = repo.run(&["preview", "--all"]);
    assert_eq!(preview.code, Some(0));
    assert!(
        preview.stderr.contains("nothing says where tasks run"),
        "{}",
        preview.stderr
    );
}

#[test]
fn settings_name_the_format() {
    let recipe = taskgraph_images::formats::shipped_text("worker-images").unwrap();
    let own = recipe.replace("name: worker-images", "name: ours");
    let settings = format!("{SETTINGS}recipe: ci/recipe.yml\n");
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", &settings), ("ci/recipe.yml", &own)],
    );
    let formats = |document: &serde_json::Value| document["images"][0]["format"].clone();
    let images = repo.run(&["images", "--format", "json"]).json();
    assert_eq!(formats(&images), "ours");
    repo.replace(
        "ci/recipe.yml",
        "reason: the module that runs Packer",
        "reason: it runs Packer",
    );
    repo.expect(&[]);
    repo.replace(
        "ci/recipe.yml",
        "\"{{ yaml.sharedimage.gallery_name }}\"",
        "ours",
    );
    repo.expect(&[
        "trusted-win2022: build verify publish",
        "win11-64: build verify publish",
        "win11-a64-builder: build verify publish",
    ]);
    let explained = repo.run(&["affected", "--base", "start", "--explain", "ci/recipe.yml"]);
    assert!(
        explained.stdout.contains("goes into 9 images"),
        "{}",
        explained.stdout
    );
    repo.replace(
        "ci/recipe.yml",
        "when: yaml.sharedimage",
        "when: yaml.sharedimage +",
    );
    let broken = repo.run(&["images"]);
    assert_eq!(broken.code, Some(1));
    insta::assert_snapshot!("broken_recipe", broken.stderr);
    repo.write(
        "taskgraph-images.yml",
        format!("{SETTINGS}format: worker-image\n"),
    );
    let unknown = repo.run(&["images"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("did you mean `worker-images`?"),
        "{}",
        unknown.stderr
    );
    repo.write(
        "taskgraph-images.yml",
        format!("{SETTINGS}format: worker-images\n"),
    );
    let images = repo.run(&["images", "--format", "json"]).json();
    assert_eq!(formats(&images), "worker-images");
}

#[test]
fn what_cannot_be_resolved_is_named_and_hides_nothing() {
    let repo = checkout(Repository::builders(), &[]);
    repo.replace("builders/linux_google.yaml", "- agent", "- agents");
    repo.append("scripts/base/01-install.sh", "true\n");
    let affected = repo.run(&["affected", "--base", "HEAD", "--format", "json"]);
    assert_eq!(affected.code, Some(1), "{}", affected.stderr);
    assert!(
        affected.stderr.contains("scripts/agents"),
        "{}",
        affected.stderr
    );
    let document = affected.json();
    let names = |list: &str| -> Vec<String> {
        let list = document[list].as_array().unwrap().iter();
        list.map(|image| image["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("images"), ["linux-google-arm"]);
    assert_eq!(names("unresolved"), ["linux-google"]);
    let images = repo.run(&["images", "--format", "json"]);
    assert_eq!(images.code, Some(1));
    assert_eq!(images.json()["images"].as_array().unwrap().len(), 3);
    for strict in [["preview", "--all"], ["graph", "full"]] {
        assert_eq!(repo.run(&strict).code, Some(1), "{strict:?}");
    }
    let template = repo.run(&["packer-template", "linux_google"]);
    assert_eq!(template.code, Some(1), "{}", template.stderr);
    let template = repo.run(&["packer-template", "old/linux_aws"]);
    assert_eq!(template.json()["builders"][0]["type"], "amazon-ebs");
}

/// The files of an import, and how they compare.
fn imported(repository: &Repository) -> (String, taskgraph_images::import::Import) {
    let import = import(&repository.snapshot(), &TreePath::from_git("image-defs")).unwrap();
    let mut text = String::new();
    for (path, content) in &import.files {
        if path.extension() == Some("yml") {
            let _ = writeln!(text, "## {path}\n{content}");
        }
    }
    for note in &import.notes {
        let _ = writeln!(text, "not carried over: {note}");
    }
    for (id, difference) in &import.proof.differences {
        for path in &difference.came {
            let _ = writeln!(text, "{id}: more: {path}");
        }
    }
    (text, import)
}

#[test]
fn templates_are_imported_and_lose_no_input() {
    let (text, import) = imported(&Repository::templates());
    assert!(import.proof.holds(), "{:#?}", import.proof);
    assert_eq!(import.proof.images, 9);
    insta::assert_snapshot!(text);
}

#[test]
fn builders_are_imported_and_lose_no_input() {
    let (text, import) = imported(&Repository::builders());
    assert!(import.proof.holds(), "{:#?}", import.proof);
    assert_eq!(import.proof.images, 4);
    insta::assert_snapshot!(text);
}

#[test]
fn an_import_is_native_from_then_on() {
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", SETTINGS)],
    );
    let before = repo.run(&["images", "--format", "json"]).json();
    let dry = repo.run(&["import", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(dry.stderr.contains(" 0 lost"), "{}", dry.stderr);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let written = repo.run(&["import"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let after = repo.run(&["images", "--format", "json"]).json();
    let names = |document: &serde_json::Value| -> Vec<String> {
        let images = document["images"].as_array().unwrap().iter();
        images
            .map(|image| format!("{}@{}", image["name"], image["cloud"]))
            .collect()
    };
    assert_eq!(names(&before), names(&after));
    assert_eq!(after["images"][0]["format"], "native");
    let again = repo.run(&["import"]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    // The definitions have the settings' workers, and what only travels is no input of theirs, either.
    repo.commit();
    repo.git(&["tag", "--force", "start"]);
    repo.append("tests/win/unused.tests.ps1", "#\n");
    repo.expect(&["?tests/win/unused.tests.ps1"]);
    repo.append("tests/win/git.tests.ps1", "#\n");
    repo.expect(&[
        "win11-64: build verify publish",
        "win11-a64-builder: build verify publish",
        "?tests/win/unused.tests.ps1",
    ]);
}

/// Which file of a fixture is spoilt, where, and by what.
fn spoilt() -> impl Strategy<Value = (bool, prop::sample::Index, prop::sample::Index, &'static str)>
{
    let junk = prop::sample::select(vec![
        "",
        "\0",
        "\u{feff}",
        "{",
        "}",
        "[",
        ": ",
        "- ",
        "\n",
        "\n\n  ",
        "{{",
        "}}",
        "{%",
        "{% include 'licenses.jinja2' %}",
        "{% for i in range(99999) %}{{ i * 'x' }}{% endfor %}",
        "\"",
        "'",
        "&a *a",
        "!!str ",
        "<<: ",
        "../../..",
        "/etc/passwd",
        "${var.x}",
        "null",
        "~",
        "é",
        "-",
        "\t",
        "#",
        "default",
    ]);
    (
        any::<bool>(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        junk,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever stands in a file, the program answers, and a fleet that is loaded like another is what it is.
    #[test]
    fn no_file_is_too_bad_to_be_read((builders, file, at, junk) in spoilt()) {
        let repository = if builders { Repository::builders() } else { Repository::templates() };
        let tree = repository.files.tree();
        let view = View::new(&tree);
        let files = view.list(&TreePath::root(), true).unwrap();
        let path = file.get(&files);
        let mut text = String::from_utf8(view.read(path).unwrap().to_vec()).unwrap();
        let at = text.floor_char_boundary(at.index(text.len() + 1));
        text.insert_str(at, junk);
        let spoilt = repository.clone().write(path.as_str(), &text);
        let (base, head) = (repository.files.tree(), spoilt.files.tree());
        let contents = Contents::by_id();
        let load = |tree| Snapshot::load(tree, &Layout::default(), &contents);
        let (base, head) = (load(&base).unwrap(), load(&head).unwrap());
        let changes = changed_paths(&base.fleet.tree, &head.fleet.tree).unwrap();
        takes_over_nothing_that_changed(&base, &head, &changes, &contents);
        takes_over_nothing_that_changed(&head, &base, &changes, &contents);
        if head.is_usable() {
            let affected = Affected::compare(base.side(), head.side(), &changes);
            let known = affected.images.len() + affected.unresolved.len();
            prop_assert!(known <= base.fleet.images.len() + head.fleet.images.len());
        }
    }
}
