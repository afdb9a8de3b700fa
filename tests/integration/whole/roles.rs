//! What roles may do, as the guide's table of them has it.

use std::collections::BTreeMap;

use super::IMAGES;
use super::world::{APP, POOLS, SITE};

/// What anybody may do: the first row of the guide's table, and what tasks about the fleet read.
const ANONYMOUS: [&str; 9] = [
    "auth:current-scopes",
    "index:find-task:*",
    "index:list-namespaces:*",
    "index:list-tasks:*",
    "queue:status:*",
    "queue:get-task:*",
    "queue:list-artifacts:*",
    "queue:get-artifact:public/*",
    "worker-manager:list-worker-pools",
];
/// What every role of level 3 has, as the guide's table says.
const EVERY: [&str; 4] = [
    "queue:create-task:project:none",
    "queue:scheduler-id:example-level-3",
    "queue:route:checks",
    "queue:route:tc-treeherder.v2.images.*",
];

/// Roles, as the guide's table has them.
pub(super) fn roles() -> BTreeMap<String, Vec<String>> {
    let repository = "repo:github.com/example/images";
    let role = |name: &str, scopes: &[&str]| {
        let all = EVERY.iter().chain(scopes).map(|scope| (*scope).to_owned());
        (format!("{repository}:{name}"), all.collect::<Vec<_>>())
    };
    let mut roles: BTreeMap<String, Vec<String>> = [
        role(
            "branch:main",
            &[
                "queue:create-task:low:example-3/*",
                "queue:route:index.example.cache.level-3.*",
                "queue:route:index.example.v2.images.*",
                "secrets:get:project/example/level-3/publish/google",
            ],
        ),
        role(
            "action:cleanup",
            &[
                "queue:create-task:low:example-3/decision",
                "queue:create-task:low:example-3/cleanup",
                "queue:route:index.example.v2.images.latest.maintenance.cleanup-apply",
                "queue:route:index.example.v2.images.revision.*",
                "queue:list-task-group:*",
                "queue:rerun-task:example-level-3/*",
                "queue:cancel-task:example-level-3/*",
            ],
        ),
    ]
    .into();
    for (job, tokens) in [
        ("upgrade", &[IMAGES][..]),
        ("pools", &[POOLS]),
        ("projects", &[APP, SITE]),
        ("cleanup", &[]),
    ] {
        let (name, mut scopes) = role(
            &format!("cron:{job}"),
            &[
                "queue:create-task:low:example-3/decision",
                "queue:create-task:low:example-3/maintenance",
                "queue:route:index.example.v2.images.revision.*",
            ],
        );
        let latest = "queue:route:index.example.v2.images.latest";
        scopes.push(format!("{latest}.maintenance.{job}"));
        scopes.push(format!("{latest}.taskgraph.decision-{job}"));
        for what in ["contents", "pull_requests"] {
            let token = |name| format!("auth:github-repo-token:bot/{name}:{what}:write");
            scopes.extend(tokens.iter().map(token));
        }
        roles.insert(name, scopes);
    }
    let anonymous = ANONYMOUS.map(str::to_owned).to_vec();
    roles.insert("anonymous".to_owned(), anonymous);
    roles
}
