//! `projects`: which projects could use newer images, and proposals to them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use taskgraph_images::ci_config::{CiConfig, Location};
use taskgraph_images::destinations::{Destination, Destinations, LevelBranch, NAME};
use taskgraph_images::forges::Outcome;
use taskgraph_images::forges::github::Dashboard;
use taskgraph_images::output;
use taskgraph_images::output::text::count;
use taskgraph_images::pools::check::date_in;
use taskgraph_images::projects::summary::{Row, State, counts, markdown, text};
use taskgraph_images::projects::{
    Listed, ProjectPlan, Successors, Uses, listed, names, proposal, successors,
};
use taskgraph_images::proposals::{BranchName, Group};
use taskgraph_images::taskcluster::{Client, Index as _, Queue as _, Timestamp};
use taskgraph_images::transforms::IndexPath;
use taskgraph_images::tree::{Files as _, Repository, TreePath, View};
use taskgraph_images::yaml;

use super::Global;
use super::checkout;
use super::ci_config::{self, clone};
use super::decision::connect;
use super::propose::{Delivery, Parcel, deliver, destinations, leave, show_dashboard};
use super::published;
use crate::exit::Failure;
use crate::printer::Printer;

/// Where a project's tree names worker types.
const CONFIG: &str = "taskcluster/config.yml";

/// Find the projects that could use newer images, and propose it to them
///
/// Each project of the configuration repository's `projects.yml` is looked at: which worker pools the tasks of its newest
/// decision really run on, and where its tree names them. One that cannot be looked at does not keep the others.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what each project could move to; with `--out`, write a patch for each
    Plan(PlanArgs),
    /// Open a proposal in each project, or bring the open one up to date
    Propose(PlanArgs),
}

#[derive(Debug, clap::Args)]
struct PlanArgs {
    /// The projects, by their names in `projects.yml`; all, if none is named
    #[arg(value_name = "PROJECT")]
    projects: Vec<String>,
    /// A folder of clones of projects, by their names; they are fetched, if absent
    #[arg(long, value_name = "DIR")]
    checkouts: Option<PathBuf>,
    /// A folder of task graphs, `<project>.json`; found by Taskcluster's index, if absent
    #[arg(long, value_name = "DIR")]
    graphs: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    config: ci_config::Args,
    #[command(flatten)]
    published: published::Args,
    #[command(flatten)]
    delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a project
    Text,
    /// A table, for a page or an issue
    Markdown,
    /// JSON
    Json,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let args = match args.command {
        Command::Plan(args) => args,
        Command::Propose(mut args) => {
            args.delivery.propose = args.delivery.out.is_none();
            args
        }
    };
    let global = &checkout::place(global, printer)?;
    let settings = destinations(global)?;
    let mapping = args.config.mapping(global)?;
    let source = args.config.open(&settings, &mapping, printer)?;
    let config = source.load()?;
    let projects = projects(&args, &settings, &source, printer)?;
    let shelf = if args.published.is_named() {
        Some(args.published.read(global, printer)?)
    } else {
        None
    };
    let date = |location: &Location| date_of(location, shelf.as_ref());
    let (successors, undated) = successors(&config, &mapping, &date);
    for words in undated {
        printer.note(&words);
    }
    let look = Look {
        args: &args,
        settings: &settings,
        config: &config,
        successors: &successors,
        client: match &args.graphs {
            Some(_) => None,
            None => connect(false)?,
        },
    };
    let mut rows = Vec::new();
    let mut transient = true;
    for project in &projects {
        let row = match look.at(project, printer) {
            Ok(row) => row,
            Err(failure) => {
                transient &= failure.is_transient();
                Row {
                    project: project.name.clone(),
                    state: State::Failed,
                    moves: Vec::new(),
                    notes: vec![failure.words()],
                    proposal: None,
                    url: None,
                }
            }
        };
        rows.push(row);
    }
    let text = match args.format {
        Format::Text => text(&rows),
        Format::Markdown => markdown(&rows),
        Format::Json => output::json(&rows),
    };
    printer.data(&text, None)?;
    leave("projects.md", &markdown(&rows))?;
    leave("projects.json", &output::json(&rows))?;
    printer.note(&format!(
        "{}: {}",
        count(rows.len(), "project"),
        counts(&rows)
    ));
    let shown = dashboard(&args, &settings, &rows, printer);
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| row.state == State::Failed)
        .map(|row| row.project.as_str())
        .collect();
    if failed.is_empty() {
        return shown;
    }
    let mut words = vec![format!("could not be looked at: {}", failed.join(", "))];
    if let Err(failure) = shown {
        transient &= failure.is_transient();
        words.push(format!("the dashboard: {}", failure.words()));
    }
    Err(Failure::Proposals(words, transient))
}

