//! Strangers' text: matched by patterns, and shown so that it does no harm.

/// How much of a text is shown.
const LONGEST: usize = 100;

/// Whether a text matches a pattern, in which `*` stands for any text, a slash included.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

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
    fn patterns() {
        for (pattern, text, expect) in [
            ("test", "test", true),
            ("test", "tests", false),
            ("test-*/opt-*", "test-linux/opt-mochitest-1", true),
            ("test-*/opt-*", "test-linux/debug-mochitest-1", false),
            ("*-1", "a-1-1", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }

    #[test]
    fn text_is_shown_without_harm() {
        assert_eq!(shown("a b"), "`a b`");
        assert_eq!(shown("\u{1b}[31m\n"), r"`\u{1b}[31m\u{a}`");
        assert_eq!(shown(&"x".repeat(101)), format!("`{}…`", "x".repeat(100)));
    }
}
