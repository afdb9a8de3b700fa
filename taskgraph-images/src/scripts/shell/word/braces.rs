//! `{a,b}` and `{1..3}`, which the shell expands first.

use super::Expander;
use crate::scripts::shell::lex;
use crate::scripts::value::Value;
use crate::scripts::values::Values;

impl<'e> Expander<'e> {
    /// `{a,b}` and `{1..3}`, which the shell expands first.
    pub(super) fn braces(&mut self, text: &str, at: usize) -> Option<(Values, usize)> {
        let bytes = text.as_bytes();
        let end = text.ceil_char_boundary(lex::brace_end(bytes, at + 1, 0));
        let inner = text.get(at + 1..end.checked_sub(1)?)?;
        if bytes.get(end - 1) != Some(&b'}') {
            return None;
        }
        let mut parts = Vec::new();
        let (mut start, mut position, mut open) = (0, 0, 0);
        let inner_bytes = inner.as_bytes();
        while let Some(&byte) = inner_bytes.get(position) {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                b',' if open == 0 => {
                    parts.push(&inner[start..position]);
                    start = position + 1;
                }
                _ => {}
            }
            position = lex::unit_end(inner_bytes, position, 0).max(position + 1);
        }
        parts.push(inner.get(start..).unwrap_or_default());
        if parts.len() > 1 {
            let mut all = Values::default();
            for part in parts {
                let part = self.word(part);
                all.extend(&part);
            }
            return Some((all, end));
        }
        let (first, last) = inner.split_once("..")?;
        let numbers = first.parse::<u8>().ok().zip(last.parse::<u8>().ok());
        Some(match numbers {
            Some((first, last))
                if first <= last && first.to_string().len() == inner.find("..")? =>
            {
                (
                    (first..=last)
                        .map(|number| Value::text(number.to_string()))
                        .collect(),
                    end,
                )
            }
            _ => (
                Values::unknown(format!("the range `{{{inner}}}` is not evaluated")),
                end,
            ),
        })
    }
}
