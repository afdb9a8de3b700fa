//! `cleanup`: what a task has left; a plan of which published images go, and carrying out a reviewed one. `revoke`: who uses
//! an image, and moving off it.

mod apply;
mod last;
mod named;
mod plan;
mod revoke;
mod stock;
mod task;

use clap::Subcommand;

use super::Global;
use crate::exit::Failure;
use crate::printer::Printer;

pub(super) use revoke::{Args as RevokeArgs, run as revoke};

/// Delete what a task has left, or plan which published images go, and carry out a plan that a person has reviewed
///
/// A build labels all that it makes with `taskgraph-images-task`, whose value is the task's id in hexadecimal digits. A build
/// that was killed may have left some of it; a candidate that nobody wants any more is deleted so, too. What is published
/// carries no such label, and is never found. Credentials are those of `publish`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    task: task::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::Args),
    Apply(apply::Args),
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    match args.command {
        None => task::run(&args.task, printer),
        Some(Command::Plan(args)) => plan::run(&args, global, printer),
        Some(Command::Apply(args)) => apply::run(&args, global, printer),
    }
}
