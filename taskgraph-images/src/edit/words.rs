//! How a scalar is written: plain where no reader can take it for anything but a string, else in quotes.

use std::fmt::Write as _;
use std::sync::LazyLock;

use granit_parser::{Event, Parser, ScalarStyle};
use regex::Regex;

use super::{Scalar, Style};

/// A scalar as it is written where `old` stood; `None` when it cannot be written plain as asked.
pub(super) fn written(scalar: &Scalar, old: Style, in_flow: bool) -> Option<String> {
    match scalar {
        Scalar::Plain(text) => reads_back(text, in_flow).then(|| text.clone()),
        Scalar::Text(text) => Some(string(text, old)),
    }
}

/// A string in the quotes that stood there, if it can be.
pub(super) fn string(text: &str, old: Style) -> String {
    match old {
        Style::Single if text.chars().all(|c| !must_escape(c)) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Style::Single | Style::Double => double(text),
        _ if is_safe_plain(text) => text.to_owned(),
        _ => double(text),
    }
}

/// Whether a text may be written plain anywhere: a version of three numbers or more, or a word with a letter first
/// that is no word of YAML's. Deliberately narrow; whatever else gets quotes.
pub(super) fn is_safe_plain(text: &str) -> bool {
    let is_version = text.split('.').count() >= 3
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        && !is_keyword(text);
    is_version || is_word
}

/// Whether a text that stands plain is a string to every reader, of YAML 1.1 and of 1.2.
pub(super) fn is_string(plain: &str) -> bool {
    /// Numbers and dates of YAML 1.1 (with `_`, base 60, `0b`, `012`) and 1.2 (`0o`), and what sloppier readers take
    /// for them.
    static OTHER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^(?:
                [-+]?0b[01_]+ | [-+]?0o[0-7_]+ | [-+]?0x[0-9A-Fa-f_]+
                | [-+]?[0-9][0-9_,]*
                | [-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?
                | [-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?
                | [-+]?\.?(?i:inf|infinity|nan)
                | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ \t].*)?
            )$",
        )
        .ok()
    });
    is_safe_plain(plain)
        || !(is_keyword(plain) || OTHER.as_ref().is_none_or(|pattern| pattern.is_match(plain)))
}

/// Words that some reader takes for null, a boolean, a number, a merge key or a default.
fn is_keyword(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "~"
            | "null"
            | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "y"
            | "n"
            | "inf"
            | "infinity"
            | "nan"
            | "<<"
            | "="
    )
}

/// Whether a plain scalar of this text, on one line, is read as this text.
fn reads_back(text: &str, in_flow: bool) -> bool {
    if text.is_empty() || text.chars().any(must_escape) {
        return false;
    }
    let document = if in_flow {
        format!("{{k: {text}, k: {text}}}")
    } else {
        format!("k: {text}")
    };
    let mut found = Vec::new();
    for event in Parser::new_from_str(&document) {
        match event {
            Ok((Event::Scalar(text, ScalarStyle::Plain, 0, None), _)) => found.push(text),
            Ok((Event::Alias(_) | Event::Comment(..) | Event::Scalar(..), _)) | Err(_) => {
                return false;
            }
            Ok(_) => {}
        }
    }
    match &found[..] {
        [_, value] => !in_flow && value == text,
        [_, first, _, last] => in_flow && first == text && last == text,
        _ => false,
    }
}

/// A text in double quotes, on one line; what can be seen stays as it is.
pub(super) fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            c if must_escape(c) => {
                let code = u32::from(c);
                // Writing to a string cannot fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What YAML does not allow as it is, or takes for a line's end: controls, tabs too, separators, byte-order marks.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}
