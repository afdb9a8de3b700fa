//! The closed sets of words: clouds, operating systems, architectures, kinds of tasks, and so on.

use std::fmt;
use std::str::FromStr;

/// A word that is none of the known ones; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{text}`, expected one of {}", Known(.known))]
pub struct UnknownWord {
    /// What was wanted, such as `cloud`.
    pub what: &'static str,
    /// What was found.
    pub text: String,
    /// All that there is.
    pub known: &'static [&'static str],
}

struct Known<'a>(&'a [&'static str]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            write!(f, "{}`{word}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Defines an enum whose variants each have one word, the same in YAML, JSON and messages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Their words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Its word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: $what, text: text.to_owned(), known: Self::WORDS }),
                }
            }
        }
    };
}

words!(
    /// Where an image runs.
    Cloud, "cloud", {
    /// Google Compute Engine.
    Google = "google",
    /// Amazon EC2.
    Aws = "aws",
    /// Microsoft Azure.
    Azure = "azure",
    /// A disk image for QEMU, or for whatever reads one.
    Qemu = "qemu",
    /// A container image.
    Container = "container",
});

words!(
    /// The operating system of an image or a worker.
    Os, "operating system", {
    /// Linux.
    Linux = "linux",
    /// Windows.
    Windows = "windows",
});

words!(
    /// The processor architecture of an image or a worker.
    Arch, "architecture", {
    /// 64-bit x86.
    Amd64 = "amd64",
    /// 64-bit ARM.
    Arm64 = "arm64",
});

words!(
    /// What starts the system on a machine's disk.
    Firmware, "firmware", {
    /// A BIOS, by the first sector.
    Bios = "bios",
    /// UEFI, by a loader in a file.
    Uefi = "uefi",
});

words!(
    /// The kinds of tasks that an image has.
    Kind, "kind", {
    /// Looks at the template of an image whose build may not run, because its code is a stranger's.
    Validate = "validate",
    /// Builds the image, publishes nothing.
    Build = "build",
    /// Checks what was built.
    Verify = "verify",
    /// Makes what was verified available to worker pools.
    Publish = "publish",
});

words!(
    /// The kinds of tasks that are about the fleet, and not about an image.
    MaintenanceKind, "kind of maintenance", {
        /// Proposes newer versions of what is pinned.
        Upgrade = "upgrade",
        /// Proposes newer images to the worker pools that use them.
        Pools = "pools",
        /// Proposes newer pools to the projects that use them.
        Projects = "projects",
        /// Plans which images are not needed any more.
        Cleanup = "cleanup",
        /// Carries out such a plan, once a person has reviewed it.
        CleanupApply = "cleanup-apply",
    }
);

words!(
    /// The worker software that runs a task; it decides the payload's shape.
    Implementation, "worker implementation", {
    /// generic-worker, on any operating system.
    GenericWorker = "generic-worker",
    /// docker-worker's payload, which generic-worker runs through d2g.
    DockerWorker = "docker-worker",
});

words!(
    /// How an image is verified.
    VerifyMethod, "verify method", {
    /// The image is booted on the worker, and the checks run inside it.
    Boot = "boot",
    /// The checks ran inside the builder; the task holds the build to their recorded results.
    InBuild = "in-build",
    /// The task itself runs on a worker pool that uses the image.
    Pool = "pool",
    /// The checks run in a container of the image.
    Container = "container",
    /// Tasks of other projects are run again on a worker pool that uses the image.
    Replicate = "replicate",
});

words!(
    /// What makes an image, without its settings.
    BuilderKind, "builder", {
    /// Packer, with one source of one template.
    Packer = "packer",
    /// A container build.
    Container = "container",
    /// A privileged task on a worker of the base image, then a snapshot.
    Task = "task",
});

words!(
    /// The priority of a task, highest first.
    Priority, "priority", {
    /// Before all others.
    Highest = "highest",
    /// Second.
    VeryHigh = "very-high",
    /// Third.
    High = "high",
    /// The middle.
    Medium = "medium",
    /// What image tasks normally have.
    Low = "low",
    /// Sixth.
    VeryLow = "very-low",
    /// After all others.
    Lowest = "lowest",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_as_it_is_written() {
        for &cloud in Cloud::ALL {
            assert_eq!(cloud.to_string().parse(), Ok(cloud));
        }
        assert_eq!(
            "amd65".parse::<Arch>().unwrap_err().to_string(),
            "unknown architecture `amd65`, expected one of `amd64`, `arm64`"
        );
    }
}
