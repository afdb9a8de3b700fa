//! Edits as Phabricator's diffs have them.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Settings, SourceControl};
use crate::hex::hex;
use crate::proposals::{FileEdit, Proposal, content_hash, hunks};

/// The kinds of changes.
const ADD: u8 = 1;
const CHANGE: u8 = 2;

/// The kind of files that are text.
const TEXT: u8 = 1;

/// What `differential.creatediff` takes.
pub(super) fn diff(settings: &Settings, proposal: &Proposal, repository: &str) -> Value {
    let id = commit_id(settings, proposal);
    let changes: Vec<Value> = proposal
        .changes()
        .map(|(path, edit)| change(path, edit, &id))
        .collect();
    json!({
        "changes": changes,
        "sourceMachine": "taskgraph-images",
        "sourcePath": "/",
        "branch": proposal.base.as_str(),
        "sourceControlSystem": match settings.system {
            SourceControl::Git => "git",
            SourceControl::Mercurial => "hg",
        },
        "sourceControlPath": "/",
        // Without it what is landed may be mangled.
        "sourceControlBaseRevision": settings.base_revision,
        "creationMethod": "taskgraph-images",
        "lintStatus": "none",
        "unitStatus": "none",
        "repositoryPHID": repository,
    })
}

fn change(path: &str, edit: &FileEdit, commit: &str) -> Value {
    let hunks: Vec<Value> = hunks(edit)
        .into_iter()
        .map(|hunk| {
            json!({
                "oldOffset": hunk.old_start,
                "oldLength": hunk.old_lines,
                "newOffset": hunk.new_start,
                "newLength": hunk.new_lines,
                "addLines": hunk.added,
                "delLines": hunk.removed,
                "isMissingOldNewline": hunk.old_is_unended,
                "isMissingNewNewline": hunk.new_is_unended,
                "corpus": hunk.text,
            })
        })
        .collect();
    let is_new = edit.old.is_none();
    let mode = if is_new {
        json!({"unix:filemode": "100644"})
    } else {
        json!({})
    };
    json!({
        "metadata": {},
        "oldPath": if is_new { Value::Null } else { json!(path) },
        "currentPath": path,
        "awayPaths": [],
        "oldProperties": {},
        "newProperties": mode,
        "commitHash": commit,
        "type": if is_new { ADD } else { CHANGE },
        "fileType": TEXT,
        "hunks": hunks,
    })
}

/// What `differential.setdiffproperty` takes as `local:commits`: without it nobody knows whose change it is, and it
/// cannot be landed.
pub(super) fn commits(settings: &Settings, proposal: &Proposal) -> String {
    let id = commit_id(settings, proposal);
    let title = proposal.title_line();
    let mut commit = json!({
        "author": settings.author.name(),
        "authorEmail": settings.author.email(),
        "time": settings.date.timestamp(),
        "summary": title,
        "message": format!("{title}\n\n{}", proposal.body.trim()),
        "commit": id,
        "parents": [settings.base_revision],
    });
    if settings.system == SourceControl::Mercurial {
        commit["rev"] = json!(id);
    }
    json!({id: commit}).to_string()
}

/// The id of the change's commit. There is none, so it is made up; the same change has the same one.
fn commit_id(settings: &Settings, proposal: &Proposal) -> String {
    let mut hash = Sha256::new();
    hash.update(&settings.base_revision);
    hash.update(content_hash(proposal));
    hex(&hash.finalize()[..20])
}
