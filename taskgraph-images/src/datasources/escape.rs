//! [`escape`]: strangers' Markdown made harmless for a proposal.
//!
//! What comes out has only paragraphs, bullets, bold headings, code spans and blocks of code, all made here. It mentions
//! nobody, refers to no issue, links and loads nothing, holds no HTML, and neither opens nor ends the comment that is a
//! proposal's marker, not even for who looks for it in the bare text. What a forge would act upon stands in code spans,
//! as entities and backslashes are undone before mentions are looked for.

use std::sync::LazyLock;

use regex::Regex;

/// `[text](address "title")`, and images.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"!?\[([^\[\]]*)\]\(\s*([^()\s]*)(?:\s+"[^"]*")?\s*\)"#).expect("it is a constant")
});

/// What a forge makes something of, or a bot that reads lines: mentions, references, addresses, commands.
static ACTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[@#]|://|www\.|mailto:|xmpp:|^/|\b[a-z][a-z0-9]*-[0-9]")
        .expect("it is a constant")
});

/// Makes some text harmless, in at most so many characters. What is cut off is said.
pub fn escape(text: &str, limit: usize) -> String {
    cut(&clean(text), limit, document, |left| {
        format!("\n\n*({left} more characters are left out here.)*")
    })
}

/// Makes some text harmless as one line, for a table's cell or a bullet, in at most so many characters. What is cut off
/// shows as `…`.
pub fn escape_line(text: &str, limit: usize) -> String {
    let one_line = clean(text).replace('\n', " ").replace('|', "¦");
    cut(
        &one_line,
        limit,
        |text| inline(&unlink(text)),
        |_| "…".to_owned(),
    )
}

/// The longest beginning of a text that is rendered within the limit, with what says how much is left out.
fn cut(
    text: &str,
    limit: usize,
    render: impl Fn(&str) -> String,
    note: impl Fn(usize) -> String,
) -> String {
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .collect();
    let total = ends.len() - 1;
    let rendered = |count: usize| {
        let mut rendered = render(&text[..ends[count]]);
        if count < total {
            rendered += &note(total - count);
        }
        (rendered.chars().count() <= limit).then_some(rendered)
    };
    // Nothing that is rendered is a sixteenth of its text, but for blanks and addresses.
    if total <= limit.saturating_mul(16)
        && let Some(whole) = rendered(total)
    {
        return whole;
    }
    let (mut fits, mut too_much) = (0, total.min(limit.saturating_mul(16)));
    while fits + 1 < too_much {
        let middle = fits.midpoint(too_much);
        if rendered(middle).is_some() {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    // Words stay whole where one ends nearby.
    let nearby = (fits.saturating_sub(60)..=fits).rev();
    let is_blank = |count: &usize| text[ends[*count]..].starts_with(char::is_whitespace);
    let word = nearby.clone().find(is_blank).and_then(&rendered);
    word.or_else(|| rendered(fits)).unwrap_or_default()
}

/// Without what is not seen: controls, and what changes the direction of text or has no width.
fn clean(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let lines = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    lines
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !is_hidden(*c))
        .collect()
}

fn document(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim();
        let mark = start.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length =
            |text: &str| mark.map_or(0, |mark| text.chars().take_while(|c| *c == mark).count());
        let opening = length(start);
        if opening >= 3 && !start[opening..].contains('`') {
            let is_end = |line: &&str| {
                let line = line.trim();
                length(line) >= opening && length(line) == line.len()
            };
            let code: Vec<&str> = lines.by_ref().take_while(|line| !is_end(line)).collect();
            out.extend([String::new(), block(&code), String::new()]);
            continue;
        }
        let bullet = ["- ", "* ", "+ "]
            .into_iter()
            .find_map(|mark| start.strip_prefix(mark));
        let title = start.trim_start_matches('#');
        let is_title =
            title.len() < start.len() && title.starts_with(' ') && !title.trim().is_empty();
        out.push(if let Some(text) = bullet {
            format!("- {}", inline(&unlink(text)))
        } else if is_title {
            format!("**{}**", inline(&unlink(title)))
        } else {
            inline(&unlink(start))
        });
    }
    let mut joined = String::new();
    for line in out {
        // At most one blank line at a time.
        if !line.is_empty() || !(joined.is_empty() || joined.ends_with("\n\n")) {
            joined += &line;
            joined.push('\n');
        }
    }
    joined.trim_end().to_owned()
}

