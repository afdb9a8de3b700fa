//! HCL's functions on text and paths.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::eval::Evaluator;
use super::expr::Node;
use super::functions::{Fault, argument, list, text, whole};
use super::value::{MAX_SIZE, Value};

type Answer = Result<Value, Fault>;

/// A path without `.`, `..` and doubled slashes, as far as its text tells.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

pub(super) fn basename(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = text(a, 0)?;
    let trimmed = path.trim_end_matches('/');
    Ok(Value::string(match trimmed.rsplit('/').next() {
        Some("") | None if path.is_empty() => ".",
        Some("") | None => "/",
        Some(name) => name,
    }))
}

pub(super) fn dirname(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = text(a, 0)?;
    let folder = match path.rsplit_once('/') {
        None => ".".to_owned(),
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => clean(folder),
    };
    Ok(Value::string(folder))
}

pub(super) fn join(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let separator = text(a, 0)?;
    let mut joined = String::new();
    let mut first = true;
    for at in 1..a.len() {
        for item in list(a, at)? {
            if !std::mem::take(&mut first) {
                joined.push_str(&separator);
            }
            joined.push_str(&item.as_text().ok_or_else(|| {
                Fault::from(format!("an item is {}, expected a string", item.kind()))
            })?);
            if joined.len() > MAX_SIZE {
                return Err(Fault::new("template-too-large", "the text is too long"));
            }
        }
    }
    Ok(Value::string(joined))
}

pub(super) fn split(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let (separator, whole) = (text(a, 0)?, text(a, 1)?);
    if whole.is_empty() {
        return Ok(Value::list(vec![Value::string("")]));
    }
    Ok(Value::list(if separator.is_empty() {
        whole
            .chars()
            .map(|c| Value::string(c.to_string()))
            .collect()
    } else {
        whole.split(&*separator).map(Value::string).collect()
    }))
}

/// `/…/` as what to replace is a regular expression only in other tools of the family: in Packer it is text.
pub(super) fn replace(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let (whole, from, to) = (text(a, 0)?, text(a, 1)?, text(a, 2)?);
    if from.is_empty() && whole.len().saturating_mul(to.len()) > MAX_SIZE
        || (!from.is_empty() && whole.matches(&*from).count().saturating_mul(to.len()) > MAX_SIZE)
    {
        return Err(Fault::new("template-too-large", "the text is too long"));
    }
    Ok(Value::string(whole.replace(&*from, &to)))
}

pub(super) fn indent(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let spaces = usize::try_from(whole(a, 0)?).map_err(|_| "the number of spaces is negative")?;
    let lines = text(a, 1)?;
    if spaces.saturating_mul(lines.matches('\n').count() + 1) > MAX_SIZE {
        return Err(Fault::new("template-too-large", "the text is too long"));
    }
    Ok(Value::string(
        lines.replace('\n', &format!("\n{}", " ".repeat(spaces))),
    ))
}

