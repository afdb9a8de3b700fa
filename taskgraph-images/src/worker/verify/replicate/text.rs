//! Strangers' text, shown so that it does no harm.

/// How much of a text is shown.
const LONGEST: usize = 100;

/// A text as code in a message: its beginning, with whatever a terminal would obey written out.
pub fn shown(text: &str) -> String {
    let start: String = text.chars().take(LONGEST).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    let plain: String = start
        .chars()
        .flat_map(|letter| {
            let is_plain = letter.is_ascii_graphic() || letter == ' ';
            let escaped = (!is_plain).then(|| letter.escape_unicode());
            let same = is_plain.then_some(letter);
            escaped.into_iter().flatten().chain(same)
        })
        .collect();
    format!("`{plain}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_without_harm() {
        assert_eq!(shown("a b"), "`a b`");
        assert_eq!(shown("\u{1b}[31m\n"), r"`\u{1b}[31m\u{a}`");
        assert_eq!(shown(&"x".repeat(101)), format!("`{}…`", "x".repeat(100)));
    }
}
