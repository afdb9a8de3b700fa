//! What went wrong, in words.

use std::error::Error;
use std::fmt::Display;

use taskgraph_images::output::text::count;
use taskgraph_images::worker::build::BuildFault;

use super::Failure;

impl Failure {
    /// What went wrong, in one line, where several things are done and one of them failed.
    pub(crate) fn words(&self) -> String {
        self.errors().join("; ")
    }

    /// What went wrong, an error each.
    pub(crate) fn errors(&self) -> Vec<String> {
        match self {
            Self::BrokenPipe => Vec::new(),
            Self::Definitions(findings, _) => each(findings.iter().map(|finding| &finding.message)),
            Self::Tasks(errors) => errors.iter().map(with_causes).collect(),
            Self::Usage(words, _)
            | Self::Files(words)
            | Self::Denied(words)
            | Self::Infrastructure(words)
            | Self::Provider(words) => vec![words.clone()],
            Self::Event(errors) => each(errors),
            Self::Images(errors) => each(errors),
            Self::Input(errors) => each(errors),
            Self::Action(errors) => each(errors),
            Self::Calls(errors) => each(errors),
            Self::Proposals(words, _) => words.clone(),
            Self::Publish(refusals) => each(refusals),
            Self::Taskcluster(error) => each([error]),
            Self::Repository(error) => each([error]),
            Self::TooMuch { tasks_for, scopes } => vec![format!(
                "this run, `{tasks_for}`, is of level 1, and holds {} of level 3",
                count(scopes.len(), "scope")
            )],
            Self::Permission { action, scope } => vec![format!(
                "this task was not started for `{action}`: it does not hold `{scope}`"
            )],
            Self::Scopes(missing) => {
                vec![format!("this task lacks {}", count(missing.len(), "scope"))]
            }
            Self::Create(error) => error
                .failed
                .iter()
                .map(|(label, fault)| format!("`{label}`: {fault}"))
                .collect(),
            Self::Build(image, BuildFault::Image { script, line, .. }) => {
                let place = match (script, line) {
                    (Some(script), Some(line)) => format!(": `{script}` failed at line {line}"),
                    (Some(script), None) => format!(": it ended in `{script}`"),
                    (None, _) => String::new(),
                };
                vec![format!("`{image}` cannot be built{place}")]
            }
            Self::Build(image, BuildFault::Infrastructure { words }) => vec![format!(
                "`{image}` could not be built, and that is not its own fault: {words}"
            )],
            Self::NoStart { image, why, .. } => {
                vec![format!("no machine comes up from `{image}`: {why}")]
            }
            Self::Verify { image, checks } => checks
                .iter()
                .map(|check| format!("`{image}` fails `{check}`"))
                .collect(),
            Self::Templates(images) => images
                .iter()
                .map(|image| format!("`{image}`: Packer refuses its template"))
                .collect(),
            Self::Unfinished(tasks) => tasks
                .begun
                .iter()
                .map(|task| {
                    format!(
                        "`{}`: {}\n  log: {}\n  folder: {}",
                        task.name,
                        task.why,
                        task.log.display(),
                        task.folder.display()
                    )
                })
                .collect(),
            Self::Program { name, why } => vec![format!("`{name}` cannot be run: {why}")],
        }
    }
}

fn each<E: Display>(errors: impl IntoIterator<Item = E>) -> Vec<String> {
    errors.into_iter().map(|error| error.to_string()).collect()
}

fn with_causes(error: &impl Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words += &format!(": {cause}");
        source = cause.source();
    }
    words
}
