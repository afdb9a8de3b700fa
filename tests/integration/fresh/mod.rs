//! Upgrades, pools, projects and clean-up: real repositories, patches that git takes, GitHub and Taskcluster on loopback.

/// What nobody uses.
mod cleanup;
/// What is said of wrong input.
mod faults;
/// Entries and pools of a configuration repository.
mod pools;
/// How projects stand.
mod projects;
/// Images that must not be used.
mod revoke;
/// Pins.
mod upgrade;

use std::path::PathBuf;

use crate::support::{Ran, Repo};

/// The example of the guide, beside the repository under test.
fn example(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/fresh");
    root.join(name)
        .canonicalize()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// The example's configuration repository, as one of its own, with a history of one commit.
fn ci_config() -> Repo {
    let config = Repo::empty(&["--initial-branch", "main"]);
    for file in [
        "environments.yml",
        "worker-images.yml",
        "worker-pools.yml",
        "projects.yml",
        "grants.d/example.yml",
    ] {
        let text = std::fs::read_to_string(example(&format!("ci-config/{file}"))).unwrap();
        config.write(file, &text);
    }
    config.commit();
    config
}

/// Runs at a fixed time.
fn run(repo: &Repo, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
    let mut variables = vec![("SOURCE_DATE_EPOCH", "1795651200")];
    variables.extend(more);
    repo.run_at(&repo.path, arguments, &variables)
}
