//! [`Head`]: the revision that a task is about, as its environment says. The commands of all tasks start with it.

/// Where the revision is that a task is about, and which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The repository's address.
    pub repository: String,
    /// The commit's full id.
    pub revision: String,
}

/// Why the environment names no revision; whoever made the task can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// A variable has a value that it cannot have.
    #[error("the variable `{name}` is {value:?}, expected {expected}")]
    Value {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// One of the two variables is set without the other.
    #[error("the variable `{0}` is not set")]
    Missing(String),
}

/// The variable that names the project's prefix of the others.
const PREFIX: &str = "TASKGRAPH_IMAGES_REPOSITORY_PREFIX";

impl Head {
    /// Reads it from variables; none is set where no task runs.
    ///
    /// # Errors
    /// When the variables name something that is no address, or no commit.
    pub fn from_variables(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, HeadError> {
        let given = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let Some(prefix) = given(PREFIX) else {
            return Ok(None);
        };
        let (repository, revision) = (
            format!("{prefix}_HEAD_REPOSITORY"),
            format!("{prefix}_HEAD_REV"),
        );
        let fault = |name: &str, value: &str, expected| HeadError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let head = match (given(&repository), given(&revision)) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(HeadError::Missing(repository)),
            (Some(_), None) => return Err(HeadError::Missing(revision)),
            (Some(repository), Some(revision)) => Self {
                repository,
                revision,
            },
        };
        // Git takes what starts with a dash for an option, and `ext::` for a command to run.
        if !["https://", "ssh://", "file://"]
            .iter()
            .any(|scheme| head.repository.starts_with(scheme))
        {
            let expected = "an address that starts with `https://` or `ssh://`";
            return Err(fault(&repository, &head.repository, expected));
        }
        if !matches!(head.revision.len(), 40 | 64)
            || !head.revision.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Err(fault(&revision, &head.revision, "a commit's full id"));
        }
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> String {
        let found = Head::from_variables(|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        });
        match found {
            Ok(None) => "-".to_owned(),
            Ok(Some(head)) => format!("{} {}", head.repository, head.revision),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_a_task_is_about() {
        let id = "a".repeat(40);
        let prefix = (PREFIX, "TD");
        assert_eq!(of(&[]), "-");
        assert_eq!(of(&[prefix]), "-");
        assert_eq!(
            of(&[
                prefix,
                ("TD_HEAD_REPOSITORY", "https://x/y"),
                ("TD_HEAD_REV", &id)
            ]),
            format!("https://x/y {id}")
        );
        assert_eq!(
            of(&[prefix, ("TD_HEAD_REPOSITORY", "https://x/y")]),
            "the variable `TD_HEAD_REV` is not set"
        );
        assert_eq!(
            of(&[prefix, ("TD_HEAD_REV", &id)]),
            "the variable `TD_HEAD_REPOSITORY` is not set"
        );
        for repository in ["--upload-pack=id", "ext::sh -c id", "x"] {
            assert_eq!(
                of(&[
                    prefix,
                    ("TD_HEAD_REPOSITORY", repository),
                    ("TD_HEAD_REV", &id)
                ]),
                format!(
                    "the variable `TD_HEAD_REPOSITORY` is {repository:?}, expected an address that starts with \
                     `https://` or `ssh://`"
                )
            );
        }
        for revision in ["main", "--force", "aaaa", "g".repeat(40).as_str()] {
            assert_eq!(
                of(&[
                    prefix,
                    ("TD_HEAD_REPOSITORY", "https://x/y"),
                    ("TD_HEAD_REV", revision)
                ]),
                format!("the variable `TD_HEAD_REV` is {revision:?}, expected a commit's full id")
            );
        }
    }
}
