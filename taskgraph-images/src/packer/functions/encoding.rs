//! Functions that write values down in another form: JSON, base64, digests.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Answer;
use super::arguments::{argument, text};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::Value;

pub(super) fn sha256(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text(a, 0)?.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(Value::string(hex))
}

/// A value as JSON that other tools read, keys sorted.
pub(super) fn plain(value: &Value) -> serde_json::Value {
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

pub(super) fn jsondecode(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    serde_json::from_str(&text(a, 0)?)
        .map(|json: serde_json::Value| Value::from_json(&json))
        .map_err(|error| format!("not valid JSON: {error}").into())
}
