//! `init`: a starting tree.
//!
//! The files are data beside the code (`src/init`), as they will stand in the repository. All are written or none:
//! the folder is made beside the final one, the files at the root are made where there are none, and renaming the
//! folder comes last.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use taskgraph_images::transforms::{ProjectConfig, TrustDomain};
use taskgraph_images::tree::{Repository, RepositoryError, TreePath};

use super::{Global, address, schema};
use crate::exit::Failure;
use crate::printer::Printer;

/// Write a starting tree into a repository that has none
///
/// Writes the folder of the definitions: settings, pins, a fragment, an image that Packer builds for QEMU, a container
/// image, scripts with a library, a check, and JSON schemas for editors; and at the repository's root `.taskcluster.yml`
/// and `.cron.yml`, for Taskcluster. Writes all of it or nothing, and never over what is there: a `.taskcluster.yml` or
/// `.cron.yml` that exists is left as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The prefix of schedulers, index paths, caches and worker pools; by default made of the repository's folder
    #[arg(long, value_name = "NAME", value_parser = trust_domain)]
    trust_domain: Option<TrustDomain>,
    /// The address of the repository whose `main` is trusted at level 3; by default that of the remote `origin`
    #[arg(long, value_name = "URL", value_parser = address::parse)]
    repository: Option<String>,
}

fn trust_domain(text: &str) -> Result<TrustDomain, String> {
    TrustDomain::new(text).map_err(|error| error.to_string())
}

/// The starting tree: paths inside of the definitions' folder, and contents. Two words in the contents stand for
/// something else: `TRUST-DOMAIN`, and `image-defs` for the folder itself.
const FILES: [(&str, &str); 15] = [
    ("README.md", include_str!("../init/README.md")),
    ("config.yml", include_str!("../init/config.yml")),
    ("pins.yml", include_str!("../init/pins.yml")),
    (
        "fragments/linux.yml",
        include_str!("../init/fragments/linux.yml"),
    ),
    (
        "images/debian-base.yml",
        include_str!("../init/images/debian-base.yml"),
    ),
    ("images/tools.yml", include_str!("../init/images/tools.yml")),
    (
        "packer/debian.pkr.hcl",
        include_str!("../init/packer/debian.pkr.hcl"),
    ),
    (
        "files/qemu/meta-data",
        include_str!("../init/files/qemu/meta-data"),
    ),
    (
        "files/qemu/user-data",
        include_str!("../init/files/qemu/user-data"),
    ),
    (
        "scripts/lib/common.sh",
        include_str!("../init/scripts/lib/common.sh"),
    ),
    (
        "scripts/linux/10-packages.sh",
        include_str!("../init/scripts/linux/10-packages.sh"),
    ),
    (
        "scripts/linux/20-record.sh",
        include_str!("../init/scripts/linux/20-record.sh"),
    ),
    (
        "checks/linux/10-system.sh",
        include_str!("../init/checks/linux/10-system.sh"),
    ),
    (
        "containers/tools/Dockerfile",
        include_str!("../init/containers/tools/Dockerfile"),
    ),
    (
        "containers/tools/.dockerignore",
        include_str!("../init/containers/tools/.dockerignore"),
    ),
];

/// What stands at the repository's root. Four words in the contents stand for something else: `TRUST-DOMAIN`,
/// `TRUSTED-REPOSITORY`, `REPOSITORY-PREFIX` and `DEFINITIONS-FOLDER`. The third of each is what to do if there is such a file already.
const AT_ROOT: [(&str, &str, &str); 2] = [
    (
        ".taskcluster.yml",
        include_str!("../init/root/taskcluster.yml"),
        "add a task that runs `taskgraph-images decision`, as `.taskcluster.yml` of the project taskgraph-images does",
    ),
    (
        ".cron.yml",
        include_str!("../init/root/cron.yml"),
        "add a job with `target-tasks-method: rebuild`",
    ),
];

