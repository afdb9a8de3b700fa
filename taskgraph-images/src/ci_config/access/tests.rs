//! Who may create tasks in the pools of both shapes, grant by grant.

use super::*;
use crate::ci_config::fixtures::{community, fxci, lines, real, skipped};
use crate::tree::MemoryTree;

const PROJECTS: &str = "\
app:
  repo: https://github.com/example/app
  repo_type: git
  branches: [{name: main, level: 3}, {name: 'dev/*', level: 1}]
  trust_domain: example
  features: {taskgraph-cron: true, github-pull-request: {policy: public}}
  cron: {targets: [nightly, {target: weekly, bindings: []}]}
library:
  repo: https://github.com/example/library
  repo_type: git
  branches: [{name: main, level: 1}]
  trust_domain: example
  features: {github-private-repo: false}
trunk:
  repo: https://hg.example.org/trunk
  repo_type: hg
  access: scm_level_3
  trust_domain: other
  features: {gecko-actions: {enabled: false}}
";

fn with(grants: &str) -> MemoryTree {
    fxci()
        .file("projects.yml", PROJECTS)
        .file("grants.d/some.yml", grants)
}

/// Who reaches some pools, a line each.
fn who(tree: &MemoryTree, pools: &[&str]) -> String {
    let access = Access::load(tree, &Options::default()).unwrap().unwrap();
    let mut out = String::new();
    let names = |holders: &BTreeSet<Holder>| {
        let names = holders
            .iter()
            .map(|one| format!("{} {}", one.kind(), one.name()));
        names.collect::<Vec<_>>().join(", ")
    };
    for pool in pools {
        let of = access.of(pool);
        out += &format!(
            "{pool}: {} | {}\n",
            names(&of.users),
            names(&of.administrators)
        );
    }
    out + &lines(tree, &access.findings)
}

/// Which projects hold `{level}` of a grant.
fn levels(conditions: &str) -> String {
    let grants = format!(
        "- grant: ['queue:create-task:{{priority}}:{{alias}}-{{level}}/x']\n  to:\n    - projects: {conditions}\n"
    );
    let tree = with(&grants);
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    let scopes: Vec<&str> = access
        .held
        .keys()
        .map(|scope| scope.trim_start_matches("queue:create-task:"))
        .collect();
    format!("{}{}", scopes.join(" "), lines(&tree, &access.findings))
}

#[test]
fn nobody_knows_without_grants() {
    let none = |tree: &MemoryTree| Access::load(tree, &Options::default()).unwrap().is_none();
    assert!(none(&fxci()) && none(&fxci().file("projects.yml", PROJECTS)));
    assert!(Access::load(&MemoryTree::default(), &Options::default()).is_err());
    // What is granted by a file that cannot be read might be anything.
    let tree = with("- grant: [").file("grants.d/README.md", "words");
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    assert_eq!(access.findings.len(), 1, "{:?}", access.findings);
    // Without its projects, no grant to projects can be resolved.
    let tree = fxci().file("grants.d/some.yml", "[]");
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    assert_eq!(access.findings[0].code, "no-file");
}

#[test]
fn chooses_projects_and_the_levels_of_their_jobs() {
    // Pull requests are of level 1 whatever the pushes are, at the priority of those.
    assert_eq!(
        levels("{}"),
        "highest:app-1/x highest:app-3/x highest:trunk-3/x low:app-1/x low:library-1/x"
    );
    assert_eq!(
        levels("{alias: app, job: ['branch:main']}"),
        "highest:app-3/x"
    );
    assert_eq!(levels("{alias: app, job: 'branch:dev/*'}"), "low:app-1/x");
    assert_eq!(
        levels("{alias: app, job: ['pull-request:*']}"),
        "highest:app-1/x"
    );
    assert_eq!(
        levels("{alias: app, include_pull_requests: false}"),
        "highest:app-3/x low:app-1/x"
    );
    assert_eq!(levels("{level: 3}"), "highest:app-3/x highest:trunk-3/x");
    // A pull request of a project whose pushes are of level 3 is a job of level 1, too.
    assert_eq!(
        levels("{level: [1]}"),
        "highest:app-1/x low:app-1/x low:library-1/x"
    );
    assert_eq!(levels("{job: 'cron:nightly'}"), "highest:app-3/x");
    assert_eq!(levels("{job: ['action:*']}"), "");
    assert_eq!(levels("{alias: app, job: ['pull-request:trusted']}"), "");
    assert_eq!(levels("{access: scm_level_3}"), "highest:trunk-3/x");
    assert_eq!(
        levels("{repo_type: git, feature: ['!taskgraph-cron']}"),
        "low:library-1/x"
    );
    assert_eq!(levels("{feature: gecko-actions}"), "");
    assert_eq!(levels("{trust_domain: [other, none]}"), "highest:trunk-3/x");
    assert_eq!(levels("{is_try: true}"), "");
    assert_eq!(levels("{has_trust_project: true}"), "");
    insta::assert_snapshot!(levels("{aliases: app}"), @"grants.d/some.yml:3 unknown-key: there is no condition `aliases` (there are: access, level, alias, feature, repo_type, is_try, trust_domain, job, include_pull_requests, has_trust_project)");
}

