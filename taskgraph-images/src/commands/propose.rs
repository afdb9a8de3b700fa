//! Where the proposals of a command go: patches in a folder, or the forge that `proposals.yml` names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use taskgraph_images::destinations::{Destination, Destinations, NAME, Phabricator as Place};
use taskgraph_images::forges::github::{
    Dashboard, FixedToken, GitHub, Permissions, ProxyTokens, Repository, Token, Tokens,
};
use taskgraph_images::forges::patch::Patches;
use taskgraph_images::forges::phabricator::{ApiToken, Phabricator, Settings, SourceControl};
use taskgraph_images::forges::{Author, Forge, Outcome};
use taskgraph_images::http::{Client, Pace};
use taskgraph_images::proposals::{Group, Proposal, Rules, check_scalars};
use taskgraph_images::taskcluster::{Secrets as _, Timestamp};
use taskgraph_images::tree::TreePath;

use super::Global;
use super::artifacts::Folder;
use super::decision::connect;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Names another address of GitHub's interface.
pub(super) const GITHUB_API: &str = "TASKGRAPH_IMAGES_GITHUB_API";
/// Holds a token of GitHub's.
pub(super) const GITHUB_TOKEN: &str = "GITHUB_TOKEN";
/// Names the GitHub App, as Taskcluster's deployment does; maintenance tasks set it.
const GITHUB_APP: &str = "TASKGRAPH_IMAGES_GITHUB_APP";
/// Holds a token of Phabricator's.
const PHABRICATOR_TOKEN: &str = "PHABRICATOR_TOKEN";

/// How proposals are delivered.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Proposals")]
pub(crate) struct Delivery {
    /// Write a patch for each proposal into a folder, ready for `git am`
    #[arg(long, value_name = "DIR", conflicts_with = "propose")]
    pub(super) out: Option<PathBuf>,
    /// Open proposals, or bring open ones up to date, where `proposals.yml` says
    #[arg(long)]
    pub(super) propose: bool,
    /// The bug that proposals belong to: their titles begin with it, and a revision on Phabricator names it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) bug: Option<u64>,
    /// Say what would be written or called, and do neither
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Delivery {
    pub(super) fn is_asked_for(&self) -> bool {
        self.out.is_some() || self.propose
    }
}

/// What is delivered, and under which rules.
pub(super) struct Parcel<'a> {
    /// The sort of proposals, which begins their branches.
    pub(super) sort: &'a str,
    /// Where they go.
    pub(super) to: &'a Destination,
    /// The files that the command edits.
    pub(super) files: &'a [String],
    /// Whether keys and files may come and go.
    pub(super) structure: bool,
    /// All proposals of this sort: open ones of other groups are closed.
    pub(super) proposals: &'a [Proposal],
    /// Groups that are not made now and stay open all the same, because something of them could not be told.
    pub(super) stay: &'a BTreeSet<Group>,
    /// Whether open proposals of this sort stay that are not made now: where nobody asked about others.
    pub(super) keeps: bool,
    /// The commit that the edits were made from, and when it was made.
    pub(super) base: (String, Timestamp),
}

