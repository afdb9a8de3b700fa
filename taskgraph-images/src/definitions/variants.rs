//! [`combinations`]: the combinations of the axes' values that a definition asks for.

use std::collections::BTreeMap;

use super::written::{Attribute, Variants};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Place;

/// How many images one definition may make.
const MAX_VARIANTS: usize = 1000;

/// Every combination but the excepted ones, in order of the axes' names and values. Without axes, one that is empty.
pub(super) fn combinations(
    variants: Option<&Variants>,
    place: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Vec<BTreeMap<String, Attribute>> {
    let mut combinations = vec![BTreeMap::new()];
    let Some(variants) = variants else {
        return combinations;
    };
    for (axis, values) in &variants.axes {
        if combinations.len() * values.len() > MAX_VARIANTS {
            let message = format!("the axes make more than {MAX_VARIANTS} images");
            faults.push(Diagnostic::error("too-large", message).at(place.clone()));
            return Vec::new();
        }
        if values.is_empty() {
            faults.push(
                Diagnostic::error("no-values", format!("the axis `{axis}` has no values"))
                    .at(place.clone()),
            );
        }
        combinations = combinations
            .into_iter()
            .flat_map(|combination| {
                values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.insert(axis.clone(), value.clone());
                    longer
                })
            })
            .collect();
    }
    for except in &variants.except {
        let before = combinations.len();
        combinations.retain(|combination| {
            except
                .iter()
                .any(|(axis, value)| combination.get(axis) != Some(value))
        });
        if combinations.len() == before {
            let words: Vec<String> = except
                .iter()
                .map(|(axis, value)| format!("`{axis}: {value}`"))
                .collect();
            faults.push(
                Diagnostic::error(
                    "no-combination",
                    format!("no combination has {}", words.join(", ")),
                )
                .at(place.clone())
                .hint("`except` names axes and values as `axes` does"),
            );
        }
    }
    combinations
}
