//! What errors of the library are to a command.

use taskgraph_images::comparison::ComparisonError;
use taskgraph_images::decision::graphs::GraphsError;
use taskgraph_images::decision::target::NoMaintenance;
use taskgraph_images::providers::{ProviderError, ProviderErrorKind};
use taskgraph_images::transforms::TransformError;
use taskgraph_images::tree::checkout::CheckoutError;
use taskgraph_images::tree::snapshot::SnapshotError;
use taskgraph_images::tree::{FileError, RepositoryError};
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::ProgramError;
use taskgraph_images::worker::store::StoreError;

use super::Failure;

impl Failure {
    /// There is no Taskcluster to talk to.
    pub(crate) fn no_taskcluster() -> Self {
        Self::Usage(
            "no Taskcluster is named".to_owned(),
            Some("set `TASKCLUSTER_ROOT_URL`, and `TASKCLUSTER_PROXY_URL` in a task".to_owned()),
        )
    }

    /// What errors of providers mean that do not depend on each other: another run may help if all of them pass.
    pub(crate) fn providers(errors: Vec<ProviderError>, mask: &Mask) -> Self {
        let errors = match <[ProviderError; 1]>::try_from(errors) {
            Ok([one]) => return Self::provider(one, mask),
            Err(errors) => errors,
        };
        let all_pass = errors.iter().all(ProviderError::is_transient);
        let words: Vec<String> = errors
            .iter()
            .map(|error| mask.apply(&error.to_string()))
            .collect();
        let words = words.join("\nerror: ");
        if all_pass {
            Self::Infrastructure(words)
        } else {
            Self::Provider(words)
        }
    }

    /// What a provider's error means, without secrets.
    pub(crate) fn provider(error: ProviderError, mask: &Mask) -> Self {
        let words: Vec<String> = error
            .to_string()
            .lines()
            .map(|line| mask.apply(line))
            .collect();
        let words = words.join("\n");
        match error.kind {
            _ if error.is_transient() => Self::Infrastructure(words),
            ProviderErrorKind::Input(_) => Self::Usage(words, None),
            ProviderErrorKind::File(_) => Self::Files(words),
            ProviderErrorKind::Program { name, why } => Self::Program { name, why },
            _ => Self::Provider(words),
        }
    }
}

impl From<ProgramError> for Failure {
    fn from(error: ProgramError) -> Self {
        match error {
            ProgramError::Start { name, why } => Self::Program { name, why },
            ProgramError::Output { .. } | ProgramError::Long { .. } => {
                Self::Files(error.to_string())
            }
            other => Self::Infrastructure(other.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Api(error) => Self::Taskcluster(error),
            other => Self::Files(other.to_string()),
        }
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::NoGit(why) => Self::Program {
                name: "git".to_owned(),
                why,
            },
            other => Self::Files(other.to_string()),
        }
    }
}

impl From<CheckoutError> for Failure {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::NoGit(why) => Self::Program {
                name: "git".to_owned(),
                why,
            },
            CheckoutError::Fetch { .. } => Self::Infrastructure(error.to_string()),
            other => Self::Files(other.to_string()),
        }
    }
}

impl From<GraphsError> for Failure {
    fn from(error: GraphsError) -> Self {
        match error {
            GraphsError::Tasks(errors) => Self::Tasks(errors),
            GraphsError::Images(errors) => Self::Images(errors),
            GraphsError::Parameter(words) => Self::Usage(words, None),
            GraphsError::Maintenance(error) => {
                let hint = match error {
                    NoMaintenance::Settings(_) => {
                        "say in `config.yml` how it runs, or take its job out of `.cron.yml`"
                    }
                    _ => "start it by its job in `.cron.yml`, from the trusted branch",
                };
                Self::Usage(error.to_string(), Some(hint.to_owned()))
            }
            other => Self::Usage(other.to_string(), None),
        }
    }
}

impl From<ComparisonError> for Failure {
    fn from(error: ComparisonError) -> Self {
        match error {
            ComparisonError::Repository(error) => Self::Repository(error),
            ComparisonError::Definitions(faults, tree) => Self::Definitions(faults, Some(tree)),
            ComparisonError::Payload(error) => Self::Tasks(vec![error]),
            other => Self::Files(other.to_string()),
        }
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        Self::Repository(error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::Files(error.to_string())
    }
}

impl From<Vec<TransformError>> for Failure {
    fn from(errors: Vec<TransformError>) -> Self {
        Self::Tasks(errors)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Files(error.to_string())
        }
    }
}
