//! [`mail`]: a proposal as `git am` reads it.
//!
//! Git takes mails apart by the looks of their lines: what looks like a header in the first lines of a message is one,
//! and what looks like the start of a patch ends it. A message of ours has no such line. Carriage returns at the ends
//! of lines are thrown away unless the mail is encoded, so then it is.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::super::Author;
use crate::proposals::{FileEdit, Hunk, Proposal, body_hash, hunks};

/// How wide a diffstat is, as git has it.
const WIDTH: usize = 80;

/// A proposal as a mail for `git am`. It names no objects, so it fits wherever the lines do.
///
/// Git takes words in brackets at the start of a title for its own, unless it is called with `--keep-non-patch`.
pub fn mail(proposal: &Proposal, author: &Author, date: DateTime<Utc>) -> String {
    let changes: Vec<(&str, &FileEdit, Vec<Hunk>)> = proposal
        .changes()
        .map(|(path, edit)| (path, edit, hunks(edit)))
        .collect();
    let mut text = message(&proposal.body);
    text += "---\n";
    // Between the message and the diff nothing is read by git.
    text += &proposal.marker.write(&body_hash(proposal));
    text.push('\n');
    text += &diffstat(&changes);
    text.push('\n');
    for (path, edit, hunks) in &changes {
        text += &diff(path, edit, hunks);
    }
    text += "-- \ntaskgraph-images\n";
    let encoding = if text.contains('\r') {
        text = quoted_printable(&text);
        "quoted-printable"
    } else {
        "8bit"
    };
    format!(
        "From {zeros} Mon Sep 17 00:00:00 2001\n\
         From: {name} <{email}>\n\
         Date: {date}\n\
         Subject: [PATCH] {title}\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=UTF-8\n\
         Content-Transfer-Encoding: {encoding}\n\
         \n\
         {text}",
        zeros = "0".repeat(40),
        name = header(author.name(), true),
        email = author.email(),
        date = date.to_rfc2822(),
        title = header(&proposal.title_line(), false),
    )
}

/// The title and the text of a mail that was made here.
pub(super) fn read(mail: &str) -> (String, String) {
    let (head, text) = mail.split_once("\n\n").unwrap_or((mail, ""));
    let head = head.replace("\n ", " ");
    let field = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
    };
    let title = field("Subject: [PATCH] ");
    let title = match title.starts_with("=?") {
        false => title.to_owned(),
        true => {
            let words = title
                .split(' ')
                .filter_map(|word| word.strip_prefix("=?UTF-8?q?")?.strip_suffix("?="));
            decode(&words.collect::<String>().replace('_', " "))
        }
    };
    match field("Content-Transfer-Encoding: ") {
        "quoted-printable" => (title, decode(&text.replace("=\n", ""))),
        _ => (title, text.to_owned()),
    }
}

