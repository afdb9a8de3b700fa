//! Variables have names that every system takes, and values without NUL.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for (name, value) in task.task.payload.env() {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty()
                || name.starts_with(|first: char| first.is_ascii_digit())
                || !name.bytes().all(legal)
            {
                faults.task(
                    task,
                    format!("{name:?} is no name of a variable"),
                    "use letters, digits and `_`",
                );
            }
            if value.as_str().contains('\0') {
                faults.task(
                    task,
                    format!("the variable `{name}` holds a NUL"),
                    "remove it from the definition",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    use crate::payload::Payload;

    fn set(tasks: &mut [crate::Task], name: &str, value: &str) {
        let Payload::GenericWorkerPosix(payload) = &mut tasks[0].task.payload else {
            unreachable!()
        };
        payload.env.insert(name.into(), value.into());
    }

    #[test]
    fn names_and_values() {
        check(
            "environment",
            |tasks| set(tasks, "A=B", "x"),
            "\"A=B\" is no name",
        );
        check(
            "environment",
            |tasks| set(tasks, "A", "x\0"),
            "the variable `A` holds a NUL",
        );
    }
}
