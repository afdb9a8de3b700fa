//! Runs the checks in a container that is made of the candidate.

use std::ffi::{OsStr, OsString};

use taskgraph_images::tree::TreePath;
use taskgraph_images::worker::verify::boot::FOLDER;
use taskgraph_images::worker::verify::results::Check;

use super::super::buildah::{Buildah, unpacked};
use super::Job;
use crate::exit::Failure;
use crate::printer::Printer;

pub(super) fn verify(
    job: &Job<'_>,
    program: &OsStr,
    printer: &mut Printer,
) -> Result<Vec<Check>, Failure> {
    let artifact = &job.manifest.artifacts[0];
    let file = artifact.file.as_ref().ok_or_else(|| {
        Failure::Files("the build's manifest names no archive of the container".to_owned())
    })?;
    let archive = job.worker.fetch(job.build, file, job.scratch)?;
    let archive = unpacked(&archive.display().to_string(), job.scratch)?;
    let buildah = Buildah::new(program, job.scratch, job.scratch, job.left());
    let id = buildah.ask(buildah.pull(&archive))?;
    // The archive's checksum agreed, and so must what is in it.
    if !artifact.reference.ends_with(&id) {
        return Err(Failure::Files(format!(
            "the archive holds the container {id}, and the manifest says {}",
            artifact.reference
        )));
    }
    let container = buildah.ask(vec!["from".into(), "--pull-never".into(), id.into()])?;
    let files = job.files()?;
    let mut volume = OsString::from("--volume=");
    volume.push(&files);
    volume.push(format!(":{FOLDER}:ro"));
    let program = |path: &TreePath| {
        let mut words: Vec<OsString> = vec![
            "run".into(),
            "--isolation=chroot".into(),
            format!("--workingdir={FOLDER}").into(),
            volume.clone(),
        ];
        for name in job.secrets.variables.keys() {
            // Its value comes from Buildah's own environment, and is on no command line.
            words.push(format!("--env={name}").into());
        }
        words.extend([
            container.clone().into(),
            "--".into(),
            "bash".into(),
            path.to_string().into(),
        ]);
        buildah.program(words).with(job.variables())
    };
    let found = job.check_all(&job.secrets.mask, program, printer)?;
    buildah.ask(vec!["rm".into(), container.into()])?;
    Ok(found)
}
