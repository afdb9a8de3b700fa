//! Which scopes let somebody create tasks in a pool. A `*` at the end of a scope is any text; nothing else is a pattern.

/// What comes before a priority and a pool.
const CREATE: &str = "queue:create-task:";
/// What comes before a pool that may be changed.
const MANAGE: &str = "worker-manager:manage-worker-pool:";
/// What comes before a role.
pub(super) const ASSUME: &str = "assume:";

/// Taskcluster's priorities.
const PRIORITIES: [&str; 7] = [
    "highest",
    "very-high",
    "high",
    "medium",
    "low",
    "very-low",
    "lowest",
];

/// How a scope reaches a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not at all.
    No,
    /// It names the pool, or a part of its id.
    Pool,
    /// It would reach any pool.
    Every,
}

/// Whether a scope can have to do with pools at all, placeholders and all.
pub(super) fn is_relevant(scope: &str) -> bool {
    let start = scope.strip_suffix('*').unwrap_or(scope);
    scope.starts_with('{')
        || [CREATE, MANAGE, ASSUME].into_iter().any(|known| {
            scope.starts_with(known) || (start.len() < scope.len() && known.starts_with(start))
        })
}

/// How a scope lets somebody create tasks in a pool, of any priority.
pub(super) fn reach(scope: &str, pool: &str) -> Reach {
    let Some(start) = scope.strip_suffix('*') else {
        let found = scope
            .strip_prefix(CREATE)
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(priority, id)| PRIORITIES.contains(&priority) && id == pool);
        return if found { Reach::Pool } else { Reach::No };
    };
    if CREATE.starts_with(start) {
        return Reach::Every;
    }
    let Some(rest) = start.strip_prefix(CREATE) else {
        return Reach::No;
    };
    match rest.split_once(':') {
        // `queue:create-task:high*`, or `queue:create-task:high:*`: any pool.
        None if PRIORITIES.iter().any(|one| one.starts_with(rest)) => Reach::Every,
        Some((priority, "")) if PRIORITIES.contains(&priority) => Reach::Every,
        Some((priority, id)) if PRIORITIES.contains(&priority) && pool.starts_with(id) => {
            Reach::Pool
        }
        _ => Reach::No,
    }
}

/// Whether a scope lets somebody change a pool itself.
pub(super) fn manages(scope: &str, pool: &str) -> bool {
    match scope.strip_suffix('*') {
        Some(start) => {
            MANAGE.starts_with(start)
                || start
                    .strip_prefix(MANAGE)
                    .is_some_and(|id| pool.starts_with(id))
        }
        None => scope.strip_prefix(MANAGE) == Some(pool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_pools_by_patterns_at_the_end_only() {
        let pool = "gecko-t/win11-64";
        for (scope, expect) in [
            ("queue:create-task:low:gecko-t/win11-64", Reach::Pool),
            ("queue:create-task:very-high:gecko-t/*", Reach::Pool),
            ("queue:create-task:high:gecko-*", Reach::Pool),
            ("queue:create-task:highest:gecko-t/win11-64*", Reach::Pool),
            ("queue:create-task:low:gecko-t/win11", Reach::No),
            ("queue:create-task:low:gecko-t/win11-64-gpu*", Reach::No),
            ("queue:create-task:low:*/win11-64", Reach::No),
            ("queue:create-task:normal:gecko-t/win11-64", Reach::No),
            ("queue:create-task:gecko-t/win11-64", Reach::No),
            ("queue:create-task:project:*", Reach::No),
            ("queue:create-task:low:*", Reach::Every),
            ("queue:create-task:very-*", Reach::Every),
            ("queue:create-*", Reach::Every),
            ("*", Reach::Every),
            ("queue:*", Reach::Every),
            ("queue:pending-list:*", Reach::No),
            ("assume:repo:*", Reach::No),
        ] {
            assert_eq!(reach(scope, pool), expect, "{scope}");
            if expect != Reach::No {
                assert!(is_relevant(scope), "{scope}");
            }
        }
        assert!(manages("worker-manager:manage-worker-pool:gecko-*", pool));
        assert!(manages("worker-manager:*", pool));
        assert!(!manages("worker-manager:manage-worker-pool:proj-*", pool));
        assert!(!manages("worker-manager:provider:azure", pool));
        assert!(!is_relevant("secrets:get:*"));
        assert!(is_relevant("{any}:thing"));
    }
}
