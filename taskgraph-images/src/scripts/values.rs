//! [`Values`]: what a variable may hold.

use super::value::Value;

/// More values than this and a variable counts as unknown.
const MOST_VALUES: usize = 32;

/// The values that a string may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Values(Vec<Value>);

impl Values {
    pub(super) fn one(value: Value) -> Self {
        Self(vec![value])
    }

    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::one(Value::unknown(reason))
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.0.iter()
    }

    pub(super) fn as_slice(&self) -> &[Value] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what is not yet among them.
    pub(super) fn extend(&mut self, more: &Self) {
        for value in &more.0 {
            if self.0.contains(value) {
                continue;
            }
            if self.0.len() == MOST_VALUES {
                *self = Self::unknown("there are too many values that it may have");
                return;
            }
            self.0.push(value.clone());
        }
    }

    /// Every value followed by every one of `tails`.
    pub(super) fn append(&mut self, tails: &Self) {
        self.cross(tails, |value, tail| {
            let mut value = value.clone();
            value.append(tail);
            value
        });
    }

    /// Every pair of values, combined.
    pub(super) fn cross(&mut self, others: &Self, combine: impl Fn(&Value, &Value) -> Value) {
        let mut all = Self::default();
        for value in &self.0 {
            for other in &others.0 {
                all.extend(&Self::one(combine(value, other)));
            }
        }
        *self = all;
    }

    #[must_use]
    pub(super) fn map(&self, change: impl Fn(&Value) -> Value) -> Self {
        let mut all = Self::default();
        for value in &self.0 {
            all.extend(&Self::one(change(value)));
        }
        all
    }

    /// The one text that it is known to be.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [value] => value.as_text(),
            _ => None,
        }
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<T: IntoIterator<Item = Value>>(values: T) -> Self {
        let mut all = Self::default();
        for value in values {
            all.extend(&Self::one(value));
        }
        all
    }
}
