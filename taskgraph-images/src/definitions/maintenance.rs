//! `maintenance` of `config.yml`: how the tasks run that are about the fleet, and what they may change elsewhere.
//!
//! Such tasks exist at level 3 only, so what is written counts as it reads at that level.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{
    AliasName, Duration, GithubApp, GithubRepository, GithubTokens, MaintenanceKind,
    MaintenanceTask, SecretName,
};

use super::text::Parsed;
use crate::diagnostic::{Diagnostic, nearest};
use crate::yaml::{Spanned, record};

record! {
    /// How the tasks run that are about the fleet, in the decisions of cron jobs at level 3. Those that are absent do not
    /// exist.
    pub struct Maintenance {
        /// Proposes newer versions of what is pinned.
        pub upgrade / "upgrade": Option<MaintenanceSettings>,
        /// Proposes newer images to the worker pools that use them.
        pub pools / "pools": Option<MaintenanceSettings>,
        /// Proposes newer worker pools to the projects that use them.
        pub projects / "projects": Option<MaintenanceSettings>,
        /// Plans which images are not needed any more.
        pub cleanup / "cleanup": Option<MaintenanceSettings>,
        /// Carries out a plan that a person has reviewed: what the action `apply-cleanup` creates.
        pub cleanup_apply / "cleanup-apply": Option<CleanupApplySettings>,
    }
}

record! {
    /// How a task about the fleet runs.
    pub struct MaintenanceSettings {
        /// The worker alias. Nothing is published on its pool.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// When the worker stops it; an hour if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// The secrets of level 3 that it may read.
        pub secrets / "secrets": Vec<Parsed<SecretName>>,
        /// The tokens of GitHub's that it may ask Taskcluster for; none if absent.
        pub github / "github": Option<Spanned<GithubSettings>>,
        /// Variables of its command.
        pub environment / "environment": BTreeMap<String, Spanned<String>>,
    }
}

record! {
    /// How the task runs that deletes images. It changes no repository, so it gets no token.
    pub struct CleanupApplySettings {
        /// The worker alias. Neither a task that publishes nor another one about the fleet runs on its pool.
        pub worker / "worker": Spanned<Parsed<AliasName>>,
        /// When the worker stops it; an hour if absent.
        pub max_run_time / "max-run-time": Option<Parsed<Duration>>,
        /// The secrets of level 3 that it may read, and no other task may: those that delete images.
        pub secrets / "secrets": Vec<Parsed<SecretName>>,
        /// Variables of its command.
        pub environment / "environment": BTreeMap<String, Spanned<String>>,
    }
}

record! {
    /// Tokens of a GitHub App, to write branches of repositories and to open pull requests in them, and to write an issue.
    pub struct GithubSettings {
        /// The App, as Taskcluster's configuration names it.
        pub app / "app": Parsed<GithubApp>,
        /// The repositories, as `owner/name`.
        pub repositories / "repositories": Vec<Parsed<GithubRepository>>,
        /// The repository whose issue says how all projects stand, for `projects` only; `proposals.yml` names it, too.
        pub dashboard / "dashboard": Option<Spanned<Parsed<GithubRepository>>>,
    }
}

/// The tasks as the rest of the program takes them.
pub(super) fn resolve(
    written: Maintenance,
    declared: &BTreeSet<String>,
    faults: &mut Vec<Diagnostic>,
) -> BTreeMap<MaintenanceKind, MaintenanceTask> {
    let Maintenance {
        upgrade,
        pools,
        projects,
        cleanup,
        cleanup_apply,
    } = written;
    let cleanup_apply = cleanup_apply.map(|settings| MaintenanceSettings {
        worker: settings.worker,
        max_run_time: settings.max_run_time,
        secrets: settings.secrets,
        github: None,
        environment: settings.environment,
    });
    let all = [
        (MaintenanceKind::Upgrade, upgrade),
        (MaintenanceKind::Pools, pools),
        (MaintenanceKind::Projects, projects),
        (MaintenanceKind::Cleanup, cleanup),
        (MaintenanceKind::CleanupApply, cleanup_apply),
    ];
    all.into_iter()
        .filter_map(|(kind, settings)| Some((kind, task(kind, settings?, declared, faults))))
        .collect()
}

fn task(
    kind: MaintenanceKind,
    written: MaintenanceSettings,
    declared: &BTreeSet<String>,
    faults: &mut Vec<Diagnostic>,
) -> MaintenanceTask {
    let github = written.github.map(|github| {
        let Spanned { value, place } = github;
        let dashboard = value.dashboard.map(|dashboard| {
            if kind != MaintenanceKind::Projects {
                faults.push(
                    Diagnostic::error("bad-value", format!("`{kind}` writes no dashboard"))
                        .at(dashboard.place)
                        .hint("leave it out: only `projects` writes one"),
                );
            }
            dashboard.value.0
        });
        if value.repositories.is_empty() && dashboard.is_none() {
            faults.push(
                Diagnostic::error("bad-value", "`github` names no repository")
                    .at(place)
                    .hint("list them under `repositories`, or leave `github` out"),
            );
        }
        GithubTokens {
            app: value.app.0,
            repositories: value.repositories.into_iter().map(|name| name.0).collect(),
            dashboard,
        }
    });
    MaintenanceTask {
        worker: worker(written.worker, declared, faults),
        max_run_time: written
            .max_run_time
            .map_or_else(|| Duration::hours(1), |limit| limit.0),
        secrets: written.secrets.into_iter().map(|name| name.0).collect(),
        github,
        environment: environment(written.environment, faults),
    }
}

