//! Which two states are compared: arguments and their defaults.

use clap::ValueEnum;
use taskgraph_images::comparison::{Base, Comparison, ComparisonError, Head};
use taskgraph_images::definitions::Layout;
use taskgraph_images::output::preview::Event;
use taskgraph_images::tree::Repository;

use super::project::Project;
use crate::exit::Failure;

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Range {
    /// The revision to compare with; by default what the event implies
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_BASE_REV")]
    pub(crate) base: Option<String>,
    /// The revision that is asked about; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    pub(crate) head: Option<String>,
    /// Ask about the work tree, with untracked files that git does not ignore, whatever `--head` says
    #[arg(long, conflicts_with = "staged")]
    pub(crate) worktree: bool,
    /// Ask about what is staged, whatever `--head` says
    #[arg(long)]
    pub(crate) staged: bool,
    /// Take every image as affected; needs no base, and ignores one
    #[arg(long)]
    pub(crate) all: bool,
    /// The event: a pull request is compared with where it left its target branch, a push with the tip before it
    #[arg(
        long,
        value_name = "EVENT",
        default_value = "pull-request",
        env = "TASKGRAPH_IMAGES_EVENT"
    )]
    pub(crate) event: EventArg,
    /// The branch that a pull request is for; by default the remote's own, `main` or `master`
    #[arg(long, value_name = "BRANCH", env = "TASKGRAPH_IMAGES_TARGET_BRANCH")]
    pub(crate) target_branch: Option<String>,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventArg {
    /// A push to a branch
    Push,
    /// A pull request
    PullRequest,
    /// The cron graph: every image
    Cron,
}

impl From<EventArg> for Event {
    fn from(event: EventArg) -> Self {
        match event {
            EventArg::Push => Self::Push,
            EventArg::PullRequest => Self::PullRequest,
            EventArg::Cron => Self::Cron,
        }
    }
}

/// Branches that a pull request may be for, likeliest first.
const TARGETS: [&str; 7] = [
    "upstream/HEAD",
    "origin/HEAD",
    "upstream/main",
    "origin/main",
    "origin/master",
    "main",
    "master",
];

impl Range {
    /// The later state.
    pub(super) fn head(&self, repository: &Repository) -> Head {
        match &self.head {
            // The environment may name a head for every command; what somebody types now wins.
            _ if self.staged => Head::Staged,
            _ if self.worktree => Head::WorkTree,
            Some(name) => Head::Revision(name.clone()),
            None if repository.work_dir().is_some() => Head::WorkTree,
            None => Head::Revision("HEAD".to_owned()),
        }
    }

    /// The earlier state.
    fn base(&self, repository: &Repository, head: &Head) -> Result<Base, Failure> {
        let exists = |name: &str| repository.revision(name).is_ok();
        if self.all || self.event == EventArg::Cron {
            return Ok(Base::Nothing);
        }
        match (&self.base, self.event) {
            (Some(base), _) => Ok(Base::Revision(base.clone())),
            (None, EventArg::Push) => Ok(match head {
                // What is committed is pushed; what is not will be the next commit on top of it.
                Head::Revision(_) => Base::Parent,
                _ if exists("@{upstream}") => Base::Revision("@{upstream}".to_owned()),
                _ if exists("HEAD") => Base::Revision("HEAD".to_owned()),
                _ => Base::Nothing,
            }),
            (None, _) if !exists("HEAD") => Ok(Base::Nothing),
            (None, _) => match &self.target_branch {
                Some(branch) => Ok(Base::MergeBase(branch.clone())),
                None => TARGETS
                    .into_iter()
                    .find(|name| exists(name))
                    .map(|name| Base::MergeBase(name.to_owned()))
                    .ok_or_else(|| {
                        Failure::Usage(
                            "cannot tell which branch this is for".to_owned(),
                            Some(
                                "name it with `--target-branch`, or the revision with `--base`"
                                    .to_owned(),
                            ),
                        )
                    }),
            },
        }
    }

    /// Loads and compares both states.
    pub(super) fn compare(&self, project: &Project) -> Result<Comparison, Failure> {
        self.made(project, Comparison::new)
    }

    /// The same, also where single definitions are at fault and a recipe reads them.
    pub(super) fn compare_partially(&self, project: &Project) -> Result<Comparison, Failure> {
        self.made(project, Comparison::partial)
    }

    fn made(
        &self,
        project: &Project,
        make: fn(&Repository, &Layout, &Base, &Head) -> Result<Comparison, ComparisonError>,
    ) -> Result<Comparison, Failure> {
        let head = self.head(&project.repository);
        let base = self.base(&project.repository, &head)?;
        let comparison = make(&project.repository, &project.layout, &base, &head)?;
        Ok(if self.all || self.event == EventArg::Cron {
            comparison.all()
        } else {
            comparison
        })
    }
}
