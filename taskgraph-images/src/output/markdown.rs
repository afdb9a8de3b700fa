//! Text in Markdown in which nothing means anything, and code.

/// A code span, delimited by more backticks than the text has in a row.
pub(crate) fn span(text: &str) -> String {
    let longest = text
        .split(|sign| sign != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // The spaces keep backticks at its ends apart, and are dropped when it is shown.
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A code span in the cell of a table.
pub(crate) fn cell(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect();
    span(&text.replace('|', "\\|"))
}

/// Text that is no markup, mention, reference or link.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(sign);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A space of no width: `@name` would notify somebody.
            '@' => out.push_str("@\u{200b}"),
            sign if sign.is_control() => out.push(' '),
            sign => out.push(sign),
        }
    }
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}
