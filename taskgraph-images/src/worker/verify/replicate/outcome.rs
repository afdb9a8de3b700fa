//! What the runs of a replica mean: whether there is more to come, whose fault it is, and what is said of it.

use super::replica::Replica;
use crate::taskcluster::{Run, TaskState, TaskStatus};
use crate::worker::verify::results::{Check, Fault, ReplicaRun};

/// How often a replica is run again by the verify task that waits for it, beyond what the queue does by itself.
pub const RERUNS: usize = 2;

/// The name of a task's log among its artifacts.
const LOG: &str = "public/logs/live.log";

/// How a replica is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has not come to its end.
    Open,
    /// It completed.
    Passed,
    /// It failed.
    Failed,
    /// Its machine went away, or the like: another run may help.
    Lost,
    /// Somebody ended it.
    Cancelled,
    /// The worker does not take its payload.
    Refused,
    /// Its time was over before it came to its end.
    Late,
}

impl Outcome {
    /// The outcome of a task in some state.
    pub fn of(state: TaskState, runs: &[Run]) -> Self {
        let reason = runs.last().and_then(|run| run.reason_resolved.as_deref());
        match state {
            TaskState::Unscheduled | TaskState::Pending | TaskState::Running => Self::Open,
            TaskState::Completed => Self::Passed,
            TaskState::Failed => Self::Failed,
            TaskState::Exception => match reason {
                Some("canceled" | "superseded") => Self::Cancelled,
                Some("malformed-payload") => Self::Refused,
                Some("deadline-exceeded") => Self::Late,
                // A task whose deadline passes before it is scheduled has no run that could say so.
                None => Self::Late,
                Some(_) => Self::Lost,
            },
        }
    }

    /// Whose fault it is, without a look at the original.
    fn fault(self, was_taken: bool) -> Option<Fault> {
        match self {
            Self::Passed => None,
            Self::Failed | Self::Refused => Some(Fault::Image),
            Self::Lost => Some(Fault::Infrastructure),
            Self::Cancelled => Some(Fault::Unknown),
            // A worker that had it and never came to an end with it is the image's.
            Self::Late | Self::Open if was_taken => Some(Fault::Image),
            Self::Late | Self::Open => Some(Fault::Unknown),
        }
    }

    const fn words(self, was_taken: bool, was_ready: bool) -> &'static str {
        match self {
            Self::Passed => "it completed",
            Self::Failed => "it failed",
            Self::Lost => "its machine or the worker went away",
            Self::Cancelled => "somebody cancelled it",
            Self::Refused => "the worker does not take its payload",
            Self::Late | Self::Open if was_taken => "it came to no end in time",
            Self::Late | Self::Open if !was_ready => "what it needs came to no end in time",
            Self::Late | Self::Open => {
                "no machine took it in time: the image does not come up, or the pool has too few machines"
            }
        }
    }
}

/// What is said of a replica. `original` is how the task did in its own project, if that is known.
pub fn check(
    replica: &Replica,
    status: &TaskStatus,
    runs: &[Run],
    original: Option<TaskState>,
    root_url: &str,
) -> Check {
    let outcome = Outcome::of(status.state, runs);
    let run = runs.last();
    let was_taken = runs.iter().any(|run| run.started.is_some());
    // The queue gives a run also to a task whose time is over before it could have one.
    let was_ready = runs.iter().any(|run| run.reason_created != "exception");
    let fails_anyway = matches!(original, Some(TaskState::Failed | TaskState::Exception));
    let fault = match outcome.fault(was_taken) {
        Some(Fault::Image) if fails_anyway => Some(Fault::Original),
        fault => fault,
    };
    let descent = &replica.descent;
    let task = format!("{root_url}/tasks/{}", replica.id);
    let log = run
        .filter(|run| run.started.is_some())
        .map(|run| format!("{task}/runs/{}/logs/{LOG}", run.run_id));
    let mut output = format!(
        "runs `{}` of {root_url}/tasks/{} again, as {task}\n",
        descent.label, descent.of
    );
    for run in runs {
        let end = run.reason_resolved.as_deref().unwrap_or("no end");
        output += &format!("run {}: {end}\n", run.run_id);
    }
    if let Some(log) = &log {
        output += &format!("log: {log}\n");
    }
    output += outcome.words(was_taken, was_ready);
    output += match fault {
        None => "\n",
        Some(Fault::Image) => ", which is the image's fault\n",
        Some(Fault::Infrastructure) => ", which is no fault of the image's\n",
        Some(Fault::Original) => ", as it does in its own project: it says nothing of the image\n",
        Some(Fault::Unknown) => "; whose fault that is, nobody can tell\n",
    };
    Check {
        name: format!("{}: {}", descent.index, descent.label),
        passed: outcome == Outcome::Passed,
        seconds: run.and_then(seconds).unwrap_or_default(),
        output,
        replica: Some(ReplicaRun {
            task_id: replica.id.clone(),
            of: descent.of.clone(),
            run: run.map(|run| run.run_id),
            log,
            fault,
        }),
    }
}

