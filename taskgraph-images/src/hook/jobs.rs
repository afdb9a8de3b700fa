//! [`Job`]: the jobs of `.cron.yml`, in build-decision's format.

use crate::diagnostic::{Diagnostic, nearest};
use crate::yaml::{Decode, Decoder, Fields, Node, Phase, Spanned, Value};

/// All jobs of a file.
#[derive(Debug)]
pub(super) struct Jobs(pub(super) Vec<Job>);

/// A job that runs at some times.
#[derive(Debug)]
pub struct Job {
    /// Its name.
    pub name: Spanned<String>,
    pub(super) work: Work,
    pub(super) projects: Option<Spanned<Vec<String>>>,
    pub(super) when: When,
}

/// What a job does.
#[derive(Debug)]
pub(super) enum Work {
    /// It starts a decision task.
    Decision(DecisionJob),
    /// It starts an action of the branch's decision.
    Action,
}

/// What a job tells the decision.
#[derive(Debug)]
pub struct DecisionJob {
    /// Its symbol in Treeherder.
    pub symbol: String,
    /// The target tasks method.
    pub method: String,
    /// Whether the index may replace target tasks.
    pub optimize: Option<bool>,
    /// Whether tasks of the push's own decision stand in.
    pub include_push_tasks: bool,
    /// Kinds that they do not stand in for.
    pub rebuild_kinds: Vec<String>,
    /// Whether somebody who fires the hook may say something.
    pub takes_input: bool,
}

/// The times of a job.
#[derive(Debug)]
pub(super) enum When {
    /// The same for all projects.
    Times(Vec<Spanned<Time>>),
    /// By the project's name, or a pattern of it.
    ByProject(Vec<(Spanned<String>, Vec<Spanned<Time>>)>),
}

/// A time that comes again and again. What is absent is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) weekday: Option<usize>,
    pub(super) day: Option<u32>,
    pub(super) hour: Option<u32>,
    pub(super) minute: Option<u32>,
}

/// The days of a week, as cron counts them.
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Jobs {
    /// Reads all jobs, and notes every fault.
    pub(super) fn decode(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut decoder = Decoder::new(Phase::Resolved);
        let jobs = <Self as Decode>::decode(node, &mut decoder);
        faults.append(&mut decoder.faults);
        let jobs = jobs?;
        let mut is_sound = true;
        for (index, job) in jobs.0.iter().enumerate() {
            let before = jobs.0.iter().take(index);
            if let Some(first) = before
                .into_iter()
                .find(|one| one.name.value == job.name.value)
            {
                is_sound = false;
                faults.push(
                    Diagnostic::error(
                        "duplicate-job",
                        format!("there is another job `{}`", job.name.value),
                    )
                    .at(job.name.place.clone())
                    .note(first.name.place.clone(), "the first"),
                );
            }
        }
        is_sound.then_some(jobs)
    }
}

impl DecisionJob {
    /// The words that build-decision would add to the decision's command, quoted for a shell.
    ///
    /// It adds `--include-push-tasks` also for `false`; here `false` is no.
    pub(super) fn arguments(&self) -> String {
        let mut words = vec![format!("--target-tasks-method={}", self.method)];
        words.extend(
            self.optimize
                .map(|optimize| format!("--optimize-target-tasks={optimize}")),
        );
        if self.include_push_tasks {
            words.push("--include-push-tasks".to_owned());
        }
        words.extend(
            self.rebuild_kinds
                .iter()
                .map(|kind| format!("--rebuild-kind={kind}")),
        );
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        quoted.join(" ")
    }
}

/// A word for a shell, in quotes only where Python's `shlex.quote` puts some.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r#"'"'"'"#))
    }
}

impl Decode for Jobs {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let mut fields = Fields::new(node, decoder)?;
        let before = decoder.faults.len();
        let jobs = fields.field::<Vec<Job>>("jobs", decoder);
        fields.finish(decoder);
        (decoder.faults.len() == before).then_some(Self(jobs?))
    }
}

impl Decode for Job {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let mut fields = Fields::new(node, decoder)?;
        let name = fields.field::<Spanned<String>>("name", decoder);
        let work = fields.field::<Work>("job", decoder);
        let projects = fields.field::<Option<Spanned<Vec<String>>>>("run-on-projects", decoder);
        let when = fields.field::<When>("when", decoder);
        fields.finish(decoder);
        Some(Self {
            name: name?,
            work: work?,
            projects: projects?,
            when: when?,
        })
    }
}

