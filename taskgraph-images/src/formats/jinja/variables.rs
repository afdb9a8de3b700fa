//! [`merge`]: one file of variables over another. Scalars and lists are replaced.

use crate::yaml::{Key, Node, Value};

/// What becomes of maps that both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// They are replaced.
    Keys,
    /// Their keys are laid over one another, whose values are replaced.
    Maps,
    /// They are merged, however deep.
    Deep,
}

impl Merge {
    /// What the word of a recipe means; nothing said is `deep`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "deep" => Some(Self::Deep),
            "maps" => Some(Self::Maps),
            "keys" => Some(Self::Keys),
            _ => None,
        }
    }
}

/// Lays `over` over `below`; both are maps. Keys keep the order in which they first come.
pub(super) fn merge(below: &Node, over: &Node, how: Merge) -> Node {
    let (Some(first), Some(second)) = (below.entries(), over.entries()) else {
        return over.clone();
    };
    let mut entries: Vec<(Key, Node)> = first.to_vec();
    for (key, value) in second {
        match entries.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((known, inherited)) => {
                *inherited = match how {
                    Merge::Keys => value.clone(),
                    Merge::Maps => merge(inherited, value, Merge::Keys),
                    Merge::Deep => merge(inherited, value, Merge::Deep),
                };
                *known = key.clone();
            }
            None => entries.push((key.clone(), value.clone())),
        }
    }
    over.with(Value::Map(entries.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreePath;
    use crate::yaml;

    fn check(below: &str, over: &str, how: Merge) -> String {
        let read = |text: &str| yaml::read(&TreePath::from_git("x.yml"), text.as_bytes()).unwrap();
        merge(&read(below), &read(over), how).to_json().to_string()
    }

    #[test]
    fn maps_are_merged_and_all_else_replaced() {
        insta::assert_snapshot!(
            check(
                "{a: {x: 1, y: 2}, l: [1, 2], s: 1, m: {k: 1}, t: 1}",
                "{a: {y: 3, z: 4}, l: [3], s: , m: text, t: {k: 1}, n: 5}",
                Merge::Deep,
            ),
            @r#"{"a":{"x":1,"y":3,"z":4},"l":[3],"s":null,"m":"text","t":{"k":1},"n":5}"#
        );
    }

    #[test]
    fn early_tools_merged_less() {
        let (below, over) = ("{a: {b: {x: 1}, c: 1}}", "{a: {b: {y: 2}}}");
        insta::assert_snapshot!(check(below, over, Merge::Deep), @r#"{"a":{"b":{"x":1,"y":2},"c":1}}"#);
        insta::assert_snapshot!(check(below, over, Merge::Maps), @r#"{"a":{"b":{"y":2},"c":1}}"#);
        insta::assert_snapshot!(check(below, over, Merge::Keys), @r#"{"a":{"b":{"y":2}}}"#);
    }
}
