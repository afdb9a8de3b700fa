//! Takes what the build found while it had the machine.

use taskgraph_images::worker::verify::results::Check;

use super::Job;
use crate::exit::Failure;

/// The file that a build leaves beside its manifest: a list of checks as `verification.json` has them.
const NAME: &str = "checks.json";

pub(super) fn verify(job: &Job<'_>) -> Result<Vec<Check>, Failure> {
    let named = job.manifest.files.iter().find(|file| file.name == NAME);
    let file = named.ok_or_else(|| {
        Failure::Usage(
            format!("the build of `{}` left no `{NAME}`", job.id),
            Some(format!(
                "let the template download the results of its checks to `${{var.artifacts}}/{NAME}`"
            )),
        )
    })?;
    let path = job.worker.fetch(job.build, file, job.scratch)?;
    let content = std::fs::read(&path)?;
    let mut found: Vec<Check> = serde_json::from_slice(&content)
        .map_err(|error| Failure::Files(format!("`{NAME}` of the build: {error}")))?;
    for path in job.checks {
        let name = path.to_string();
        if !found.iter().any(|check| check.name == name) {
            found.push(Check {
                name,
                passed: false,
                seconds: 0.0,
                output: "the build did not run it\n".to_owned(),
                replica: None,
            });
        }
    }
    Ok(found)
}
