//! [`redact`]: words of services without the secrets that they repeat.

/// A text without the given secrets, and without whatever looks like a token of Phabricator's (`api-` or `cli-` and 28
/// more characters; its errors repeat a bad one) or of GitHub's (`gh?_…`).
pub(super) fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[token]");
    }
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (mut clean, mut rest) = (String::new(), text.as_str());
    while let Some(c) = rest.chars().next() {
        let tail = rest.as_bytes();
        let run = |from: usize| {
            tail[from..]
                .iter()
                .take_while(|byte| is_word(**byte))
                .count()
        };
        let is_start = !clean.as_bytes().last().is_some_and(|byte| is_word(*byte));
        let length = if !is_start {
            0
        } else if (rest.starts_with("api-") || rest.starts_with("cli-")) && run(4) >= 28 {
            32
        } else if rest.starts_with("gh") && tail.get(3) == Some(&b'_') && run(4) >= 20 {
            4 + run(4)
        } else if rest.starts_with("github_pat_") && run(11) >= 20 {
            11 + run(11)
        } else {
            0
        };
        if length > 0 {
            clean += "[token]";
            rest = &rest[length..];
        } else {
            clean.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn no_token_is_shown() {
        let token = format!("api-{}", "x".repeat(28));
        for (text, expect) in [
            (
                format!("API token \"{token}\" has the wrong length."),
                "API token \"[token]\" has the wrong length.",
            ),
            (format!("({})", token.replace("api", "cli")), "([token])"),
            ("my not-a-token here".to_owned(), "my [token] here"),
            (format!("ghs_{}", "x".repeat(36)), "[token]"),
            (format!("github_pat_{}.", "x".repeat(36)), "[token]."),
            ("api-short and é".to_owned(), "api-short and é"),
            (
                format!("xapi-{}", "x".repeat(28)),
                &format!("xapi-{}", "x".repeat(28)),
            ),
        ] {
            assert_eq!(redact(&text, &["not-a-token", ""]), expect);
        }
    }
}
