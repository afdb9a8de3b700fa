//! `completions`: shell completions.

use clap::CommandFactory as _;

use super::Cli;
use crate::exit::Failure;
use crate::printer::Printer;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "taskgraph-images",
        &mut script,
    );
    printer.data(&String::from_utf8_lossy(&script), None)
}
