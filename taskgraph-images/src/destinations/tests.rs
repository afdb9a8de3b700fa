//! What the settings say, and what is wrong with them.

use super::Destinations;

#[test]
fn settings_say_where_proposals_go() {
    let settings = Destinations::read(
        "author: Image bot <images@example.org>
upgrade: {github: example/images, labels: [images], teams: [releng]}
pools:
  repository: https://github.com/example/ci-config
  to: {github: example/ci-config, base: main, branches: [{name: main, level: 3}, {name: 'release/*', level: 3}]}
projects:
  except: {old: archived}
  to:
    firefox: {phabricator: {url: 'https://phabricator.example.org', repository: firefox}}
cleanup:
  policy: {newest: 2, window: 30 days, deprecate-after: 7 days, disable-after: 30 days, delete-after: 60 days, most-deletions: 5, most-gone: 10, good-for: 3 days}
",
    )
    .unwrap();
    assert_eq!(
        settings.prefix("pools").unwrap().to_string(),
        "taskgraph-images/pools"
    );
    let upgrade = settings.upgrade.unwrap();
    assert_eq!(upgrade.base().unwrap().as_str(), "main");
    assert_eq!(upgrade.reviewers().len(), 1);
    let pools = settings.pools.unwrap().to;
    let rules = pools.rules(
        settings
            .prefix
            .map_or_else(Default::default, |_| unreachable!()),
        &["worker-images.yml".to_owned()],
        false,
    );
    assert_eq!(rules.unwrap().branches.0.len(), 2);
    assert_eq!(settings.cleanup.unwrap().policy.newest, 2);
}

#[test]
fn faults_say_where() {
    for (text, expect) in [
        (
            "upgrades: {}",
            "`proposals.yml`: unknown field `upgrades`, expected one of `author`, `prefix`, `upgrade`, `pools`, `projects`, `cleanup`",
        ),
        (
            "prefix: '-x'",
            "`proposals.yml`: `prefix`: \"-x/x\" is no prefix of branches: it could be taken for something else",
        ),
        (
            "upgrade: {github: x, base: 'a b', phabricator: {url: 'ftp://x', repository: r}, branches: [{name: x, level: 9}]}",
            "`proposals.yml`: `upgrade`: `base`: \"a b\" is no name of a branch: it holds a space, a control character, one of `~^:?*[\\`, or no ASCII; `upgrade`: both `github` and `phabricator` are named; `upgrade`: `github` is `x`, expected `owner/name`; `upgrade`: `phabricator.url` is `ftp://x`, expected `https://…`; `upgrade`: `branches`: `x` has the level 9",
        ),
        (
            "upgrade: {bug: 0}\nprojects: {dashboard: {github: board}}",
            "`proposals.yml`: `upgrade`: `bug` is 0, expected the number of a bug; `projects.dashboard`: `github` is `board`, expected `owner/name`",
        ),
    ] {
        assert_eq!(Destinations::read(text).unwrap_err().to_string(), expect);
    }
}