/// Brings the issue up to date that says how all projects stand, where the settings name one. A run that is about some
/// projects says nothing of the others, so it leaves the issue alone.
fn dashboard(
    args: &PlanArgs,
    settings: &Destinations,
    rows: &[Row],
    printer: &mut Printer,
) -> Result<(), Failure> {
    let own = settings.projects.as_ref();
    let Some(issue) = own.and_then(|own| own.dashboard.as_ref()) else {
        return Ok(());
    };
    if !args.delivery.is_asked_for() {
        return Ok(());
    }
    if !args.projects.is_empty() {
        printer.note("the dashboard is about all projects, so a run about some leaves it as it is");
        return Ok(());
    }
    let page = Dashboard {
        about: Group::new("projects").map_err(|error| Failure::Files(error.to_string()))?,
        title: issue
            .title
            .clone()
            .unwrap_or_else(|| "Projects and their images".to_owned()),
        body: format!(
            "Which projects could use newer images, and what was proposed to them. A program writes this, and writes over what is \
             edited here.\n\n{}",
            markdown(rows)
        ),
        labels: issue.labels.clone(),
    };
    show_dashboard(&args.delivery, &issue.github, &page, printer)
}

/// The projects that are looked at.
fn projects(
    args: &PlanArgs,
    settings: &Destinations,
    source: &ci_config::Source,
    printer: &mut Printer,
) -> Result<Vec<Listed>, Failure> {
    let own = settings.projects.clone().unwrap_or_default();
    let name = own.file.as_deref().unwrap_or("projects.yml");
    let path = source
        .options
        .root
        .clone()
        .unwrap_or_else(TreePath::root)
        .child(name);
    let view = View::new(&source.tree);
    let content = view
        .read(&path)
        .map_err(|error| Failure::Files(error.to_string()))?;
    let node = yaml::read_merging(&path, &content)
        .map_err(|faults| Failure::Definitions(faults, Some(source.tree.clone())))?;
    let (mut projects, faults) = listed(&node);
    ci_config::unresolved(&faults, source, printer);
    let wanted = if args.projects.is_empty() {
        &own.only
    } else {
        &args.projects
    };
    let unknown: Vec<&String> = wanted
        .iter()
        .filter(|name| !projects.iter().any(|project| project.name == **name))
        .collect();
    if let Some(name) = unknown.first() {
        return Err(Failure::Usage(
            format!("`{path}` has no project `{name}`"),
            None,
        ));
    }
    projects.retain(|project| wanted.is_empty() || wanted.contains(&project.name));
    Ok(projects)
}

/// When what a location names was made: by its manifest, or else by a day in its name.
fn date_of(location: &Location, shelf: Option<&published::Shelf>) -> Option<chrono::NaiveDate> {
    let published = shelf.and_then(|shelf| {
        let mut all = shelf.inventory.published().iter();
        all.find(|one| location.reference.is_of(&one.manifest))
    });
    if let Some(published) = published {
        let time = published.manifest.finished.as_millis();
        return chrono::DateTime::from_timestamp_millis(time).map(|time| time.date_naive());
    }
    location.reference.names().into_iter().find_map(date_in)
}

struct Look<'a> {
    args: &'a PlanArgs,
    settings: &'a Destinations,
    config: &'a CiConfig,
    successors: &'a Successors,
    client: Option<Client>,
}

