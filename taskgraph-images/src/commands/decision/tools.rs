//! This program for the tasks that it creates: an artifact for each platform that their workers have.

use std::collections::BTreeSet;
use std::path::Path;

use taskgraph_images::decision::plan::Plan;
use taskgraph_images::transforms::{Arch, Os, Platform};

use super::super::artifacts::Folder;
use crate::exit::Failure;

/// Writes `public/bin/taskgraph-images-<os>-<arch>` for each platform that a task takes it from.
///
/// For this platform it is the program that runs now. Others come from a folder of them; without one, a run that
/// creates nothing goes on without.
pub(in super::super) fn provide(
    plans: &[Plan<'_>],
    tools: Option<&Path>,
    folder: &Folder,
    needed: bool,
) -> Result<(), Failure> {
    let names: BTreeSet<&str> = plans
        .iter()
        .flat_map(Plan::tasks)
        .flat_map(|task| task.task.payload.decision_artifacts())
        .filter_map(|artifact| artifact.strip_prefix("public/"))
        .collect();
    let own = own_platform();
    let mut missing = Vec::new();
    for name in names {
        let file = name.rsplit('/').next().unwrap_or(name);
        let given = tools
            .map(|tools| tools.join(file))
            .filter(|path| path.is_file());
        let is_own = own.is_some_and(|own| file == format!("taskgraph-images-{own}"));
        let path = match given {
            Some(path) => path,
            None if is_own => std::env::current_exe().map_err(|error| {
                Failure::Files(format!("this program cannot be found: {error}"))
            })?,
            None => {
                missing.push(format!("`{file}`"));
                continue;
            }
        };
        folder.copy(name, &path)?;
    }
    if missing.is_empty() || !needed {
        return Ok(());
    }
    Err(Failure::Usage(
        format!(
            "tasks need this program for other platforms: {}",
            missing.join(", ")
        ),
        Some(
            "pin it below `tool` in the settings, or name a folder that holds it with `--tools`"
                .to_owned(),
        ),
    ))
}

/// The platform that this program was built for, if it is one that workers have.
fn own_platform() -> Option<Platform> {
    let os = match std::env::consts::OS {
        "linux" => Os::Linux,
        "windows" => Os::Windows,
        _ => return None,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => Arch::Amd64,
        "aarch64" => Arch::Arm64,
        _ => return None,
    };
    Some(Platform { os, arch })
}
