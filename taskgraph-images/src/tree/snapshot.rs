//! [`snapshot`]: a commit of what was not committed, kept in a repository of its own, so that a task can check out what
//! somebody works on. The repository that it is of is only read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The work tree, with untracked files that git does not ignore.
    WorkTree,
    /// What is staged.
    Staged,
}

/// A commit, and where it can be fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetchable {
    /// The repository's address, of this machine's files.
    pub repository: String,
    /// The commit's id.
    pub revision: String,
    /// Whether it is a snapshot of what was not committed.
    pub modified: bool,
}

/// Why there is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Git cannot be run on this machine.
    #[error("git cannot be run: {0}")]
    NoGit(String),
    /// Git refuses.
    #[error("what is not committed cannot be taken: `git {command}`: {why}")]
    Git {
        /// What was asked.
        command: String,
        /// What it says.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("`{path}`: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

/// Variables by which git is told of another repository than the one that it stands in.
pub const LOCAL_VARIABLES: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Commits what a work tree or its index holds into the bare repository at `target`, which is made if it is not there
/// and shares what the other has. Where nothing differs from `head`, the commit that is checked out, that is the answer.
///
/// The same content on the same commit always gives the same commit.
///
/// # Errors
/// When git refuses, or a file cannot be written.
pub fn snapshot(
    work_dir: &Path,
    head: Option<&str>,
    taken: Taken,
    target: &Path,
) -> Result<Fetchable, SnapshotError> {
    let git = Git { at: work_dir };
    let absolute = ["rev-parse", "--path-format=absolute", "--git-path"];
    let real = |name| {
        git.said(&[&absolute[..], &[name]].concat(), &[])
            .map(PathBuf::from)
    };
    let (objects, index) = (real("objects")?, real("index")?);
    let fault = |path: &Path, error: std::io::Error| SnapshotError::File {
        path: path.to_owned(),
        why: error.to_string(),
    };
    if target.exists() {
        std::fs::remove_dir_all(target).map_err(|error| fault(target, error))?;
    }
    let format = git.said(&["rev-parse", "--show-object-format"], &[])?;
    let target_text = target.to_string_lossy().into_owned();
    let format = format!("--object-format={format}");
    git.said(
        &["init", "--quiet", "--bare", &format, "--", &target_text],
        &[],
    )?;
    let alternates = target.join("objects/info/alternates");
    std::fs::write(&alternates, format!("{}\n", objects.display()))
        .map_err(|error| fault(&alternates, error))?;
    let own_index = target.join("index");
    if index.exists() {
        std::fs::copy(&index, &own_index).map_err(|error| fault(&own_index, error))?;
    }
    let elsewhere = [
        ("GIT_INDEX_FILE", own_index.as_os_str().to_owned()),
        (
            "GIT_OBJECT_DIRECTORY",
            target.join("objects").into_os_string(),
        ),
    ];
    if taken == Taken::WorkTree {
        git.said(&["add", "--all", "--", ":/"], &elsewhere)?;
    }
    let tree = git.said(&["write-tree"], &elsewhere)?;
    if let Some(head) = head {
        let committed = git.said(&["rev-parse", "--verify", &format!("{head}^{{tree}}")], &[])?;
        if committed == tree {
            return Ok(Fetchable {
                repository: address(work_dir),
                revision: head.to_owned(),
                modified: false,
            });
        }
    }
    let mut commit = vec![
        "commit-tree",
        "--no-gpg-sign",
        "-m",
        "What was not committed",
    ];
    if let Some(head) = head {
        commit.extend(["-p", head]);
    }
    commit.push(&tree);
    let mut variables = elsewhere.to_vec();
    // Nobody in particular, and no time: only the content counts.
    variables.extend(
        [
            ("GIT_AUTHOR_NAME", "taskgraph-images"),
            ("GIT_AUTHOR_EMAIL", "nobody@example.org"),
            ("GIT_AUTHOR_DATE", "1970-01-01T00:00:00Z"),
            ("GIT_COMMITTER_NAME", "taskgraph-images"),
            ("GIT_COMMITTER_EMAIL", "nobody@example.org"),
            ("GIT_COMMITTER_DATE", "1970-01-01T00:00:00Z"),
        ]
        .map(|(name, value)| (name, value.into())),
    );
    let revision = git.said(&commit, &variables)?;
    let own = Git { at: target };
    own.said(&["update-ref", "refs/heads/snapshot", &revision], &[])?;
    own.said(&["symbolic-ref", "HEAD", "refs/heads/snapshot"], &[])?;
    Ok(Fetchable {
        repository: address(target),
        revision,
        modified: true,
    })
}

/// The address by which git fetches from a folder of this machine.
pub fn address(path: &Path) -> String {
    let text = path
        .to_string_lossy()
        .replace('\\', "/")
        .replace('%', "%25");
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{text}")
}

struct Git<'a> {
    at: &'a Path,
}

impl Git<'_> {
    /// What git says, trimmed.
    fn said(
        &self,
        arguments: &[&str],
        variables: &[(&str, OsString)],
    ) -> Result<String, SnapshotError> {
        let mut command = Command::new("git");
        for name in LOCAL_VARIABLES {
            command.env_remove(name);
        }
        let output = command
            .arg("-C")
            .arg(self.at)
            .args(arguments)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| SnapshotError::NoGit(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().rfind(|line| !line.trim().is_empty());
        Err(SnapshotError::Git {
            command: arguments.join(" "),
            why: last.unwrap_or("git says nothing").to_owned(),
        })
    }
}
