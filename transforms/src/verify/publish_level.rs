//! Nothing is published below level 3, nor in a run of which anybody may choose the code.

use super::{Faults, Graph};
use crate::definition::{Kind, Level};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    if graph.parameters.level == Level::Three && !graph.parameters.is_pull_request() {
        return;
    }
    for task in graph
        .tasks()
        .filter(|task| task.kind == Kind::Publish || task.attributes.kind == Kind::Publish)
    {
        faults.task(
            task,
            format!("publishes at level {}", graph.parameters.level),
            "publish from a push, a cron task or an action at level 3",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    use crate::definition::Kind;

    #[test]
    fn level_1_publishes_nothing() {
        check(
            "publish-level",
            |tasks| tasks[0].kind = Kind::Publish.into(),
            "publishes at level 1",
        );
    }
}
