//! Collecting what a task leaves, by the rules of its payload, as its worker uploads it.

use std::io;
use std::path::{Path, PathBuf};

use taskgraph_images_transforms::ArtifactType;

use super::payload::Rule;
use super::place::inside;

/// What was collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Collected {
    /// The names of the artifacts, sorted.
    pub(super) names: Vec<String>,
    /// What its rules name and it did not leave, in words.
    pub(super) absent: Vec<String>,
}

/// Puts what some rules name from a task's folder into the folder of its artifacts. What is a link becomes a file, as it
/// does in the queue.
pub(super) fn collect(rules: &[Rule], folder: &Path, to: &Path) -> Result<Collected, String> {
    let mut collected = Collected::default();
    for rule in rules {
        let (Some(from), Some(target)) = (inside(folder, &rule.path), inside(to, &rule.name))
        else {
            collected.absent.push(format!(
                "`{}` at `{}`, which leads out of the task's folder",
                rule.name, rule.path
            ));
            continue;
        };
        let found = std::fs::metadata(&from);
        let there = match (&found, rule.kind) {
            (Ok(found), ArtifactType::File) => found.is_file(),
            (Ok(found), ArtifactType::Directory) => found.is_dir(),
            (Err(_), _) => false,
        };
        if !there {
            if !rule.optional {
                let kind = match rule.kind {
                    ArtifactType::File => "file",
                    ArtifactType::Directory => "folder",
                };
                collected
                    .absent
                    .push(format!("the {kind} `{}` (`{}`)", rule.path, rule.name));
            }
            continue;
        }
        let fault = |path: &Path, error: io::Error| format!("`{}`: {error}", path.display());
        match rule.kind {
            ArtifactType::File => {
                take(&from, &target).map_err(|error| fault(&from, error))?;
                collected.names.push(rule.name.clone());
            }
            ArtifactType::Directory => {
                for file in files(&from).map_err(|error| fault(&from, error))? {
                    take(&from.join(&file), &target.join(&file))
                        .map_err(|error| fault(&from.join(&file), error))?;
                    let name = file.to_string_lossy().replace('\\', "/");
                    collected.names.push(format!("{}/{name}", rule.name));
                }
            }
        }
    }
    collected.names.sort_unstable();
    Ok(collected)
}

/// The files below a folder, relative to it. Links to folders are not followed, as workers do not.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if std::fs::metadata(entry.path())?.is_file() {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Puts a file under a second name, so that large ones take no more room; copies it where that cannot be.
fn take(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if std::fs::symlink_metadata(from)?.is_file() && std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).map(|_| ())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn rule(name: &str, path: &str, kind: ArtifactType, optional: bool) -> Rule {
        Rule {
            name: name.to_owned(),
            path: path.to_owned(),
            kind,
            optional,
        }
    }

    #[test]
    fn rules_are_followed() {
        use ArtifactType::{Directory, File};
        let keep = tempfile::tempdir().unwrap();
        let (folder, to) = (keep.path().join("task"), keep.path().join("out"));
        std::fs::create_dir_all(folder.join("image/more")).unwrap();
        std::fs::write(folder.join("image/a"), "a").unwrap();
        std::fs::write(folder.join("image/more/b"), "b").unwrap();
        std::os::unix::fs::symlink("more/b", folder.join("image/link")).unwrap();
        std::os::unix::fs::symlink("/", folder.join("image/root")).unwrap();
        let collected = collect(
            &[
                rule("public/image", "image", Directory, false),
                rule("public/log.txt", "log.txt", File, false),
                rule("public/a", "image", File, false),
                rule("public/none", "none", Directory, true),
                rule("public/evil", "../evil", File, false),
                rule("../evil", "image", Directory, false),
            ],
            &folder,
            &to,
        )
        .unwrap();
        assert_eq!(
            collected.names,
            ["public/image/a", "public/image/link", "public/image/more/b"]
        );
        insta::assert_snapshot!(collected.absent.join("\n"), @"
        the file `log.txt` (`public/log.txt`)
        the file `image` (`public/a`)
        `public/evil` at `../evil`, which leads out of the task's folder
        `../evil` at `image`, which leads out of the task's folder
        ");
        assert_eq!(
            std::fs::read_to_string(to.join("public/image/more/b")).unwrap(),
            "b"
        );
    }
}
