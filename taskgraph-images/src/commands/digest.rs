//! `digest`: the digests of one image's tasks.

use std::fmt::Write as _;

use taskgraph_images::diagnostic::nearest;
use taskgraph_images::transforms::{ImageId, Kind};

use super::Global;
use super::images::state;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Print the digests of an image's tasks; needs no base, so it works in any clone
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name`, or `name@cloud` where several clouds have it
    image: String,
    /// One kind of task only, its digest alone
    #[arg(long, value_name = "KIND", value_parser = ["build", "verify", "publish"])]
    kind: Option<String>,
    /// The revision to read; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head: Option<String>,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let snapshot = project.snapshot(&state(args.head.as_deref(), &project), printer)?;
    let images = &snapshot.fleet.images;
    let named: Vec<&ImageId> = images
        .keys()
        .filter(|id| id.name.as_str() == args.image || id.to_string() == args.image)
        .collect();
    if named.is_empty() {
        let known: Vec<String> = images.keys().map(ToString::to_string).collect();
        let near = nearest(
            &args.image,
            images
                .keys()
                .map(|id| id.name.as_str())
                .chain(known.iter().map(String::as_str)),
        );
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        return Err(Failure::Usage(
            format!("there is no image `{}`", args.image),
            hint,
        ));
    }
    let mut text = String::new();
    for id in named {
        for kind in Kind::ALL.iter().copied() {
            let Some(digest) = snapshot.digest(id, kind) else {
                continue;
            };
            let _ = match &args.kind {
                Some(wanted) if wanted != kind.as_str() => Ok(()),
                Some(_) => writeln!(text, "{digest}"),
                None => writeln!(text, "{digest}  {}", id.label(kind)),
            };
        }
    }
    printer.data(&text, None)
}
