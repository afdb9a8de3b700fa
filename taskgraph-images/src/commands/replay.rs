//! `replay`: which images each commit of a history affected.

use clap::ValueEnum;
use taskgraph_images::output::replay::{self, Commit, Wanted};
use taskgraph_images::output::text::count;
use taskgraph_images::replay::{Entry, Outcome, Walk};
use taskgraph_images::tree::Lines;

use super::Global;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Say, commit by commit, which images the history of a branch affected
///
/// Each commit is compared with its first parent, as `affected` compares the two: a merge shows all that it brought.
/// A commit whose definitions are at fault is shown with its faults, and the next sound one is compared with the last
/// sound one before it. The oldest commit comes first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Start after this revision: what it holds is left out. By default all of history
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// The last commit
    #[arg(
        long,
        value_name = "REV",
        default_value = "HEAD",
        env = "TASKGRAPH_IMAGES_HEAD_REV"
    )]
    head: String,
    /// Only the latest commits, this many
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Also the commits of branches that were merged, each compared with its own first parent
    #[arg(long)]
    merged: bool,
    /// Only commits that affected this image (`name` or `name@cloud`), and only what they did to it
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Table,
    /// The published JSON document
    Json,
}

/// How many commits did what.
#[derive(Default)]
struct Counts {
    affecting: usize,
    quiet: usize,
    at_fault: usize,
    cut_off: usize,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let repository = &project.repository;
    let since = args
        .since
        .as_deref()
        .map(|since| repository.revision(since))
        .transpose()?;
    let head = repository.revision(&args.head)?;
    let lines = if args.merged {
        Lines::All
    } else {
        Lines::FirstParent
    };
    let commits = repository.history(since.as_ref(), &head, lines, args.limit)?;
    let wanted = match &args.image {
        Some(image) => Wanted::Named(image),
        None => Wanted::All,
    };
    let mut walk = Walk::new(repository, &project.layout, commits);
    let mut counts = Counts::default();
    let mut is_first = true;
    if args.format == Format::Json {
        printer.data(&replay::json_start(), None)?;
    }
    loop {
        let entries = walk.batch()?;
        if entries.is_empty() {
            break;
        }
        let mut text = String::new();
        for entry in &entries {
            let affects = counts.add(entry, wanted);
            if args.image.is_some() && !affects {
                continue;
            }
            match args.format {
                Format::Table => text += &replay::row(entry, wanted),
                Format::Json => {
                    text += if is_first { "" } else { ",\n" };
                    text += &Commit::new(entry, wanted).line();
                }
            }
            is_first = false;
        }
        printer.data(&text, None)?;
    }
    if args.format == Format::Json {
        printer.data(replay::JSON_END, None)?;
    }
    if let Some(image) = &args.image {
        let exists = walk
            .latest()
            .is_some_and(|fleet| fleet.images.keys().any(|id| wanted.image(id)));
        if counts.affecting == 0 && !exists {
            return Err(Failure::Usage(
                format!("no commit of this range knows an image `{image}`"),
                Some("`taskgraph-images images` lists the images".to_owned()),
            ));
        }
    }
    counts.say(args.image.as_deref(), printer);
    Ok(())
}

impl Counts {
    /// Counts a commit; whether it affects a wanted image.
    fn add(&mut self, entry: &Entry, wanted: Wanted<'_>) -> bool {
        let count = match &entry.outcome {
            Outcome::Compared(compared)
                if compared.affected.images.keys().any(|id| wanted.image(id)) =>
            {
                self.affecting += 1;
                return true;
            }
            Outcome::Compared(_) => &mut self.quiet,
            Outcome::AtFault(..) => &mut self.at_fault,
            Outcome::CutOff => &mut self.cut_off,
        };
        *count += 1;
        false
    }

    fn say(&self, image: Option<&str>, printer: &mut Printer) {
        let all = self.affecting + self.quiet + self.at_fault + self.cut_off;
        let what = image.map_or_else(|| "an image".to_owned(), |image| format!("`{image}`"));
        let mut words = format!(
            "{}: {} affected {what}",
            count(all, "commit"),
            self.affecting
        );
        if self.at_fault > 0 {
            words += &format!(
                ", {} at fault (what they changed is told with the next sound one)",
                self.at_fault
            );
        }
        if self.cut_off > 0 {
            words += &format!(
                ", {} not compared: history is cut off before (`git fetch --unshallow` brings the rest)",
                self.cut_off
            );
        }
        printer.note(&words);
    }
}