impl Decode for Work {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let mut fields = Fields::new(node, decoder)?;
        let kind = fields.field::<Spanned<String>>("type", decoder)?;
        let input = |fields: &mut Fields<'_>, decoder: &mut Decoder| {
            fields
                .field::<Option<bool>>("include-cron-input", decoder)
                .map(Option::unwrap_or_default)
        };
        match kind.value.as_str() {
            "decision-task" => {
                let symbol = fields.field("treeherder-symbol", decoder);
                let method = fields.field("target-tasks-method", decoder);
                let optimize = fields.field("optimize-target-tasks", decoder);
                let include = fields.field::<Option<bool>>("include-push-tasks", decoder);
                let rebuild_kinds = fields.field("rebuild-kinds", decoder);
                let takes_input = input(&mut fields, decoder);
                fields.finish(decoder);
                Some(Self::Decision(DecisionJob {
                    symbol: symbol?,
                    method: method?,
                    optimize: optimize?,
                    include_push_tasks: include?.unwrap_or_default(),
                    rebuild_kinds: rebuild_kinds?,
                    takes_input: takes_input?,
                }))
            }
            "trigger-action" => {
                let action = fields.field::<String>("action-name", decoder);
                let takes_input = input(&mut fields, decoder);
                let extra = fields.field::<Option<serde_json::Value>>("extra-input", decoder);
                fields.finish(decoder);
                (action.is_some() && takes_input.is_some() && extra.is_some())
                    .then_some(Self::Action)
            }
            _ => {
                decoder.faults.push(
                    Diagnostic::error("bad-value", format!("`{}` is no type of job", kind.value))
                        .at(kind.place)
                        .hint("expected `decision-task` or `trigger-action`"),
                );
                None
            }
        }
    }
}

impl Decode for When {
    fn absent() -> Option<Self> {
        Some(Self::Times(Vec::new()))
    }

    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if matches!(node.value, Value::List(_)) {
            return Vec::decode(node, decoder).map(Self::Times);
        }
        let [(key, branches)] = node.entries().unwrap_or_default() else {
            return decoder.expected("a list of times, or `by-project`", node);
        };
        if &*key.text != "by-project" {
            return decoder.expected("a list of times, or `by-project`", node);
        }
        let Some(entries) = branches.entries() else {
            return decoder.expected("a map from projects to lists of times", branches);
        };
        let decoded: Vec<_> = entries
            .iter()
            .filter_map(|(project, times)| {
                let project = Spanned {
                    value: project.text.to_string(),
                    place: project.place(),
                };
                Some((project, Vec::decode(times, decoder)?))
            })
            .collect();
        (decoded.len() == entries.len()).then_some(Self::ByProject(decoded))
    }
}

impl Decode for Time {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let mut fields = Fields::new(node, decoder)?;
        let weekday = fields.field::<Option<Weekday>>("weekday", decoder);
        let day = fields.field::<Option<Number<1, 31, 1>>>("day", decoder);
        let hour = fields.field::<Option<Number<0, 23, 1>>>("hour", decoder);
        let minute = fields.field::<Option<Number<0, 45, 15>>>("minute", decoder);
        fields.finish(decoder);
        Some(Self {
            weekday: weekday?.map(|weekday| weekday.0),
            day: day?.map(|number| number.0),
            hour: hour?.map(|number| number.0),
            minute: minute?.map(|number| number.0),
        })
    }
}

struct Weekday(usize);

impl Decode for Weekday {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let text = String::decode(node, decoder)?;
        let found = WEEKDAYS.iter().position(|day| *day == text).map(Self);
        if found.is_none() {
            let mut fault =
                Diagnostic::error("bad-value", format!("`{text}` is no day of the week"))
                    .at(node.place());
            fault = match nearest(&text, WEEKDAYS) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!("expected one of {}", WEEKDAYS.join(", "))),
            };
            decoder.faults.push(fault);
        }
        found
    }
}

/// A number within bounds, of some step.
struct Number<const LEAST: u32, const MOST: u32, const STEP: u32>(u32);

impl<const LEAST: u32, const MOST: u32, const STEP: u32> Decode for Number<LEAST, MOST, STEP> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let number = u32::decode(node, decoder)?;
        if (LEAST..=MOST).contains(&number) && number % STEP == 0 {
            return Some(Self(number));
        }
        let step = match STEP {
            1 => String::new(),
            step => format!(" that is a multiple of {step}"),
        };
        let message = format!("expected a number from {LEAST} to {MOST}{step}, found {number}");
        decoder.fault("bad-value", node, message);
        None
    }
}
