//! Cuts PowerShell commands into arguments. As for shell scripts, the syntax tree says where commands are, and
//! their text is cut here; the grammar also does not know every way to write a path as an argument.

use std::ops::Range;

/// Brackets and strings inside one another, deeper than which nobody writes.
const DEEPEST: u32 = 48;

/// A part of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    /// `-Name`, in lower case, without the dash.
    Parameter(String),
    /// A value, or several with commas between them.
    Values(Vec<Range<usize>>),
}

impl Argument {
    fn value(range: Range<usize>) -> Self {
        Self::Values(std::iter::once(range).collect())
    }
}

/// The parts of a command, its name first, and where it ends.
pub(super) fn command(text: &str, mut at: usize) -> (Vec<Argument>, usize) {
    let bytes = text.as_bytes();
    let mut arguments: Vec<Argument> = Vec::new();
    let mut continues = false;
    loop {
        at = skip_blanks(bytes, at);
        if continues {
            while matches!(bytes.get(at), Some(b'\n' | b' ' | b'\t' | b'\r')) {
                at += 1;
            }
        }
        let Some(&byte) = bytes.get(at) else {
            return (arguments, bytes.len());
        };
        match byte {
            b'\n' | b';' | b'|' | b'&' | b')' | b'}' => return (arguments, at),
            b'#' => return (arguments, at),
            b',' => {
                continues = true;
                at += 1;
                continue;
            }
            b'>' => at = redirect_end(bytes, at),
            b'*' | b'0'..=b'9' if bytes.get(at + 1) == Some(&b'>') => {
                at = redirect_end(bytes, at + 1)
            }
            b'-' if !arguments.is_empty()
                && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) =>
            {
                let length = bytes[at + 1..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                let name = text[at + 1..at + 1 + length].to_ascii_lowercase();
                at += 1 + length;
                arguments.push(Argument::Parameter(name));
                if bytes.get(at) == Some(&b':') {
                    at += 1;
                } else if !is_end(bytes.get(at)) {
                    // `-a.b` is a value after all.
                    let end = word_end(bytes, at);
                    arguments.pop();
                    arguments.push(Argument::value(at - 1 - length..end));
                    at = end;
                }
            }
            _ => {
                let end = word_end(bytes, at).max(at + 1);
                match arguments.last_mut() {
                    Some(Argument::Values(values)) if continues => values.push(at..end),
                    _ => arguments.push(Argument::value(at..end)),
                }
                at = end;
            }
        }
        continues = false;
    }
}

fn is_end(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| b" \t\r\n;|&(){},".contains(byte))
}

fn redirect_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at) == Some(&b'>') {
        at += 1;
    }
    if bytes.get(at) == Some(&b'&') {
        return (at + 2).min(bytes.len());
    }
    let start = skip_blanks(bytes, at);
    word_end(bytes, start).max(at)
}

pub(super) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r') => at += 1,
            Some(b'`') if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            Some(b'`') if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            Some(b'<') if bytes.get(at + 1) == Some(&b'#') => at = comment_end(bytes, at),
            _ => return at,
        }
    }
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .windows(2)
        .position(|pair| pair == b"#>")
        .map_or(bytes.len(), |length| at + length + 2)
}

fn word_end(bytes: &[u8], mut at: usize) -> usize {
    while !is_end(bytes.get(at)) || matches!(bytes.get(at), Some(b'(' | b'{')) {
        at = unit_end(bytes, at, 0).max(at + 1);
    }
    at.min(bytes.len())
}

/// Where the character, string or bracketed part ends that starts at `at`.
pub(super) fn unit_end(bytes: &[u8], at: usize, depth: u32) -> usize {
    if depth > DEEPEST {
        return bytes.len();
    }
    let next = bytes.get(at + 1).copied();
    match bytes.get(at) {
        None => at,
        Some(b'`') => (at + 2).min(bytes.len()),
        Some(b'\'') => single_end(bytes, at + 1),
        Some(b'"') => double_end(bytes, at + 1, depth + 1),
        Some(b'@') if matches!(next, Some(b'"' | b'\'')) && is_line_end(bytes, at + 2) => {
            here_end(bytes, at + 2, next.unwrap_or(b'"'))
        }
        Some(b'$' | b'@') if matches!(next, Some(b'(' | b'{')) => {
            group_end(bytes, at + 2, depth + 1)
        }
        Some(b'(' | b'{' | b'[') => group_end(bytes, at + 1, depth + 1),
        Some(b'<') if next == Some(b'#') => comment_end(bytes, at),
        Some(_) => at + 1,
    }
}

fn is_line_end(bytes: &[u8], at: usize) -> bool {
    bytes[at..]
        .iter()
        .find(|byte| !b" \t\r".contains(byte))
        .is_none_or(|byte| *byte == b'\n')
}

fn here_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    bytes[at..]
        .windows(3)
        .position(|end| end == [b'\n', quote, b'@'])
        .map_or(bytes.len(), |length| at + length + 3)
}

fn single_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn double_end(bytes: &[u8], mut at: usize, depth: u32) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'`', _) => at += 2,
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return at + 1,
            (b'$', Some(b'(')) => at = unit_end(bytes, at, depth),
            _ => at += 1,
        }
    }
    bytes.len()
}

/// One past the bracket that closes what opened before `at`.
fn group_end(bytes: &[u8], mut at: usize, depth: u32) -> usize {
    let mut open = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' | b'{' | b'[' => {
                open += 1;
                at += 1;
            }
            b')' | b'}' | b']' => {
                open -= 1;
                at += 1;
                if open == 0 {
                    return at;
                }
            }
            b'#' if at > 0 && (bytes[at - 1].is_ascii_whitespace() || bytes[at - 1] == b'{') => {
                at += bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(bytes.len() - at);
            }
            _ => at = unit_end(bytes, at, depth + 1).max(at + 1),
        }
    }
    bytes.len()
}

/// The parts of a text between separators that no bracket or string holds.
pub(super) fn split<'t>(text: &'t str, separators: &[u8]) -> Vec<&'t str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        if separators.contains(byte) {
            parts.push(&text[start..at]);
            at += 1;
            start = at;
        } else {
            at = unit_end(bytes, at, 0).max(at + 1);
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}
