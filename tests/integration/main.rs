//! The program as its users see it: real git repositories in, text and exit codes out.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose case cannot be set up has failed"
)]

/// Actions: offered by a decision, started by a hook, run against a Taskcluster on loopback.
mod actions;
/// What build and verify tasks run.
mod build;
/// A decision to be made.
mod case;
/// Files that change: content, mode, kind, place.
mod changes;
/// The checkout that a decision runs in.
mod checkout;
/// The text of `--help` of every command.
mod cli_help;
/// Clones that hold less than everything: bare, shallow, sparse, partial.
mod clones;
/// The decision, created in a Taskcluster on loopback.
mod decision;
/// `.taskcluster.yml`, rendered for each event.
mod decision_task;
/// Published JSON documents.
mod documents;
/// Events, and the template that is rendered for them.
mod events;
/// This repository's own fleet.
mod fleet;
/// Repositories of other shapes, and the recipes that read them.
mod formats;
/// Upgrades, worker pools, projects and clean-up.
mod fresh;
/// Hooks of cron jobs, rendered again as the hooks service does.
mod hook;
/// What is wrong in definitions, and what is said about it.
mod invalid;
/// Symbolic links and submodules.
mod links;
/// A task of Taskcluster's on this machine.
#[cfg(unix)]
mod load_task;
/// A service that says what is newest.
mod newest;
/// Laws that hold for any tree and any change.
mod properties;
/// Histories, commit by commit.
mod replay;
/// Which two states are compared.
mod revisions;
/// Tasks on this machine.
#[cfg(unix)]
mod run;
/// Taskcluster's own schemas.
mod services;
/// Repositories and runs.
mod support;
/// Templates that Packer validates.
#[cfg(unix)]
mod validate;
/// Values that definitions resolve to, rather than bytes.
mod values;
/// Whole runs: events, decisions, tasks as their definitions say, and what is published and proposed in the end.
#[cfg(unix)]
mod whole;
/// The index and the work tree.
mod work_tree;

#[test]
fn no_file_is_left_out() {
    let main = include_str!("main.rs");
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/integration")).unwrap()
    {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name != "main" && path.extension().is_some_and(|extension| extension == "rs") {
            assert!(
                main.contains(&format!("mod {name};")),
                "`{name}.rs` is not compiled"
            );
        }
    }
}
