//! `by-<attribute>` as these repositories' generators choose: not quite as Taskgraph does, nor as our definitions do.
//!
//! A choice is a map of one key. The attribute's value is looked up exactly, then by every other key as a pattern,
//! then `default`. Two patterns that match are a fault, and so is a map of `default` alone. A pattern must match from
//! the beginning, and its *last alternative* up to the end: of `a|b`, only `b` is held to the end.
//!
//! Values are compared as they are written: `3` and `'3'` are one, though the generators tell them apart.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use regex::Regex;

use super::findings::{expected, scalar};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, by};

/// The attributes that a choice can be made by.
pub(super) type Attributes = BTreeMap<String, Node>;

/// Chooses, and keeps the patterns that it met.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    patterns: RefCell<HashMap<String, Option<Regex>>>,
}

impl Keyed {
    /// What a value is for some attributes; `what` names it in faults.
    pub(super) fn choose(
        &self,
        value: &Node,
        what: &str,
        attributes: &Attributes,
    ) -> Result<Node, Diagnostic> {
        let mut value = value;
        while let Some((key, branches)) = by(value) {
            let attribute = &key.text[3..];
            let entries = branches
                .entries()
                .ok_or_else(|| expected("a map from an attribute's values to choices", branches))?;
            let fault = |message: String| Diagnostic::error("unresolved", message).at(key.place());
            if let [(only, _)] = entries
                && &*only.text == "default"
            {
                return Err(fault(format!(
                    "{what} is chosen by `{attribute}` with nothing but a default"
                ))
                .hint("write the value itself"));
            }
            let default = branches.get("default");
            let Some(own) = attributes.get(attribute).filter(|node| !node.is_null()) else {
                value = default.ok_or_else(|| {
                    fault(format!(
                        "{what} is chosen by `{attribute}`, which the variant does not have, and there is no `default`"
                    ))
                })?;
                continue;
            };
            let own = scalar(own).ok_or_else(|| {
                fault(format!(
                    "{what} is chosen by `{attribute}`, which is {}",
                    own.describe()
                ))
            })?;
            if let Some(exact) = branches.get(own) {
                value = exact;
                continue;
            }
            let mut matches = Vec::new();
            for (pattern, branch) in entries {
                match self.matches(&pattern.text, own) {
                    Some(true) => matches.push((pattern, branch)),
                    Some(false) => {}
                    None => {
                        return Err(Diagnostic::error(
                            "bad-pattern",
                            format!("`{}` is no pattern that can be read", pattern.text),
                        )
                        .at(pattern.place()));
                    }
                }
            }
            value = match &matches[..] {
                [] => default.ok_or_else(|| {
                    fault(format!(
                        "no choice of {what} is for `{attribute}` `{own}`, and there is no `default`"
                    ))
                })?,
                [(_, branch)] => branch,
                [(first, _), (second, _), ..] => {
                    return Err(fault(format!(
                        "two choices of {what} are for `{attribute}` `{own}`: `{}` and `{}`",
                        first.text, second.text
                    ))
                    .note(second.place(), "the second one"));
                }
            };
        }
        Ok(value.clone())
    }

    /// Whether a pattern matches; none if it is no pattern.
    fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        let mut patterns = self.patterns.borrow_mut();
        let compiled = patterns
            .entry(pattern.to_owned())
            .or_insert_with(|| Regex::new(&format!("^(?:{pattern}$)")).ok());
        compiled.as_ref().map(|pattern| pattern.is_match(text))
    }
}