/// What the commit says, below its title.
fn message(body: &str) -> String {
    let mut text = String::new();
    let body = body.replace("\r\n", "\n").replace('\r', "\n");
    for line in body.trim().lines() {
        let mut line = line.trim_end().to_owned();
        // A cutting line (`-- >8 --`) throws away what is above it, where git is configured so.
        if line.chars().all(|c| "-<>8% \t".contains(c)) {
            line = line.replace('8', " 8 ");
        }
        let is_taken = ["---", "diff -", "Index: ", "From ", ">From", "[PATCH]"]
            .iter()
            .any(|start| line.starts_with(start))
            || (text.is_empty() && is_header(&line));
        if is_taken {
            text.push(' ');
        }
        text += &line;
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Whether a line looks like `Subject: …`.
fn is_header(line: &str) -> bool {
    let name = line.split_once(':').map(|(name, _)| name);
    name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// The diff of one file.
fn diff(path: &str, edit: &FileEdit, hunks: &[Hunk]) -> String {
    let mut text = format!("diff --git a/{path} b/{path}\n");
    // Where names have spaces, a tab ends them.
    let tab = if path.contains(' ') { "\t" } else { "" };
    let old = match edit.old {
        Some(_) => format!("a/{path}{tab}"),
        None => {
            text += "new file mode 100644\n";
            "/dev/null".to_owned()
        }
    };
    if !hunks.is_empty() {
        let _ = write!(text, "--- {old}\n+++ b/{path}{tab}\n");
    }
    for hunk in hunks {
        text += &hunk.header();
        text += &hunk.text;
    }
    text
}

fn diffstat(changes: &[(&str, &FileEdit, Vec<Hunk>)]) -> String {
    let count = |hunks: &[Hunk]| {
        let sum = |of: fn(&Hunk) -> usize| hunks.iter().map(of).sum::<usize>();
        (sum(|hunk| hunk.added), sum(|hunk| hunk.removed))
    };
    let counts: Vec<(&str, usize, usize)> = changes
        .iter()
        .map(|(path, _, hunks)| {
            let (added, removed) = count(hunks);
            (*path, added, removed)
        })
        .collect();
    let names = counts
        .iter()
        .map(|(path, ..)| path.len())
        .max()
        .unwrap_or_default();
    let most = counts
        .iter()
        .map(|(_, a, r)| a + r)
        .max()
        .unwrap_or_default();
    let digits = most.to_string().len();
    let bar = WIDTH.saturating_sub(names + digits + 5).max(10);
    let scale = |n: usize| match most > bar && n > 0 {
        true => (n * bar / most).max(1),
        false => n,
    };
    let mut text = String::new();
    for (path, added, removed) in &counts {
        let total = added + removed;
        let signs = "+".repeat(scale(*added)) + &"-".repeat(scale(*removed));
        let line = format!(" {path:names$} | {total:digits$} {signs}");
        text += line.trim_end();
        text.push('\n');
    }
    let (added, removed) = counts.iter().fold((0, 0), |(a, r), (_, added, removed)| {
        (a + added, r + removed)
    });
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let _ = write!(
        text,
        " {} file{} changed",
        counts.len(),
        plural(counts.len())
    );
    if added > 0 || removed == 0 {
        let _ = write!(text, ", {added} insertion{}(+)", plural(added));
    }
    if removed > 0 || added == 0 {
        let _ = write!(text, ", {removed} deletion{}(-)", plural(removed));
    }
    text.push('\n');
    for (path, ..) in changes.iter().filter(|(_, edit, _)| edit.old.is_none()) {
        let _ = writeln!(text, " create mode 100644 {path}");
    }
    text
}

/// A header's text: as it is where it is ASCII, or else in encoded words (RFC 2047).
fn header(text: &str, is_name: bool) -> String {
    let is_special =
        |c: char| is_name && matches!(c, '.' | ',' | ';' | ':' | '@' | '(' | ')' | '[' | ']');
    if text.is_ascii() && !text.contains("=?") {
        return match text.contains(is_special) {
            true => format!("\"{text}\""),
            false => text.to_owned(),
        };
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        let mut code = String::new();
        if c.is_ascii_alphanumeric() || "!*+-/".contains(c) {
            code.push(c);
        } else if c == ' ' {
            code.push('_');
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(code, "={byte:02X}");
            }
        }
        // An encoded word has at most 75 characters, and ends between two characters.
        if word.len() + code.len() > 75 - "=?UTF-8?q??=".len() {
            words.push(std::mem::take(&mut word));
        }
        word += &code;
    }
    words.push(word);
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("=?UTF-8?q?{word}?="))
        .collect();
    words.join("\n ")
}

/// A text with lines of at most 76 ASCII characters (RFC 2045).
fn quoted_printable(text: &str) -> String {
    let mut encoded = String::new();
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let mut length = 0;
        for (at, byte) in content.bytes().enumerate() {
            let is_last = at + 1 == content.len();
            let is_plain = match byte {
                b' ' | b'\t' => !is_last,
                b'=' => false,
                // The line must not look like the start of another mail.
                b'F' => at > 0,
                byte => byte.is_ascii_graphic(),
            };
            let size = if is_plain { 1 } else { 3 };
            if length + size > 75 {
                encoded += "=\n";
                length = 0;
            }
            length += size;
            match is_plain {
                true => encoded.push(char::from(byte)),
                false => {
                    let _ = write!(encoded, "={byte:02X}");
                }
            }
        }
        if line.ends_with('\n') {
            encoded.push('\n');
        }
    }
    encoded
}

/// What `=XX` stand for.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
