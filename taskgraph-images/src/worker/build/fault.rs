//! [`BuildFault`]: whose fault it is that a build failed, from the last words of its builder.
//!
//! The image's own fault is not tried again; what the world around it did is. What no pattern knows is the image's:
//! trying again would only hide it.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// Why a build failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildFault {
    /// What the definition says to do failed.
    Image {
        /// The script, if the builder named one.
        script: Option<String>,
        /// Its line, if the script told.
        line: Option<u32>,
        /// Its last output.
        tail: String,
    },
    /// Something around it failed: a new run may help.
    Infrastructure {
        /// The words that say so.
        words: String,
    },
}

/// What clouds, networks and mirrors say when it is not the image's fault. The tests hold an example of each.
const INFRASTRUCTURE: &[&str] = &[
    // Quotas and capacity.
    r"(?i)\bquota\b.*\bexceeded\b|exceeded.*\bquota\b|QuotaExceeded",
    r"(?i)ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available",
    r"InsufficientInstanceCapacity|InstanceLimitExceeded|VcpuLimitExceeded|RequestLimitExceeded",
    r"SkuNotAvailable|AllocationFailed|OverconstrainedAllocationRequest|OperationNotAllowed.*quota",
    r"(?i)rate ?limit ?exceeded|too many requests|\b429\b.*\brequests?\b",
    // Machines that were taken away.
    r"(?i)spot instance.*(terminat|interrupt)|instance.*preempted|Server\.SpotInstanceTermination",
    // Machines that cannot be reached.
    r"(?i)timeout waiting for (SSH|WinRM)|ssh: handshake failed: (EOF|read)",
    // Networks and mirrors.
    r"(?i)temporary failure (in name resolution|resolving)|no such host|could not resolve",
    r"(?i)connection (reset by peer|timed out|refused by)|i/o timeout|TLS handshake timeout",
    r"(?i)\b(500|502|503|504) (internal server error|bad gateway|service unavailable|gateway time-?out)",
    r"(?i)no space left on device",
];

static PATTERNS: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(INFRASTRUCTURE).expect("fixed patterns"));
/// How Packer names the script that runs.
static PROVISIONING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"Provisioning with (?:shell|powershell|Powershell)(?: script)?:? ?(\S+)?")
        .expect("a fixed pattern")
});
/// How the library of provisioning scripts tells of the command that failed.
static FAILED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\S+): failed at line (\d+)").expect("a fixed pattern"));

/// Says whose fault it is.
///
/// `lines` is all that the builder said; only its last lines are looked at for the world's faults, as a script may have
/// told of one and got over it.
pub fn classify<'a>(lines: impl DoubleEndedIterator<Item = &'a str> + Clone) -> BuildFault {
    const LAST: usize = 30;
    let mut tail: Vec<&str> = lines.clone().rev().take(LAST).collect();
    tail.reverse();
    if let Some(words) = tail.iter().rev().find(|line| PATTERNS.is_match(line)) {
        return BuildFault::Infrastructure {
            words: (*words).to_owned(),
        };
    }
    let told = tail.iter().rev().find_map(|line| FAILED.captures(line));
    let running = lines.rev().find_map(|line| PROVISIONING.captures(line));
    let script = running
        .and_then(|found| found.get(1))
        .map(|name| name.as_str().to_owned())
        .or_else(|| told.as_ref().map(|found| found[1].to_owned()));
    BuildFault::Image {
        script,
        line: told.and_then(|found| found[2].parse().ok()),
        tail: tail.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> BuildFault {
        classify(text.lines())
    }

    #[test]
    fn a_script_that_failed() {
        let fault = of("\
==> qemu.base: Provisioning with shell script: image-defs/scripts/linux/10-packages.sh
==> qemu.base: 10-packages.sh: done
==> qemu.base: Provisioning with shell script: image-defs/scripts/linux/20-system.sh
    qemu.base: 20-system.sh: failed at line 12: false
==> qemu.base: Script exited with non-zero exit status: 1
Build 'qemu.base' errored: Script exited with non-zero exit status: 1");
        let BuildFault::Image { script, line, tail } = fault else {
            panic!("{fault:?}")
        };
        assert_eq!(
            script.as_deref(),
            Some("image-defs/scripts/linux/20-system.sh")
        );
        assert_eq!(line, Some(12));
        assert!(tail.ends_with("status: 1"));
    }

    #[test]
    fn each_of_the_worlds_faults() {
        for text in [
            "Error waiting for quota: Quota 'CPUS' exceeded. Limit: 24.0 in region us-west1.",
            "googleapi: Error: ZONE_RESOURCE_POOL_EXHAUSTED",
            "InsufficientInstanceCapacity: We currently do not have sufficient m6i.xlarge capacity",
            "Code=\"SkuNotAvailable\" Message=\"The requested size is not available\"",
            "googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded",
            "Error: instance was preempted",
            "Timeout waiting for SSH.",
            "E: Failed to fetch http://x/y  Temporary failure resolving 'x'",
            "curl: (56) Recv failure: Connection reset by peer",
            "E: Failed to fetch http://x/y  503 Service Unavailable",
            "write /tmp/x: no space left on device",
        ] {
            let fault = of(&format!("first\n{text}\nBuild errored"));
            assert_eq!(
                fault,
                BuildFault::Infrastructure {
                    words: text.to_owned()
                }
            );
        }
    }

    #[test]
    fn what_was_got_over_does_not_count() {
        let lines = format!("503 Service Unavailable\n{}", "a\n".repeat(40));
        assert!(matches!(of(&lines), BuildFault::Image { script: None, .. }));
    }
}
