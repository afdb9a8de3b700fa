//! [`Held`]: scopes as they are collected, with their holders.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{ASSUME, is_relevant};
use super::{Access, Holder};
use crate::ci_config::findings::{expected, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// The most signs of a role's id: more is no role that somebody wrote, but one that grows by naming itself.
const LONGEST: usize = 512;

/// Scopes, as far as they have to do with pools.
#[derive(Debug, Default)]
pub(super) struct Held {
    held: BTreeMap<String, BTreeSet<Holder>>,
    /// The scopes of roles whose id ends in `*`, by what stands before it, as far as they hold `<..>`.
    parameterized: BTreeMap<String, BTreeSet<String>>,
    pub(super) elsewhere: Vec<String>,
    pub(super) findings: Vec<Diagnostic>,
}

impl Held {
    /// Notes that somebody holds a scope.
    pub(super) fn add(&mut self, scope: &str, holder: Holder) {
        if !is_relevant(scope) {
            return;
        }
        if let Holder::Role(id) = &holder
            && let Some(start) = id.strip_suffix('*')
            && scope.contains("<..>")
        {
            let scopes = self.parameterized.entry(start.to_owned()).or_default();
            scopes.insert(scope.to_owned());
            return;
        }
        self.held
            .entry(scope.to_owned())
            .or_default()
            .insert(holder);
    }

    /// The texts of a list, or the one text that stands for a list of it.
    pub(super) fn texts<'a>(&mut self, node: &'a Node) -> Vec<(&'a Node, &'a str)> {
        let items = match &node.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match scalar(item) {
                Some(text) => texts.push((item, text)),
                None => self.findings.push(expected("a string", item)),
            }
        }
        texts
    }

    /// What is held in the end, parameterized roles included.
    pub(super) fn finish(mut self) -> Access {
        let mut todo: Vec<String> = self
            .held
            .keys()
            .filter_map(|scope| assumed(scope))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(role) = todo.pop() {
            // Whoever may be all of a sort of roles uses none of them.
            if role.ends_with('*') || role.len() > LONGEST || !seen.insert(role.clone()) {
                continue;
            }
            let mut own = Vec::new();
            for (start, scopes) in &self.parameterized {
                if let Some(name) = role.strip_prefix(start.as_str()) {
                    own.extend(scopes.iter().map(|scope| scope.replace("<..>", name)));
                }
            }
            for scope in own {
                todo.extend(assumed(&scope));
                self.held
                    .entry(scope)
                    .or_default()
                    .insert(Holder::Role(role.clone()));
            }
        }
        self.findings.sort();
        self.findings.dedup();
        Access {
            held: self.held,
            elsewhere: self.elsewhere,
            findings: self.findings,
        }
    }
}

fn assumed(scope: &str) -> Option<String> {
    scope.strip_prefix(ASSUME).map(str::to_owned)
}
