//! Holds what is written for people to what is true: paths exist, links lead somewhere, the guide is complete, and
//! every console session prints what the page says.
//!
//! A ```` ```console ```` block holds commands (`$ …`) and what they print. A page says in a comment where they run:
//! `<!-- console: fleet -->`, each block in a fresh copy of this repository's fleet, or `<!-- console: story -->`, all
//! blocks one after the other in a repository that starts empty. In a story `<!-- file: PATH -->` before a block
//! writes the block to that file. With `TASKGRAPH_IMAGES_REGENERATE=1` in the environment pages are rewritten.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// The pages of the guide.
fn guide() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort_unstable();
    pages
}

fn pages() -> Vec<PathBuf> {
    let top = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "image-defs/README.md",
        "fuzz/README.md",
    ];
    let mut pages: Vec<PathBuf> = top.iter().map(|page| root().join(page)).collect();
    pages.extend(guide());
    pages
}

/// A page without its fenced blocks.
fn prose(page: &Path) -> String {
    let mut text = String::new();
    let mut fenced = false;
    for line in fs::read_to_string(page).unwrap().lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let include = Regex::new(r"\{\{#include ([^}]+)\}\}").unwrap();
    let heading = Regex::new(r"(?m)^#+ +(.+)$").unwrap();
    let mut broken = Vec::new();
    for page in pages() {
        let text = prose(&page);
        for found in link
            .captures_iter(&text)
            .chain(include.captures_iter(&text))
        {
            let target = &found[1];
            if target.contains("://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            let known = anchor.is_empty() || {
                let text = prose(&file);
                heading.captures_iter(&text).any(|found| {
                    let plain = found[1].to_lowercase();
                    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
                    plain
                        .chars()
                        .filter(kept)
                        .collect::<String>()
                        .replace(' ', "-")
                        == anchor
                })
            };
            if !file.exists() || !known {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn paths_named_in_the_architecture_and_recipes_exist() {
    let code = Regex::new(r"`([A-Za-z0-9_./-]+)`").unwrap();
    let folders = ["", "taskgraph-images/src", "transforms/src"];
    let mut missing = Vec::new();
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        for found in code.captures_iter(&prose(&root().join(page))) {
            let path = &found[1];
            let is_path = path.contains('/') || path.ends_with(".rs") || path.ends_with(".md");
            let exists = |folder: &&str| root().join(folder).join(path).exists();
            if is_path && !folders.iter().any(exists) {
                missing.push(format!("{page}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_guide_lists_every_page() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let summary = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    let listed: BTreeSet<String> = link
        .captures_iter(&summary)
        .map(|found| found[1].to_owned())
        .collect();
    let there: BTreeSet<String> = guide()
        .iter()
        .map(|page| page.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "SUMMARY.md")
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn console_sessions_are_real() {
    let mut stale = Vec::new();
    let ids = Regex::new("[0-9a-f]{12,64}").unwrap();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let Some(kind) = text
            .lines()
            .find_map(|line| line.strip_prefix("<!-- console: ")?.strip_suffix(" -->"))
        else {
            assert!(
                !text.contains("```console"),
                "{}: say where it runs",
                page.display()
            );
            continue;
        };
        let fresh = replayed(&text, kind == "fleet");
        if ids.replace_all(&fresh, "…") != ids.replace_all(&text, "…") {
            if std::env::var_os("TASKGRAPH_IMAGES_REGENERATE").is_some() {
                fs::write(&page, &fresh).unwrap();
            } else {
                stale.push(format!("{}:\n{fresh}", page.display()));
            }
        }
    }
    assert!(
        stale.is_empty(),
        "pages that show what the program does not print; run \
         `TASKGRAPH_IMAGES_REGENERATE=1 cargo test -p taskgraph-images --test docs`\n{}",
        stale.join("\n")
    );
}

/// The page with what its commands print now.
fn replayed(page: &str, is_fleet: bool) -> String {
    let mut machine = Machine::new(is_fleet);
    let mut text = String::new();
    let mut lines = page.lines();
    let mut file = None;
    while let Some(line) = lines.next() {
        text += &format!("{line}\n");
        if let Some(path) = line.strip_prefix("<!-- file: ") {
            file = path.strip_suffix(" -->");
        }
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if info == "console" {
            if is_fleet {
                machine = Machine::new(true);
            }
            for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                text += &format!("$ {command}\n{}", machine.run(command));
            }
        } else {
            if let Some(path) = file.take() {
                machine.write(path, &(block.join("\n") + "\n"));
            }
            for line in block {
                text += &format!("{line}\n");
            }
        }
        text += "```\n";
    }
    text
}

/// A folder with a repository in it.
struct Machine {
    _folder: tempfile::TempDir,
    repository: PathBuf,
}

impl Machine {
    fn new(is_fleet: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("worker-images");
        fs::create_dir(&repository).unwrap();
        let machine = Self {
            _folder: folder,
            repository,
        };
        machine.run("git init --quiet --initial-branch main .");
        if is_fleet {
            copy(
                &root().join("image-defs"),
                &machine.repository.join("image-defs"),
            );
            let examples = Path::new("docs/examples");
            copy(&root().join(examples), &machine.repository.join(examples));
            machine.run("git add --all && git commit --quiet --message 'The fleet'");
        }
        machine
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.repository.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs a command; what it prints, on both streams.
    fn run(&self, command: &str) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_taskgraph-images"))
            .parent()
            .unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let home = self.repository.parent().unwrap();
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(&self.repository)
            .env_clear()
            .env("PATH", format!("{}:{path}", program.display()))
            .env("HOME", home)
            .env("LC_ALL", "C.UTF-8")
            .envs([
                ("GIT_AUTHOR_NAME", "A"),
                ("GIT_AUTHOR_EMAIL", "a@example.org"),
                ("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "A"),
                ("GIT_COMMITTER_EMAIL", "a@example.org"),
                ("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z"),
            ])
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // The day of the examples' reports: 2026-11-26.
            .env("SOURCE_DATE_EPOCH", "1795651200")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
