//! [`Verification`]: what the checks of a candidate found, for programs and as JUnit's XML for people's tools.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Digest, ImageId, VerifyMethod};

use crate::manifest::ManifestError;
use crate::taskcluster::{TaskId, Timestamp};

/// The version of the format.
pub const VERSION: u32 = 1;
/// The name of the file, below a task's folder of artifacts.
pub const NAME: &str = "verification.json";

/// What the checks of a candidate found. Publishing goes by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Verification {
    /// [`VERSION`].
    pub version: u32,
    /// The image.
    pub image: ImageId,
    /// The digests of the image's tasks.
    pub digests: Digests,
    /// The SHA-256 of the candidate's manifest: what was verified, and nothing else.
    pub manifest: Digest,
    /// The task that built it.
    pub build_task_id: TaskId,
    /// How it was verified.
    pub method: VerifyMethod,
    /// Whether every check passed.
    pub passed: bool,
    /// The checks, in the order they ran.
    pub checks: Vec<Check>,
    /// When the work began.
    pub started: Timestamp,
    /// When it was done.
    pub finished: Timestamp,
}

/// The digests of what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Digests {
    /// Of the build.
    pub build: Digest,
    /// Of the verification.
    pub verify: Digest,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// Its path in the repository; of a task that ran again, its label after the place of its decision in the index.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// How long it took.
    pub seconds: f64,
    /// What it said.
    pub output: String,
    /// The task that was the check, for the method `replicate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<ReplicaRun>,
}

/// The task of another project that was a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReplicaRun {
    /// It.
    pub task_id: TaskId,
    /// The task that it ran again.
    pub of: TaskId,
    /// Its last run, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Where a person reads its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Whose fault it is that it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Whose fault it is that a task of another project did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The image's: the task failed on it.
    Image,
    /// A machine's or a service's; it may not happen again.
    Infrastructure,
    /// The task's own: it fails in its project, too, and says nothing of the image.
    Original,
    /// Nobody can tell: no machine took it, or somebody ended it.
    Unknown,
}

impl Check {
    /// Whether it says anything of the image.
    pub fn counts(&self) -> bool {
        let fault = self.replica.as_ref().and_then(|replica| replica.fault);
        fault != Some(Fault::Original)
    }
}

impl Verification {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none, only a part of one, or of a newer version.
    pub fn read(content: &[u8]) -> Result<Self, ManifestError> {
        let verification: Self = serde_json::from_slice(content)
            .map_err(|error| ManifestError::Format(error.to_string()))?;
        if verification.version > VERSION {
            return Err(ManifestError::Version {
                found: verification.version.into(),
            });
        }
        Ok(verification)
    }

    /// The document, with a final line break.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it has text keys and no other sort of map");
        text.push('\n');
        text
    }

    /// The names of the checks that failed and count.
    pub fn failed(&self) -> Vec<String> {
        let failed = self
            .checks
            .iter()
            .filter(|check| check.counts() && !check.passed);
        failed.map(|check| check.name.clone()).collect()
    }

    /// Whether that the image does not pass may be the fault of machines and services alone, so that it is worth
    /// looking again.
    pub fn is_transient(&self) -> bool {
        let mut failed = self
            .checks
            .iter()
            .filter(|check| check.counts() && !check.passed)
            .map(|check| check.replica.as_ref().and_then(|replica| replica.fault))
            .peekable();
        failed.peek().is_some() && failed.all(|fault| fault == Some(Fault::Infrastructure))
    }

    /// The same as JUnit's XML.
    pub fn to_junit(&self) -> String {
        let mut suite = TestSuite::new(self.image.to_string());
        for check in &self.checks {
            let fault = check.replica.as_ref().and_then(|replica| replica.fault);
            let mut status = match (check.passed, fault) {
                (true, _) => TestCaseStatus::success(),
                (false, Some(Fault::Original)) => TestCaseStatus::skipped(),
                (false, Some(Fault::Infrastructure | Fault::Unknown)) => {
                    TestCaseStatus::non_success(NonSuccessKind::Error)
                }
                (false, Some(Fault::Image) | None) => {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                }
            };
            if !check.passed {
                status.set_message(last_line(&check.output).to_owned());
            }
            let mut case = TestCase::new(check.name.clone(), status);
            case.set_classname(self.image.to_string())
                .set_time(Duration::from_secs_f64(check.seconds.max(0.0)))
                .set_system_out(check.output.clone());
            suite.add_test_case(case);
        }
        let mut report = Report::new("taskgraph-images verify");
        report.add_test_suite(suite);
        report.to_string().unwrap_or_default()
    }
}

fn last_line(text: &str) -> &str {
    text.lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let time: Timestamp = "2026-11-25T17:00:00.000Z".parse().unwrap();
        let digest: Digest = "a".repeat(64).parse().unwrap();
        let check = |name: &str, passed, output: &str| Check {
            name: name.to_owned(),
            passed,
            seconds: 1.5,
            output: output.to_owned(),
            replica: None,
        };
        let verification = Verification {
            version: VERSION,
            image: "base@qemu".parse().unwrap(),
            digests: Digests {
                build: digest.clone(),
                verify: digest.clone(),
            },
            manifest: digest,
            build_task_id: TaskId::placeholder(),
            method: VerifyMethod::Boot,
            passed: false,
            checks: vec![
                check("checks/10-a.sh", true, "ok: a\n"),
                check(
                    "checks/20-b.sh",
                    false,
                    "<FAULT> & \u{1b}[0m\n20-b.sh: 1 fault(s)\n",
                ),
            ],
            started: time,
            finished: time,
        };
        insta::assert_snapshot!("verification", verification.to_json());
        insta::assert_snapshot!("junit", verification.to_junit());
        assert_eq!(verification.failed(), ["checks/20-b.sh"]);
        let text = verification.to_json();
        assert_eq!(Verification::read(text.as_bytes()).unwrap(), verification);
        assert!(Verification::read(&text.as_bytes()[..text.len() / 2]).is_err());
        let newer = text.replace("\"version\": 1", "\"version\": 2");
        assert_eq!(
            Verification::read(newer.as_bytes()),
            Err(ManifestError::Version { found: 2 })
        );
    }
}
