//! What commands that run Packer need to know of an image's template.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::{Holds, Rendered};
use taskgraph_images::formats::BuildValues;
use taskgraph_images::output;
use taskgraph_images::packer::ParsedTemplate;
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::{Builder, ImageId};
use taskgraph_images::tree::{FileError, Files as _, Mode, TreePath, View};
use taskgraph_images::worker::archive::Archive;
use taskgraph_images::worker::packer::{PackerRun, TemplateFacts};
use taskgraph_images::worker::secrets_file::{self, SecretFile};

use crate::exit::Failure;

/// The name of a template that was made for one image.
const MADE: &str = "template.json";
/// The variable of a task's secrets that holds the list of files with secrets, as its text.
pub(super) const SECRETS_FILE: &str = "IMAGE_SECRETS";
/// How many digits of a revision are shown, as git does in a repository of some thousand objects.
const SHORT: usize = 7;

/// What differs with each build of an image: of a task, or of `by_hand` where there is none.
pub(super) fn build_values(
    snapshot: &Snapshot,
    id: &ImageId,
    task: Option<&TaskId>,
    by_hand: &str,
    revision: Option<&str>,
) -> BuildValues {
    let task = task.map_or_else(|| by_hand.to_owned(), ToString::to_string);
    let date = super::now().to_string();
    let name = revision.unwrap_or(&snapshot.name);
    let is_commit = name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let revision = if is_commit { &name[..SHORT] } else { "unknown" };
    BuildValues::new(
        &format!("{task} {id}"),
        date.get(..10).unwrap_or(&date),
        revision,
    )
}

/// The template that was made for an image by a recipe, if it was.
pub(super) fn made<'a>(snapshot: &'a Snapshot, id: &ImageId) -> Option<&'a Rendered> {
    let resolved = snapshot.fleet.images[id].resolved();
    resolved.foreign.as_ref()?.rendered.as_ref()
}

/// Writes a template that was made, and the archives that it names, into a folder; and how it is run then.
pub(super) fn write_made(
    snapshot: &Snapshot,
    id: &ImageId,
    rendered: &Rendered,
    build: &BuildValues,
    folder: &Path,
    mut environment: BTreeMap<String, String>,
) -> Result<PackerRun, Failure> {
    let secrets = environment.remove(SECRETS_FILE);
    let mut template = build.fill(&rendered.template);
    for (at, packed) in rendered.archives.iter().enumerate() {
        let file = folder.join(format!("{at}.tar"));
        let archive = Archive::new(BufWriter::new(File::create(&file)?));
        match &packed.holds {
            Holds::Folder { folder, under } => {
                pack_folder(snapshot, folder, under.as_ref(), archive)?
            }
            Holds::Secrets { file } => pack_secrets(snapshot, file, secrets.as_deref(), archive)?,
        }
        let steps = template
            .get_mut("provisioners")
            .and_then(Value::as_array_mut);
        for step in steps.into_iter().flatten() {
            if step["source"] == packed.name.as_str() {
                step["source"] = json!(file);
            }
        }
    }
    let path = folder.join(MADE);
    std::fs::write(&path, output::json(&template))?;
    let definition = &snapshot.fleet.images[id].resolved().definition;
    let Builder::Packer { source, .. } = &definition.builder else {
        return Err(not_packer(id));
    };
    Ok(PackerRun::made(path, source, environment))
}

fn pack_folder(
    snapshot: &Snapshot,
    folder: &TreePath,
    under: Option<&TreePath>,
    mut archive: Archive<impl Write>,
) -> Result<(), Failure> {
    let tree = &snapshot.fleet.tree;
    let view = View::new(tree);
    let failed = |error: FileError| Failure::Files(error.to_string());
    for file in view.list(folder, true).map_err(failed)? {
        let rest = file.strip_prefix(folder).unwrap_or(file.as_str());
        let name = match under {
            Some(under) => format!("{under}/{rest}"),
            None => rest.to_owned(),
        };
        let found = view.find(&file).map_err(failed)?;
        let content = view.read(&file).map_err(failed)?;
        archive.add(&name, found.mode == Mode::Executable, &content)?;
    }
    archive.finish()?;
    Ok(())
}

/// Packs files with secrets: those that a task or its caller has, or else the repository's own, which are no secrets.
fn pack_secrets(
    snapshot: &Snapshot,
    own: &TreePath,
    given: Option<&str>,
    mut archive: Archive<impl Write>,
) -> Result<(), Failure> {
    let view = View::new(&snapshot.fleet.tree);
    let content = view
        .read(own)
        .map_err(|error| Failure::Files(error.to_string()))?;
    let read = |path: &TreePath, content: &[u8]| {
        secrets_file::read(path, content)
            .map_err(|faults| Failure::Definitions(faults, Some(snapshot.fleet.tree.clone())))
    };
    let mut files = read(own, &content)?;
    if let Some(given) = given {
        let theirs = given_secrets(given)?;
        let paths = |files: &[SecretFile]| -> BTreeSet<String> {
            files.iter().map(|file| file.path.clone()).collect()
        };
        // The steps that protect them were made for these paths, and the digest covers no others.
        if paths(&theirs) != paths(&files) {
            return Err(Failure::Usage(
                format!("the files with secrets that were given are others than those of `{own}`"),
                Some(format!("give each path of `{own}` a value, and no other")),
            ));
        }
        files = theirs;
    }
    for file in files {
        archive.add(&file.path, false, file.value.as_bytes())?;
    }
    archive.finish()?;
    Ok(())
}

/// Files with secrets from some text. What is wrong with it is told without showing any of it.
pub(super) fn given_secrets(text: &str) -> Result<Vec<SecretFile>, Failure> {
    secrets_file::read(&TreePath::from_git(SECRETS_FILE), text.as_bytes()).map_err(|faults| {
        let words: Vec<&str> = faults.iter().map(|fault| &*fault.message).collect();
        Failure::Usage(
            format!(
                "the files with secrets that were given: {}",
                words.join("; ")
            ),
            Some("they are a YAML list of `{path: …, value: …}`".to_owned()),
        )
    })
}

fn not_packer(id: &ImageId) -> Failure {
    Failure::Usage(format!("`{id}` is not made by Packer"), None)
}

/// What of an image's template decides how Packer is run.
pub(super) fn facts(snapshot: &Snapshot, id: &ImageId) -> Result<TemplateFacts, Failure> {
    let fleet = &snapshot.fleet;
    let resolved = fleet.images[id].resolved();
    let definition = &resolved.definition;
    let Builder::Packer { template, .. } = &definition.builder else {
        return Err(not_packer(id));
    };
    let path = TreePath::parse(template).map_err(|error| Failure::Files(error.to_string()))?;
    let parsed = ParsedTemplate::parse(&View::new(&fleet.tree), &path)
        .map_err(|faults| Failure::Definitions(faults, Some(fleet.tree.clone())))?;
    Ok(TemplateFacts {
        variables: parsed.variables().map(str::to_owned).collect(),
        plugins: parsed.asks_for_plugins(),
    })
}

/// The provisioning scripts of an image, in the order they run.
pub(super) fn scripts(snapshot: &Snapshot, id: &ImageId) -> Vec<String> {
    let fleet = &snapshot.fleet;
    let scripts = fleet.provisioning(&fleet.images[id]);
    scripts.iter().map(ToString::to_string).collect()
}
