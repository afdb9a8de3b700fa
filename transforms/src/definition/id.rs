//! [`ImageId`] and [`TaskQueueId`]: names made of two names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    Arch, Cloud, ImageName, Kind, Label, Os, ProvisionerId, TextError, UnknownWord, WorkerType,
};

/// An image: a definition's name on a cloud, written `name@cloud`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageId {
    /// The image's name.
    pub name: ImageName,
    /// Where it runs.
    pub cloud: Cloud,
}

/// Some text is no `name@cloud`; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageIdError {
    /// There is no `@`.
    #[error("{0:?} names no cloud: expected `name@cloud`")]
    NoCloud(String),
    /// What stands before the `@` is no image name.
    #[error(transparent)]
    Name(#[from] TextError),
    /// What stands behind the `@` is no cloud.
    #[error(transparent)]
    Cloud(#[from] UnknownWord),
}

impl ImageId {
    /// An image.
    pub const fn new(name: ImageName, cloud: Cloud) -> Self {
        Self { name, cloud }
    }

    /// Its name and cloud joined by `-`: how labels, index paths and Treeherder show it.
    ///
    /// No two images share it: a cloud's word holds no `-`.
    pub fn slug(&self) -> String {
        format!("{}-{}", self.name, self.cloud)
    }

    /// The label of one of its tasks.
    pub fn label(&self, kind: Kind) -> Label {
        Label::new(&format!("{kind}-{}-{}", self.name, self.cloud))
            .expect("a kind, an image name and a cloud are made of a label's characters")
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.cloud)
    }
}

impl FromStr for ImageId {
    type Err = ImageIdError;

    fn from_str(text: &str) -> Result<Self, ImageIdError> {
        let (name, cloud) = text
            .split_once('@')
            .ok_or_else(|| ImageIdError::NoCloud(text.to_owned()))?;
        Ok(Self {
            name: name.parse()?,
            cloud: cloud.parse()?,
        })
    }
}

impl TryFrom<String> for ImageId {
    type Error = ImageIdError;

    fn try_from(text: String) -> Result<Self, ImageIdError> {
        text.parse()
    }
}

impl From<ImageId> for String {
    fn from(id: ImageId) -> Self {
        id.to_string()
    }
}

/// Where a task is queued, written `provisioner/worker-type`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct TaskQueueId {
    /// Its first half.
    pub provisioner: ProvisionerId,
    /// Its second half.
    pub worker_type: WorkerType,
}

impl fmt::Display for TaskQueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provisioner, self.worker_type)
    }
}

impl From<TaskQueueId> for String {
    fn from(id: TaskQueueId) -> Self {
        id.to_string()
    }
}

/// What a program is built for, written `os-arch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Platform {
    /// The operating system.
    pub os: Os,
    /// The processor architecture.
    pub arch: Arch,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.os, self.arch)
    }
}

impl FromStr for Platform {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let (os, arch) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self {
            os: os.parse()?,
            arch: arch.parse()?,
        })
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_reads_as_it_is_written() {
        let id: ImageId = "win11-64@azure".parse().unwrap();
        assert_eq!(id.to_string(), "win11-64@azure");
        assert_eq!(id.label(Kind::Build).as_str(), "build-win11-64-azure");
        for (text, expect) in [
            ("win11", "\"win11\" names no cloud: expected `name@cloud`"),
            (
                "a@b@aws",
                "unknown cloud `b@aws`, expected one of `google`, `aws`, `azure`, `qemu`, `container`",
            ),
        ] {
            assert_eq!(text.parse::<ImageId>().unwrap_err().to_string(), expect);
        }
    }
}
