//! [`means`]: a template with what archives hold in the archives' place.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::formats::context::Reader;
use crate::formats::expression::Expression;

/// The template as it counts, and the expressions that took the place of archives.
pub(super) fn means<'r>(
    template: &Json,
    archives: &'r BTreeMap<String, Expression>,
    reader: &mut Reader<'_>,
) -> (Json, Vec<&'r Expression>) {
    let mut means = template.clone();
    let mut used = Vec::new();
    let provisioners = means.get_mut("provisioners").and_then(Json::as_array_mut);
    for step in provisioners
        .into_iter()
        .flatten()
        .filter_map(Json::as_object_mut)
    {
        let named = step.get("source").and_then(Json::as_str);
        let Some(expression) = named.and_then(|name| archives.get(name)) else {
            continue;
        };
        used.push(expression);
        if let Json::Object(holds) = reader.value(expression) {
            step.remove("source");
            step.extend(holds);
        }
    }
    (means, used)
}
