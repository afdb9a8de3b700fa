//! [`Machine`]: the machine that this program runs on, as its cloud's metadata service tells of it. Each cloud's service is
//! a file. Nothing is changed, and no credential is asked for.

mod aws;
mod azure;
mod google;
#[cfg(test)]
mod tests;

use taskgraph_images_transforms::Cloud;

use crate::http::{Answer, Http, HttpError, Request};
use crate::providers::Variables;

/// A machine of a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The cloud.
    pub cloud: Cloud,
    /// What its worker is called by Taskcluster: the number (Google), the id (AWS), the name (Azure) that the cloud gave it.
    pub id: String,
    /// What the cloud's API calls it: a path (Google, Azure), or the same id (AWS).
    pub path: String,
    /// The region (AWS) or location (Azure) that it is in; of Google's, the path says it.
    pub region: Option<String>,
    /// The image that it was started from, as the cloud's API calls it; none where it was started from a disk.
    pub image: Option<String>,
    /// Its boot disk, where the service tells that: a resource of Azure.
    pub disk: Option<String>,
}

/// What this machine is cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// There is no such service here.
    #[error("this is no machine of {cloud}, or it is kept from saying so: {error}")]
    NoAnswer {
        /// The cloud.
        cloud: Cloud,
        /// What came of the call.
        error: HttpError,
    },
    /// Something answers that is no such service.
    #[error("what answers as the metadata service of {cloud} is none: {why}")]
    Unreadable {
        /// The cloud.
        cloud: Cloud,
        /// What is wrong.
        why: String,
    },
    /// The cloud has no machines.
    #[error("{0} has no machines that say what they are")]
    NoMachines(Cloud),
}

impl Machine {
    /// Where the metadata service of a cloud is, for a client that calls it by `http`; none of a cloud without machines.
    pub fn service(cloud: Cloud, variables: &Variables) -> Option<String> {
        match cloud {
            Cloud::Google => Some(google::service(variables)),
            Cloud::Aws => Some(aws::service(variables)),
            Cloud::Azure => Some(azure::service(variables)),
            Cloud::Qemu | Cloud::Container => None,
        }
    }

    /// Asks what this machine is.
    ///
    /// # Errors
    /// When nothing answers, or what answers is no such service.
    pub fn ask(cloud: Cloud, http: &dyn Http, variables: &Variables) -> Result<Self, MachineError> {
        let Some(base) = Self::service(cloud, variables) else {
            return Err(MachineError::NoMachines(cloud));
        };
        let service = Service { cloud, http, base };
        match cloud {
            Cloud::Google => google::ask(&service),
            Cloud::Aws => aws::ask(&service),
            Cloud::Azure => azure::ask(&service),
            Cloud::Qemu | Cloud::Container => Err(MachineError::NoMachines(cloud)),
        }
    }
}

/// A metadata service.
struct Service<'a> {
    cloud: Cloud,
    http: &'a dyn Http,
    /// Its address, without a slash at its end.
    base: String,
}

impl Service<'_> {
    /// Its answer, whatever it is.
    fn send(&self, request: &Request) -> Result<Answer, MachineError> {
        self.http
            .send(request)
            .map_err(|error| self.no_answer(error))
    }

    /// Its answer to what it must know.
    fn text(&self, request: &Request) -> Result<String, MachineError> {
        let answer = self.send(request)?;
        if answer.is_success() {
            Ok(plain(&answer))
        } else {
            Err(self.no_answer(answer.refusal(request)))
        }
    }

    fn json(&self, request: &Request) -> Result<serde_json::Value, MachineError> {
        let text = self.text(request)?;
        serde_json::from_str(&text)
            .map_err(|error| self.unreadable(format!("it says no JSON: {error}")))
    }

    /// A text of a JSON answer that must be there.
    fn field<'v>(
        &self,
        value: &'v serde_json::Value,
        pointer: &str,
    ) -> Result<&'v str, MachineError> {
        given(value, pointer).ok_or_else(|| self.unreadable(format!("it has no `{pointer}`")))
    }

    fn no_answer(&self, error: HttpError) -> MachineError {
        MachineError::NoAnswer {
            cloud: self.cloud,
            error,
        }
    }

    fn unreadable(&self, why: String) -> MachineError {
        MachineError::Unreadable {
            cloud: self.cloud,
            why,
        }
    }
}

/// A text of a JSON answer that is not empty.
fn given<'v>(value: &'v serde_json::Value, pointer: &str) -> Option<&'v str> {
    let text = value.pointer(pointer)?.as_str()?;
    Some(text).filter(|text| !text.is_empty())
}

fn plain(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).trim().to_owned()
}
