//! Laws that hold for any tree and any change. All but the last are in memory.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use taskgraph_images::affected::{Affected, Side};
use taskgraph_images::definitions::Layout;
use taskgraph_images::fleet::Fleet;
use taskgraph_images::graph::{Contents, Digest, ImageGraph, NodeKey};
use taskgraph_images::tree::{Change, MemoryTree, Mode, Repository, Tree, TreePath, changed_paths};

use crate::support::{FLEET, MORE, Repo};

/// A tree as a map, so that a folder can take a file's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model(pub(crate) BTreeMap<String, (Mode, Vec<u8>)>);

impl Model {
    pub(crate) fn fleet() -> Self {
        let mut model = Self(BTreeMap::new());
        for (path, text) in FLEET.iter().chain(&MORE) {
            model.put(path, Mode::File, text.as_bytes());
        }
        model
    }

    fn put(&mut self, path: &str, mode: Mode, content: &[u8]) {
        self.remove(path);
        self.0
            .retain(|other, _| !path.starts_with(&format!("{other}/")));
        self.0.insert(path.to_owned(), (mode, content.to_vec()));
    }

    /// Removes a file, or everything in a folder.
    fn remove(&mut self, path: &str) {
        let below = format!("{path}/");
        self.0
            .retain(|other, _| other != path && !other.starts_with(&below));
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Write(path, content) => self.put(path, Mode::File, content.as_bytes()),
            Edit::Append(path) => {
                if let Some((mode, mut content)) = self.0.get(*path).cloned()
                    && mode != Mode::Link
                {
                    content.extend(b"# more\n");
                    self.put(path, mode, &content);
                }
            }
            Edit::Executable(path) => {
                if let Some((mode @ Mode::File, _)) = self.0.get_mut(*path) {
                    *mode = Mode::Executable;
                }
            }
            Edit::Link(path, target) => self.put(path, Mode::Link, target.as_bytes()),
            Edit::Submodule(path) => self.put(path, Mode::Submodule, b"0123"),
            Edit::Remove(path) => self.remove(path),
            Edit::Rename(from, to) => {
                let below = format!("{from}/");
                let moved: Vec<_> = self
                    .0
                    .iter()
                    .filter(|(path, _)| *path == from || path.starts_with(&below))
                    .map(|(path, file)| (format!("{to}{}", &path[from.len()..]), file.clone()))
                    .collect();
                self.remove(from);
                for (path, (mode, content)) in moved {
                    self.put(&path, mode, &content);
                }
            }
        }
    }

    pub(crate) fn with(&self, edits: &[Edit]) -> Self {
        let mut model = self.clone();
        edits.iter().for_each(|edit| model.apply(edit));
        model
    }

    fn tree(&self) -> Tree {
        let mut tree = MemoryTree::default();
        for (path, (mode, content)) in &self.0 {
            tree = tree.entry(path, *mode, content);
        }
        tree.tree()
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Write(&'static str, &'static str),
    Append(&'static str),
    Executable(&'static str),
    Link(&'static str, &'static str),
    Submodule(&'static str),
    Remove(&'static str),
    Rename(&'static str, &'static str),
}

/// Scripts of every sort of reference.
const SCRIPTS: &[&str] = &[
    "#!/bin/sh\necho\n",
    "#!/bin/bash\n. \"$(dirname \"$0\")/lib/util.sh\"\n",
    "#!/bin/bash\nsource \"${BASH_SOURCE%/*}/../lib/util.sh\"\n",
    "#!/bin/bash\nfor f in \"$(dirname \"$0\")\"/lib/*.sh; do . \"$f\"; done\n",
    "#!/bin/bash\nfor f in image-defs/scripts/extra/*.sh; do . \"$f\"; done\n",
    "#!/bin/bash\nif [ -f \"$(dirname \"$0\")/extra/one.sh\" ]; then . \"$(dirname \"$0\")/extra/one.sh\"; fi\n",
    "#!/bin/bash\n\"$(dirname \"$0\")/child.sh\"\n",
    "#!/bin/bash\nbash image-defs/scripts/extra/one.sh\n",
    "#!/bin/bash\n# taskgraph-images: not-an-input it is not\n. /etc/profile\n",
];

const SCRIPT_PATHS: &[&str] = &[
    "image-defs/scripts/common.sh",
    "image-defs/scripts/child.sh",
    "image-defs/scripts/lib/util.sh",
    "image-defs/scripts/lib/more.sh",
    "image-defs/scripts/extra/one.sh",
    "image-defs/scripts/extra/two.sh",
    "image-defs/scripts/gui/10-desktop.sh",
    "image-defs/scripts/gui/20-more.sh",
    "image-defs/scripts/gui/lib/util.sh",
    "image-defs/scripts/glob/10-first.sh",
    "image-defs/scripts/glob/20-second.sh",
    "image-defs/scripts/only-a.sh",
    "image-defs/checks/boot.sh",
    "shared/tool.sh",
];

const FOLDERS: &[&str] = &[
    "image-defs/scripts/lib",
    "image-defs/scripts/extra",
    "image-defs/scripts/gui",
    "image-defs/scripts/glob",
    "image-defs/scripts",
    "image-defs/data",
    "image-defs/data/deep",
    "image-defs/containers/box",
    "image-defs/fragments",
    "shared",
    "elsewhere",
];

const TARGETS: &[&str] = &[
    "child.sh",
    "../child.sh",
    "../../shared/tool.sh",
    "../../../shared/tool.sh",
    "lib",
    "../lib",
    "../extra",
    "gui",
    "../../shared",
    "../shared",
    "nowhere",
    "../../../../outside",
    "/etc/passwd",
    ".",
    "..",
];

const TEXTS: &[(&str, &[&str])] = &[
    (
        "image-defs/config.yml",
        &[
            "trust-domain: other\nowner: team@example.org\nprovisioning: [image-defs]\nunclaimed-ok: []\nworkers: {aliases: {builder: {provisioner: 'other-{{level}}', worker-type: builder, implementation: generic-worker, os: linux}}}\n",
            "trust-domain: [\n",
        ],
    ),
    (
        "image-defs/pins.yml",
        &[
            "pins: {worker: {value: 106.0.0}, driver: {value: '570'}}\n",
            "# a comment\n\npins: {worker: {value: 105.0.0}, driver: {value: '570'}}\n",
            "pins: {worker: {value: 105.0.0}, driver: {value: '580'}, more: {value: x}}\n",
            "pins: {worker: {value: 105.0.0}}\n",
            "pins: {worker: {}}\n",
        ],
    ),
    (
        "image-defs/fragments/task.yml",
        &[
            "# a comment\ncloud: google\nos: linux\nbuilder: {task: {}}\nbuild: {worker: builder}\n",
            "extends: [more]\ncloud: google\nos: linux\nbuilder: {task: {}}\nbuild: {worker: builder}\n",
            "cloud: aws\nos: linux\nbuilder: {task: {}}\nbuild: {worker: builder, secrets: [x]}\n",
            "cloud: {by-level: {1: aws}}\n",
        ],
    ),
    (
        "image-defs/fragments/more.yml",
        &[
            "scripts: [image-defs/scripts/child.sh]\n",
            "extends: [task]\n",
            "nonsense: 1\n",
        ],
    ),
    (
        "image-defs/images/child.yml",
        &[
            "extends: [task, more]\nparent: base\n",
            "extends: [task]\nscripts: [image-defs/scripts/extra/, 'image-defs/scripts/**/1*.sh']\n",
            "extends: [task]\nname: 'child-{{pins.driver.value}}'\nscripts: ['image-defs/scripts/child.sh']\n",
            "extends: [task]\nname: 'child-l{{level}}'\nvariants: {axes: {level: [1, 3]}}\nscripts: ['image-defs/scripts/l{{level}}.sh']\n",
            "extends: [packer]\nbuilder: {packer: {source: googlecompute.a, variables: {disk: 50}, var-files: [image-defs/packer/values.pkrvars.hcl]}}\n",
        ],
    ),
    (
        "image-defs/images/added.yml",
        &[
            "extends: [task]\nscripts: [image-defs/scripts/common.sh]\n",
            "name: base\nextends: [task]\n",
        ],
    ),
    (
        "image-defs/packer/two.pkr.hcl",
        &[
            "source \"googlecompute\" \"a\" {}\nsource \"googlecompute\" \"b\" {}\nvariable \"worker\" {}\nvariable \"disk\" {}\nvariable \"driver\" { default = fileexists(\"../data/flag\") ? \"yes\" : \"no\" }\nlocals { all = fileset(\"../data/deep\", \"*.conf\") }\nbuild {\n sources = [\"source.googlecompute.a\", \"source.googlecompute.b\"]\n dynamic \"provisioner\" {\n  labels = [\"file\"]\n  for_each = local.all\n  content {\n   source = \"image-defs/data/deep/${provisioner.value}\"\n   destination = \"/x\"\n  }\n }\n provisioner \"shell\" { scripts = [for name in fileset(\"../scripts/extra\", \"*.sh\") : \"image-defs/scripts/extra/${name}\"] }\n}\n",
            "source \"googlecompute\" \"a\" {}\nsource \"googlecompute\" \"b\" {}\nvariable \"worker\" {}\nvariable \"disk\" {}\nvariable \"driver\" { default = \"\" }\nbuild {\n sources = [\"source.googlecompute.a\", \"source.googlecompute.b\"]\n provisioner \"shell\" { inline = [file(\"../data/settings.conf\")] }\n provisioner \"file\" {\n source = \"image-defs/data/deep\"\n destination = \"/x\"\n }\n}\n",
        ],
    ),
    (
        "image-defs/packer/values.pkrvars.hcl",
        &["driver = \"x\"\n", "driver = \"y\"\n"],
    ),
    ("image-defs/data/settings.conf", &["answer = 43\n"]),
    ("image-defs/data/deep/a.conf", &["a\n", "b\n"]),
    ("image-defs/data/flag", &["x\n"]),
    (
        "image-defs/containers/box/Dockerfile",
        &["FROM scratch\nCOPY . /\n", "FROM scratch\nCOPY deep /\n"],
    ),
    ("image-defs/containers/box/.dockerignore", &["file\n"]),
    ("image-defs/containers/box/deep/x", &["x\n"]),
    ("image-defs/kinds/build.yml", &["nonsense\n"]),
];

fn edit() -> impl Strategy<Value = Edit> {
    let any = || {
        let texts = TEXTS.iter().map(|(path, _)| *path);
        let all: Vec<&str> = SCRIPT_PATHS.iter().copied().chain(texts).collect();
        proptest::sample::select(all)
    };
    let place = || {
        prop_oneof![
            proptest::sample::select(SCRIPT_PATHS),
            proptest::sample::select(FOLDERS)
        ]
    };
    prop_oneof![
        4 => (proptest::sample::select(SCRIPT_PATHS), proptest::sample::select(SCRIPTS))
            .prop_map(|(path, text)| Edit::Write(path, text)),
        4 => proptest::sample::select(TEXTS)
            .prop_flat_map(|(path, texts)| (Just(path), proptest::sample::select(texts)))
            .prop_map(|(path, text)| Edit::Write(path, text)),
        2 => any().prop_map(Edit::Append),
        1 => any().prop_map(Edit::Executable),
        2 => (place(), proptest::sample::select(TARGETS)).prop_map(|(path, target)| Edit::Link(path, target)),
        1 => proptest::sample::select(FOLDERS).prop_map(Edit::Submodule),
        2 => any().prop_map(Edit::Remove),
        1 => proptest::sample::select(FOLDERS).prop_map(Edit::Remove),
        1 => (place(), place())
            .prop_filter("into itself", |(from, to)| !to.starts_with(from) && !from.starts_with(to))
            .prop_map(|(from, to)| Edit::Rename(from, to)),
    ]
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec(edit(), 0..6)
}

/// The same cases in every run; `PROPTEST_CASES=10000` looks further, elsewhere each time.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let more = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: more.unwrap_or(cases),
        rng_seed: match more {
            Some(_) => proptest::test_runner::RngSeed::Random,
            None => proptest::test_runner::RngSeed::Fixed(2),
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn graph(fleet: &Fleet) -> Result<ImageGraph, String> {
    let payload = Digest::of(b"payload");
    ImageGraph::new(fleet, &Contents::default(), &mut |_, _| payload)
        .map_err(|faults| format!("{faults:#?}"))
}

fn load(model: &Model) -> Fleet {
    Fleet::load(&model.tree(), &Layout::default())
}

/// All that is known of a fleet, as text: inputs, findings, edges, digests.
fn description(fleet: &Fleet) -> String {
    let mut text = String::new();
    for (id, image) in &fleet.images {
        text += &format!("{id} {:?}\n", image.resolved().definition);
        for input in &image.inputs {
            // A pin is found by its name; where it stands is for messages only.
            if input.role != taskgraph_images::fleet::Role::Pin {
                text += &format!("  {input:?}\n");
            }
        }
    }
    for finding in &fleet.findings {
        text += &format!("{finding:?}\n");
    }
    match graph(fleet) {
        Ok(graph) => {
            for (from, role, to) in graph.edges() {
                text += &format!("{from} -{role}-> {to} {:?}\n", graph.digest(to));
            }
        }
        Err(faults) => text += &faults,
    }
    text
}

fn affected(base: &Model, head: &Model) -> Option<(Affected, Vec<(TreePath, Change)>)> {
    let (base, head) = (load(base), load(head));
    let changes = changed_paths(&base.tree, &head.tree).unwrap();
    let (base_graph, head_graph) = (graph(&base).ok()?, graph(&head).ok()?);
    let side = |fleet, graph| Side { fleet, graph };
    Some((
        Affected::compare(side(&base, &base_graph), side(&head, &head_graph), &changes),
        changes,
    ))
}

fn tasks(affected: &Affected) -> BTreeSet<String> {
    affected
        .images
        .iter()
        .flat_map(|(id, image)| image.tasks.iter().map(|kind| id.label(*kind).to_string()))
        .collect()
}

proptest! {
    #![proptest_config(config(400))]

    /// What is taken over from the head is what reading the base would have found.
    #[test]
    fn loading_like_another_is_loading(common in edits(), there in edits(), here in edits()) {
        let common = Model::fleet().with(&common);
        let (base, head) = (common.with(&there), common.with(&here));
        let head = load(&head);
        // The head's own graph asks for more than loading does.
        let _ = graph(&head);
        let tree = base.tree();
        let changes = changed_paths(&tree, &head.tree).unwrap();
        let like = Fleet::load_like(&tree, &head, &changes);
        let (like, fresh) = (description(&like), description(&load(&base)));
        prop_assert!(like == fresh, "{}", difference(&like, &fresh));
    }
}

/// The lines of two texts that differ.
fn difference(like: &str, fresh: &str) -> String {
    let (one, two): (BTreeSet<&str>, BTreeSet<&str>) =
        (like.lines().collect(), fresh.lines().collect());
    format!(
        "only taken over: {:#?}\nonly read: {:#?}",
        one.difference(&two).collect::<Vec<_>>(),
        two.difference(&one).collect::<Vec<_>>()
    )
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn nothing_changed_affects_nothing(edits in edits()) {
        let model = Model::fleet().with(&edits);
        if let Some((affected, _)) = affected(&model, &model.clone())
            && load(&model).is_sound()
        {
            prop_assert!(affected.images.is_empty() && affected.unclaimed.is_empty());
        }
    }

    /// More changes of content affect no less.
    #[test]
    fn affected_sets_grow(
        few in proptest::collection::btree_set(proptest::sample::select(SCRIPT_PATHS), 0..4),
        more in proptest::collection::btree_set(proptest::sample::select(SCRIPT_PATHS), 0..4),
    ) {
        let base = Model::fleet();
        let change = |paths: &BTreeSet<&'static str>| {
            let edits: Vec<Edit> = paths.iter().map(|path| Edit::Append(path)).collect();
            tasks(&affected(&base, &base.with(&edits)).unwrap().0)
        };
        let all = few.union(&more).copied().collect();
        let (few, all) = (change(&few), change(&all));
        prop_assert!(few.is_subset(&all), "{few:?} {all:?}");
    }

    /// For files that change by content only, digests differ exactly where the graph leads.
    #[test]
    fn digests_and_reachability_agree(
        edits in edits(),
        changed in proptest::collection::btree_set(proptest::sample::select(SCRIPT_PATHS), 1..4),
    ) {
        let base = Model::fleet().with(&edits);
        let appended: Vec<Edit> = changed.iter().map(|path| Edit::Append(path)).collect();
        let head = base.with(&appended);
        let (base_fleet, head_fleet) = (load(&base), load(&head));
        prop_assume!(base_fleet.is_sound() && head_fleet.is_sound());
        let (Some((affected, changes)), Ok(graph)) = (affected(&base, &head), graph(&head_fleet)) else {
            return Ok(());
        };
        let mut reached = BTreeSet::new();
        for (path, _) in &changes {
            for (id, kind) in graph.dependents(&NodeKey::File(path.clone()), false).into_keys() {
                reached.insert(id.label(kind).to_string());
            }
        }
        prop_assert_eq!(tasks(&affected), reached);
    }

    /// Every affected image says why.
    #[test]
    fn everything_affected_has_a_reason(before in edits(), after in edits()) {
        let base = Model::fleet().with(&before);
        if let Some((affected, _)) = affected(&base, &base.with(&after)) {
            for (id, image) in &affected.images {
                prop_assert!(!image.reasons.is_empty(), "{id}");
            }
        }
    }
}

proptest! {
    #![proptest_config(config(12))]

    /// Trees differ where git says that they do.
    #[test]
    fn differences_are_those_of_git(before in edits(), after in edits()) {
        let repo = Repo::empty(&[]);
        let base = Model::fleet().with(&before);
        let commit = |model: &Model| {
            for entry in std::fs::read_dir(&repo.path).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name != ".git" {
                    repo.remove(&name);
                }
            }
            for (path, (mode, content)) in &model.0 {
                let content = String::from_utf8_lossy(content);
                match mode {
                    Mode::Link => { repo.link(path, &content); }
                    Mode::Submodule => {}
                    Mode::Executable => { repo.write(path, &*content).chmod(path, 0o755); }
                    _ => { repo.write(path, &*content); }
                }
            }
            repo.git(&["add", "--all"]);
            for (path, (mode, _)) in &model.0 {
                if *mode == Mode::Submodule {
                    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},{path}", "1".repeat(40))]);
                }
            }
            repo.git(&["commit", "--quiet", "--allow-empty", "--message", "model"]);
            repo.git(&["rev-parse", "HEAD"])
        };
        let (one, two) = (commit(&base), commit(&base.with(&after)));
        let said = repo.git(&["diff", "--name-status", "--no-renames", "-z", &one, &two]);
        let mut words = said.split('\0');
        let mut expected = BTreeSet::new();
        while let (Some(status), Some(path)) = (words.next(), words.next()) {
            expected.insert((status.to_owned(), path.to_owned()));
        }
        let repository = Repository::open(&repo.path).unwrap();
        let tree = |name: &str| repository.tree(&repository.revision(name).unwrap()).unwrap();
        let found: BTreeSet<_> = changed_paths(&tree(&one), &tree(&two))
            .unwrap()
            .into_iter()
            .map(|(path, change)| {
                let status = match change {
                    Change::Added => "A",
                    Change::Removed => "D",
                    Change::Modified | Change::Mode => "M",
                    Change::Type => "T",
                };
                (status.to_owned(), path.to_string())
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
