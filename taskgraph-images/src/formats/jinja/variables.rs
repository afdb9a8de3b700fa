//! [`merge`]: one file of variables over another. Maps are merged; scalars and lists are replaced.

use crate::yaml::{Key, Node, Value};

/// Lays `over` over `below`; both are maps. Keys keep the order in which they first come.
pub(super) fn merge(below: &Node, over: &Node) -> Node {
    let (Some(first), Some(second)) = (below.entries(), over.entries()) else {
        return over.clone();
    };
    let mut entries: Vec<(Key, Node)> = first.to_vec();
    for (key, value) in second {
        match entries.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((known, inherited)) => {
                *inherited = merge(inherited, value);
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

    #[test]
    fn maps_are_merged_and_all_else_replaced() {
        let read = |text: &str| yaml::read(&TreePath::from_git("x.yml"), text.as_bytes()).unwrap();
        let merged = merge(
            &read("{a: {x: 1, y: 2}, l: [1, 2], s: 1, m: {k: 1}, t: 1}"),
            &read("{a: {y: 3, z: 4}, l: [3], s: , m: text, t: {k: 1}, n: 5}"),
        );
        insta::assert_snapshot!(
            merged.to_json(),
            @r#"{"a":{"x":1,"y":3,"z":4},"l":[3],"s":null,"m":"text","t":{"k":1},"n":5}"#
        );
    }
}
