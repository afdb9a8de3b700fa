//! A task is replaced by results of its own level or a higher one only, all of its own trust.

use super::{Faults, Graph};
use crate::definition::Level;
use crate::task::Optimization;
use crate::transforms::index;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    let (config, parameters) = (graph.config, graph.parameters);
    let mut allowed = vec![format!("{}.cache.level-3.", config.index_prefix)];
    if parameters.level == Level::One {
        allowed.push(format!("{}.cache.level-1.", config.index_prefix));
    }
    if parameters.is_pull_request() {
        allowed.push(format!(
            "{}.{}.",
            config.index_prefix,
            index::pull_request_namespace(parameters)
        ));
    }
    for task in graph.tasks() {
        let Some(Optimization::IndexSearch(paths)) = &task.optimization else {
            continue;
        };
        for path in paths {
            if !index::prefix_is_plain(config)
                || !allowed.iter().any(|start| path.as_str().starts_with(start))
            {
                faults.task(
                    task,
                    format!(
                        "may be replaced by what is at `{path}`, which level {} cannot trust",
                        parameters.level
                    ),
                    "leave index searches to the transforms",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check_at;

    use crate::definition::{IndexPath, Level};
    use crate::task::Optimization;

    #[test]
    fn level_3_trusts_level_3() {
        check_at(
            Level::Three,
            "level-search",
            |tasks| {
                let path = IndexPath::new("td.cache.level-1.images.v1.a.hash.b").unwrap();
                tasks[0].optimization = Some(Optimization::IndexSearch(vec![path]));
            },
            "which level 3 cannot trust",
        );
    }
}
