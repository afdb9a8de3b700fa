//! Trees and task graphs of projects, and what they have to change.

use super::{Name, ProjectPlan, Successor, Successors, Uses, names};
use crate::tree::TreePath;
use crate::yaml;

const CONFIG: &str = "\
trust-domain: example
workers:
  aliases:
    b-linux:
      provisioner: 'example-{level}'
      implementation: generic-worker
      os: linux
      worker-type: ubuntu-2404-20260504   # the newest
    b-win:
      provisioner: example-{level}
      implementation: generic-worker
      os: windows
      worker-type:
        by-level:
          '3': win11-64-105
          default: win11-64-100
    win11-64(|-gpu):
      provisioner: example-t
      implementation: generic-worker
      os: windows
      worker-type: '{alias}'
    other:
      provisioner: scriptworker-k8s
      implementation: scriptworker
      os: scriptworker
      worker-type: signing-{level}
";

fn read(text: &str) -> Result<Vec<Name>, String> {
    let path = TreePath::parse("taskcluster/config.yml").unwrap();
    let node = yaml::read(&path, text.as_bytes()).unwrap();
    names(&node).map_err(|faults| {
        let lines: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        lines.join("\n")
    })
}

fn uses(pools: &[(&str, usize)]) -> Uses {
    let mut graph = serde_json::Map::new();
    for (pool, count) in pools {
        for at in 0..*count {
            let task = serde_json::json!({"label": "x", "task": {"taskQueueId": pool}});
            graph.insert(format!("{pool}-{at}"), task);
        }
    }
    Uses::of_task_graph(serde_json::Value::Object(graph).to_string().as_bytes()).unwrap()
}

fn successors(of: &[(&str, &str)]) -> Successors {
    let one = |(pool, to): &(&str, &str)| {
        let successor = Successor {
            worker_type: (*to).to_owned(),
            image: format!("the image of {to}"),
        };
        ((*pool).to_owned(), successor)
    };
    Successors(of.iter().map(one).collect())
}

fn shown(plan: &ProjectPlan) -> String {
    let mut text = String::new();
    for step in &plan.moves {
        text += &format!(
            "{}: {} -> {} ({:?} tasks)\n",
            step.name.path.join("."),
            step.name.worker_type,
            step.to,
            step.tasks
        );
    }
    for stay in &plan.by_hand {
        text += &format!("by hand: {}: {}\n", stay.what, stay.why);
    }
    text
}

