//! Code in Markdown: text in which nothing means anything.

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