/// Stands for a repository that is not known: no event is of its, so nothing runs at level 3.
const UNKNOWN_REPOSITORY: &str = "https://github.com/OWNER/NAME";

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let repository = Repository::open(&global.root)?;
    let root = repository
        .work_dir()
        .ok_or(RepositoryError::Bare("work tree"))?;
    let folder = folder(&global.definitions)?;
    // `.` has no name that a trust domain could be made of.
    let root = fs::canonicalize(&root)
        .map_err(|error| Failure::Files(format!("`{}`: {error}", root.display())))?;
    let target = root.join(folder.as_str());
    free(&target, &folder)?;

    let trust_domain = match args.trust_domain {
        Some(name) => name,
        None => of_folder(&root)?,
    };
    let trusted = args.repository.or_else(|| address::origin(&repository));
    let files = files(&folder, &trust_domain);
    let (there, at_root): (Vec<_>, Vec<_>) = AT_ROOT
        .into_iter()
        .partition(|(name, ..)| fs::symlink_metadata(root.join(name)).is_ok());
    let at_root: Vec<(&str, String)> = at_root
        .into_iter()
        .map(|(name, content, _)| {
            let repository = trusted.as_deref().unwrap_or(UNKNOWN_REPOSITORY);
            (name, named(content, &folder, &trust_domain, repository))
        })
        .collect();
    write(&root, &at_root, &target, &files)
        .map_err(|error| Failure::Files(format!("`{}`: {error}", target.display())))?;

    let mut paths: Vec<String> = files
        .iter()
        .map(|(path, _)| format!("{folder}/{path}\n"))
        .chain(at_root.iter().map(|(name, _)| format!("{name}\n")))
        .collect();
    paths.sort_unstable();
    printer.data(&paths.concat(), None)?;
    for (name, _, what_to_do) in there {
        printer.note(&format!(
            "`{name}` exists already and is left as it is: {what_to_do}"
        ));
    }
    if trusted.is_none()
        && at_root
            .iter()
            .any(|(_, content)| content.contains(UNKNOWN_REPOSITORY))
    {
        printer.note(
            "the address of this repository is not known: set `trustedRepository` in `.taskcluster.yml`; until then \
             nothing runs at level 3",
        );
    }
    printer.note(&format!(
        "wrote {} files; the trust domain is `{trust_domain}`\n\
         next:\n  \
         taskgraph-images check            every fault, and what looks wrong\n  \
         taskgraph-images preview --all    what would be built, verified and published\n\
         then set the trust domain, the owner and your worker pools in `{folder}/config.yml`, and the digests in \
         `{folder}/pins.yml`",
        paths.len(),
    ));
    Ok(())
}

/// The contents of a file at the root, with the project's names.
fn named(content: &str, folder: &TreePath, trust_domain: &TrustDomain, repository: &str) -> String {
    let prefix = ProjectConfig::new(trust_domain.clone()).repository_prefix;
    content
        .replace("TRUST-DOMAIN", trust_domain.as_str())
        .replace("TRUSTED-REPOSITORY", repository)
        .replace("REPOSITORY-PREFIX", prefix.as_str())
        .replace("DEFINITIONS-FOLDER", folder.as_str())
}

/// The folder of the definitions. It is written into files, where only such names need no quoting.
fn folder(definitions: &str) -> Result<TreePath, Failure> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let path = TreePath::parse(definitions)
        .map_err(|error| Failure::Usage(format!("--definitions: {error}"), None))?;
    if path.as_str().is_empty() || !path.as_str().chars().all(plain) {
        return Err(Failure::Usage(
            format!("--definitions: `{definitions}` is no folder that a starting tree can have"),
            Some("use letters, digits, `.`, `_` and `-`".to_owned()),
        ));
    }
    Ok(path)
}

/// Whether nothing stands at the target; an empty folder is nothing.
fn free(target: &Path, folder: &TreePath) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Files(format!("`{}`: {error}", target.display()));
    let is_free = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(error)),
        Ok(found) => found.is_dir() && fs::read_dir(target).map_err(failed)?.next().is_none(),
    };
    if is_free {
        return Ok(());
    }
    Err(Failure::Usage(
        format!("`{folder}` exists already; nothing was written"),
        Some(
            "a starting tree goes where there is none: name another folder with `--definitions`"
                .to_owned(),
        ),
    ))
}

