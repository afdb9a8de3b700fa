//! `man`: manual pages.

use std::path::PathBuf;

use clap::CommandFactory as _;

use super::Cli;
use crate::exit::Failure;

/// Write the manual pages, one for each command
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to write them to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::Files(format!("`{}`: {error}", args.folder.display()));
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)
}
