//! `schema`: the JSON schemas of the files that people write.

use clap::ValueEnum;
use taskgraph_images::definitions::{ConfigFile, ImageFile, PinsFile};
use taskgraph_images::output;
use taskgraph_images::yaml::as_written;

use crate::exit::Failure;
use crate::printer::Printer;

/// Print the JSON schema of a file, for editors to complete and check it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE", default_value = "image")]
    file: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    /// Image definitions and fragments
    Image,
    /// `config.yml`
    Config,
    /// `pins.yml`
    Pins,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Result<(), Failure> {
    let mut schema = match args.file {
        File::Image => schemars::schema_for!(ImageFile),
        File::Config => schemars::schema_for!(ConfigFile),
        File::Pins => schemars::schema_for!(PinsFile),
    }
    .to_value();
    if args.file != File::Pins {
        as_written(&mut schema);
    }
    printer.data(&output::json(&schema), None)
}