/// A trust domain made of the name of the repository's folder.
fn of_folder(root: &Path) -> Result<TrustDomain, Failure> {
    let name = root
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let parts: Vec<&str> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    TrustDomain::new(&parts.join("-")).map_err(|_| {
        Failure::Usage(
            "the repository's folder gives no trust domain".to_owned(),
            Some("name it with `--trust-domain`".to_owned()),
        )
    })
}

fn files(folder: &TreePath, trust_domain: &TrustDomain) -> Vec<(String, String)> {
    let here = FILES.iter().map(|(path, content)| {
        let content = content
            .replace("TRUST-DOMAIN", &trust_domain.to_string())
            .replace("image-defs", folder.as_str());
        ((*path).to_owned(), content)
    });
    let schemas = schema::File::ALL
        .iter()
        .map(|file| (format!("schema/{file}.json"), schema::text(*file)));
    let mut files: Vec<_> = here.chain(schemas).collect();
    files.sort_unstable();
    files
}

/// Writes a folder whole, and files at the root where there are none; or nothing at all.
fn write(
    root: &Path,
    at_root: &[(&str, String)],
    target: &Path,
    files: &[(String, String)],
) -> io::Result<()> {
    let parent = target.parent().unwrap_or(target);
    fs::create_dir_all(parent)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = parent.join(format!(".{name}.{}", std::process::id()));
    let mut made = Vec::new();
    let written = fill(&unfinished, files).and_then(|()| {
        for (name, content) in at_root {
            let path = root.join(name);
            let mut file = fs::File::create_new(&path)?;
            made.push(path);
            file.write_all(content.as_bytes())?;
        }
        if target.is_dir() {
            // Empty, as was seen; if that is no longer so, this fails.
            fs::remove_dir(target)?;
        }
        fs::rename(&unfinished, target)
    });
    if written.is_err() {
        // What cannot be removed either is told by the first error.
        let _ = fs::remove_dir_all(&unfinished);
        for path in made {
            let _ = fs::remove_file(path);
        }
    }
    written
}

