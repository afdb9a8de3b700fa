//! [`ReviewedPlan`]: which plan of a clean-up is carried out.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Digest;
use super::text::TextError;

checked_text!(
    /// The id of a task that planned: a version 4 UUID in 22 characters of URL-safe base 64.
    PlanTaskId,
    "task id",
    "22 characters, such as `fN1SbArXTPSVFNUvaOlinQ`",
    |text| {
        let bytes = text.as_bytes();
        bytes.len() == 22
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
            && (b'Q'..=b'T').contains(&bytes[8])
            && b"CGKOSWaeimquy26-".contains(&bytes[10])
            && b"AQgw".contains(&bytes[21])
    }
);

/// A plan of a clean-up that a person has reviewed: where it is, and which bytes it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReviewedPlan {
    /// The task that left it.
    pub task: PlanTaskId,
    /// Its SHA-256, so that nothing is carried out but what was read.
    pub sha256: Digest,
}

impl ReviewedPlan {
    /// The variable that tells the task's command who left the plan.
    pub const TASK: &str = "TASKGRAPH_IMAGES_PLAN_TASK_ID";
    /// The variable that tells it the plan's SHA-256.
    pub const SHA256: &str = "TASKGRAPH_IMAGES_PLAN_SHA256";

    /// Both variables with their values.
    pub fn variables(&self) -> [(&'static str, &str); 2] {
        [
            (Self::TASK, self.task.as_str()),
            (Self::SHA256, self.sha256.as_str()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_an_id() {
        assert!(PlanTaskId::new("fN1SbArXTPSVFNUvaOlinQ").is_ok());
        for text in [
            "",
            "fN1SbArXTPSVFNUvaOlin",
            "fN1SbArXTPSVFNUvaOlinQ\n",
            "fN1SbArXTPSVFNUvaOlinQQ",
            "fN1SbArXTPSVFNUvaOlin/",
            "fN1SbArXUPSVFNUvaOlinB",
            "../../../../../../x/AQ",
            "äN1SbArXTPSVFNUvaOlinQ",
        ] {
            assert!(PlanTaskId::new(text).is_err(), "{text:?}");
        }
    }
}