pub(super) fn substr(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let characters: Vec<char> = text(a, 0)?.chars().collect();
    let count = i64::try_from(characters.len()).unwrap_or(i64::MAX);
    let (offset, length) = (whole(a, 1)?, whole(a, 2)?);
    let start = if offset < 0 {
        offset.saturating_add(count)
    } else {
        offset
    }
    .clamp(0, count);
    let end = if length < 0 {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let at = |n: i64| usize::try_from(n).unwrap_or_default();
    Ok(Value::string(
        characters[at(start)..at(end)].iter().collect::<String>(),
    ))
}

pub(super) fn title(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut titled = String::new();
    let mut start = true;
    for c in text(a, 0)?.chars() {
        if start {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    Ok(Value::string(titled))
}

pub(super) fn sha256(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text(a, 0)?.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(Value::string(hex))
}

/// A value as JSON that other tools read, keys sorted.
fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::List(list) => list.items.iter().map(plain).collect(),
        Value::Map(map) => serde_json::Value::Object(
            map.items
                .iter()
                .map(|(key, item)| (key.as_ref().to_owned(), plain(item)))
                .collect(),
        ),
        other => other.to_json(),
    }
}

pub(super) fn jsonencode(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let json = plain(argument(a, 0)?).to_string();
    // As Go writes it.
    Ok(Value::string(
        json.replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
    ))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (u32::from(chunk[0]) << 16)
            | (u32::from(*chunk.get(1).unwrap_or(&0)) << 8)
            | u32::from(*chunk.get(2).unwrap_or(&0));
        for at in 0..4 {
            if at <= chunk.len() {
                let six = (word >> (18 - 6 * at)) & 63;
                out.push(char::from(ALPHABET[six as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

pub(super) fn base64encode(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    Ok(Value::string(encode(text(a, 0)?.as_bytes())))
}

pub(super) fn base64decode(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let encoded = text(a, 0)?;
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0u32, 0u32);
    for byte in encoded.trim_end_matches('=').bytes() {
        let six = ALPHABET
            .iter()
            .position(|letter| *letter == byte)
            .and_then(|six| u32::try_from(six).ok())
            .ok_or("not valid base64")?;
        word = (word << 6) | six;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((word >> bits) & 0xff).unwrap_or_default());
            word &= (1 << bits) - 1;
        }
    }
    String::from_utf8(bytes)
        .map(Value::string)
        .map_err(|_| "the decoded bytes are not text".into())
}

pub(super) fn format(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let rest = a.get(1..).unwrap_or_default();
    match formatted(&text(a, 0)?, rest)? {
        Some(text) => Ok(Value::string(text)),
        None => Ok(Value::unknown("format()", a.to_vec())),
    }
}

pub(super) fn formatlist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let pattern = text(a, 0)?;
    let rest = a.get(1..).unwrap_or_default();
    let length = rest
        .iter()
        .filter_map(|value| value.as_list().map(<[Value]>::len))
        .max()
        .unwrap_or(1);
    let mut rows = Vec::with_capacity(length);
    for at in 0..length {
        let row: Option<Vec<Value>> = rest
            .iter()
            .map(|value| match value.as_list() {
                Some(items) => items.get(at).cloned(),
                None => Some(value.clone()),
            })
            .collect();
        match formatted(&pattern, &row.ok_or("the lists differ in length")?)? {
            Some(text) => rows.push(Value::string(text)),
            None => return Ok(Value::unknown("formatlist()", a.to_vec())),
        }
    }
    Ok(Value::list(rows))
}

/// The verbs that templates use for names and paths. `None` where a verb is rendered in a way that only Packer's own
/// code knows: the value is unknown then, not wrong.
fn formatted(pattern: &str, values: &[Value]) -> Result<Option<String>, Fault> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(next) = characters.next_if(|c| c.is_ascii_digit() || "-+ #.[]*".contains(*c))
        {
            flags.push(next);
        }
        let verb = characters.next().ok_or("the pattern ends in `%`")?;
        if verb == '%' {
            out.push('%');
            continue;
        }
        let zeros = flags.strip_prefix('0').unwrap_or_default();
        let (width, padded) = match (flags.as_str(), zeros) {
            ("", _) => (0, false),
            (_, width) if !width.is_empty() && width.bytes().all(|b| b.is_ascii_digit()) => {
                (width.parse::<usize>().unwrap_or(usize::MAX), true)
            }
            _ => return Ok(None),
        };
        if width > 1024 {
            return Err("a width of more than 1024".into());
        }
        let value = values.next().ok_or("there are fewer values than verbs")?;
        let rendered: Arc<str> = match verb {
            's' => value.as_text().ok_or("`%s` expects a string")?,
            'd' => Arc::from(
                value
                    .as_number()
                    .and_then(|number| number.as_i64())
                    .ok_or("`%d` expects a whole number")?
                    .to_string(),
            ),
            'v' => match value {
                Value::List(_) | Value::Map(_) => Arc::from(plain(value).to_string()),
                Value::Null => Arc::from("null"),
                other => other.as_text().ok_or("`%v` cannot show the value")?,
            },
            't' => Arc::from(value.as_bool().ok_or("`%t` expects a bool")?.to_string()),
            _ => return Ok(None),
        };
        if padded && verb == 'd' {
            let (sign, digits) = match rendered.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", &*rendered),
            };
            let missing = width.saturating_sub(rendered.len());
            let _ = write!(out, "{sign}{}{digits}", "0".repeat(missing));
        } else if padded {
            return Ok(None);
        } else {
            out.push_str(&rendered);
        }
        if out.len() > MAX_SIZE {
            return Err(Fault::new("template-too-large", "the text is too long"));
        }
    }
    if values.next().is_some() {
        return Err("there are more values than verbs".into());
    }
    Ok(Some(out))
}
