//! Names of assets with what changes in them: `tool-{version}-linux-*.tar.gz`.

use crate::wildcard::matches_parts;

/// Whether a pattern means a name: `*` is any text, `{version}` and `{tag}` are the release's.
pub(super) fn is_match(pattern: &str, name: &str, version: &str, tag: &str) -> bool {
    // Split first, so that a `*` in a stranger's version means nothing.
    let parts: Vec<String> = pattern
        .split('*')
        .map(|part| part.replace("{version}", version).replace("{tag}", tag))
        .collect();
    matches_parts(&parts, name)
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn what_names_mean() {
        let cases = [
            ("tool-linux", "tool-linux", true),
            ("tool-linux", "tool-linux-arm64", false),
            ("tool-{version}-*.tar.gz", "tool-1.2-linux.tar.gz", true),
            ("tool-{version}-*.tar.gz", "tool-1.3-linux.tar.gz", false),
            ("{tag}.zip", "v1.2.zip", true),
            ("*", "", true),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("*.sig", "tool.sig.txt", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(
                is_match(pattern, name, "1.2", "v1.2"),
                expected,
                "{pattern} {name}"
            );
        }
        assert!(!is_match("{version}", "anything", "*", "*"));
    }
}
