//! `validate`: Packer itself looks at images' templates, with the values that their definitions give.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::output::text::count;
use taskgraph_images::transforms::{BuilderKind, ImageId};
use taskgraph_images::worker::packer::PackerRun;

use super::checkout;
use super::project::named;
use super::{Color, Global, packer};
use crate::exit::Failure;
use crate::printer::Printer;

/// Let Packer validate the templates of images, with the values of their definitions; needs no credentials
///
/// This is what a validate task runs; by hand it does the same, in the work tree. Each image's own source is validated.
/// Plug-ins that a template asks for are fetched by `packer init`; where they cannot be had, only the syntax is checked,
/// and that is said. What stands in for values of a builder's machine or of secrets is in `validate.environment` of the
/// settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The images: `name`, or `name@cloud` where several clouds have it
    #[arg(value_name = "IMAGE", required_unless_present = "all")]
    images: Vec<String>,
    /// Every image that Packer makes
    #[arg(long, conflicts_with = "images")]
    all: bool,
    /// Fetch no plug-ins, and check no more than the syntax
    #[arg(long)]
    syntax_only: bool,
    /// The program
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "packer",
        env = "TASKGRAPH_IMAGES_PACKER"
    )]
    packer: OsString,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = checkout::open(global, printer)?;
    let root = checkout::root(&project)?;
    let snapshot = project.snapshot(&Head::WorkTree, printer)?;
    let images = chosen(&args, &snapshot)?;
    let packer = Packer {
        program: &args.packer,
        root: &root,
        color: match global.color {
            Color::Auto => std::io::stdout().is_terminal(),
            Color::Always => true,
            Color::Never => false,
        },
    };
    let mut refused = Vec::new();
    for id in &images {
        // A template that is made from a definition is written there.
        let folder = tempfile::tempdir()?;
        let run = planned(&snapshot, id, &root, folder.path())?;
        if !packer.accepts(id, &run, args.syntax_only, printer)? {
            refused.push((*id).clone());
        }
    }
    if refused.is_empty() {
        printer.note(&format!("{} validated", count(images.len(), "image")));
        Ok(())
    } else {
        Err(Failure::Templates(refused))
    }
}

/// The images that are asked for, each once.
fn chosen<'a>(args: &Args, snapshot: &'a Snapshot) -> Result<Vec<&'a ImageId>, Failure> {
    let builder = |id: &ImageId| {
        snapshot.fleet.images[id]
            .resolved()
            .definition
            .builder
            .kind()
    };
    if args.all {
        let images = snapshot.fleet.images.keys();
        return Ok(images
            .filter(|id| builder(id) == BuilderKind::Packer)
            .collect());
    }
    let mut chosen: Vec<&ImageId> = Vec::new();
    for word in &args.images {
        for id in named(snapshot, word)? {
            if builder(id) != BuilderKind::Packer {
                let words = format!(
                    "`{id}` has no template to validate: its builder is `{}`",
                    builder(id)
                );
                return Err(Failure::Usage(words, None));
            }
            if !chosen.contains(&id) {
                chosen.push(id);
            }
        }
    }
    Ok(chosen)
}

/// How Packer is run for an image.
fn planned(
    snapshot: &Snapshot,
    id: &ImageId,
    root: &Path,
    folder: &Path,
) -> Result<PackerRun, Failure> {
    let fleet = &snapshot.fleet;
    let values = packer::build_values(snapshot, id, None, "validate", None);
    let settings = fleet
        .config
        .as_ref()
        .and_then(|config| config.project.validate.as_ref());
    if let Some(rendered) = packer::made(snapshot, id) {
        let environment = settings.map(|settings| settings.environment.clone());
        let environment = environment.unwrap_or_default();
        return packer::write_made(snapshot, id, rendered, &values, folder, environment);
    }
    let facts = packer::facts(snapshot, id)?;
    let resolved = fleet.images[id].resolved();
    let definition = &*resolved.definition;
    let definition = match resolved.foreign {
        Some(_) => &values.definition(definition),
        None => definition,
    };
    let scripts = packer::scripts(snapshot, id);
    PackerRun::validation(definition, &scripts, &facts, settings, root)
        .ok_or_else(|| Failure::Usage(format!("`{id}` is not made by Packer"), None))
}

/// The program, and where it runs.
struct Packer<'a> {
    program: &'a OsString,
    root: &'a Path,
    color: bool,
}

impl Packer<'_> {
    /// Whether Packer finds nothing wrong with an image's template. What it says goes where our own output goes.
    fn accepts(
        &self,
        id: &ImageId,
        run: &PackerRun,
        syntax_only: bool,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        if syntax_only || !self.plugins(id, run, printer)? {
            return self.succeeds(id, run, run.syntax_only(), printer);
        }
        let folder = tempfile::tempdir()?;
        let values = folder.path().join(PackerRun::VALUES);
        std::fs::write(&values, run.values())?;
        self.succeeds(id, run, run.validate(&values), printer)
    }

    /// Whether the template's plug-ins are there.
    fn plugins(
        &self,
        id: &ImageId,
        run: &PackerRun,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        let Some(init) = run.init() else {
            return Ok(true);
        };
        let there = self.succeeds(id, run, init, printer)?;
        if !there {
            printer.note(&format!(
                "{id}: the plug-ins cannot be had, so only the syntax is checked"
            ));
        }
        Ok(there)
    }

    fn succeeds(
        &self,
        id: &ImageId,
        run: &PackerRun,
        arguments: Vec<OsString>,
        printer: &mut Printer,
    ) -> Result<bool, Failure> {
        let words: Vec<_> = arguments
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let program = self.program.to_string_lossy();
        printer.note(&format!("{id}: {program} {}", words.join(" ")));
        let mut command = Command::new(self.program);
        command
            .args(&arguments)
            .current_dir(self.root)
            .envs(run.environment())
            .stdin(Stdio::null());
        if !self.color {
            command.env("PACKER_NO_COLOR", "1");
        }
        let status = command.status().map_err(|error| Failure::Program {
            name: program.into_owned(),
            why: error.to_string(),
        })?;
        verdict(status)
    }
}

/// Packer ends with 0 or 1; a signal says nothing about a template.
fn verdict(status: ExitStatus) -> Result<bool, Failure> {
    match status.code() {
        Some(code) => Ok(code == 0),
        None => Err(Failure::Infrastructure(format!(
            "Packer was stopped: {status}"
        ))),
    }
}
