//! Writes what people and tools read about a task.
//!
//! Before: the description `Headless workers`, the reason `new`, the file `image-defs/images/a.yml`.
//! After: the description `Headless workers (new)`, the source
//! `https://github.com/o/r/blob/<revision>/image-defs/images/a.yml`, and Taskgraph's tags.

use std::collections::BTreeMap;

use super::{Origin, Run};
use crate::definition::Os;
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;
use crate::task::{Metadata, Task};

/// How much of the reasons is shown: a reader wants the first ones, and the queue takes 32 KiB of description.
const LONGEST_REASONS: usize = 2000;

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let image = origin.image;
    let owner = &image.definition.owner;
    let about = About {
        description: origin.description,
        reasons: image.reasons.get(&origin.kind).map_or(&[], Vec::as_slice),
        owner: if owner.is_empty() {
            &origin.run.config.owner
        } else {
            owner
        },
        path: image.path,
        os: origin.shape.worker.os,
    };
    write(&about, origin.run, task);
    Ok(())
}

/// What is said of a task.
pub(super) struct About<'a> {
    /// The template's description, rendered.
    pub(super) description: &'a str,
    /// Why the task is of interest.
    pub(super) reasons: &'a [String],
    pub(super) owner: &'a str,
    /// The file that it comes from, relative to the repository's root.
    pub(super) path: &'a str,
    /// Its worker's operating system.
    pub(super) os: Os,
}

/// Writes it.
pub(super) fn write(about: &About<'_>, run: &Run<'_>, task: &mut Task) {
    let parameters = run.parameters;
    task.description = about.description.trim().to_owned();
    task.task.metadata = Metadata {
        name: task.label.to_string(),
        description: match about.reasons {
            [] => task.description.clone(),
            reasons => format!("{} ({})", task.description, shorten(&reasons.join("; "))),
        },
        owner: about.owner.to_owned(),
        source: source(parameters, about.path),
    };
    task.task.tags = BTreeMap::from([
        ("createdForUser", parameters.owner.clone()),
        ("kind", task.kind.to_string()),
        ("label", task.label.to_string()),
        ("os", about.os.to_string()),
        ("project", parameters.project.clone()),
        ("trust-domain", run.config.trust_domain.to_string()),
        ("worker-implementation", task.implementation().to_string()),
    ]);
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_REASONS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where the definition is, at the revision.
///
/// A repository that has no address on the web, such as one on a developer's disk, still gives a legal source: its
/// path on `localhost`, by ssh.
fn source(parameters: &Parameters, path: &str) -> String {
    let repository = parameters
        .head_repository
        .trim_end_matches('/')
        .trim_end_matches(".git");
    let repository = match repository
        .strip_prefix("git@")
        .and_then(|rest| rest.split_once(':'))
    {
        Some((host, path)) => format!("https://{host}/{path}"),
        None => repository.to_owned(),
    };
    let repository = if ["https://", "http://", "ssh://"]
        .iter()
        .any(|scheme| repository.starts_with(scheme))
    {
        encode(&repository)
    } else {
        format!(
            "ssh://localhost/{}",
            encode(repository.trim_start_matches('/'))
        )
    };
    format!(
        "{repository}/blob/{}/{}",
        encode(&parameters.head_rev),
        encode(path)
    )
}

/// Percent-encodes what may not stand in an address; what may be its structure (`:/@`) stays.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~:/@".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Level;

    #[test]
    fn sources_are_addresses() {
        for (repository, expect) in [
            (
                "https://github.com/o/r",
                "https://github.com/o/r/blob/abc/image-defs/a%20b.yml",
            ),
            (
                "https://github.com/o/r.git/",
                "https://github.com/o/r/blob/abc/image-defs/a%20b.yml",
            ),
            (
                "git@github.com:o/r.git",
                "https://github.com/o/r/blob/abc/image-defs/a%20b.yml",
            ),
            (
                "/home/me/r",
                "ssh://localhost/home/me/r/blob/abc/image-defs/a%20b.yml",
            ),
            ("", "ssh://localhost//blob/abc/image-defs/a%20b.yml"),
        ] {
            let parameters = Parameters::new(Level::One, "r", repository, "abc");
            assert_eq!(source(&parameters, "image-defs/a b.yml"), expect);
        }
    }

    #[test]
    fn many_reasons_are_cut() {
        assert_eq!(shorten("new"), "new");
        assert_eq!(
            shorten(&"ä".repeat(3000)).chars().count(),
            LONGEST_REASONS + 1
        );
    }
}