#[test]
fn resolves_grants_hooks_and_clients() {
    let tree = with("\
- grant:
    - queue:create-task:{priority}:{trust_domain}-{level}/*
    - queue:create-task:{priority}:{trust_domain}-t/b-linux-docker
    - queue:scheduler-id:{unknown}
  to:
    - project: {alias: [app]}
- grant: [queue:create-task:low:proj-fuzzing/aws, queue:create-task:low:example-1/*]
  to:
    - group: fuzzers
    - roles: ['login-identity:someone']
- grant: ['worker-manager:manage-worker-pool:proj-fuzzing/*', 'queue:create-task:highest:proj-fuzzing/*']
  to: [{group: team}]
- grant: ['queue:*']
  to: [{role: 'group:root'}]
- grant: ['queue:create-task:low:example-1/by-hand']
  environments: [staging]
  to: [{role: only-there}]
- grant: ['queue:create-task:lowest:proj-<..>/*', 'worker-manager:manage-worker-pool:proj-<..>/*']
  to: [{role: 'project-admin:*'}]
- grant: ['assume:project-admin:fuzzing', 'assume:project-admin:*']
  to: [{role: 'team:admins'}]
")
    .file(
        "hooks.yml",
        "meta: {}\n'project-{mode}/daily':\n  scopes: ['queue:create-task:{mode}:proj-fuzzing/windows']\n  variants: [{mode: low}, {mode: high, extra_scopes: ['queue:create-task:low:example-1/{mode}']}]\n",
    )
    .file(
        "clients.yml",
        "a/client: {description: d, scopes: ['queue:create-task:low:proj-fuzzing/win*']}\nb: {environments: [staging], scopes: ['*']}\n",
    )
    .file(
        "clients-interpreted.yml",
        "- client:\n    'c/{trust_domain}': {description: d, scopes: ['queue:create-task:low:{trust_domain}-t/*']}\n  for: [{project: {repo_type: hg}}]\n",
    )
    .file(
        "externally-managed.yml",
        "fuzzing: ['Role=project:fuzzing:.*', 'WorkerPool=proj-fuzzing/.*']\n",
    );
    insta::assert_snapshot!(who(&tree, &["example-1/b-linux", "example-3/b-linux", "example-t/b-linux-docker", "example-t/other", "other-t/x", "proj-fuzzing/aws", "proj-fuzzing/windows", "example-1/high", "nothing/x"]), @"
    example-1/b-linux: project app, group fuzzers, role login-identity:someone | role group:root
    example-3/b-linux: project app | role group:root
    example-t/b-linux-docker: project app | role group:root
    example-t/other:  | role group:root
    other-t/x: client c/other | role group:root
    proj-fuzzing/aws: group fuzzers, role login-identity:someone | group team, role group:root, role project-admin:fuzzing
    proj-fuzzing/windows: hook project-high/daily, hook project-low/daily, client a/client | group team, role group:root, role project-admin:fuzzing
    example-1/high: project app, group fuzzers, role login-identity:someone, hook project-high/daily | role group:root
    nothing/x:  | role group:root
    ");
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    assert_eq!(access.elsewhere, ["Role=project:fuzzing:.*"]);
    // In the other environment, other grants hold.
    let options = Options {
        environment: Some("staging".to_owned()),
        ..Options::default()
    };
    let access = Access::load(&tree, &options).unwrap().unwrap();
    let users = access.of("example-1/by-hand").users;
    assert!(
        users.contains(&Holder::Role("only-there".to_owned())),
        "{users:?}"
    );
}

#[test]
fn says_every_fault_of_grants() {
    insta::assert_snapshot!(who(&with("\
- grant: ['queue:create-task:low:{alias}/x']
  to: [{group: g}, {team: t}, word]
- grant: ['queue:create-task:low:{lando_repo}/x']
  to: [{project: {alias: app}}]
- {grant: [[a]], to: []}
- grant: '*'
- word
").file("hooks.yml", "[]").file("clients.yml", "[]").file("clients-interpreted.yml", "- {client: {}}\n"), &[]), @"
    clients-interpreted.yml:1 wrong-type: expected an entry with `client` and `for`, found a map
    clients.yml:1 wrong-type: expected a map of clients, found a list
    grants.d/some.yml:1 bad-format: `{alias}` names no attribute of the variant
    grants.d/some.yml:2 wrong-type: expected one of `project`, `projects`, `group`, `groups`, `role`, `roles`, found a map
    grants.d/some.yml:2 wrong-type: expected one of `project`, `projects`, `group`, `groups`, `role`, `roles`, found a string
    grants.d/some.yml:3 bad-format: `{lando_repo}` names no attribute of the variant
    grants.d/some.yml:5 wrong-type: expected a string, found a list
    grants.d/some.yml:6 wrong-type: expected a grant with a list `to`, found a map
    hooks.yml:1 wrong-type: expected a map of hooks, found a list
    ");
    let tree = with("[]").file(
        "projects.yml",
        "a: {}\nb: {repo: 'https://github.com/a/b', branches: x}\n",
    );
    insta::assert_snapshot!(who(&tree, &[]), @"
    projects.yml:1 wrong-type: expected a `repo` of the project `a`, found a map
    projects.yml:2 wrong-type: expected a list of branches, found a string
    ");
}

/// The generator makes hooks of its own, which create tasks where a template says.
#[test]
fn hooks_of_projects_create_tasks_where_their_template_says() {
    let tree = with("[]")
        .file(
            "cron-task-template.yml",
            "provisionerId: infra\nworkerType: build-decision\nscopes: [{$if: x, then: y}]\n",
        )
        .file("git-push-template.yml", "taskQueueId: infra/${level}\n");
    insta::assert_snapshot!(who(&tree, &["infra/build-decision", "infra/3"]), @"
    infra/build-decision: hook project-releng/cron-task-example-app, hook project-releng/cron-task-example-app/nightly, hook project-releng/cron-task-example-app/weekly | 
    infra/3:  |
    ");
    let tree = tree.file(
        "projects.yml",
        PROJECTS.replace("taskgraph-cron: true", "git-push: {}"),
    );
    insta::assert_snapshot!(who(&tree, &["infra/build-decision", "infra/3"]), @"
    infra/build-decision: hook git-push/example/app/dev/, hook git-push/example/app/main | 
    infra/3: hook git-push/example/app/dev/, hook git-push/example/app/main |
    ");
    let access = Access::load(&tree.file("hg-push-template.yml", "{"), &Options::default());
    assert_eq!(access.unwrap().unwrap().findings.len(), 1);
}

/// A role that names itself ever longer comes to an end.
#[test]
fn ends_where_roles_name_each_other() {
    let tree = with(
        "\
- grant: ['assume:a:<..>x', 'queue:create-task:low:<..>/y']
  to: [{role: 'a:*'}]
- grant: ['assume:a:b']
  to: [{role: start}]
",
    );
    insta::assert_snapshot!(who(&tree, &["b/y", "bx/y"]), @"
    b/y: role a:b | 
    bx/y: role a:bx |
    ");
}

#[test]
fn reads_grants_of_community() {
    let tree = community()
        .file("config/grants.yml", "- grant: ['queue:create-task:lowest:proj-<..>/*', 'worker-manager:manage-worker-pool:proj-<..>/*']\n  to: ['project-admin:*']\n")
        .file("config/projects/more.yml", "\
more:
  externallyManaged: true
  clients:
    one: {scopes: ['queue:create-task:high:proj-example/ci-aws']}
  hooks: {}
  grants:
    - grant: queue:create-task:highest:proj-example/ci
      to: ['repo:github.com/example/*', 'hook-id:project-more/daily']
third: {externallyManaged: ['Role=project:third:.*', 'Secret=x']}
fourth: {externallyManaged: false, grants: [{grant: a}]}
");
    insta::assert_snapshot!(who(&tree, &["proj-example/ci", "proj-example/ci-aws", "proj-example/windows", "proj-more/x"]), @"
    proj-example/ci: role repo:github.com/example/*, hook project-more/daily | role project-admin:example
    proj-example/ci-aws: client project/more/one | role project-admin:example
    proj-example/windows:  | role project-admin:example
    proj-more/x:  | 
    config/projects/more.yml:10 wrong-type: expected a grant with `grant` and `to`, found a map
    ");
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    insta::assert_snapshot!(access.elsewhere.join(" "), @"Role=project:more:.* Role=hook-id:project-more/.* Client=project/more/.* Role=project:third:.*");
}

#[test]
fn knows_who_uses_the_real_pools_of_community() {
    let Some(tree) = real("community-tc-config") else {
        return;
    };
    let access = Access::load(&tree, &Options::default()).unwrap().unwrap();
    let of = access.of("proj-misc/ci");
    if of.users.is_empty() {
        skipped("the files are of another revision than the test");
        return;
    }
    let mozilla = Holder::Role("repo:github.com/mozilla/*".to_owned());
    assert!(of.users.contains(&mozilla), "{of:?}");
    assert!(access.findings.is_empty(), "{:?}", access.findings);
}
