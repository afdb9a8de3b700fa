//! `digest`: the digests of one image's tasks.

use std::fmt::Write as _;

use taskgraph_images::transforms::Kind;

use super::Global;
use super::images::state;
use super::project::{Project, named};
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
    let mut text = String::new();
    for id in named(&snapshot, &args.image)? {
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