/// The settings, if the repository has any.
pub(super) fn destinations(global: &Global) -> Result<Destinations, Failure> {
    let path = global.root.join(&global.definitions).join(NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => Destinations::read(&text).map_err(|error| Failure::Files(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Destinations::default()),
        Err(error) => Err(Failure::Files(format!("`{}`: {error}", path.display()))),
    }
}

/// Leaves a report among the artifacts of the maintenance task that this is, if it is one.
pub(super) fn leave(name: &str, text: &str) -> Result<(), Failure> {
    let is_task = std::env::var("MOZ_AUTOMATION").is_ok_and(|value| value == "1");
    let Some(folder) = std::env::var_os("UPLOAD_DIR").filter(|_| is_task) else {
        return Ok(());
    };
    Folder::make(&PathBuf::from(folder).join("maintenance"))?.write(name, text)
}

/// Leaves lines among the artifacts, after those that are there: a task can deliver to several places.
fn leave_more(name: &str, lines: &str) -> Result<(), Failure> {
    let there = std::env::var_os("UPLOAD_DIR")
        .and_then(|folder| {
            std::fs::read_to_string(PathBuf::from(folder).join("maintenance").join(name)).ok()
        })
        .unwrap_or_default();
    let new = lines
        .lines()
        .filter(|line| !there.lines().any(|old| old == *line));
    let new: String = new.map(|line| format!("{line}\n")).collect();
    leave(name, &format!("{there}{new}"))
}

/// Delivers proposals, and closes those that are not needed any more. One that fails does not keep the others.
pub(super) fn deliver(
    delivery: &Delivery,
    settings: &Destinations,
    parcel: &Parcel<'_>,
    printer: &mut Printer,
) -> Result<Vec<(Group, Outcome)>, Failure> {
    if !parcel.structure {
        only_scalars(parcel.proposals)?;
    }
    let prefix = settings.prefix(parcel.sort).map_err(Failure::Files)?;
    let rules = parcel
        .to
        .rules(prefix, parcel.files, parcel.structure)
        .map_err(Failure::Files)?;
    let proposals = with_bug(parcel.proposals, delivery.bug.or(parcel.to.bug));
    let http = http()?;
    let tokens = tokens(&http, Permissions::Proposals)?;
    let forge = forge(delivery, settings, parcel, rules, &http, tokens.as_deref())?;
    let mut results = Vec::new();
    let wanted: BTreeSet<&Group> = parcel.proposals.iter().map(|one| &one.group).collect();
    let mut faults = Vec::new();
    match forge.open() {
        Ok(open) => {
            for one in open {
                let stays = parcel.keeps || parcel.stay.contains(&one.group);
                if !wanted.contains(&one.group) && !stays {
                    let why = "Nothing newer is to be proposed any more.";
                    let outcome = forge.withdraw(&one.group, why);
                    results.push((one.group, one.title, outcome));
                }
            }
        }
        Err(error) => faults.push((error.to_string(), error.is_transient())),
    }
    for proposal in &proposals {
        let outcome = forge.propose(proposal);
        results.push((proposal.group.clone(), proposal.title_line(), outcome));
    }
    let mut outcomes = Vec::new();
    let mut report = String::new();
    for (group, title, outcome) in results {
        match outcome {
            Ok(Outcome::NotNeeded) => {}
            Ok(outcome) => {
                let line = format!("{group}\t{outcome}\t{title}\n");
                printer.data(&line, None)?;
                report += &line;
                outcomes.push((group, outcome));
            }
            Err(error) => faults.push((format!("`{group}`: {error}"), error.is_transient())),
        }
    }
    if !report.is_empty() {
        leave_more(&format!("{}-proposals.txt", parcel.sort), &report)?;
    }
    if faults.is_empty() {
        Ok(outcomes)
    } else {
        let is_transient = faults.iter().all(|(_, transient)| *transient);
        let words = faults.into_iter().map(|(words, _)| words).collect();
        Err(Failure::Proposals(words, is_transient))
    }
}

/// Proposals whose titles begin with a bug, as Mozilla's tools expect it: `Bug 1234567 - …`.
fn with_bug(proposals: &[Proposal], bug: Option<u64>) -> Vec<Proposal> {
    let mut proposals = proposals.to_vec();
    if let Some(bug) = bug {
        for proposal in &mut proposals {
            proposal.title = format!("Bug {bug} - {}", proposal.title);
        }
    }
    proposals
}

/// How services outside of Taskcluster are called; a task's proxy, too.
pub(super) fn http() -> Result<Client, Failure> {
    let http =
        Client::new(Pace::default()).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    Ok(match std::env::var("TASKCLUSTER_PROXY_URL") {
        Ok(proxy) => http.near(&proxy),
        Err(_) => http,
    })
}

/// Holds proposals to what they are: values that change, and no key that comes or goes. Whoever made the edits has seen to
/// that; this is the last look before anything leaves.
fn only_scalars(proposals: &[Proposal]) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for (path, edit) in proposals.iter().flat_map(Proposal::changes) {
        let Some(old) = &edit.old else {
            faults.push(format!("`{path}` would be new"));
            continue;
        };
        let Ok(tree) = TreePath::parse(path) else {
            faults.push(format!("`{path}` is no path"));
            continue;
        };
        let checked = check_scalars(&tree, old, &edit.new, &|_| true, false);
        let found = checked.err().unwrap_or_default();
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("`{path}`: {}", fault.message)),
        );
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Proposals(faults, false))
    }
}

/// What signs calls of GitHub: a token of the environment, or Taskcluster's for an App.
fn tokens(
    http: &Client,
    permissions: Permissions,
) -> Result<Option<Box<dyn Tokens + '_>>, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(proxy), Some(app)) = (variable("TASKCLUSTER_PROXY_URL"), variable(GITHUB_APP)) {
        let proxy = proxy.trim_end_matches('/').to_owned();
        return Ok(Some(Box::new(ProxyTokens {
            http,
            proxy,
            app,
            permissions,
        })));
    }
    variable(GITHUB_TOKEN)
        .map(|token| {
            let token = Token::new(&token)
                .map_err(|error| Failure::Usage(format!("`{GITHUB_TOKEN}`: {error}"), None))?;
            Ok(Box::new(FixedToken(token)) as Box<dyn Tokens>)
        })
        .transpose()
}

