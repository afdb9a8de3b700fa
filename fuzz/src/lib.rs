//! The fuzz targets, one function for each parser. Each takes any bytes and panics only where the program is wrong.
//!
//! Besides not panicking, each holds its parser to a law: places lie in the file and between characters, and reading
//! twice gives the same.

use std::collections::BTreeMap;

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::diagnostic::{Diagnostic, Place};
use taskgraph_images::fleet::Fleet;
use taskgraph_images::glob::Glob;
use taskgraph_images::graph::Contents;
use taskgraph_images::packer::{ParsedTemplate, Request};
use taskgraph_images::scripts::{Language, analyse, resolve};
use taskgraph_images::transforms::{Kind, KindTemplates};
use taskgraph_images::tree::{Files, MemoryTree, TreePath};
use taskgraph_images::{lint, yaml};

const CONFIG: &str = "trust-domain: example\nprovisioning: [image-defs]\nworkers: {aliases: {builder: {provisioner: example-1, worker-type: images, implementation: generic-worker, os: linux}}}\n";
const PINS: &str = "pins: {base: {value: 1.2.3, sha256: {amd64: \"0000000000000000000000000000000000000000000000000000000000000000\"}}}\n";
const IMAGE: &str = "cloud: container\nos: linux\nbuilder: {container: {context: image-defs/context}}\nscripts: [image-defs/scripts/*.sh]\nbuild: {worker: builder, max-run-time: 1 hour}\n";
const FRAGMENT: &str = "os: linux\nscripts: [image-defs/scripts/a.sh]\nbuild: {worker: builder, max-run-time: 1 hour}\n";
const TEMPLATE: &str = "variable \"scripts\" {}\nsource \"null\" \"a\" {}\nbuild {\n  sources = [\"null.a\"]\n  provisioner \"shell\" {\n    scripts = var.scripts\n  }\n}\n";

/// A small repository with one of everything.
fn repository() -> MemoryTree {
    MemoryTree::new([
        ("image-defs/config.yml", CONFIG),
        ("image-defs/pins.yml", PINS),
        ("image-defs/fragments/linux.yml", FRAGMENT),
        ("image-defs/images/a.yml", IMAGE),
        ("image-defs/packer/a.pkr.hcl", TEMPLATE),
        (
            "image-defs/context/Dockerfile",
            "FROM scratch\nCOPY a b /\n",
        ),
        ("image-defs/context/a", "a"),
        ("image-defs/context/b/c", "c"),
        (
            "image-defs/scripts/a.sh",
            ". \"$(dirname \"$0\")/lib/b.sh\"\n",
        ),
        ("image-defs/scripts/c.ps1", ". $PSScriptRoot/lib/d.ps1\n"),
        ("image-defs/scripts/lib/b.sh", "true\n"),
        ("image-defs/scripts/lib/d.ps1", "Write-Output d\n"),
    ])
}

/// Loads the repository with one file replaced, as `check` does; twice, with the same findings.
fn load(path: &str, data: &[u8]) {
    let memory = repository().file(path, data);
    let tree = memory.tree();
    let layout = Layout::default();
    let findings = match Snapshot::load(&tree, &layout, &Contents::default()) {
        Ok(snapshot) => {
            let mut findings = snapshot.fleet.findings.clone();
            findings.extend(lint::lint(snapshot.side()));
            findings
        }
        Err(_) => Fleet::load(&tree, &layout).findings,
    };
    are_sound(&findings, &memory);
    let again = Fleet::load(&memory.tree(), &layout).findings;
    assert!(again.iter().all(|finding| findings.contains(finding)));
}

/// Every place lies in its file, between characters.
fn are_sound(findings: &[Diagnostic], files: &dyn Files) {
    for finding in findings {
        for place in finding
            .place
            .iter()
            .chain(finding.notes.iter().map(|note| &note.0))
        {
            is_sound(place, files);
        }
    }
}

fn is_sound(place: &Place, files: &dyn Files) {
    let span = place.span.range();
    assert!(span.start <= span.end, "{place:?}");
    if let Ok(content) = files.read(&place.path) {
        assert!(span.end <= content.len(), "{place:?}");
        if let Ok(text) = std::str::from_utf8(&content) {
            assert!(
                text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
                "{place:?}"
            );
        }
    }
}

/// The YAML reader alone.
pub fn yaml(data: &[u8]) {
    let path = TreePath::from_git("a.yml");
    let first = yaml::read(&path, data);
    let again = yaml::read(&path, data);
    match (&first, &again) {
        (Ok(first), Ok(again)) => assert_eq!(first.to_json(), again.to_json()),
        (Err(first), Err(again)) => assert_eq!(first, again),
        _ => panic!("read twice, the same file is sound once"),
    }
    if let Err(faults) = first {
        are_sound(&faults, &MemoryTree::default().file("a.yml", data));
    }
}

/// An image definition: read, merged, resolved, its inputs derived, its graph built.
pub fn definition(data: &[u8]) {
    load("image-defs/images/a.yml", data);
}

/// The project's settings.
pub fn config(data: &[u8]) {
    load("image-defs/config.yml", data);
}

/// The pins.
pub fn pins(data: &[u8]) {
    load("image-defs/pins.yml", data);
}

