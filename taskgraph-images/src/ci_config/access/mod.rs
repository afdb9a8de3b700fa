//! [`Access`]: who may create tasks in which worker pools, by the scopes that a configuration repository grants.
//!
//! ```text
//! fxci-config:          grants.d/*.yml × projects.yml, hooks.yml and templates, clients*.yml ─┐
//! community-tc-config:  grants.yml, projects/*.yml ───────────────────────────────────────────┴─▶ Access
//! ```
//!
//! Grants are resolved as each repository's own generator does it: projects by their conditions, jobs by the project's
//! features and branches, placeholders by the project, the hook's variant or the client's project. A parameterized role
//! (`project-admin:*` with `<..>` in its scopes) counts for each name that somebody may assume it by.
//!
//! What is not asked: whether anybody assumes a role, what is granted in the cluster by hand, and what other repositories
//! manage there ([`Access::elsewhere`]).

mod community;
mod fxci;
mod grantees;
mod held;
mod project;
mod scope;
mod templates;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::shape::Shape;
use crate::diagnostic::Diagnostic;
use crate::tree::{Files, TreePath};

use held::Held;
use scope::{Reach, manages, reach};

/// Who holds a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The jobs of a project, by its alias.
    Project(String),
    /// A group of people, by the name that grants give it.
    Group(String),
    /// A role.
    Role(String),
    /// A hook, `<group>/<hook>`.
    Hook(String),
    /// A client.
    Client(String),
}

/// Who may create tasks in which worker pools.
#[derive(Debug, Clone, Default)]
pub struct Access {
    held: BTreeMap<String, BTreeSet<Holder>>,
    /// Roles, clients and hooks that are managed elsewhere, as the configuration's patterns: nobody here knows their scopes.
    pub elsewhere: Vec<String>,
    /// What could not be resolved. Its scopes are missing, so that nothing is known of a pool that no other scope reaches.
    pub findings: Vec<Diagnostic>,
}

/// Who may create tasks in one worker pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolAccess {
    /// Those who are granted it, or its group.
    pub users: BTreeSet<Holder>,
    /// Those who reach it because they administrate it, or every pool that there is: that alone is no use of it.
    pub administrators: BTreeSet<Holder>,
}

impl Access {
    /// Reads what a configuration grants; nothing if it has no grants at all, as where only a part of it is at hand.
    ///
    /// # Errors
    /// When the files are of no known shape. What is wrong with single files and grants is among the findings.
    pub fn load(files: &dyn Files, options: &Options) -> Result<Option<Self>, Diagnostic> {
        let root = options.root.clone().unwrap_or_else(TreePath::root);
        let (shape, root) = Shape::detect(files, &root)?;
        let held = match shape {
            Shape::Fxci => fxci::read(files, &root, options.environment.as_deref()),
            Shape::Community => community::read(files, &root),
        };
        Ok(held.map(Held::finish))
    }

    /// Who may create tasks in a pool.
    pub fn of(&self, pool: &str) -> PoolAccess {
        let mut access = PoolAccess::default();
        let mut managers = BTreeSet::new();
        for (scope, holders) in &self.held {
            match reach(scope, pool) {
                Reach::No => {}
                Reach::Pool => access.users.extend(holders.iter().cloned()),
                Reach::Every => access.administrators.extend(holders.iter().cloned()),
            }
            if manages(scope, pool) {
                managers.extend(holders.iter());
            }
        }
        let (administrators, users) = access
            .users
            .into_iter()
            .partition(|holder| managers.contains(holder));
        access.users = users;
        let administrators: BTreeSet<Holder> = administrators;
        access.administrators.extend(administrators);
        access
    }
}

impl Holder {
    /// What it is, in a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Project(_) => "project",
            Self::Group(_) => "group",
            Self::Role(_) => "role",
            Self::Hook(_) => "hook",
            Self::Client(_) => "client",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Project(name)
            | Self::Group(name)
            | Self::Role(name)
            | Self::Hook(name)
            | Self::Client(name) => name,
        }
    }
}