#[test]
fn what_is_named_is_moved_and_the_rest_is_said() {
    let names = read(CONFIG).unwrap();
    let successors = successors(&[
        ("example-1/ubuntu-2404-20260504", "ubuntu-2404-20260901"),
        ("example-3/ubuntu-2404-20260504", "ubuntu-2404-20260901"),
        ("example-1/win11-64-100", "win11-64-106"),
        ("example-3/win11-64-105", "win11-64-106"),
        ("example-t/win11-64-gpu", "win11-64-gpu-106"),
        ("example-t/macos", "macos-15"),
        // Another trust domain's.
        ("other-1/ubuntu-2404-20260504", "ubuntu-other"),
    ]);
    let uses = uses(&[
        ("example-1/ubuntu-2404-20260504", 12),
        ("example-1/win11-64-100", 3),
        ("example-t/win11-64-gpu", 1),
        ("example-t/macos", 2),
        ("scriptworker-k8s/signing-1", 1),
    ]);
    let plan = ProjectPlan::new(&names, Some(&uses), &successors, &|_| true);
    insta::assert_snapshot!(shown(&plan), @"
    workers.aliases.b-linux.worker-type: ubuntu-2404-20260504 -> ubuntu-2404-20260901 (Some(12) tasks)
    workers.aliases.b-win.worker-type.by-level.3: win11-64-105 -> win11-64-106 (Some(0) tasks)
    workers.aliases.b-win.worker-type.by-level.default: win11-64-100 -> win11-64-106 (Some(3) tasks)
    by hand: `example-t/macos`: 2 tasks run there, and `macos-15` has the image of macos-15; no worker alias of the project names it
    by hand: `example-t/win11-64-gpu`: 1 task runs there, and `win11-64-gpu-106` has the image of win11-64-gpu-106; `{alias}` under the alias `win11-64(|-gpu)` may name it, but it is put together from other words
    ");
    let unknown = ProjectPlan::new(&names, None, &successors, &|_| true);
    assert_eq!(unknown.moves.len(), 3);
    assert!(unknown.moves.iter().all(|step| step.tasks.is_none()));
    assert!(
        ProjectPlan::new(&names, Some(&uses), &Successors::default(), &|_| true).is_up_to_date()
    );
}

#[test]
fn levels_that_move_apart_are_left() {
    let names = read(CONFIG).unwrap();
    let apart = successors(&[
        ("example-1/ubuntu-2404-20260504", "ubuntu-2404-20261001"),
        ("example-3/ubuntu-2404-20260504", "ubuntu-2404-20260901"),
    ]);
    let plan = ProjectPlan::new(&names, None, &apart, &|_| true);
    insta::assert_snapshot!(shown(&plan), @"by hand: `ubuntu-2404-20260504` of the alias `b-linux`: `example-1/ubuntu-2404-20260504` moves to `ubuntu-2404-20261001`, and `example-3/ubuntu-2404-20260504` to `ubuntu-2404-20260901`");
    // The pool of level 3 does not exist yet.
    let both = successors(&[
        ("example-1/ubuntu-2404-20260504", "ubuntu-2404-20260901"),
        ("example-3/ubuntu-2404-20260504", "ubuntu-2404-20260901"),
    ]);
    let plan = ProjectPlan::new(&names, None, &both, &|pool| pool.starts_with("example-1/"));
    insta::assert_snapshot!(shown(&plan), @"by hand: `ubuntu-2404-20260504` of the alias `b-linux`: `example-3/ubuntu-2404-20260504` would move to `example-3/ubuntu-2404-20260901`, and there is no such pool");
}

#[test]
fn provisioners_are_told_apart() {
    use super::successors::fits;
    for (pattern, provisioner, expect) in [
        ("example-{level}", "example-3", true),
        ("example-{level}", "example-t-3", true),
        ("example-{level}", "other-3", false),
        ("example-{level}-x", "example-3-x", true),
        ("example-{level}-x", "example-3-x-y", false),
        ("{trust-domain}-{level}", "example-3", true),
        ("example-1", "example-1", true),
        ("example-1", "example-12", false),
        ("", "anything", true),
    ] {
        assert_eq!(
            fits(pattern, provisioner),
            expect,
            "{pattern} {provisioner}"
        );
    }
}

#[test]
fn what_is_not_taskgraphs_form_is_a_fault() {
    assert_eq!(read("a: 1\n").unwrap(), []);
    insta::assert_snapshot!(read("workers: {aliases: [a]}\n").unwrap_err(), @"expected a map of worker aliases, found a list");
    let config = "workers:\n  aliases:\n    a: {os: linux}\n    b: {worker-type: [x]}\n    c: {worker-type: {x: y, z: w}}\n";
    insta::assert_snapshot!(read(config).unwrap_err(), @"
    expected a worker alias with a `worker-type`, found a map
    expected a worker type, or `by-<attribute>`, found a list
    expected a worker type, or `by-<attribute>`, found a map
    ");
    for (graph, expect) in [
        (
            "[]",
            "it is no task graph: invalid type: sequence, expected a map at line 1 column 0",
        ),
        (
            r#"{"a": {"task": {}}}"#,
            "it is no task graph: the task `a` names no task queue",
        ),
    ] {
        assert_eq!(
            Uses::of_task_graph(graph.as_bytes())
                .unwrap_err()
                .to_string(),
            expect
        );
    }
}
