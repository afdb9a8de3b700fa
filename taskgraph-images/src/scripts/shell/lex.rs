//! Cuts a command into words. The syntax tree says where commands are; words are cut here, because what is
//! inside them (quotes, expansions, braces) is needed piece by piece, and as it stands in the text.

use std::ops::Range;

/// Quotes and substitutions inside one another, deeper than which nobody writes.
const DEEPEST: u32 = 48;

/// A command without its structure.
#[derive(Debug, Default)]
pub(super) struct Simple {
    /// The words, assignments in front included.
    pub(super) words: Vec<Range<usize>>,
    /// The files that `<` reads.
    pub(super) inputs: Vec<Range<usize>>,
    /// Where it ends: at an operator, a parenthesis, a line's end, or the text's.
    pub(super) end: usize,
}

/// Cuts the command that starts at `at`.
pub(super) fn simple_command(text: &str, mut at: usize) -> Simple {
    let bytes = text.as_bytes();
    let mut simple = Simple::default();
    loop {
        at = skip_blanks(bytes, at);
        simple.end = at;
        let Some(&byte) = bytes.get(at) else {
            return simple;
        };
        let next = bytes.get(at + 1).copied();
        match byte {
            b'#' => {
                simple.end = bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(bytes.len(), |length| at + length);
                return simple;
            }
            b'<' | b'>' if next != Some(b'(') => at = redirect(text, at, &mut simple),
            b'&' if next == Some(b'>') => at = redirect(text, at + 1, &mut simple),
            b';' | b'&' | b'|' | b'(' | b')' | b'\n' => return simple,
            b'0'..=b'9' if descriptor(bytes, at).is_some() => {
                at = redirect(text, descriptor(bytes, at).unwrap_or(at), &mut simple);
            }
            _ => {
                let end = word_end(bytes, at);
                simple.words.push(at..end);
                at = end.max(at + 1);
                simple.end = at;
            }
        }
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r') => at += 1,
            Some(b'\\') if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            Some(b'\\') if bytes[at + 1..].starts_with(b"\r\n") => at += 3,
            _ => return at,
        }
    }
}

/// Where the operator starts after a file descriptor's number.
fn descriptor(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    matches!(bytes.get(at + digits), Some(b'<' | b'>')).then_some(at + digits)
}

fn redirect(text: &str, at: usize, simple: &mut Simple) -> usize {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take_while(|byte| b"<>&|-".contains(byte))
        .count()
        .min(3);
    let operator = &bytes[at..at + length];
    let start = skip_blanks(bytes, at + length);
    let end = word_end(bytes, start);
    if operator == b"<" {
        simple.inputs.push(start..end);
    }
    end.max(at + 1)
}

/// Where the word ends that starts at `at`.
pub(super) fn word_end(bytes: &[u8], mut at: usize) -> usize {
    let start = at;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => break,
            b'\r' if matches!(bytes.get(at + 1), None | Some(b'\n')) => break,
            b'<' | b'>' if bytes.get(at + 1) == Some(&b'(') && at == start => {
                at = group_end(bytes, at + 2, 0);
            }
            b'<' | b'>' => break,
            // An extended pattern, `@(a|b)`, or an array's values.
            b'(' if at > start && b"?*+@!=".contains(&bytes[at - 1]) => {
                at = group_end(bytes, at + 1, 0)
            }
            b'(' => break,
            _ => at = unit_end(bytes, at, 0),
        }
    }
    at.min(bytes.len())
}

/// Where the character, quotation or expansion ends that starts at `at`.
pub(super) fn unit_end(bytes: &[u8], at: usize, depth: u32) -> usize {
    if depth > DEEPEST {
        return bytes.len();
    }
    let next = bytes.get(at + 1).copied();
    match bytes.get(at) {
        None => at,
        Some(b'\\') => (at + 2).min(bytes.len()),
        Some(b'\'') => find(bytes, at + 1, b'\''),
        Some(b'`') => quoted_end(bytes, at + 1, b'`', depth),
        Some(b'"') => quoted_end(bytes, at + 1, b'"', depth),
        Some(b'$') => match next {
            Some(b'(') => group_end(bytes, at + 2, depth + 1),
            Some(b'{') => brace_end(bytes, at + 2, depth + 1),
            Some(b'\'') => quoted_end(bytes, at + 2, b'\'', DEEPEST),
            _ => at + 1,
        },
        Some(_) => at + 1,
    }
}

fn find(bytes: &[u8], at: usize, what: u8) -> usize {
    bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == what))
        .map_or(bytes.len(), |length| at + length + 1)
}

/// One past the quote that closes what opened before `at`.
fn quoted_end(bytes: &[u8], mut at: usize, quote: u8, depth: u32) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            _ if byte == quote => return at + 1,
            b'\\' => at += 2,
            b'$' | b'`' if quote == b'"' => at = unit_end(bytes, at, depth + 1),
            _ => at += 1,
        }
    }
    bytes.len()
}

/// One past the parenthesis that closes what opened before `at`.
pub(super) fn group_end(bytes: &[u8], mut at: usize, depth: u32) -> usize {
    let mut open = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' => {
                open += 1;
                at += 1;
            }
            b')' => {
                open -= 1;
                at += 1;
                if open == 0 {
                    return at;
                }
            }
            b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => at = find(bytes, at, b'\n'),
            _ => at = unit_end(bytes, at, depth + 1),
        }
    }
    bytes.len()
}

/// One past the brace that closes what opened before `at`.
pub(super) fn brace_end(bytes: &[u8], mut at: usize, depth: u32) -> usize {
    let mut open = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' => {
                open += 1;
                at += 1;
            }
            b'}' => {
                open -= 1;
                at += 1;
                if open == 0 {
                    return at;
                }
            }
            _ => at = unit_end(bytes, at, depth + 1),
        }
    }
    bytes.len()
}
