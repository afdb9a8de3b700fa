//! [`CiConfig`]: a Taskcluster's configuration repository as typed data with places: which images its worker pools use.
//!
//! ```text
//! worker-images.yml ──────────────────────────────┐
//! worker-pools.yml ─ variants, by-*, formats ─────┴─▶ CiConfig    images, and pools with their image, alias by alias
//! imagesets.yml, projects/*.yml ──────────────────┘
//! ```
//!
//! Two shapes are known: fxci-config's and community-tc-config's. Each is resolved as its own generator does it, so a
//! pool here has the image that the generator gives it. What that generator would refuse is a finding at its place, and
//! the other pools are still there. Nothing here judges what was read (that is `pools::check`), edits or fetches.

mod access;
mod alias;
mod community;
mod findings;
#[cfg(test)]
pub(crate) mod fixtures;
mod fxci;
mod image;
mod keyed;
mod level;
mod pool;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod yaml11;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::tree::{Files, TreePath};
use crate::yaml::Node;

pub use access::{Access, Holder, PoolAccess};
pub use image::{ImageEntry, Location, Reference, Scalar};
pub use level::{Levels, level_in, level_of_group};
pub use pool::Pool;
pub use shape::Shape;

use taskgraph_images_transforms::Level;

/// What a configuration repository says of images and worker pools.
#[derive(Debug, Clone)]
pub struct CiConfig {
    /// Whose shape it has.
    pub shape: Shape,
    /// The images and aliases, by their key.
    pub images: BTreeMap<String, ImageEntry>,
    /// The worker pools, each variant by itself, in the order of their entries.
    pub pools: Vec<Pool>,
    /// The entries that pools come from, as written but for merge keys; [`Pool::entry`] counts them.
    pub entries: Vec<Node>,
    /// The levels of providers.
    pub levels: Levels,
    /// What could not be resolved.
    pub findings: Vec<Diagnostic>,
}

/// What a repository does not say of itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The directory that holds the configuration; the root if nothing is said.
    pub root: Option<TreePath>,
    /// The environment that is meant; the first one that `environments.yml` declares if nothing is said.
    pub environment: Option<String>,
    /// Levels of providers, as far as their names do not tell them or tell them wrongly.
    pub levels: BTreeMap<String, Level>,
}

impl CiConfig {
    /// Reads the configuration that some files hold.
    ///
    /// # Errors
    /// When they hold no configuration of a known shape, or a file that all others depend on cannot be read: every
    /// such fault.
    pub fn load(files: &dyn Files, options: &Options) -> Result<Self, Vec<Diagnostic>> {
        let root = options.root.clone().unwrap_or_else(TreePath::root);
        let (shape, root) = Shape::detect(files, &root).map_err(|fault| vec![fault])?;
        let levels = Levels::new(options.levels.clone());
        let mut config = match shape {
            Shape::Fxci => fxci::load(files, &root, options.environment.as_deref(), &levels)?,
            Shape::Community => community::load(files, &root, &levels)?,
        };
        config.findings.extend(alias::faults(&config.images));
        for pool in &mut config.pools {
            pool.resolved = pool
                .image
                .as_deref()
                .and_then(|image| alias::target(&config.images, image))
                .map(str::to_owned);
        }
        config.findings.sort();
        // What one node says wrongly, it says of each variant.
        config.findings.dedup();
        Ok(config)
    }

    /// The entry that a key leads to through aliases; none when it leads nowhere.
    pub fn image(&self, key: &str) -> Option<&ImageEntry> {
        self.images.get(alias::target(&self.images, key)?)
    }

    /// The keys that a key leads through, itself first, the entry that holds locations last: one more than the
    /// aliases. Where they lead nowhere, as far as they lead.
    pub fn chain<'a>(&'a self, key: &'a str) -> Vec<&'a str> {
        alias::chain(&self.images, key)
    }

    /// What a pool boots: the entry's location for the pool's provider.
    pub fn location(&self, pool: &Pool) -> Option<&Location> {
        self.images
            .get(pool.resolved.as_deref()?)?
            .location(&pool.provider)
    }
}
