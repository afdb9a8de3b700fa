//! Values as Python has them: what YAML's scalars are, and how they are written as text.

use serde_json::{Map, Number, Value as Json};

use crate::yaml::{Node, Value};

/// A value as a reader of YAML 1.2 in Python gives it: numbers are numbers, whatever their text.
pub(super) fn json(node: &Node) -> Json {
    match &node.value {
        _ if node.is_null() => Json::Null,
        Value::Scalar(text, false) => Json::String(text.to_string()),
        Value::Scalar(text, true) => plain(text),
        Value::List(items) | Value::Concat(items) => items.iter().map(json).collect(),
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.text.to_string(), json(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

fn plain(text: &str) -> Json {
    match text {
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    let digits = text.trim_start_matches(['+', '-']);
    let signs = text.len() - digits.len();
    if signs > 1 {
        return Json::String(text.to_owned());
    }
    let radix = |prefix: &str, radix| {
        let digits = digits.strip_prefix(prefix)?;
        let number = i64::from_str_radix(digits, radix).ok()?;
        Some(if text.starts_with('-') {
            -number
        } else {
            number
        })
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return Json::from(number);
    }
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .trim_start_matches('+')
            .parse::<i64>()
            .map_or_else(|_| Json::String(text.to_owned()), Json::from);
    }
    let is_float = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(number) if is_float => {
            Number::from_f64(number).map_or_else(|| Json::String(text.to_owned()), Json::Number)
        }
        _ => Json::String(text.to_owned()),
    }
}

/// The value as Python's `str` writes it.
pub(super) fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => repr(other),
    }
}

/// The value as Python's `repr` writes it.
fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number_text(number),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), repr(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Python writes the shortest digits that mean the number, and an exponent of at least two digits outside of
/// 1e-4 to 1e16.
fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = float.to_string();
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreePath;
    use crate::yaml;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let yaml = "{a: true, b: , c: 24.10, d: 007, e: 0o17, f: 1e3, g: '1', h: 64.3.0, i: yes, j: [x, it's, 2], k: {l: no}, m: 1e20, n: -0x1f, o: 2024-01-02}";
        let node = yaml::read(&TreePath::from_git("x.yml"), yaml.as_bytes()).unwrap();
        let lines: Vec<String> = node
            .entries()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("{}={}", key.text, text(&json(value))))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        a=True
        b=None
        c=24.1
        d=7
        e=15
        f=1000.0
        g=1
        h=64.3.0
        i=yes
        j=['x', "it's", 2]
        k={'l': 'no'}
        m=1e+20
        n=-31
        o=2024-01-02
        "#);
    }
}
