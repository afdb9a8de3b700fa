//! [`factor`]: what several definitions have in common, and what each has besides.

use serde_json::{Map, Value as Json};

/// Splits definitions into what all share and the rest of each. Laid over what is shared, each rest gives its definition
/// again: maps are split key by key, all else is shared whole or not at all.
pub(super) fn factor(
    definitions: Vec<Map<String, Json>>,
) -> (Map<String, Json>, Vec<Map<String, Json>>) {
    let Some(first) = definitions.first() else {
        return (Map::new(), Vec::new());
    };
    let mut shared = first.clone();
    for other in &definitions[1..] {
        shared = common(&shared, other);
    }
    let rests = definitions
        .into_iter()
        .map(|definition| rest(&definition, &shared))
        .collect();
    (shared, rests)
}

fn common(a: &Map<String, Json>, b: &Map<String, Json>) -> Map<String, Json> {
    let mut shared = Map::new();
    for (key, value) in a {
        match (value, b.get(key)) {
            (Json::Object(a), Some(Json::Object(b))) => {
                let inner = common(a, b);
                if !inner.is_empty() || (a.is_empty() && b.is_empty()) {
                    shared.insert(key.clone(), Json::Object(inner));
                }
            }
            (value, Some(other)) if value == other => {
                shared.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    shared
}

fn rest(definition: &Map<String, Json>, shared: &Map<String, Json>) -> Map<String, Json> {
    let mut rest = Map::new();
    for (key, value) in definition {
        match (value, shared.get(key)) {
            (Json::Object(own), Some(Json::Object(shared))) => {
                let inner = self::rest(own, shared);
                if !inner.is_empty() {
                    rest.insert(key.clone(), Json::Object(inner));
                }
            }
            (value, Some(shared)) if value == shared => {}
            _ => {
                rest.insert(key.clone(), value.clone());
            }
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn over(below: &Map<String, Json>, above: &Map<String, Json>) -> Map<String, Json> {
        let mut merged = below.clone();
        for (key, value) in above {
            let inner = match (merged.get(key), value) {
                (Some(Json::Object(below)), Json::Object(above)) => {
                    Json::Object(over(below, above))
                }
                _ => value.clone(),
            };
            merged.insert(key.clone(), inner);
        }
        merged
    }

    fn definition() -> impl Strategy<Value = Map<String, Json>> {
        let leaf = prop_oneof![
            (0..3i64).prop_map(Json::from),
            prop::collection::vec((0..2i64).prop_map(Json::from), 0..3).prop_map(Json::from),
        ];
        let value = leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|map| Json::Object(map.into_iter().collect()))
        });
        prop::collection::btree_map("[abc]", value, 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn together_they_are_what_they_were(definitions in prop::collection::vec(definition(), 1..4)) {
            let (shared, rests) = factor(definitions.clone());
            for (definition, rest) in definitions.iter().zip(&rests) {
                let merged = over(&shared, rest);
                prop_assert_eq!(
                    serde_json::to_string(&crate::fleet::canonical(&Json::Object(merged))).unwrap(),
                    serde_json::to_string(&crate::fleet::canonical(&Json::Object(definition.clone()))).unwrap()
                );
            }
        }
    }
}
