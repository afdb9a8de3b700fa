//! Builds a container with Buildah, without a daemon, and exports it as an archive that `docker load` takes.
//!
//! Buildah's storage is a folder of this build: nothing of it is left on the machine, and nothing of another build is
//! found there.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use taskgraph_images::manifest::Artifact;
use taskgraph_images::transforms::Builder;
use taskgraph_images::worker::build::sbom;

use super::{Job, LOG, Made};
use crate::commands::buildah::Buildah;
use crate::exit::Failure;
use crate::printer::Printer;

/// The archive, as docker-worker looks for images in tasks.
const ARCHIVE: &str = "image.tar.zst";
const SBOM: &str = "sbom.tsv";

pub(super) fn build(
    job: &Job<'_>,
    program: &OsStr,
    printer: &mut Printer,
) -> Result<Made, Failure> {
    let Builder::Container {
        context,
        file,
        target,
        arguments,
    } = &job.definition.builder
    else {
        return Err(Failure::Usage(
            format!("`{}` is no container", job.id),
            None,
        ));
    };
    let buildah = Buildah::new(program, job.scratch, job.root, job.limit());
    let run = |arguments: Vec<OsString>, printer: &mut Printer| {
        let program = buildah
            .program(arguments)
            .with(job.secrets.variables.clone());
        job.run(&program, printer)
    };
    let context = job.root.join(context);
    let id_file = job.scratch.join("image-id");
    let mut words: Vec<OsString> = vec![
        "build".into(),
        "--isolation=chroot".into(),
        "--format=docker".into(),
        "--layers=false".into(),
        // Else it is this machine's.
        format!("--arch={}", job.definition.arch).into(),
        flag("--iidfile=", &id_file),
        flag("--file=", &context.join(file)),
    ];
    if let Some(target) = target {
        words.push(format!("--target={target}").into());
    }
    for (name, value) in arguments {
        words.push(format!("--build-arg={name}={value}").into());
    }
    if let Some(parent) = job.parent {
        // The parent's archive, under a name that only this storage knows.
        let name = "localhost/parent:candidate";
        let archive = super::super::buildah::unpacked(&parent.name(), job.scratch)?;
        run(buildah.pull(&archive), printer)?;
        words.push(format!("--build-arg=PARENT_IMAGE={name}").into());
        run(
            vec![
                "tag".into(),
                parent.manifest.artifacts[0].reference.clone().into(),
                name.into(),
            ],
            printer,
        )?;
    }
    words.push(context.into());
    run(words, printer)?;
    let id = std::fs::read_to_string(&id_file)?.trim().to_owned();
    let plain = job.scratch.join("image.tar");
    let mut to = OsString::from("docker-archive:");
    to.push(&plain);
    to.push(format!(":{}:latest", job.id.name));
    run(vec!["push".into(), id.clone().into(), to], printer)?;
    compress(&plain, &job.folder.join(ARCHIVE))?;
    let list = list(job, &buildah, &id)?;
    if let Some(list) = &list {
        std::fs::write(job.folder.join(SBOM), list)?;
    }
    Ok(Made {
        artifacts: vec![Artifact {
            region: None,
            reference: id,
            file: Some(job.file(ARCHIVE)?),
        }],
        sbom: list.map(|_| job.file(SBOM)).transpose()?,
        files: vec![job.file(LOG)?],
    })
}

/// What is installed in the container.
fn list(job: &Job<'_>, buildah: &Buildah<'_>, id: &str) -> Result<Option<String>, Failure> {
    let container = buildah.ask(vec!["from".into(), "--pull-never".into(), id.into()])?;
    let root = buildah.ask(vec!["mount".into(), container.clone().into()])?;
    let list = sbom::of_root(
        job.id.name.as_str(),
        job.definition.arch.as_str(),
        Path::new(&root),
    );
    buildah.ask(vec!["umount".into(), container.clone().into()])?;
    buildah.ask(vec!["rm".into(), container.into()])?;
    Ok(list)
}

fn compress(from: &Path, to: &Path) -> Result<(), Failure> {
    /// Good enough, and fast: the layers of an image are large.
    const LEVEL: i32 = 3;
    let pack = || {
        let mut input = std::fs::File::open(from)?;
        let mut packer = zstd::Encoder::new(std::fs::File::create(to)?, LEVEL)?;
        packer.include_checksum(true)?;
        std::io::copy(&mut input, &mut packer)?;
        packer.finish()?;
        std::fs::remove_file(from)
    };
    pack().map_err(|error: std::io::Error| Failure::Files(format!("`{}`: {error}", to.display())))
}

fn flag(name: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(path);
    flag
}