impl Look<'_> {
    fn at(&self, project: &Listed, printer: &mut Printer) -> Result<Row, Failure> {
        let own = self.settings.projects.clone().unwrap_or_default();
        let blocked = |why: String| Row {
            project: project.name.clone(),
            state: State::Blocked,
            moves: Vec::new(),
            notes: vec![why],
            proposal: None,
            url: None,
        };
        if let Some(why) = own.except.get(&project.name) {
            return Ok(blocked(format!("left alone: {why}")));
        }
        let mut fetched = None;
        let checkout = match &self.args.checkouts {
            Some(folder) => folder.join(&project.name),
            None if project.is_hg => {
                return Ok(blocked(
                    "a Mercurial repository, which is not fetched: put an unpacked copy of its default branch, or a git clone \
                     of it, where `--checkouts` names, or move its worker pools by hand"
                        .to_owned(),
                ));
            }
            None if project.is_private => {
                return Ok(blocked(
                    "a private repository: name a clone with `--checkouts`".to_owned(),
                ));
            }
            None => {
                let folder = tempfile::tempdir()?;
                let path = folder.path().join("project");
                clone(&project.repository, &path)?;
                fetched = Some(folder);
                path
            }
        };
        if !checkout.exists() {
            return Ok(blocked(format!("there is no `{}`", checkout.display())));
        }
        let uses = self.uses(project)?;
        let (text, base) = tree(&checkout)?;
        drop(fetched);
        let Some(text) = text else {
            return Ok(blocked(format!("it has no `{CONFIG}`")));
        };
        let path = TreePath::parse(CONFIG).map_err(|error| Failure::Files(error.to_string()))?;
        let node = yaml::read_merging(&path, text.as_bytes()).map_err(|faults| {
            Failure::Files(format!("`{}`: {}", project.name, faults[0].message))
        })?;
        let names = names(&node).map_err(|faults| {
            Failure::Files(format!("`{}`: {}", project.name, faults[0].message))
        })?;
        let pools = |id: &str| self.config.pools.iter().any(|pool| pool.id == id);
        let plan = ProjectPlan::new(&names, uses.as_ref(), self.successors, &pools);
        let mut row = Row {
            project: project.name.clone(),
            state: match (plan.is_up_to_date(), plan.moves.is_empty()) {
                (true, _) => State::UpToDate,
                (false, true) => State::ByHand,
                (false, false) => State::Pending,
            },
            moves: plan
                .moves
                .iter()
                .map(|step| format!("{} → {}", step.name.worker_type, step.to))
                .collect(),
            notes: plan
                .by_hand
                .iter()
                .map(|stay| format!("{}: {}", stay.what, stay.why))
                .collect(),
            proposal: None,
            url: None,
        };
        if uses.is_none() {
            row.notes
                .push("no task graph of it was found, so what its tree names counts".to_owned());
        }
        if self.args.delivery.is_asked_for() {
            self.deliver(project, &plan, &text, base, &mut row, printer)?;
        }
        Ok(row)
    }

    /// What the tasks of the newest decision run on; nothing if there is none.
    fn uses(&self, project: &Listed) -> Result<Option<Uses>, Failure> {
        let content = match (&self.args.graphs, &self.client) {
            (Some(folder), _) => {
                let path = folder.join(format!("{}.json", project.name));
                match std::fs::read(&path) {
                    Ok(content) => Some(content),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                    Err(error) => {
                        return Err(Failure::Files(format!("`{}`: {error}", path.display())));
                    }
                }
            }
            (None, Some(client)) => {
                let Some(domain) = &project.trust_domain else {
                    return Ok(None);
                };
                let path = format!("{domain}.v2.{}.latest.taskgraph.decision", project.name);
                let Ok(path) = IndexPath::new(&path) else {
                    return Ok(None);
                };
                let found = client
                    .find_tasks(&BTreeSet::from([path]))
                    .map_err(Failure::Taskcluster)?;
                match found.into_values().next() {
                    Some(entry) => client
                        .artifact(&entry.task_id, "public/task-graph.json")
                        .map_err(Failure::Taskcluster)?,
                    None => None,
                }
            }
            (None, None) => None,
        };
        content
            .map(|content| {
                Uses::of_task_graph(&content).map_err(|error| {
                    Failure::Files(format!("the task graph of `{}`: {error}", project.name))
                })
            })
            .transpose()
    }

    fn deliver(
        &self,
        project: &Listed,
        plan: &ProjectPlan,
        text: &str,
        base: (String, Timestamp),
        row: &mut Row,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let own = self.settings.projects.clone().unwrap_or_default();
        let mut to = own
            .to
            .get(&project.name)
            .cloned()
            .unwrap_or_else(|| Destination {
                github: project.github(),
                ..Destination::default()
            });
        if to.github.is_none() && to.phabricator.is_none() {
            to.github = project.github();
        }
        let blocked = |why: &str, row: &mut Row| {
            row.state = State::Blocked;
            row.notes.push(why.to_owned());
        };
        if self.args.delivery.out.is_none() && to.github.is_none() {
            if to.phabricator.is_none() {
                blocked(
                    &format!(
                        "`{NAME}` says nowhere where its proposals go: say it under `projects.to.{}`, or write patches with `--out`",
                        project.name
                    ),
                    row,
                );
                return Ok(());
            }
            // What is no clone has no commit, and without one nothing can be landed there.
            if base.0.bytes().all(|byte| byte == b'0') {
                blocked(
                    "a revision names the commit that it was made from, and what `--checkouts` names is no git clone: write a \
                     patch with `--out`",
                    row,
                );
                return Ok(());
            }
        }
        if to.base.is_none() {
            to.base = project.base().map(str::to_owned);
        }
        to.labels.extend(own.labels.iter().cloned());
        to.branches
            .extend(project.branches.iter().map(|(name, level)| LevelBranch {
                name: name.clone(),
                level: *level,
            }));
        let words = (to.labels.clone(), to.reviewers());
        let branch: BranchName = to.base().map_err(Failure::Files)?;
        let made = proposal(project, plan, (CONFIG, text), branch, words)
            .map_err(|faults| Failure::Files(faults.join("; ")))?;
        let mut delivery = self.args.delivery.clone();
        // Each project's patches are its own.
        delivery.out = delivery.out.map(|out| out.join(&project.name));
        let made: Vec<_> = made.into_iter().collect();
        let parcel = Parcel {
            sort: "projects",
            to: &to,
            files: &[CONFIG.to_owned()],
            structure: false,
            proposals: &made,
            stay: &BTreeSet::new(),
            keeps: false,
            base,
        };
        for (_, outcome) in deliver(&delivery, self.settings, &parcel, printer)? {
            row.state = match &outcome {
                Outcome::Declined { .. } => State::Declined,
                Outcome::Frozen { .. } => State::Frozen,
                _ => row.state,
            };
            row.url = outcome.url().map(str::to_owned);
            row.proposal = Some(outcome.to_string());
        }
        Ok(())
    }
}

/// What a clone's default branch has, and the commit that it is at. Never another branch.
fn tree(checkout: &Path) -> Result<(Option<String>, (String, Timestamp)), Failure> {
    let path = TreePath::parse(CONFIG).map_err(|error| Failure::Files(error.to_string()))?;
    // A folder that is no clone itself, such as an unpacked archive, is what it holds.
    if !checkout.join(".git").exists() && !checkout.join("HEAD").exists() {
        let path = checkout.join(CONFIG);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::Files(format!("`{}`: {error}", path.display()))),
        };
        return Ok((text, ("0".repeat(40), super::report_time())));
    }
    let repository = Repository::open(checkout)?;
    let head = repository.revision("HEAD")?;
    let tree = repository.tree(&head)?;
    let time = repository.commit(&head.id)?.time;
    let text = View::new(&tree)
        .read(&path)
        .ok()
        .map(|content| String::from_utf8_lossy(&content).into_owned());
    Ok((
        text,
        (head.id, Timestamp::from_millis(time.saturating_mul(1000))),
    ))
}
