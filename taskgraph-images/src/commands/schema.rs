//! `schema`: the JSON schemas of the files that people write, and of the manifest that tasks leave.

use std::fmt;

use clap::ValueEnum;
use taskgraph_images::definitions::{ConfigFile, ImageFile, PinsFile};
use taskgraph_images::formats::Recipe;
use taskgraph_images::manifest::Manifest;
use taskgraph_images::output;
use taskgraph_images::yaml::{absence_is_none, as_written};

use crate::exit::Failure;
use crate::printer::Printer;

/// Print the JSON schema of a file, for editors to complete and check it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE", default_value = "image")]
    file: File,
}

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum File {
    /// Image definitions and fragments
    Image,
    /// `config.yml`
    Config,
    /// `pins.yml`
    Pins,
    /// A recipe: how the definitions of a repository of another form are read
    Recipe,
    /// `manifest.json` of a build or a publication
    Manifest,
}

impl File {
    /// Those that people write in every repository.
    pub(super) const ALL: [Self; 3] = [Self::Image, Self::Config, Self::Pins];
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Image => "image",
            Self::Config => "config",
            Self::Pins => "pins",
            Self::Recipe => "recipe",
            Self::Manifest => "manifest",
        })
    }
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Result<(), Failure> {
    printer.data(&text(args.file), None)
}

/// The schema of a file.
pub(super) fn text(file: File) -> String {
    let mut schema = match file {
        File::Image => schemars::schema_for!(ImageFile),
        File::Config => schemars::schema_for!(ConfigFile),
        File::Pins => schemars::schema_for!(PinsFile),
        File::Recipe => schemars::schema_for!(Recipe),
        File::Manifest => schemars::schema_for!(Manifest),
    }
    .to_value();
    // Pins and recipes are plain values; everything else may be merged, chosen and rendered.
    match file {
        File::Pins | File::Recipe => absence_is_none(&mut schema),
        File::Image | File::Config => as_written(&mut schema),
        // A program writes it, as it is.
        File::Manifest => {}
    }
    output::json(&schema)
}
