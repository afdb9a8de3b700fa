//! Scopes: which satisfy which, what roles give, and expressions over them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Whether a scope that is held, which may end with `*`, gives another.
fn gives(held: &str, wanted: &str) -> bool {
    held == wanted
        || held
            .strip_suffix('*')
            .is_some_and(|prefix| wanted.starts_with(prefix))
}

/// A set of scopes, expanded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    exact: BTreeSet<String>,
    /// The same without those that end with `*`, which are here without it.
    prefixes: Vec<String>,
}

impl Scopes {
    /// Adds what roles give, until nothing is new, and drops what another scope gives in any case.
    pub(crate) fn expand(
        scopes: impl IntoIterator<Item = String>,
        roles: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let mut all: BTreeSet<String> = scopes.into_iter().collect();
        let mut todo: Vec<String> = all.iter().cloned().collect();
        while let Some(scope) = todo.pop() {
            for (role, given) in roles {
                let Some(rest) = assumes(&scope, role) else {
                    continue;
                };
                for scope in given {
                    let scope = scope.replace("<..>", &rest);
                    if all.insert(scope.clone()) {
                        todo.push(scope);
                    }
                }
            }
        }
        let kept: BTreeSet<String> = all
            .iter()
            .filter(|scope| {
                !all.iter()
                    .any(|other| other != *scope && gives(other, scope))
            })
            .cloned()
            .collect();
        let prefixes = kept
            .iter()
            .filter_map(|scope| scope.strip_suffix('*').map(str::to_owned))
            .collect();
        Self {
            exact: kept,
            prefixes,
        }
    }

    pub(crate) fn satisfy(&self, wanted: &str) -> bool {
        self.exact.contains(wanted)
            || self
                .prefixes
                .iter()
                .any(|prefix| wanted.starts_with(prefix))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &String> {
        self.exact.iter()
    }
}

/// Whether a scope lets its holder assume a role; with the text that `<..>` stands for in what the role gives.
fn assumes(scope: &str, role: &str) -> Option<String> {
    const ASSUME: &str = "assume:";
    let Some(assumed) = scope.strip_prefix(ASSUME) else {
        // `ass*` assumes everything.
        let prefix = scope.strip_suffix('*')?;
        return ASSUME.starts_with(prefix).then(|| "*".to_owned());
    };
    match (assumed.strip_suffix('*'), role.strip_suffix('*')) {
        (None, None) => (assumed == role).then(String::new),
        (None, Some(role)) => assumed.strip_prefix(role).map(str::to_owned),
        (Some(assumed), None) => role.starts_with(assumed).then(String::new),
        (Some(assumed), Some(role)) => {
            if let Some(rest) = assumed.strip_prefix(role) {
                Some(format!("{rest}*"))
            } else {
                role.starts_with(assumed).then(|| "*".to_owned())
            }
        }
    }
}

/// What a call asks of its caller.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Scope(String),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Expression {
    pub(crate) fn scope(scope: impl Into<String>) -> Self {
        Self::Scope(scope.into())
    }

    /// A scope for each of some things.
    pub(crate) fn each<'a>(prefix: &str, of: impl IntoIterator<Item = &'a str>) -> Self {
        let scope = |thing| Self::Scope(format!("{prefix}{thing}"));
        Self::All(of.into_iter().map(scope).collect())
    }

    /// What is missing to satisfy it; nothing if it is satisfied.
    pub(crate) fn missing(&self, held: &Scopes) -> Option<Self> {
        match self {
            Self::Scope(scope) => (!held.satisfy(scope)).then(|| self.clone()),
            Self::All(parts) => {
                let missing: Vec<Self> =
                    parts.iter().filter_map(|part| part.missing(held)).collect();
                (!missing.is_empty()).then_some(Self::All(missing))
            }
            Self::Any(parts) => {
                let missing: Option<Vec<Self>> =
                    parts.iter().map(|part| part.missing(held)).collect();
                missing.map(Self::Any)
            }
        }
    }

    fn json(&self) -> Value {
        let list = |parts: &[Self]| parts.iter().map(Self::json).collect::<Vec<_>>();
        match self {
            Self::Scope(scope) => json!(scope),
            Self::All(parts) => json!({"AllOf": list(parts)}),
            Self::Any(parts) => json!({"AnyOf": list(parts)}),
        }
    }

    /// As error messages show it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Scope(scope) => scope.clone(),
            // The document was built from strings and lists alone.
            _ => serde_json::to_string_pretty(&self.json()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(held: &str, role: &str, gives: &str) -> Vec<String> {
        let roles = BTreeMap::from([(role.to_owned(), vec![gives.to_owned()])]);
        let scopes = Scopes::expand([held.to_owned()], &roles);
        scopes.iter().cloned().collect()
    }

    #[test]
    fn roles_expand() {
        assert_eq!(expanded("assume:a", "a", "x"), ["assume:a", "x"]);
        assert_eq!(expanded("assume:a", "b", "x"), ["assume:a"]);
        assert_eq!(expanded("assume:a*", "ab", "x"), ["assume:a*", "x"]);
        assert_eq!(expanded("assume:ab", "a*", "x:<..>"), ["assume:ab", "x:b"]);
        assert_eq!(expanded("*", "a", "x"), ["*"]);
    }

    #[test]
    fn what_is_missing_is_listed() {
        let held = Scopes::expand(["a".to_owned(), "b:*".to_owned()], &BTreeMap::new());
        let any = Expression::Any(vec![Expression::scope("z"), Expression::scope("b:1")]);
        assert!(any.missing(&held).is_none());
        let all = Expression::All(vec![any, Expression::each("c:", ["1", "2"])]);
        assert_eq!(
            all.missing(&held).map(|missing| missing.json().to_string()),
            Some(r#"{"AllOf":[{"AllOf":["c:1","c:2"]}]}"#.to_owned())
        );
    }
}
