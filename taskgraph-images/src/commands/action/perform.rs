//! Doing what an action chose, after all that can be checked was checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use taskgraph_images::actions::choose::{Creation, verify_earlier};
use taskgraph_images::actions::input::Input;
use taskgraph_images::actions::scopes;
use taskgraph_images::actions::subject::Subject;
use taskgraph_images::decision::artifacts;
use taskgraph_images::decision::create::create;
use taskgraph_images::decision::lookup::Lookups;
use taskgraph_images::decision::optimize::{Optimized, Question, queues, scheduler_id};
use taskgraph_images::decision::parallel;
use taskgraph_images::decision::plan::{Creator, Plan};
use taskgraph_images::decision::scopes::{MissingScope, missing};
use taskgraph_images::decision::target::Targets;
use taskgraph_images::output::text::count;
use taskgraph_images::taskcluster::{ApiError, Client, Index as _, Queue, TaskId};
use taskgraph_images::transforms::json::python;
use taskgraph_images::transforms::{IndexPath, Label, TaskGraph};

use super::super::artifacts::Folder;
use super::super::decision::{NOWHERE, outcomes, tools};
use super::super::project::Project;
use super::gather::{self, Gathered};
use crate::exit::Failure;
use crate::printer::Printer;

/// How many commits are looked at for earlier pushes.
const COMMITS: usize = 500;

/// Who does it, and with what.
pub(super) struct Performer<'a> {
    pub(super) project: &'a Project,
    /// Absent when nobody can be asked.
    pub(super) client: Option<&'a Client>,
    /// What the action task may do; absent when nothing is done.
    pub(super) held: Option<&'a BTreeSet<String>>,
    pub(super) folder: &'a Folder,
    /// This program for other platforms, if somebody has it.
    pub(super) tools: Option<&'a Path>,
    /// The action task.
    pub(super) own: &'a TaskId,
}

/// Tasks that are about to be created, one set of copies.
struct Prepared<'a> {
    gathered: &'a Gathered,
    creation: &'a Creation,
    graph: TaskGraph,
    creator: Creator,
    optimized: Optimized,
    created: BTreeSet<Label>,
}

/// What is created of an earlier decision.
pub(super) type Earlier = (Gathered, Creation);

