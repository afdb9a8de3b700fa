//! `init`: a starting tree.

use super::Global;
use crate::exit::Failure;
use crate::printer::Printer;

/// Write a starting tree into a repository that has none
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_: Args, _: &Global, _: &mut Printer) -> Result<(), Failure> {
    Ok(())
}
