//! fxci-config: `worker-images.yml`, `worker-pools.yml`, and the providers of `environments.yml`.

mod environment;
mod images;
mod pools;

use super::findings::read;
use super::{CiConfig, Levels, Shape};
use crate::diagnostic::Diagnostic;
use crate::tree::{FileKind, Files, TreePath};

use environment::Environment;
pub(super) use images::{by_region, google};

/// Reads the configuration below a directory.
pub(super) fn load(
    files: &dyn Files,
    root: &TreePath,
    environment: Option<&str>,
    levels: &Levels,
) -> Result<CiConfig, Vec<Diagnostic>> {
    let images = read(files, &root.child("worker-images.yml"));
    let pools = read(files, &root.child("worker-pools.yml"));
    let path = root.child("environments.yml");
    // A part of a repository may stand without it; its providers are then told by what images say for them.
    let environments = match files.kind(&path) {
        Ok(FileKind::File) => read(files, &path).map(Some),
        _ => Ok(None),
    };
    let (images, pools, environments) = match (images, pools, environments) {
        (Ok(images), Ok(pools), Ok(environments)) => (images, pools, environments),
        (images, pools, environments) => {
            let faults = [images.err(), pools.err(), environments.err()];
            return Err(faults.into_iter().flatten().flatten().collect());
        }
    };
    let mut findings = Vec::new();
    let environment = match &environments {
        Some(node) => Environment::read(node, environment, &mut findings),
        None => Environment::default(),
    };
    let images = images::read(&images, &environment, &mut findings);
    let (entries, pools) = pools::read(&pools, &images, &environment, levels, &mut findings);
    Ok(CiConfig {
        shape: Shape::Fxci,
        images,
        pools,
        entries,
        levels: levels.clone(),
        findings,
    })
}
