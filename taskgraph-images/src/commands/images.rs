//! `images`: every image with its inputs and digests.

use clap::ValueEnum;
use taskgraph_images::comparison::Head;
use taskgraph_images::output::{self, images, text};

use super::Global;
use super::project::{self, Project};
use crate::exit::Failure;
use crate::printer::Printer;

/// List every image with its inputs and digests
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The revision to read; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    pub(super) head: Option<String>,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// The published JSON document
    Json,
    /// The graph of images and files for Graphviz
    Dot,
}

/// The state that a command reads when it needs only one.
pub(super) fn state(head: Option<&str>, project: &Project) -> Head {
    match head {
        Some(name) => Head::Revision(name.to_owned()),
        None if project.repository.work_dir().is_some() => Head::WorkTree,
        None => Head::Revision("HEAD".to_owned()),
    }
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let snapshot = project.partial(&state(args.head.as_deref(), &project), printer)?;
    let result = match args.format {
        Format::Text => text::images(&snapshot),
        Format::Json => output::json(&images::Images::new(&snapshot)),
        Format::Dot => text::dot(&snapshot),
    };
    printer.data(&result, None)?;
    if snapshot.fleet.is_sound() {
        Ok(())
    } else {
        Err(project::unresolved(&snapshot))
    }
}