/// How long a run took.
fn seconds(run: &Run) -> Option<f64> {
    let millis = run.resolved?.as_millis() - run.started?.as_millis();
    u32::try_from(millis)
        .ok()
        .map(|millis| f64::from(millis) / 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::graph::select;
    use super::super::testing::{self, graph, source};
    use super::*;

    fn said(state: TaskState, runs: &serde_json::Value, original: Option<TaskState>) -> Check {
        let chosen = select(graph().to_string().as_bytes(), &source()).unwrap();
        let (replicas, _) =
            testing::with_origin(|origin| origin.replicas(&source(), &testing::decision(), chosen));
        let time = "2026-11-26T00:00:00.000Z".parse().unwrap();
        let status = TaskStatus {
            task_id: replicas[0].id.clone(),
            task_group_id: testing::decision(),
            scheduler_id: "td-level-1".to_owned(),
            state,
            deadline: time,
            expires: time,
        };
        let runs: Vec<Run> = serde_json::from_value(runs.clone()).unwrap();
        check(
            &replicas[0],
            &status,
            &runs,
            original,
            "https://tc.example.com",
        )
    }

    fn run(end: &str) -> serde_json::Value {
        json!({"runId": 0, "reasonCreated": "scheduled", "reasonResolved": end,
            "started": "2026-11-26T00:00:00.000Z", "resolved": "2026-11-26T00:01:01.500Z"})
    }

    #[test]
    fn whose_fault_it_is() {
        let untaken = json!({"runId": 0, "reasonCreated": "scheduled", "reasonResolved": "deadline-exceeded"});
        let mut lines = Vec::new();
        for (state, runs, original) in [
            (TaskState::Completed, json!([run("completed")]), None),
            (
                TaskState::Completed,
                json!([run("completed")]),
                Some(TaskState::Failed),
            ),
            (TaskState::Failed, json!([run("failed")]), None),
            (
                TaskState::Failed,
                json!([run("failed")]),
                Some(TaskState::Completed),
            ),
            (
                TaskState::Failed,
                json!([run("failed")]),
                Some(TaskState::Running),
            ),
            (
                TaskState::Failed,
                json!([run("failed")]),
                Some(TaskState::Failed),
            ),
            (
                TaskState::Failed,
                json!([run("failed")]),
                Some(TaskState::Exception),
            ),
            (TaskState::Exception, json!([run("worker-shutdown")]), None),
            (
                TaskState::Exception,
                json!([run("worker-shutdown")]),
                Some(TaskState::Failed),
            ),
            (
                TaskState::Exception,
                json!([run("a reason of tomorrow")]),
                None,
            ),
            (
                TaskState::Exception,
                json!([run("malformed-payload")]),
                None,
            ),
            (TaskState::Exception, json!([run("canceled")]), None),
            (TaskState::Exception, json!([untaken]), None),
            (
                TaskState::Exception,
                json!([run("deadline-exceeded")]),
                None,
            ),
            (TaskState::Exception, json!([]), None),
            (TaskState::Running, json!([run("claimed")]), None),
            (TaskState::Unscheduled, json!([]), None),
        ] {
            let check = said(state, &runs, original);
            let fault = check.replica.as_ref().unwrap().fault;
            let last = check.output.lines().last().unwrap_or_default().to_owned();
            lines.push(format!(
                "{state:?} {original:?}: {} {fault:?} {last}",
                check.passed
            ));
        }
        insta::assert_snapshot!(lines.join("\n"), @"
        Completed None: true None it completed
        Completed Some(Failed): true None it completed
        Failed None: false Some(Image) it failed, which is the image's fault
        Failed Some(Completed): false Some(Image) it failed, which is the image's fault
        Failed Some(Running): false Some(Image) it failed, which is the image's fault
        Failed Some(Failed): false Some(Original) it failed, as it does in its own project: it says nothing of the image
        Failed Some(Exception): false Some(Original) it failed, as it does in its own project: it says nothing of the image
        Exception None: false Some(Infrastructure) its machine or the worker went away, which is no fault of the image's
        Exception Some(Failed): false Some(Infrastructure) its machine or the worker went away, which is no fault of the image's
        Exception None: false Some(Infrastructure) its machine or the worker went away, which is no fault of the image's
        Exception None: false Some(Image) the worker does not take its payload, which is the image's fault
        Exception None: false Some(Unknown) somebody cancelled it; whose fault that is, nobody can tell
        Exception None: false Some(Unknown) no machine took it in time: the image does not come up, or the pool has too few machines; whose fault that is, nobody can tell
        Exception None: false Some(Image) it came to no end in time, which is the image's fault
        Exception None: false Some(Unknown) what it needs came to no end in time; whose fault that is, nobody can tell
        Running None: false Some(Image) it came to no end in time, which is the image's fault
        Unscheduled None: false Some(Unknown) what it needs came to no end in time; whose fault that is, nobody can tell
        ");
    }

    #[test]
    fn a_check_tells_where_to_look() {
        let runs = json!([run("worker-shutdown"), {"runId": 1, "reasonCreated": "retry", "reasonResolved": "failed",
            "started": "2026-11-26T00:00:00.000Z", "resolved": "2026-11-26T00:01:01.500Z"}]);
        insta::assert_json_snapshot!(said(TaskState::Failed, &runs, None), @r#"
        {
          "name": "gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a",
          "passed": false,
          "seconds": 61.5,
          "output": "runs `test-linux/opt-a` of https://tc.example.com/tasks/AbCdEfGhQ1CAAAAAAAAAAA again, as https://tc.example.com/tasks/cevXyDfZTGut3gwUCSUhVw\nrun 0: worker-shutdown\nrun 1: failed\nlog: https://tc.example.com/tasks/cevXyDfZTGut3gwUCSUhVw/runs/1/logs/public/logs/live.log\nit failed, which is the image's fault\n",
          "replica": {
            "task-id": "cevXyDfZTGut3gwUCSUhVw",
            "of": "AbCdEfGhQ1CAAAAAAAAAAA",
            "run": 1,
            "log": "https://tc.example.com/tasks/cevXyDfZTGut3gwUCSUhVw/runs/1/logs/public/logs/live.log",
            "fault": "image"
          }
        }
        "#);
    }
}