impl Performer<'_> {
    /// Creates tasks, and those of earlier decisions.
    pub(super) fn create(
        &self,
        creation: &Creation,
        gathered: &Gathered,
        earlier: &[Earlier],
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let mut prepared = self.copies(creation, gathered, "")?;
        for (gathered, creation) in earlier {
            let of = format!("of {} ", gathered.subject.decision);
            prepared.extend(self.copies(creation, gathered, &of)?);
        }
        let plans: Vec<Plan<'_>> = prepared
            .iter()
            .map(|one| Plan::new(&one.graph, &one.optimized, &one.creator))
            .collect();
        self.leave(&prepared, &plans)?;
        // Not the decision's: that may have created no task of these platforms, or be of another version, and digests are
        // this one's.
        tools::provide(&plans, self.tools, self.folder, self.held.is_some())?;
        for (one, plan) in prepared.iter().zip(&plans) {
            printer.data(&outcomes(&one.optimized, plan), None)?;
        }
        let (Some(held), Some(client)) = (self.held, self.client) else {
            return Ok(());
        };
        let lacking = lacking(&plans, held);
        if !lacking.is_empty() {
            return Err(Failure::Scopes(lacking));
        }
        let (mut made, mut there) = (0, 0);
        // One after the other: a copy may depend on what the first one needed.
        for (one, plan) in prepared.iter().zip(&plans) {
            let done = printer
                .progress("tasks", plan.tasks().len(), |progress| {
                    create(plan, &one.created, client, &super::super::now, progress)
                })
                .map_err(Failure::Create)?;
            made += done.created;
            there += done.present;
        }
        let there = match there {
            0 => String::new(),
            there => format!(", {there} were there already"),
        };
        printer.note(&format!("created {}{there}", count(made, "task")));
        Ok(())
    }

    /// The copies of a creation, each with ids of its own.
    fn copies<'a>(
        &self,
        creation: &'a Creation,
        gathered: &'a Gathered,
        of: &str,
    ) -> Result<Vec<Prepared<'a>>, Failure> {
        let subject = &gathered.subject;
        let graph = subject
            .full
            .part(creation.fresh.keys())
            .map_err(|errors| Failure::Tasks(errors.into_iter().map(Into::into).collect()))?;
        let mut standing = creation.standing.clone();
        let mut copies = Vec::new();
        for copy in 1..=creation.times {
            let variant = match (of, copy) {
                (of, 1) => of.trim_end().to_owned(),
                (of, copy) => format!("{of}#{copy}"),
            };
            let creator = Creator {
                task_id: self.own.clone(),
                decision: subject.decision.clone(),
                scheduler_id: scheduler_id(gathered.config(), gathered.for_tasks.level),
                root_url: self
                    .client
                    .map_or(NOWHERE, |client| client.root_url())
                    .to_owned(),
                variant,
            };
            let one = self.prepare(creation, gathered, &graph, creator, &standing)?;
            // What the first copy needs and has to create, the others share.
            let needed = Plan::new(&one.graph, &one.optimized, &one.creator)
                .ids()
                .iter()
                .filter(|(label, _)| !creation.fresh.contains_key(**label))
                .map(|(label, id)| ((*label).clone(), id.clone()))
                .collect::<Vec<_>>();
            standing.extend(needed);
            copies.push(one);
        }
        Ok(copies)
    }

    fn prepare<'a>(
        &self,
        creation: &'a Creation,
        gathered: &'a Gathered,
        graph: &TaskGraph,
        creator: Creator,
        standing: &BTreeMap<Label, TaskId>,
    ) -> Result<Prepared<'a>, Failure> {
        let mut lookups = match self.client {
            Some(client) => Lookups::gather(graph, client, client).map_err(Failure::Taskcluster)?,
            None => Lookups::default(),
        };
        if let Some(client) = self.client {
            let ids = graph
                .tasks()
                .map(|task| (task.label.clone(), creator.id(&task.label)))
                .collect();
            lookups
                .gather_created(&ids, client)
                .map_err(Failure::Taskcluster)?;
        }
        let config = gathered.config();
        let optimized = {
            let question = Question {
                graph,
                targets: &Targets {
                    labels: creation.fresh.clone(),
                    ages: false,
                },
                config,
                level: gathered.for_tasks.level,
                now: super::super::now(),
                optimize_targets: false,
                do_not_optimize: &BTreeSet::new(),
                existing: standing,
                max_age: &BTreeMap::new(),
                floating: &BTreeMap::new(),
                queues: &queues(&gathered.snapshot.fleet, config),
            };
            lookups
                .settle(&question, self.client.map(|client| client as &dyn Queue))
                .map_err(Failure::Taskcluster)?
        };
        Ok(Prepared {
            gathered,
            creation,
            graph: graph.clone(),
            creator,
            optimized,
            created: lookups.created,
        })
    }

    /// Writes the artifacts: those of each copy with a number, as Taskgraph does, and all of them in one. That one is
    /// what the chain of trust and later actions read.
    fn leave(&self, prepared: &[Prepared<'_>], plans: &[Plan<'_>]) -> Result<(), Failure> {
        for (number, (one, plan)) in prepared.iter().zip(plans).enumerate() {
            let plan = std::slice::from_ref(plan);
            let labels: BTreeSet<&Label> = one.creation.fresh.keys().collect();
            let write = |name: &str, content: String| {
                self.folder
                    .write(&format!("{name}-{number}.json"), &content)
            };
            write("to-run", python(&labels))?;
            write("task-graph", artifacts::task_graph(plan))?;
            write("label-to-taskid", artifacts::label_to_taskid(&plan[0]))?;
        }
        // Labels mean the tasks of this group.
        let own = prepared.first().map(|one| &one.gathered.subject.decision);
        let here = prepared
            .iter()
            .zip(plans)
            .filter(|(one, _)| Some(&one.gathered.subject.decision) == own);
        let mut ids = BTreeMap::new();
        let mut labels = BTreeSet::new();
        for (one, plan) in here {
            ids.extend(plan.ids().clone());
            labels.extend(one.creation.fresh.keys());
        }
        self.folder.write("to-run.json", &python(&labels))?;
        self.folder
            .write(artifacts::LABEL_TO_TASKID, &python(&ids))?;
        self.folder
            .write(artifacts::TASK_GRAPH, &artifacts::task_graph(plans))
    }

    /// The earlier pushes' decisions of which the same is verified again.
    pub(super) fn earlier(
        &self,
        input: &Input,
        creation: &Creation,
        gathered: &Gathered,
        printer: &mut Printer,
    ) -> Result<Vec<Earlier>, Failure> {
        let (Some(client), Some(label)) = (self.client, creation.fresh.keys().next()) else {
            return Ok(Vec::new());
        };
        if input.depth == 0 {
            return Ok(Vec::new());
        }
        let mut seen = BTreeSet::from([creation.under(label, &gathered.subject.full)]);
        let mut earlier = Vec::new();
        for decision in self.pushes_before(gathered, client)? {
            if earlier.len() == input.depth {
                break;
            }
            let parameters = gather::decision(&decision, client)?;
            let other = Gathered::new(
                self.project,
                decision,
                parameters,
                None,
                Some(client),
                self.own,
            )?;
            let creation =
                verify_earlier(label, creation.times, &other.subject).map_err(Failure::Action)?;
            // A build that pushes share is verified once.
            if let Some(creation) = creation
                && seen.insert(creation.under(label, &other.subject.full))
            {
                earlier.push((other, creation));
            }
        }
        if earlier.len() < input.depth {
            printer.note(&format!(
                "{} of {} earlier pushes have a build of it",
                earlier.len(),
                input.depth
            ));
        }
        Ok(earlier)
    }

    /// The decisions of the pushes before this one, newest first, as far as they are of the same level.
    fn pushes_before(&self, gathered: &Gathered, client: &Client) -> Result<Vec<TaskId>, Failure> {
        let repository = &self.project.repository;
        let mut revision = repository.revision(&gathered.parameters.head_rev)?;
        let mut paths = Vec::new();
        while paths.len() < COMMITS {
            // A shallow clone ends early.
            let Some(parent) = repository.parents(&revision)?.into_iter().next() else {
                break;
            };
            let path = format!(
                "{}.v2.{}.revision.{}.taskgraph.decision",
                gathered.config().trust_domain,
                gathered.parameters.project,
                parent.id
            );
            paths.push(
                IndexPath::new(&path).map_err(|error| Failure::Usage(error.to_string(), None))?,
            );
            revision = parent;
        }
        let found = client
            .find_tasks(&paths.iter().cloned().collect())
            .map_err(Failure::Taskcluster)?;
        let ids: BTreeSet<TaskId> = found.values().map(|entry| entry.task_id.clone()).collect();
        let statuses = client.statuses(&ids).map_err(Failure::Taskcluster)?;
        let own = scheduler_id(gathered.config(), gathered.for_tasks.level);
        Ok(paths
            .iter()
            .filter_map(|path| Some(&found.get(path)?.task_id))
            .filter(|id| {
                statuses
                    .get(*id)
                    .is_some_and(|status| status.scheduler_id == own)
            })
            .cloned()
            .collect())
    }

    /// Gives tasks new runs, or cancels them.
    pub(super) fn call(
        &self,
        verb: &str,
        ids: &BTreeSet<TaskId>,
        subject: &Subject,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let lines: String = ids.iter().map(|id| format!("{verb}\t{id}\n")).collect();
        printer.data(&lines, None)?;
        let (Some(held), Some(client)) = (self.held, self.client) else {
            return Ok(());
        };
        let lacking = scopes::missing(verb, ids, &subject.group, held);
        if !lacking.is_empty() {
            let lacking = lacking.into_iter().map(|scope| MissingScope {
                scope,
                labels: BTreeSet::new(),
            });
            return Err(Failure::Scopes(lacking.collect()));
        }
        let ids: Vec<&TaskId> = ids.iter().collect();
        let answers = parallel::map(&ids, |id| match verb {
            "rerun" => client.rerun_task(id),
            _ => client.cancel_task(id),
        });
        let errors: Vec<ApiError> = answers
            .into_iter()
            .filter_map(Result::err)
            // Such a task came to its end on the way here.
            .filter(|error| verb != "cancel" || error.status() != Some(409))
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(Failure::Calls(errors))
    }
}

/// The scopes that some plan needs, each once.
fn lacking(plans: &[Plan<'_>], held: &BTreeSet<String>) -> Vec<MissingScope> {
    let mut lacking: BTreeMap<String, BTreeSet<Label>> = BTreeMap::new();
    for one in plans.iter().flat_map(|plan| missing(plan, held)) {
        lacking.entry(one.scope).or_default().extend(one.labels);
    }
    lacking
        .into_iter()
        .map(|(scope, labels)| MissingScope { scope, labels })
        .collect()
}
