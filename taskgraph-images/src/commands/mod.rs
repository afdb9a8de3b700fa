//! The commands: one file each, with its arguments and one function.

mod action;
mod address;
mod affected;
mod artifacts;
mod build;
mod buildah;
mod check;
mod checkout;
mod ci_config;
mod cleanup;
mod clouds;
mod completions;
mod decision;
mod digest;
mod graph;
mod hook;
mod images;
mod import;
mod init;
mod load_task;
mod local;
mod man;
mod manifest;
mod outside;
mod packer;
mod packer_template;
mod pools;
mod preview;
mod project;
mod projects;
mod propose;
mod publish;
mod published;
mod range;
#[cfg(test)]
mod reference;
mod replay;
mod run;
mod schema;
mod upgrade;
mod validate;
mod verify;
mod worker;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use taskgraph_images::taskcluster::Timestamp;

use crate::exit::Failure;
use crate::printer::Printer;

/// Say which machine images a change affects, and show the tasks that build, verify and publish them
#[derive(Debug, Parser)]
#[command(name = "taskgraph-images", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the definitions or the task graph are at fault, or a task that ran here failed
  2  wrong use
  3  the repository cannot answer, a file cannot be read or written, or a program is missing
  4  Taskcluster did not answer; running again may help
  5  Taskcluster or a cloud refuses: scopes are missing, a task is none that it takes, a name is another's
 75  something around a task failed, such as a fetch, or a quota is used up; running again may help";

/// Arguments of every command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The repository, or any folder inside it
    #[arg(
        long,
        short = 'C',
        global = true,
        value_name = "DIR",
        default_value = ".",
        env = "TASKGRAPH_IMAGES_ROOT"
    )]
    pub(crate) root: PathBuf,
    /// The folder of the definitions, relative to the repository's root
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "image-defs",
        env = "TASKGRAPH_IMAGES_DEFINITIONS"
    )]
    pub(crate) definitions: String,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "TASKGRAPH_IMAGES_COLOR"
    )]
    pub(crate) color: Color,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Preview(preview::Args),
    Affected(affected::Args),
    Replay(replay::Args),
    Images(images::Args),
    Digest(digest::Args),
    Graph(graph::Args),
    Decision(Box<decision::Args>),
    ActionCallback(Box<action::CallbackArgs>),
    TestActionCallback(Box<action::TestArgs>),
    Check(check::Args),
    PackerTemplate(packer_template::Args),
    Build(build::Args),
    Verify(verify::Args),
    Publish(publish::Args),
    Cleanup(Box<cleanup::Args>),
    Revoke(Box<cleanup::RevokeArgs>),
    Validate(validate::Args),
    Run(Box<run::Args>),
    LoadTask(load_task::Args),
    Manifest(manifest::Args),
    Upgrade(Box<upgrade::Args>),
    Pools(Box<pools::Args>),
    Projects(Box<projects::Args>),
    Hook(hook::Args),
    Import(import::Args),
    Init(init::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli, printer: &mut Printer) -> Result<(), Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Preview(args) => preview::run(args, global, printer),
        Command::Affected(args) => affected::run(args, global, printer),
        Command::Replay(args) => replay::run(args, global, printer),
        Command::Images(args) => images::run(args, global, printer),
        Command::Digest(args) => digest::run(args, global, printer),
        Command::Graph(args) => graph::run(args, global, printer),
        Command::Decision(args) => decision::run(*args, global, printer),
        Command::ActionCallback(args) => action::callback(&args, global, printer),
        Command::TestActionCallback(args) => action::test(&args, global, printer),
        Command::Publish(args) => publish::run(&args, global, printer),
        Command::Revoke(args) => cleanup::revoke(&args, global, printer),
        Command::Cleanup(args) => cleanup::run(*args, global, printer),
        Command::Verify(args) => verify::run(&args, global, printer),
        Command::Build(args) => build::run(&args, global, printer),
        Command::Check(args) => check::run(args, global, printer),
        Command::PackerTemplate(args) => packer_template::run(args, global, printer),
        Command::Validate(args) => validate::run(args, global, printer),
        Command::Run(args) => run::run(*args, global, printer),
        Command::LoadTask(args) => load_task::run(args, printer),
        Command::Manifest(args) => manifest::run(args, printer),
        Command::Projects(args) => projects::run(*args, global, printer),
        Command::Pools(args) => pools::run(*args, global, printer),
        Command::Upgrade(args) => upgrade::run(*args, global, printer),
        Command::Hook(args) => hook::run(args, global, printer),
        Command::Import(args) => import::run(args, global, printer),
        Command::Init(args) => init::run(args, global, printer),
        Command::Schema(args) => schema::run(args, printer),
        Command::Completions(args) => completions::run(args, printer),
        Command::Man(args) => man::run(args),
    }
}

/// The time by which reports and plans are dated: `SOURCE_DATE_EPOCH`, in seconds, where somebody wants the same bytes again.
/// What decides or deletes goes by the clock alone.
fn report_time() -> Timestamp {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    match given.and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
        None => now(),
    }
}

/// The time, as the services count it.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
