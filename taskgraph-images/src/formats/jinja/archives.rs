//! [`means`]: a template with what archives hold in the archives' place.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::formats::context::Reader;
use crate::formats::recipe::Archive;

/// The template as it counts, and the archives that it names.
pub(super) fn means<'r>(
    template: &Json,
    archives: &'r BTreeMap<String, Archive>,
    reader: &mut Reader<'_>,
) -> (Json, Vec<(&'r str, &'r Archive)>) {
    let mut means = template.clone();
    let mut used = Vec::new();
    let provisioners = means.get_mut("provisioners").and_then(Json::as_array_mut);
    for step in provisioners
        .into_iter()
        .flatten()
        .filter_map(Json::as_object_mut)
    {
        let named = step.get("source").and_then(Json::as_str);
        let Some((name, archive)) = named.and_then(|name| archives.get_key_value(name)) else {
            continue;
        };
        used.push((name.as_str(), archive));
        if let Json::Object(holds) = reader.value(&archive.means) {
            step.remove("source");
            step.extend(holds);
        }
    }
    (means, used)
}