/// A worker alias, which must be one of the settings'.
pub(super) fn worker(
    written: Spanned<Parsed<AliasName>>,
    declared: &BTreeSet<String>,
    faults: &mut Vec<Diagnostic>,
) -> AliasName {
    let worker = written.value.0;
    if !declared.contains(worker.as_str()) {
        let mut fault = Diagnostic::error(
            "unknown-worker",
            format!("there is no worker alias `{worker}`"),
        )
        .at(written.place);
        if let Some(near) = nearest(worker.as_str(), declared.iter().map(String::as_str)) {
            fault = fault.hint(format!("did you mean `{near}`?"));
        }
        faults.push(fault);
    }
    worker
}

/// Variables, whose names every system must take.
pub(super) fn environment(
    written: BTreeMap<String, Spanned<String>>,
    faults: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for (name, value) in written {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(legal) || value.value.contains('\0') {
            faults.push(
                Diagnostic::error("bad-value", format!("{name:?} is no variable"))
                    .at(value.place)
                    .hint("names are letters, digits and `_`; no value holds a NUL"),
            );
        }
        environment.insert(name, value.value);
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::super::config::resolve;
    use super::*;
    use crate::tree::TreePath;

    const CONFIG: &str = "\
trust-domain: td
owner: team@example.org
workers:
  aliases:
    maintenance: {provisioner: 'td-{{level}}', worker-type: maintenance, implementation: generic-worker, os: linux}
    sweeper: {provisioner: 'td-{{level}}', worker-type: sweeper, implementation: generic-worker, os: linux}
maintenance:
";

    /// The settings of tasks about the fleet, or all that is wrong with them.
    fn read(text: &str) -> Result<BTreeMap<MaintenanceKind, MaintenanceTask>, Vec<String>> {
        let text = format!("{CONFIG}{text}");
        let path = TreePath::from_git("config.yml");
        let mut faults = Vec::new();
        let config = match crate::yaml::read(&path, text.as_bytes()) {
            Ok(node) => resolve(&node, &mut faults),
            Err(mut more) => {
                faults.append(&mut more);
                None
            }
        };
        match config {
            Some(config) if faults.is_empty() => Ok(config.project.maintenance),
            _ => Err(faults.into_iter().map(|fault| fault.message).collect()),
        }
    }

    #[test]
    fn what_is_absent_does_not_exist() {
        assert_eq!(read("  {}\n").unwrap(), BTreeMap::new());
        let found = read(
            "  cleanup: {worker: maintenance}
  cleanup-apply: {worker: sweeper, secrets: [cleanup/clouds]}
  upgrade:
    worker: maintenance
    max-run-time: 2 hours
    secrets: [upgrade/token]
    github: {app: example-bot, repositories: [example/images, Example/Images, example/more]}
    environment: {MODE: careful, LEVEL: 'of {{level}}'}
",
        )
        .unwrap();
        assert_eq!(
            found.keys().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            ["upgrade", "cleanup", "cleanup-apply"]
        );
        let upgrade = &found[&MaintenanceKind::Upgrade];
        assert_eq!(upgrade.max_run_time, Duration::hours(2));
        assert_eq!(upgrade.environment["LEVEL"], "of 3");
        assert_eq!(upgrade.github.as_ref().unwrap().scopes().len(), 4);
        let projects =
            read("  projects: {worker: maintenance, github: {app: a, dashboard: Example/Board}}\n")
                .unwrap();
        let tokens = projects[&MaintenanceKind::Projects]
            .github
            .as_ref()
            .unwrap();
        let scopes: Vec<String> = tokens.scopes().into_iter().collect();
        assert_eq!(
            scopes,
            ["auth:github-repo-token:a/example/board:issues:write"]
        );
        let cleanup = &found[&MaintenanceKind::Cleanup];
        assert_eq!(cleanup.max_run_time, Duration::hours(1));
        assert_eq!(cleanup.github, None);
    }

    #[test]
    fn every_fault_is_said() {
        let faults = read(
            "  upgrade:
    worker: maintanance
    github: {app: example-bot, repositories: []}
    environment: {'A B': x}
  pools: {worker: maintenance, environment: {'': x}, github: {app: a, repositories: [], dashboard: example/board}}
",
        );
        insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
    `github` names no repository
    there is no worker alias `maintanance`
    "A B" is no variable
    `pools` writes no dashboard
    "" is no variable
    "#);
        let faults = read(
            "  upgrade: {worker: maintenance, github: {app: 'a/b', repositories: ['*', example/*], permissions: [workflows]}}
  upgrades: {worker: maintenance, scopes: ['*'], secrets: ['*']}
  cleanup-apply: {worker: maintenance, github: {app: example-bot, repositories: [example/images]}}
",
        );
        insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
        "a/b" is no name of a GitHub App: expected 1 to 100 letters, digits, `-` and `_`
        "*" is no repository on GitHub: expected `owner/name`, without an address and without `.git`
        "example/*" is no repository on GitHub: expected `owner/name`, without an address and without `.git`
        the key `permissions` is not known here
        the key `github` is not known here
        the key `upgrades` is not known here
        "#);
    }
}
