//! [`check_scalars`]: whether an edit of a YAML file changed nothing but values that it may change.
//!
//! The second look at an edit, after it was made and independent of how: both texts are read, and every difference of
//! their values is held to a list. Comments and layout are no values, and are not compared.

use crate::diagnostic::{Diagnostic, Place};
use crate::tree::TreePath;
use crate::yaml::{Key, Node, Value, read};

/// A part of the path to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The key of a map.
    Key(String),
    /// The place in a list, from 0.
    Index(usize),
}

/// A path as people write it: `a.b[0]`. Parts that are no plain words are quoted.
pub fn dotted(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Index(index) => text += &format!("[{index}]"),
            Part::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
                match !key.is_empty() && key.chars().all(is_word) {
                    true => text += key,
                    false => text += &format!("{key:?}"),
                }
            }
        }
    }
    text
}

/// Checks that two texts of a YAML file differ in nothing but scalars at allowed paths; with `structure`, also in
/// entries that are added or removed at allowed paths. An alias counts wherever it stands, written out.
///
/// # Errors
/// What of them is no YAML, or else every difference that is not allowed, at its place in the new text.
pub fn check_scalars(
    path: &TreePath,
    old: &str,
    new: &str,
    allowed: &dyn Fn(&[Part]) -> bool,
    structure: bool,
) -> Result<(), Vec<Diagnostic>> {
    let (old, new) = match (read(path, old.as_bytes()), read(path, new.as_bytes())) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            let mut faults = old.err().unwrap_or_default();
            faults.extend(new.err().unwrap_or_default());
            return Err(faults);
        }
    };
    let mut check = Check {
        allowed,
        structure,
        at: Vec::new(),
        faults: Vec::new(),
    };
    check.compare(&old, &new);
    match check.faults.is_empty() {
        true => Ok(()),
        false => Err(check.faults),
    }
}

struct Check<'a> {
    allowed: &'a dyn Fn(&[Part]) -> bool,
    structure: bool,
    at: Vec<Part>,
    faults: Vec<Diagnostic>,
}

impl Check<'_> {
    fn compare(&mut self, old: &Node, new: &Node) {
        match (&old.value, &new.value) {
            // Whether it is quoted counts: a reader of YAML 1.1 may see a date in one and a text in the other.
            (Value::Scalar(a, a_plain), Value::Scalar(b, b_plain)) => {
                if (a, a_plain) != (b, b_plain) && !(self.allowed)(&self.at) {
                    self.fault(
                        "edit-not-allowed",
                        "this value may not be edited",
                        new.place(),
                    );
                }
            }
            (Value::Map(olds), Value::Map(news)) => self.maps(old, olds, new, news),
            (Value::List(olds), Value::List(news)) => self.lists(olds, new, news),
            _ => self.fault(
                "edit-structure",
                &format!("{} became {}", old.describe(), new.describe()),
                new.place(),
            ),
        }
    }

    fn maps(&mut self, old: &Node, olds: &[(Key, Node)], new: &Node, news: &[(Key, Node)]) {
        for (key, value) in news {
            self.at.push(Part::Key(key.text.to_string()));
            match old.get(&key.text) {
                Some(old) => self.compare(old, value),
                None => self.changed("added", key.place()),
            }
            self.at.pop();
        }
        for (key, _) in olds {
            if new.get(&key.text).is_none() {
                self.at.push(Part::Key(key.text.to_string()));
                self.changed("removed", new.place());
                self.at.pop();
            }
        }
        // A generator may read them in order.
        let common = |entries: &[(Key, Node)], other: &Node| -> Vec<String> {
            let keys = entries.iter().map(|(key, _)| key.text.to_string());
            keys.filter(|key| other.get(key).is_some()).collect()
        };
        if common(olds, new) != common(news, old) {
            self.fault(
                "edit-structure",
                "its keys are in another order",
                new.place(),
            );
        }
    }

    fn lists(&mut self, olds: &[Node], new: &Node, news: &[Node]) {
        // What is equal at both ends is the same entry; between them entries are compared one by one.
        let same = |(old, new): &(&Node, &Node)| is_same(old, new);
        let start = olds.iter().zip(news).take_while(same).count();
        let ends = olds[start..].iter().rev().zip(news[start..].iter().rev());
        let end = match olds.len() == news.len() {
            true => 0,
            false => ends.take_while(same).count(),
        };
        let (olds, news) = (
            &olds[start..olds.len() - end],
            &news[start..news.len() - end],
        );
        for index in 0..olds.len().max(news.len()) {
            self.at.push(Part::Index(start + index));
            match (olds.get(index), news.get(index)) {
                (Some(old), Some(new)) => self.compare(old, new),
                (None, Some(added)) => self.changed("added", added.place()),
                _ => self.changed("removed", new.place()),
            }
            self.at.pop();
        }
    }

    /// An entry that only one of the texts has.
    fn changed(&mut self, how: &str, place: Place) {
        if !self.structure {
            let message = format!("this entry is {how}; only values may be edited");
            self.fault("edit-structure", &message, place);
        } else if !(self.allowed)(&self.at) {
            let message = format!("this entry may not be {how}");
            self.fault("edit-not-allowed", &message, place);
        }
    }

    fn fault(&mut self, code: &'static str, why: &str, place: Place) {
        let at = match self.at.is_empty() {
            true => "the file".to_owned(),
            false => format!("`{}`", dotted(&self.at)),
        };
        self.faults.push(
            Diagnostic::error(code, format!("{at}: {why}"))
                .at(place)
                .hint("nothing is proposed; allow this path for this kind of proposal, or edit by hand"),
        );
    }
}

fn is_same(old: &Node, new: &Node) -> bool {
    match (&old.value, &new.value) {
        (Value::Scalar(a, a_plain), Value::Scalar(b, b_plain)) => (a, a_plain) == (b, b_plain),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let same =
                |(a, b): (&(Key, Node), &(Key, Node))| a.0.text == b.0.text && is_same(&a.1, &b.1);
            a.len() == b.len() && a.iter().zip(b.iter()).all(same)
        }
        _ => false,
    }
}
