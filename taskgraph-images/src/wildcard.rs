//! Patterns of names in which `*` stands for any text, a slash included: branches, assets, tasks, scopes. Those of files are
//! [`crate::glob`]'s.

/// Whether a text matches a pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    matches_parts(&parts, text)
}

/// The same, of what is between a pattern's `*`.
pub(crate) fn matches_parts<S: AsRef<str>>(parts: &[S], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|whole| whole.as_ref() == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_ref()) else {
        return false;
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part.as_ref()) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last.as_ref())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, text, expect) in [
            ("test", "test", true),
            ("test", "tests", false),
            ("test-*/opt-*", "test-linux/opt-mochitest-1", true),
            ("test-*/opt-*", "test-linux/debug-mochitest-1", false),
            ("*-1", "a-1-1", true),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("*.sig", "tool.sig.txt", false),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }
}
