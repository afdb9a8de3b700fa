//! [`inherit`]: a definition laid over its defaults.
//!
//! ```text
//! {a: {x: default, y: 2}, l: [1]}  over  {a: {x: 1, z: 3}, l: [2, 3]}  =  {a: {x: 1, y: 2, z: 3}, l: [1]}
//! ```
//!
//! Only where both sides are maps is each key looked at by itself; what has nothing below it is taken as it stands.

use crate::yaml::{Key, Node, Value};

/// Lays `own` over `defaults`. `words` say as little as an absent key does, whatever their case; so does `null`.
pub(super) fn inherit(own: &Node, defaults: &Node, words: &[String]) -> Node {
    let (Some(above), Some(below)) = (own.entries(), defaults.entries()) else {
        return own.clone();
    };
    let mut entries: Vec<(Key, Node)> = Vec::new();
    for (key, value) in above {
        let default = below
            .iter()
            .find(|(name, _)| name.text == key.text)
            .map(|(_, default)| default)
            .filter(|default| !says_nothing(default, words));
        match default {
            Some(default) if says_nothing(value, words) => {
                entries.push((key.clone(), default.clone()));
            }
            Some(default) => entries.push((key.clone(), inherit(value, default, words))),
            None if says_nothing(value, words) => {}
            None => entries.push((key.clone(), value.clone())),
        }
    }
    for (key, default) in below {
        let written = above.iter().any(|(name, _)| name.text == key.text);
        if !written && !says_nothing(default, words) {
            entries.push((key.clone(), default.clone()));
        }
    }
    own.with(Value::Map(entries.into()))
}

fn says_nothing(node: &Node, words: &[String]) -> bool {
    node.is_null()
        || matches!(&node.value, Value::Scalar(text, _) if words.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreePath;
    use crate::yaml;

    fn check(own: &str, defaults: &str) -> String {
        let read = |text: &str| yaml::read(&TreePath::from_git("x.yml"), text.as_bytes()).unwrap();
        let words = [String::new(), "default".to_owned()];
        inherit(&read(own), &read(defaults), &words)
            .to_json()
            .to_string()
    }

    #[test]
    fn missing_empty_and_default_inherit() {
        insta::assert_snapshot!(
            check(
                "{a: {x: default, y: 2, e: '', n: , D: Default}, l: [1], m: {k: default}}",
                "{a: {x: 1, y: 9, z: 3, e: 4, n: 5, D: 6}, l: [2, 3], q: 7}"
            ),
            @r#"{"a":{"x":1,"y":2,"e":4,"n":5,"D":6,"z":3},"l":[1],"m":{"k":"default"},"q":7}"#
        );
    }

    #[test]
    fn what_nobody_says_is_absent() {
        insta::assert_snapshot!(check("{a: default, b: ''}", "{b: default, c: }"), @"{}");
        // A shape that differs from the default's is the definition's own; an empty list is a value.
        insta::assert_snapshot!(check("{a: [], b: {x: 1}}", "{a: [1], b: text}"), @r#"{"a":[],"b":{"x":1}}"#);
    }
}
