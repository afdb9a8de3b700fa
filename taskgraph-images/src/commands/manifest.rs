//! `manifest`: what a build or a publication made, and what changed between two of them.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use taskgraph_images::manifest::{Changes, Manifest, NAME, Packages, Recorded};
use taskgraph_images::output;
use taskgraph_images::output::manifest::{Style, changes, show};
use taskgraph_images::taskcluster::TaskId;

use super::worker::{Worker, sha256};
use crate::exit::Failure;
use crate::printer::Printer;

/// Show what a build or a publication made, or what changed between two of them
///
/// A manifest is named by its file, by a folder that holds it, or by `task-id=ID`: then it is an artifact of that task,
/// the published one if there is one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what a manifest says
    Show(ShowArgs),
    /// Say what changed between two builds: pins, parent, inputs, packages, places
    Diff(DiffArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The manifest: a file, a folder, or `task-id=ID`
    #[arg(value_name = "MANIFEST")]
    manifest: String,
    /// How to write it
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct DiffArgs {
    /// The earlier build: a file, a folder, or `task-id=ID`
    #[arg(value_name = "FROM")]
    from: String,
    /// The later build
    #[arg(value_name = "TO")]
    to: String,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Show every change, however many there are; JSON always has all
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// Markdown, for pull requests
    Markdown,
    /// The published JSON document
    Json,
}

impl Format {
    fn style(self) -> Option<Style> {
        match self {
            Self::Text => Some(Style::Text),
            Self::Markdown => Some(Style::Markdown),
            Self::Json => None,
        }
    }
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Result<(), Failure> {
    let text = match args.command {
        Command::Show(args) => {
            let recorded = recorded(&args.manifest, printer)?;
            match args.format.style() {
                Some(style) => show(&recorded, style),
                None => recorded.manifest.to_json(),
            }
        }
        Command::Diff(args) => {
            let (from, to) = (recorded(&args.from, printer)?, recorded(&args.to, printer)?);
            if from.manifest.image != to.manifest.image {
                printer.note(&format!(
                    "two images are compared: `{}` and `{}`",
                    from.manifest.image, to.manifest.image
                ));
            }
            let found = Changes::between(&from, &to);
            match args.format.style() {
                Some(style) => changes(&found, style, args.all),
                None => output::json(&found),
            }
        }
    };
    printer.data(&text, None)
}

/// Where the files of a manifest are.
enum Place {
    Folder(PathBuf),
    /// A task, and the folder of its artifacts.
    Task(Box<Worker>, TaskId, &'static str),
}

/// Where a manifest can lie below a folder, or among a task's artifacts; what is published comes first.
const BELOW: [&str; 2] = ["public/manifest", "public/image"];

impl Place {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Folder(folder) => read_file(&folder.join(name)),
            Self::Task(worker, task, below) => {
                Ok(worker.store()?.read(task, &format!("{below}/{name}"))?)
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Files(format!("`{}`: {error}", path.display()))),
    }
}

/// The manifest that a word names, with its SBOM.
fn recorded(word: &str, printer: &mut Printer) -> Result<Recorded, Failure> {
    let (place, content) = found(word)?;
    let manifest = Manifest::read(&content)
        .map_err(|error| Failure::Files(format!("the manifest of `{word}`: {error}")))?;
    let packages = match &manifest.sbom {
        None => None,
        Some(sbom) => match place.read(&sbom.name)? {
            None => {
                printer.note(&format!(
                    "the SBOM `{}` of `{word}` is not there",
                    sbom.name
                ));
                None
            }
            Some(content) => {
                let fault = |words: String| {
                    Failure::Files(format!("the SBOM `{}` of `{word}`: {words}", sbom.name))
                };
                if sha256(&content) != sbom.sha256 {
                    return Err(fault(format!(
                        "its SHA-256 is {}, and its manifest says {}: one of the two is of another build",
                        sha256(&content),
                        sbom.sha256
                    )));
                }
                Some(Packages::read(&content).map_err(|error| fault(error.to_string()))?)
            }
        },
    };
    Ok(Recorded { manifest, packages })
}

fn found(word: &str) -> Result<(Place, Vec<u8>), Failure> {
    if let Some(id) = word.strip_prefix("task-id=") {
        let task: TaskId = id
            .parse()
            .map_err(|error| Failure::Usage(format!("`{word}`: {error}"), None))?;
        let worker = Worker::new()?;
        for below in BELOW {
            if let Some(content) = worker.store()?.read(&task, &format!("{below}/{NAME}"))? {
                return Ok((Place::Task(Box::new(worker), task, below), content));
            }
        }
        return Err(Failure::Usage(
            format!("the task `{task}` has no manifest"),
            Some("name a build or a publish task that is completed".to_owned()),
        ));
    }
    let path = Path::new(word);
    if path.is_dir() {
        let folders = BELOW.iter().chain(&["manifest", "image"]);
        for folder in std::iter::once(path.to_owned()).chain(folders.map(|below| path.join(below)))
        {
            if let Some(content) = read_file(&folder.join(NAME))? {
                return Ok((Place::Folder(folder), content));
            }
        }
    } else if let Some(content) = read_file(path)? {
        let folder = path.parent().unwrap_or(Path::new(""));
        return Ok((Place::Folder(folder.to_owned()), content));
    }
    Err(Failure::Usage(
        format!("there is no manifest at `{word}`"),
        Some(format!(
            "name a `{NAME}`, a folder that holds one, or `task-id=ID`"
        )),
    ))
}