/// A recipe, over a repository that it reads.
pub fn recipe(data: &[u8]) {
    let memory = MemoryTree::new([
        (
            "taskgraph-images.yml",
            "recipe: recipe.yml\ntrust-domain: example\n",
        ),
        (
            "builders/a.yaml",
            "template: t\nplatform: linux\nvars: [v]\nscripts: [s]\n",
        ),
        (
            "templates/t.j2",
            "- {name: {{builder.vars.name}}, type: googlecompute}\n",
        ),
        ("vars/v.yaml", "env: {a: 1}\n"),
        ("scripts/s/a.sh", "true\n"),
        ("tool.py", "version = \"1\"\n"),
        ("secrets.yaml", "- {path: /etc/a, value: not-a-token}\n"),
        ("config/b.yaml", "image: {name: b}\n"),
        ("config/defaults.yaml", "image: {size: 1}\n"),
        ("b.pkr.hcl", TEMPLATE),
    ])
    .file("recipe.yml", data);
    let layout = Layout::default();
    let first = Fleet::load(&memory.tree(), &layout).findings;
    are_sound(&first, &memory);
    assert_eq!(first, Fleet::load(&memory.tree(), &layout).findings);
}

fn packer(path: &str, data: &[u8]) {
    let files = repository().file(path, data);
    let template = match ParsedTemplate::parse(&files, &TreePath::from_git(path)) {
        Ok(template) => template,
        Err(faults) => return are_sound(&faults, &files),
    };
    let sources: Vec<String> = template.sources().map(str::to_owned).collect();
    for source in sources.iter().take(4) {
        let variables = BTreeMap::new();
        let request = Request {
            source,
            variables: &variables,
            var_files: &[],
        };
        match template.evaluate(&files, &request) {
            Ok(evaluation) => {
                for input in &evaluation.inputs {
                    is_sound(&input.at, &files);
                }
            }
            Err(faults) => are_sound(&faults, &files),
        }
    }
}

/// A Packer template in HCL, evaluated for each of its sources.
pub fn packer_hcl(data: &[u8]) {
    packer("image-defs/packer/a.pkr.hcl", data);
}

/// A Packer template in HCL's JSON syntax.
pub fn packer_json(data: &[u8]) {
    packer("image-defs/packer/a.pkr.json", data);
}

/// A Packer template in the JSON that was there before HCL.
pub fn packer_legacy(data: &[u8]) {
    packer("image-defs/packer/a.json", data);
}

fn script(language: Language, path: &str, data: &[u8]) {
    let files = repository().file(path, data);
    let path = TreePath::from_git(path);
    let Ok(analysis) = analyse(language, data) else {
        return;
    };
    assert_eq!(analyse(language, data).as_ref(), Ok(&analysis));
    for reference in &analysis.references {
        is_sound(&Place::new(path.clone(), reference.span), &files);
        // A link that leads out of the tree is an answer, too.
        let _ = resolve(&files, &path, reference);
    }
    for fault in &analysis.faults {
        is_sound(&Place::new(path.clone(), fault.span), &files);
    }
}

/// A shell script, and what it refers to.
pub fn shell(data: &[u8]) {
    script(Language::Shell, "image-defs/scripts/a.sh", data);
}

/// A PowerShell script, and what it refers to.
pub fn powershell(data: &[u8]) {
    script(Language::PowerShell, "image-defs/scripts/c.ps1", data);
}

/// A Dockerfile, by way of an image that is built from it.
pub fn dockerfile(data: &[u8]) {
    load("image-defs/context/Dockerfile", data);
}

/// An ignore file, by way of an image whose context it narrows.
pub fn dockerignore(data: &[u8]) {
    load("image-defs/context/.dockerignore", data);
}

/// A glob, and what it matches.
pub fn glob(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(glob) = Glob::parse(text) else {
        return;
    };
    if let Ok(paths) = glob.expand(&repository()) {
        assert!(paths.is_sorted());
        assert!(paths.iter().all(|path| glob.matches(path)));
    }
}

/// A repository's own template of a kind.
pub fn kind_template(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        for &kind in Kind::ALL {
            let _ = KindTemplates::embedded().with_override(kind, text);
        }
    }
    load("image-defs/kinds/build.yml", data);
}

/// A path that somebody wrote: whatever is accepted stays inside of the tree.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(path) = TreePath::parse(text) {
        assert!(
            path.components()
                .all(|part| !matches!(part, "" | "." | ".."))
        );
        // By itself `\a` would be refused as absolute; `./\a` is how one names such a file.
        assert_eq!(TreePath::parse(&format!("./{path}")).as_ref(), Ok(&path));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a target over its seeds, each also cut off at every byte of its first hundred.
    fn run(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(name);
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let data = fs::read(entry.unwrap().path()).unwrap();
            target(&data);
            for end in 0..data.len().min(100) {
                target(&data[..end]);
            }
            count += 1;
        }
        assert!(count > 0, "`seeds/{name}` is empty");
    }

    macro_rules! targets {
        ($($name:ident)*) => {
            $(#[test] fn $name() { run(stringify!($name), super::$name); })*

            #[test]
            fn every_target_is_tested() {
                let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
                let mut files: Vec<String> = fs::read_dir(manifest.join("targets"))
                    .unwrap()
                    .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                    .collect();
                files.sort_unstable();
                let mut tested = vec![$(stringify!($name).to_owned()),*];
                tested.sort_unstable();
                assert_eq!(files, tested);
            }
        };
    }

    targets! {
        config definition dockerfile dockerignore glob kind_template packer_hcl packer_json packer_legacy path pins
        powershell recipe shell yaml
    }
}