fn fill(folder: &Path, files: &[(String, String)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    for (path, content) in files {
        let path: PathBuf = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content)?;
        if content.starts_with("#!") {
            make_executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | 0o111);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, run};
    use super::*;
    use clap::Parser as _;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::Builder::new()
            .prefix("My images")
            .tempdir()
            .unwrap();
        let status = std::process::Command::new("git")
            .args(["init", "--quiet", "."])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(status.success());
        folder
    }

    fn command(root: &Path, words: &[&str]) -> Result<(), Failure> {
        let root = root.to_str().unwrap();
        let start = ["taskgraph-images", "--quiet", "--root", root];
        let cli = Cli::try_parse_from(start.iter().chain(words)).unwrap();
        run(cli, &mut Printer::new(anstream::ColorChoice::Never, true))
    }

    fn listing(root: &Path) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        let mut queue = vec![root.to_owned()];
        while let Some(folder) = queue.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true if path.ends_with(".git") => {}
                    true => queue.push(path),
                    false => paths.push(path.strip_prefix(root).unwrap().to_owned()),
                }
            }
        }
        paths.sort_unstable();
        paths
    }

    #[test]
    fn every_file_of_the_starting_tree_is_written() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/init");
        let listed: Vec<PathBuf> = {
            let mut paths: Vec<_> = FILES.iter().map(|(path, _)| PathBuf::from(path)).collect();
            paths.extend(["root/cron.yml", "root/taskcluster.yml"].map(PathBuf::from));
            paths.sort_unstable();
            paths
        };
        assert_eq!(listing(&data), listed);
    }

    #[test]
    fn what_it_writes_has_no_fault_and_no_warning() {
        for words in [&["init"][..], &["--definitions", "ci/images", "init"]] {
            let repository = repository();
            let root = repository.path();
            let definitions = &words[..words.len() - 1];
            command(root, words).unwrap();
            command(
                root,
                &[definitions, &["check", "--deny", "warning"]].concat(),
            )
            .unwrap();
            let page = root.join("preview.json");
            let page = page.to_str().unwrap();
            let preview = [
                "preview", "--all", "--event", "push", "--format", "json", "-o", page,
            ];
            command(root, &[definitions, &preview].concat()).unwrap();
            let preview: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(page).unwrap()).unwrap();
            let labels: Vec<_> = preview["tasks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|task| task["label"].as_str().unwrap())
                .collect();
            assert_eq!(
                labels,
                [
                    "build-debian-base-qemu",
                    "build-tools-container",
                    "publish-tools-container",
                    "verify-debian-base-qemu",
                    "publish-debian-base-qemu",
                ]
            );
        }
    }

    #[test]
    fn it_writes_all_or_nothing() {
        let repository = repository();
        let root = repository.path();
        let mine = root.join("image-defs/mine.txt");
        fs::create_dir(root.join("image-defs")).unwrap();
        fs::write(&mine, "mine").unwrap();
        let failure = command(root, &["init"]).unwrap_err();
        assert!(
            matches!(&failure, Failure::Usage(words, Some(_)) if words.contains("nothing was written"))
        );
        assert_eq!(listing(root), [PathBuf::from("image-defs/mine.txt")]);

        // An empty folder is none.
        fs::remove_file(&mine).unwrap();
        command(root, &["init"]).unwrap();
        let before = listing(root);
        assert!(before.contains(&PathBuf::from("image-defs/config.yml")));
        command(root, &["init"]).unwrap_err();
        assert_eq!(listing(root), before);
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("a", ""), ("a/b", "")].map(|(path, text)| (path.to_owned(), text.to_owned()));
        let root = folder.path();
        let target = root.join("target");
        let at_root = |name| [(name, "new".to_owned())];
        write(root, &at_root(".cron.yml"), &target, &files).unwrap_err();
        assert_eq!(fs::read_dir(root).unwrap().count(), 0);

        // Somebody was faster.
        let files = [("a".to_owned(), String::new())];
        fs::write(root.join(".cron.yml"), "mine").unwrap();
        let both = [("first", String::new()), (".cron.yml", String::new())];
        write(root, &both, &target, &files).unwrap_err();
        assert_eq!(listing(root), [PathBuf::from(".cron.yml")]);
        assert_eq!(fs::read(root.join(".cron.yml")).unwrap(), b"mine");
    }

    #[test]
    fn files_at_the_root_are_never_written_over() {
        let repository = repository();
        let root = repository.path();
        fs::write(root.join(".taskcluster.yml"), "mine").unwrap();
        command(root, &["init"]).unwrap();
        assert_eq!(fs::read(root.join(".taskcluster.yml")).unwrap(), b"mine");
        assert!(root.join(".cron.yml").is_file());
    }

    #[test]
    fn its_decision_task_is_this_repositorys_but_for_names() {
        let domain = TrustDomain::new("taskgraph-images").unwrap();
        let own = "https://github.com/taskcluster/taskgraph-images";
        let folder = TreePath::parse("image-defs").unwrap();
        for (name, content, _) in AT_ROOT {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
            // What a new repository has not set up yet is a comment there.
            let shared = |text: &str| {
                let parts = text.split_once("\n  # Tasks about the fleet.");
                parts.map_or(text.to_owned(), |(shared, _)| shared.to_owned())
            };
            assert_eq!(
                shared(&named(content, &folder, &domain, own)),
                shared(&fs::read_to_string(path).unwrap()),
                "{name}"
            );
        }
    }

    #[test]
    fn the_trust_domain_is_the_folders_name_or_the_one_given() {
        let name = |path: &str| of_folder(Path::new(path)).map(|name| name.to_string());
        assert_eq!(name("/srv/Worker Images_2").unwrap(), "worker-images-2");
        assert!(name("/").is_err());

        let repository = repository();
        command(repository.path(), &["init", "--trust-domain", "mobile"]).unwrap();
        let config = fs::read_to_string(repository.path().join("image-defs/config.yml")).unwrap();
        assert!(config.contains("\ntrust-domain: mobile\n"));
    }
}
