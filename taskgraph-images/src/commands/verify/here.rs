//! Runs the checks on this machine, which was started from the candidate.

use std::ffi::OsString;

use taskgraph_images::transforms::Os;
use taskgraph_images::worker::process::Program;
use taskgraph_images::worker::verify::results::Check;

use super::Job;
use crate::exit::Failure;
use crate::printer::Printer;

pub(super) fn verify(job: &Job<'_>, printer: &mut Printer) -> Result<Vec<Check>, Failure> {
    let files = job.files()?;
    let variables = job.variables();
    let program = |path: &taskgraph_images::tree::TreePath| {
        let path: OsString = path.to_string().into();
        let (name, arguments): (&str, Vec<OsString>) = match job.definition.os {
            Os::Windows => (
                "powershell",
                vec![
                    "-NoProfile".into(),
                    "-NonInteractive".into(),
                    "-ExecutionPolicy".into(),
                    "Bypass".into(),
                    "-File".into(),
                    path,
                ],
            ),
            Os::Linux => ("bash", vec![path]),
        };
        Program::new(name, arguments, &files, job.left()).with(variables.clone())
    };
    job.check_all(&job.secrets.mask, program, printer)
}
