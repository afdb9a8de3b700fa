//! Quoting for shells: the only way that a value enters a command line as text.

/// One word of a POSIX shell.
///
/// `None` when the text holds a NUL, which no shell can take.
pub(crate) fn sh(text: &str) -> Option<String> {
    shlex::try_quote(text)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// A literal string of PowerShell: single quotes, in which only the quote itself is special.
///
/// PowerShell also ends such a string at the typographic quotes U+2018 to U+201B, so they are doubled too.
pub(crate) fn powershell(text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\u{2018}'..='\u{201B}') {
            quoted.push(character);
        }
        quoted.push(character);
    }
    quoted.push('\'');
    Some(quoted)
}

/// One argument on a line of a batch file, for a program that splits its command line as Microsoft's C runtime does.
///
/// Inside the quotes `""` is a quote for both cmd.exe and the program, and `%%` is one `%` in a batch file. `None`
/// when the text holds a line break or a NUL, which a line cannot hold.
pub(crate) fn batch(text: &str) -> Option<String> {
    if text.contains(['\0', '\r', '\n']) {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:\\@".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return Some(text.to_owned());
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut backslashes = 0;
    for character in text.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                // Backslashes before a quote are halved by the program.
                quoted.extend(std::iter::repeat_n('\\', backslashes));
                quoted.push('"');
                backslashes = 0;
            }
            '%' => {
                quoted.push('%');
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posix() {
        for text in [
            "",
            "a b",
            "x';curl${IFS}evil;'",
            "$(id)",
            "`id`",
            "-x",
            "a\nb",
            "ü",
        ] {
            assert_eq!(
                shlex::split(&sh(text).unwrap()),
                Some(vec![text.to_owned()]),
                "{text:?}"
            );
        }
        assert_eq!(sh("a\0"), None);
    }

    #[test]
    fn powershell_doubles_every_quote_it_knows() {
        assert_eq!(powershell("it's ${x} ‘y’").unwrap(), "'it''s ${x} ‘‘y’’'");
        assert_eq!(powershell("\0"), None);
    }

    #[test]
    fn batch_lines() {
        for (text, expect) in [
            ("build", "build"),
            ("a@aws", "a@aws"),
            ("", "\"\""),
            ("a & del", "\"a & del\""),
            ("%PATH%", "\"%%PATH%%\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a b\\", "\"a b\\\\\""),
            ("a \\\"", "\"a \\\\\"\"\""),
        ] {
            assert_eq!(batch(text).unwrap(), expect, "{text:?}");
        }
        assert_eq!(batch("a\nb"), None);
    }
}
