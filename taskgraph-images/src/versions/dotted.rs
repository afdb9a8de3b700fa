//! Numbers with dots, compared number by number and never as text: `1.10` comes after `1.9`.

use std::cmp::Ordering;

/// A list of numbers of any size, each as its digits without leading zeros; zeros at the end of the list are left out,
/// so that `1.3` is `1.3.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dotted(Vec<String>);

pub(super) fn parse(text: &str) -> Result<Dotted, &'static str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers =
        numbers(text).ok_or("numbers with dots between, such as `26100.8655.260607`")?;
    while numbers.last().is_some_and(String::is_empty) {
        numbers.pop();
    }
    Ok(Dotted(numbers))
}

/// The numbers of a list, each without leading zeros, so that zero is empty.
pub(super) fn numbers(text: &str) -> Option<Vec<String>> {
    text.split('.')
        .map(|number| {
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| number.trim_start_matches('0').to_owned())
        })
        .collect()
}

impl Dotted {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        (0..length)
            .map(|place| {
                let (a, b) = (self.number(place), other.number(place));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    pub(super) fn first(&self) -> &str {
        self.number(0)
    }

    /// Whether it begins with some numbers.
    pub(super) fn begins_with(&self, prefix: &[String]) -> bool {
        (0..prefix.len()).all(|place| self.number(place) == prefix[place])
    }

    fn number(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }
}
