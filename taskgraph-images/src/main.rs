//! The command line: arguments in, text out, exit codes. Everything else is the library's.

mod commands;
mod exit;
mod printer;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    let mut printer = printer::Printer::new(cli.global.color.into(), cli.global.quiet);
    match commands::run(cli, &mut printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            failure.code()
        }
    }
}
