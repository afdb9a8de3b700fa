//! [`Clouds`]: what the environment and a task's secrets say of clouds, none of which is shown.

use taskgraph_images::providers::{Pace, Session, Variables};
use taskgraph_images::transforms::{Cloud, UnknownWord};
use taskgraph_images::worker::mask::Mask;

use super::worker::{Secrets, Worker};
use crate::exit::Failure;

/// The clouds that have images of others' making, and that have to be asked what is there.
pub(super) const ALL: [Cloud; 3] = [Cloud::Google, Cloud::Aws, Cloud::Azure];

/// What is known of clouds.
pub(super) struct Clouds {
    pub(super) variables: Variables,
    pub(super) mask: Mask,
}

impl Clouds {
    /// By the environment and the secrets of this task.
    pub(super) fn open() -> Result<Self, Failure> {
        Ok(Self::of(&Worker::new()?.secrets()?))
    }

    /// By the environment and secrets that were read.
    pub(super) fn of(secrets: &Secrets) -> Self {
        let variables = Variables::new(|name| std::env::var(name).ok(), &secrets.variables);
        let hidden = secrets.variables.values().map(String::as_str);
        let mask = Mask::new(hidden.chain(variables.secrets()));
        Self { variables, mask }
    }

    /// Whether variables name credentials of a cloud. Those of a machine are not looked for: where there are none, that
    /// takes minutes.
    pub(super) fn has(&self, cloud: Cloud) -> bool {
        let names: &[&str] = match cloud {
            Cloud::Google => &[
                "GOOGLE_CREDENTIALS",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "GOOGLE_OAUTH_ACCESS_TOKEN",
            ],
            Cloud::Aws => &["AWS_ACCESS_KEY_ID"],
            Cloud::Azure => &["ARM_CLIENT_SECRET"],
            Cloud::Qemu | Cloud::Container => &[],
        };
        names.iter().any(|name| self.variables.get(name).is_some())
    }

    /// The clouds that are asked: those that somebody names, or else those of which there are credentials.
    pub(super) fn chosen(&self, named: &[Cloud]) -> Vec<Cloud> {
        if named.is_empty() {
            ALL.into_iter().filter(|cloud| self.has(*cloud)).collect()
        } else {
            named.to_vec()
        }
    }

    /// A session in which clouds are called.
    pub(super) fn session<'a>(
        &'a self,
        dry_run: bool,
        say: &'a dyn Fn(&str),
    ) -> Result<Session<'a>, Failure> {
        Session::new(Pace::default(), dry_run, &self.mask, say)
            .map_err(|error| Failure::provider(error, &self.mask))
    }
}

/// The cloud of a flag.
///
/// # Errors
/// When it is none of [`ALL`].
pub(super) fn cloud(word: &str) -> Result<Cloud, String> {
    let cloud: Cloud = word
        .parse()
        .map_err(|error: UnknownWord| error.to_string())?;
    if ALL.contains(&cloud) {
        Ok(cloud)
    } else {
        Err(format!(
            "`{cloud}` cannot be asked what is there: name one of google, aws, azure"
        ))
    }
}