/// A block of code.
fn block(lines: &[&str]) -> String {
    let code = unmark(&lines.join("\n"));
    let fence = "`".repeat(longest_run(&code).max(2) + 1);
    format!("{fence}\n{code}\n{fence}")
}

/// Links as their text and their address.
fn unlink(line: &str) -> String {
    LINK.replace_all(line, |found: &regex::Captures<'_>| {
        match (&found[1], &found[2]) {
            ("", address) => address.to_owned(),
            (text, "") => text.to_owned(),
            (text, address) => format!("{text} ({address})"),
        }
    })
    .into_owned()
}

/// One line: code spans, and text in which nothing is special.
fn inline(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim();
    while let Some(start) = rest.find('`') {
        let (before, from) = rest.split_at(start);
        words(before, &mut out);
        let length = run(from);
        let (ticks, after) = from.split_at(length);
        match closing(after, length) {
            Some(end) => {
                code(after[..end].trim(), &mut out);
                rest = &after[end + length..];
            }
            None => {
                out += &"&#96;".repeat(ticks.len());
                rest = after;
            }
        }
    }
    words(rest, &mut out);
    out.trim_end().to_owned()
}

/// Where a run of just so many backticks begins.
fn closing(text: &str, length: usize) -> Option<usize> {
    let mut place = 0;
    while let Some(start) = text[place..].find('`') {
        place += start;
        let found = run(&text[place..]);
        if found == length {
            return Some(place);
        }
        place += found;
    }
    None
}

/// How many backticks a text begins with.
fn run(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// A code span. Two of them need something between, lest their backticks run together.
fn code(content: &str, out: &mut String) {
    if content.is_empty() {
        return;
    }
    let content = unmark(content);
    let ticks = "`".repeat(longest_run(&content) + 1);
    let is_edge = content.starts_with('`') || content.ends_with('`');
    let pad = if is_edge { " " } else { "" };
    if out.ends_with('`') {
        out.push(' ');
    }
    *out += &format!("{ticks}{pad}{content}{pad}{ticks}");
}

/// Code in which no comment of HTML begins or ends. Only there `<` stays as it is.
fn unmark(code: &str) -> String {
    code.replace("<!--", "<! --")
        .replace("-->", "-- >")
        .replace("--!>", "--! >")
}

/// Text, word by word; blanks become one.
fn words(text: &str, out: &mut String) {
    for (place, word) in text.split(char::is_whitespace).enumerate() {
        if place > 0 && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        let is_before = |c: char| "([{\"'<*_~".contains(c);
        let is_after = |c: char| ")]}\"'>*_~.,;:!?".contains(c);
        let core = word.trim_start_matches(is_before);
        let before = &word[..word.len() - core.len()];
        let core = core.trim_end_matches(is_after);
        let after = &word[before.len() + core.len()..];
        if ACTIVE.is_match(core) {
            plain(before, out);
            code(core, out);
            plain(after, out);
        } else if ACTIVE.is_match(word) {
            // What was taken off its end was part of what means something: `www.`, when more comes after it.
            code(word, out);
        } else {
            plain(word, out);
        }
    }
}

/// Text in which nothing is special.
fn plain(text: &str, out: &mut String) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // What makes a list, or a line of it, only does so first in a line, or as the end of a number that is.
        let is_first = out.is_empty();
        let is_number =
            !is_first && chars.peek().is_none() && out.bytes().all(|byte| byte.is_ascii_digit());
        match c {
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '&' => *out += "&amp;",
            '\\' | '*' | '_' | '[' | ']' | '~' | '$' | '|' | '!' => out.extend(['\\', c]),
            '-' | '+' | '=' if is_first => out.extend(['\\', c]),
            '.' | ')' if is_number => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}
