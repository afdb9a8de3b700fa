//! Hooks that fxci-config's generator makes of its own accord, for each project with a feature, from one template of a task:
//! no file names their scopes, and the template names the pool in which they create tasks.

use super::Holder;
use super::held::Held;
use super::project::Project;
use crate::ci_config::findings::{read as read_file, scalar};
use crate::tree::{FileKind, Files, TreePath};

/// How the hooks of a project are called.
type Hooks = fn(&Project) -> Vec<String>;

/// The templates: the file, the feature of the projects that get hooks, and how those are called.
const TEMPLATES: [(&str, &str, Hooks); 3] = [
    ("cron-task-template.yml", "taskgraph-cron", |project| {
        let path = project.repo_path.replace('/', "-");
        let hook = format!("project-releng/cron-task-{path}");
        // Besides the one for all cron jobs, one for each job that can be started by itself.
        let targets = project.cron_targets().into_iter();
        let targets = targets.map(|target| format!("{hook}/{target}"));
        targets.chain([hook.clone()]).collect()
    }),
    ("git-push-template.yml", "git-push", |project| {
        let branches = project.branches.iter();
        branches
            .map(|(name, _)| {
                let branch = name.trim_end_matches('*');
                format!("git-push/{}/{branch}", project.repo_path)
            })
            .collect()
    }),
    ("hg-push-template.yml", "hg-push", |project| {
        vec![format!("hg-push/{}", project.alias)]
    }),
];

pub(super) fn read(files: &dyn Files, root: &TreePath, projects: &[Project], held: &mut Held) {
    for (name, feature, hooks) in TEMPLATES {
        let path = root.child(name);
        if !matches!(files.kind(&path), Ok(FileKind::File)) {
            continue;
        }
        let template = match read_file(files, &path) {
            Ok(template) => template,
            Err(faults) => {
                held.findings.extend(faults);
                continue;
            }
        };
        let text = |key: &str| template.get(key).and_then(scalar).unwrap_or_default();
        let queue = match text("taskQueueId") {
            "" => format!("{}/{}", text("provisionerId"), text("workerType")),
            queue => queue.to_owned(),
        };
        // What is only known once it is rendered may be anything.
        let queue = match queue.split_once("${") {
            Some((start, _)) => format!("{start}*"),
            None => queue,
        };
        let scope = format!("queue:create-task:highest:{queue}");
        for project in projects.iter().filter(|project| project.has(feature)) {
            for hook in hooks(project) {
                held.add(&scope, Holder::Hook(hook));
            }
        }
    }
}