fn forge<'a>(
    delivery: &Delivery,
    settings: &Destinations,
    parcel: &Parcel<'_>,
    rules: Rules,
    http: &'a Client,
    tokens: Option<&'a dyn Tokens>,
) -> Result<Box<dyn Forge + 'a>, Failure> {
    let (revision, time) = &parcel.base;
    let date = chrono::DateTime::from_timestamp_millis(time.as_millis()).unwrap_or_default();
    if let Some(out) = &delivery.out {
        return Ok(Box::new(Patches {
            out: out.clone(),
            author: author(settings)?,
            date,
            rules,
            dry_run: delivery.dry_run,
        }));
    }
    if let Some(place) = &parcel.to.phabricator {
        let forge = Phabricator::new(
            http,
            api_token(place)?,
            Settings {
                host: place.url.clone(),
                repository: place.repository.clone(),
                system: SourceControl::Git,
                base_revision: revision.clone(),
                author: author(settings)?,
                date,
                bug: delivery.bug.or(parcel.to.bug),
                rules,
            },
        );
        return Ok(Box::new(if delivery.dry_run {
            forge.dry_run()
        } else {
            forge
        }));
    }
    let Some(name) = &parcel.to.github else {
        return Err(Failure::Usage(
            format!(
                "`{NAME}` says nowhere where proposals of the sort `{}` go",
                parcel.sort
            ),
            Some("name a repository there, or write patches with `--out DIR`".to_owned()),
        ));
    };
    Ok(Box::new(github(name, rules, delivery, http, tokens)?))
}

/// A repository on GitHub, with what signs its calls.
fn github<'a>(
    name: &str,
    rules: Rules,
    delivery: &Delivery,
    http: &'a Client,
    tokens: Option<&'a dyn Tokens>,
) -> Result<GitHub<'a>, Failure> {
    let repository =
        Repository::new(name).map_err(|error| Failure::Files(format!("`{NAME}`: {error}")))?;
    let mut forge = GitHub::new(http, repository, rules);
    match tokens {
        Some(tokens) => forge = forge.tokens(tokens),
        None if delivery.dry_run => {}
        None => {
            return Err(Failure::Usage(
                format!("nothing signs calls of GitHub, so nothing can be written to `{name}`"),
                Some(format!(
                    "set `{GITHUB_TOKEN}`, run as a task with a GitHub App, or write patches with `--out DIR`"
                )),
            ));
        }
    }
    if let Ok(address) = std::env::var(GITHUB_API) {
        forge = forge.address(&address);
    }
    Ok(if delivery.dry_run {
        forge.dry_run()
    } else {
        forge
    })
}

/// Brings the issue of a dashboard up to date, or writes what it would say into the folder of patches.
pub(super) fn show_dashboard(
    delivery: &Delivery,
    name: &str,
    dashboard: &Dashboard,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let outcome = match &delivery.out {
        Some(out) => {
            let file = out.join("dashboard.md");
            if delivery.dry_run {
                let calls = vec![format!("write {}", file.display())];
                Outcome::DryRun { calls }
            } else {
                Folder::make(out)?.write("dashboard.md", &dashboard.body)?;
                Outcome::Written { files: vec![file] }
            }
        }
        None => {
            let http = http()?;
            let tokens = tokens(&http, Permissions::Issues)?;
            let forge = github(name, Rules::default(), delivery, &http, tokens.as_deref())?;
            forge.dashboard(dashboard).map_err(|error| {
                Failure::Proposals(vec![error.to_string()], error.is_transient())
            })?
        }
    };
    printer.data(
        &format!("dashboard\t{outcome}\t{}\n", dashboard.title),
        None,
    )
}

/// Whom patches and revisions name.
fn author(settings: &Destinations) -> Result<Author, Failure> {
    let text = settings
        .author
        .as_deref()
        .unwrap_or("taskgraph-images <taskgraph-images@localhost>");
    let parts = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    let fault = |why: String| Failure::Files(format!("`{NAME}`: `author`: {why}"));
    let (name, email) =
        parts.ok_or_else(|| fault(format!("`{text}` is not of the form `Name <address>`")))?;
    Author::new(name.trim(), email).map_err(|error| fault(error.to_string()))
}

/// A token of Phabricator's: of the environment, or of a secret `{"token": …}`.
fn api_token(place: &Place) -> Result<ApiToken, Failure> {
    let from = |text: &str, what: &str| {
        ApiToken::new(text).map_err(|error| Failure::Usage(format!("{what}: {error}"), None))
    };
    if let Ok(token) = std::env::var(PHABRICATOR_TOKEN) {
        return from(&token, &format!("`{PHABRICATOR_TOKEN}`"));
    }
    let Some(secret) = &place.secret else {
        return Err(Failure::Usage(
            format!("nothing signs calls of `{}`", place.url),
            Some(format!(
                "set `{PHABRICATOR_TOKEN}`, or name a secret that holds `token`"
            )),
        ));
    };
    let client = connect(true)?.ok_or_else(Failure::no_taskcluster)?;
    let value = client.secret(secret).map_err(Failure::Taskcluster)?;
    let token = value
        .get("token")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    from(token, &format!("the secret `{secret}`"))
}

/// The commit that a repository's edits are made from, and when it was made.
pub(super) fn base_of(project: &Project) -> Result<(String, Timestamp), Failure> {
    let head = project.repository.revision("HEAD")?;
    let time = project.repository.commit(&head.id)?.time;
    Ok((head.id, Timestamp::from_millis(time.saturating_mul(1000))))
}
