//! `pools`: the worker pools of a configuration repository, and the images that they start from.

mod check;
mod generate;
pub(super) mod update;

use clap::Subcommand;

use super::Global;
use super::checkout;
use crate::exit::Failure;
use crate::printer::Printer;

/// Move worker pools to newer images, make pools for images, and find what is wrong with them
///
/// All of it is about a configuration repository of the shape of fxci-config or community-tc-config: a clone that is named
/// with `--config`, or the one that `proposals.yml` names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Update(update::Args),
    Rollback(update::RollbackArgs),
    Generate(generate::Args),
    Check(check::Args),
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let global = &checkout::place(global, printer)?;
    match args.command {
        Command::Update(args) => update::run(&args, global, printer),
        Command::Rollback(args) => update::rollback(&args, global, printer),
        Command::Generate(args) => generate::run(&args, global, printer),
        Command::Check(args) => check::run(&args, global, printer),
    }
}
