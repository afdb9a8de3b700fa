//! Entries of generated pools that come, change and go.

use serde_json::Value;

use crate::ci_config::CiConfig;
use crate::edit::{Change, Edit, Path};
use crate::pools::generate::Generated;

/// The edits of `worker-pools.yml` by which a group has just the pools that were made. Every pool of the group is taken to
/// be generated: one that was not made now leaves, and one that differs is written anew.
pub fn entry_edits(config: &CiConfig, group: &str, made: &[Generated]) -> Vec<Edit> {
    let pools = Path::root().join("pools");
    let mut kept: Vec<&str> = Vec::new();
    let mut edits = Vec::new();
    // From the last on, so that the numbers of those before stay.
    for (number, entry) in config.entries.iter().enumerate().rev() {
        let id = entry.get("pool_id").map(|id| id.to_json());
        let Some(id) = id.as_ref().and_then(Value::as_str) else {
            continue;
        };
        if id.split('/').next() != Some(group) {
            continue;
        }
        match made
            .iter()
            .find(|one| one.id == id && one.value == entry.to_json())
        {
            Some(same) => kept.push(&same.id),
            None => edits.push(Edit {
                path: pools.join(number),
                change: Change::Remove,
            }),
        }
    }
    for one in made.iter().filter(|one| !kept.contains(&one.id.as_str())) {
        edits.push(Edit {
            path: pools.clone(),
            change: Change::Append(one.value.clone()),
        });
    }
    edits
}
