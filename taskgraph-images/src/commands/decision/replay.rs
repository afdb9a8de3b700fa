//! Where the parameters of a decision that is made again come from.

use std::collections::BTreeMap;
use std::path::Path;

use taskgraph_images::decision::artifacts::{
    LABEL_TO_TASKID, OPTIMIZATION, Optimization, PARAMETERS,
};
use taskgraph_images::decision::parameters::{DecisionParameters, Strictness};
use taskgraph_images::taskcluster::{Client, Index, Queue, TaskId};
use taskgraph_images::transforms::{IndexPath, TrustDomain};

use crate::exit::Failure;

/// A decision that was made.
#[derive(Debug)]
pub(in super::super) struct Recorded {
    pub(in super::super) parameters: DecisionParameters,
    /// What was looked up for it, if that is at hand.
    pub(in super::super) optimization: Option<Optimization>,
    /// The ids of its tasks by label, if they are at hand.
    pub(in super::super) ids: Option<Ids>,
}

/// What else was found beside parameters, as text.
#[derive(Default)]
struct Beside {
    optimization: Option<String>,
    ids: Option<String>,
}

/// Ids of tasks by label, as `label-to-taskid.json` has them.
pub(in super::super) type Ids = BTreeMap<String, TaskId>;

/// Reads a decision from a file, a folder, or Taskcluster.
pub(in super::super) fn read(
    spec: &str,
    lenient: bool,
    client: Option<&Client>,
    trust_domain: &dyn Fn() -> Result<TrustDomain, Failure>,
) -> Result<Recorded, Failure> {
    let strictness = if lenient {
        Strictness::Lenient
    } else {
        Strictness::Strict
    };
    let index = |path: String| {
        let path = IndexPath::new(&path)
            .map_err(|error| Failure::Usage(format!("--parameters: {error}"), None))?;
        let client = connected(client)?;
        let found = client
            .find_tasks(&[path.clone()].into())
            .map_err(Failure::Taskcluster)?;
        found
            .into_values()
            .next()
            .map(|entry| entry.task_id)
            .ok_or_else(|| {
                Failure::Usage(
                    format!("--parameters: the index has nothing at `{path}`"),
                    None,
                )
            })
    };
    let task = if let Some(id) = spec.strip_prefix("task-id=") {
        Some(
            id.parse::<TaskId>()
                .map_err(|error| Failure::Usage(format!("--parameters: {error}"), None))?,
        )
    } else if let Some(project) = spec.strip_prefix("project=") {
        let domain = trust_domain()?;
        Some(index(format!(
            "{domain}.v2.{project}.latest.taskgraph.decision"
        ))?)
    } else if let Some(path) = spec.strip_prefix("index=") {
        Some(index(path.to_owned())?)
    } else {
        None
    };
    let (place, parameters, beside) = match task {
        Some(id) => of_task(&id, connected(client)?)?,
        None => of_files(Path::new(spec))?,
    };
    let parameters = DecisionParameters::read(&parameters, strictness).map_err(|error| {
        let hint = "`--lenient` leaves out unknown parameters, and puts defaults in the place of missing ones";
        Failure::Usage(format!("{place}: {error}"), (!lenient).then(|| hint.to_owned()))
    })?;
    Ok(Recorded {
        parameters,
        optimization: json(OPTIMIZATION, &place, beside.optimization)?,
        ids: json(LABEL_TO_TASKID, &place, beside.ids)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(
    name: &str,
    place: &str,
    text: Option<String>,
) -> Result<Option<T>, Failure> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| Failure::Usage(format!("the `{name}` beside {place}: {error}"), None))
}

fn connected(client: Option<&Client>) -> Result<&Client, Failure> {
    client.ok_or_else(|| {
        Failure::Usage(
            "no Taskcluster is named".to_owned(),
            Some("set `TASKCLUSTER_ROOT_URL`".to_owned()),
        )
    })
}

/// Where the parameters were found, their text, and what was found beside them.
type Texts = (String, String, Beside);

fn of_task(id: &TaskId, client: &Client) -> Result<Texts, Failure> {
    let get = |name: &str| {
        client
            .artifact(id, &format!("public/{name}"))
            .map(|content| content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            .map_err(Failure::Taskcluster)
    };
    let parameters = get(PARAMETERS)?.ok_or_else(|| {
        Failure::Usage(
            format!("--parameters: the task `{id}` has no artifact `public/{PARAMETERS}`"),
            Some("name a decision task".to_owned()),
        )
    })?;
    Ok((
        format!("`public/{PARAMETERS}` of `{id}`"),
        parameters,
        Beside {
            optimization: get(OPTIMIZATION)?,
            ids: get(LABEL_TO_TASKID)?,
        },
    ))
}

fn of_files(path: &Path) -> Result<Texts, Failure> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))
    };
    if !path.is_dir() {
        let place = format!("`{}`", path.display());
        return Ok((place, read(path)?, Beside::default()));
    }
    let file = path.join(PARAMETERS);
    let beside = |name: &str| {
        let beside = path.join(name);
        beside.exists().then(|| read(&beside)).transpose()
    };
    let beside = Beside {
        optimization: beside(OPTIMIZATION)?,
        ids: beside(LABEL_TO_TASKID)?,
    };
    Ok((format!("`{}`", file.display()), read(&file)?, beside))
}
