//! [`Client`]: the services themselves, over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use taskcluster::retry::Backoff;
use taskcluster::{ClientBuilder, Retry};
use taskgraph_images_transforms::IndexPath;
use tokio::runtime::{Builder, Runtime};

use super::answers::{
    ArtifactItem, DefinitionItem, GroupItem, IndexItem, NamespaceItem, RunsItem, ScopesAnswer,
    SecretAnswer, StatusAnswer, StatusItem, WorkerPoolItem, read, unreadable,
};
use super::batch::{Batch, pages};
use super::failure::{api_error, is_cut};
use super::{
    ApiError, ApiErrorKind, Auth, Connection, Index, IndexList, IndexedTask, Patience, Queue, Run,
    Runs, Secrets, TaskId, TaskStatus, Timestamp, WorkerManager, download, signature,
};

/// The services themselves, over HTTP, with Taskcluster's own client.
///
/// It may be used by many threads at once, which then share its connections. It must not be used inside of an
/// asynchronous task: its calls block.
pub struct Client {
    connection: Connection,
    patience: Patience,
    retry: Retry,
    queue: taskcluster::Queue,
    index: taskcluster::Index,
    auth: taskcluster::Auth,
    secrets: taskcluster::Secrets,
    worker_manager: taskcluster::WorkerManager,
    /// Signs nothing.
    plain: taskcluster::Client,
    downloads: reqwest::Client,
    /// Moves bytes; what is waited for is computed on the thread that waits. Last, so that it ends after what it drives.
    runtime: Runtime,
}

const NOT_FOUND: Option<u16> = Some(404);

impl Client {
    /// Prepares a client with the usual patience. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ApiErrorKind::Setup`], if no request can be made with such a connection.
    pub fn new(connection: Connection) -> Result<Self, ApiError> {
        Self::with_patience(connection, Patience::default())
    }

    /// Prepares a client. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ApiErrorKind::Setup`], if no request can be made with such a connection.
    pub fn with_patience(connection: Connection, patience: Patience) -> Result<Self, ApiError> {
        let retry = patience.retry();
        let plain = ClientBuilder::new(connection.api_url())
            .retry(retry.clone())
            .timeout(patience.timeout);
        let builder = match connection.signing_credentials() {
            Some(credentials) => plain.clone().credentials(taskcluster::Credentials {
                client_id: credentials.client_id.clone(),
                access_token: credentials.access_token.clone(),
                certificate: credentials.certificate.clone(),
            }),
            None => plain.clone(),
        };
        // The crate's words may repeat what it was given.
        let unusable = || setup("the root URL or the credentials cannot be used");
        Ok(Self {
            queue: taskcluster::Queue::new(builder.clone()).map_err(|_| unusable())?,
            index: taskcluster::Index::new(builder.clone()).map_err(|_| unusable())?,
            auth: taskcluster::Auth::new(builder.clone()).map_err(|_| unusable())?,
            secrets: taskcluster::Secrets::new(builder.clone()).map_err(|_| unusable())?,
            worker_manager: taskcluster::WorkerManager::new(builder).map_err(|_| unusable())?,
            plain: plain.build().map_err(|_| unusable())?,
            downloads: download::client(&patience)
                .map_err(|_| setup("no HTTP client can be made"))?,
            runtime: Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("taskcluster")
                .enable_all()
                .build()
                .map_err(|error| setup(&format!("no thread can be started: {error}")))?,
            connection,
            patience,
            retry,
        })
    }

    /// The root URL, for addresses that people and tasks follow.
    pub fn root_url(&self) -> &str {
        self.connection.root_url.trim_end_matches('/')
    }

    /// What the worker is called that runs a task now; nothing if none does.
    ///
    /// # Errors
    /// Any failure.
    pub fn worker_of(&self, id: &TaskId) -> Result<Option<String>, ApiError> {
        let call = format!("queue.status of `{id}`");
        let answer: Option<Value> =
            unless_absent(self.one(&call, async || self.queue.status(id.as_str()).await))?;
        let runs = answer
            .as_ref()
            .and_then(|answer| answer["status"]["runs"].as_array());
        let last = runs.and_then(|runs| runs.last());
        let running = last.filter(|run| run["state"] == "running");
        Ok(running
            .and_then(|run| run["workerId"].as_str())
            .map(str::to_owned))
    }

    /// Whether requests are signed here, so that those with a query go wrong.
    fn is_signing(&self) -> bool {
        self.connection.signing_credentials().is_some()
    }

    /// Waits for one answer.
    fn one<T: DeserializeOwned>(
        &self,
        call: &str,
        ask: impl AsyncFn() -> anyhow::Result<Value>,
    ) -> Result<T, ApiError> {
        let answer = self.runtime.block_on(self.whole(call, ask))?;
        read(call, answer)
    }

    /// Asks until a whole answer is there: the crate tries again as long as none begins, but not when one is cut. All
    /// calls here may be repeated.
    async fn whole(
        &self,
        call: &str,
        ask: impl AsyncFn() -> anyhow::Result<Value>,
    ) -> Result<Value, ApiError> {
        let mut backoff = Backoff::new(&self.retry);
        loop {
            let error = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match backoff.next_backoff() {
                Some(pause) if is_cut(&error) => tokio::time::sleep(pause).await,
                _ => return Err(api_error(call, error)),
            }
        }
    }

    /// Waits for all answers of a batch call.
    fn batch<T: DeserializeOwned>(
        &self,
        call: &str,
        (asked, answered): (&str, &str),
        things: &[&str],
        ask: impl AsyncFn(&Value, Option<&str>) -> anyhow::Result<Value>,
    ) -> Result<Vec<T>, ApiError> {
        let call = &format!("{call} of {}", things.len());
        let batch = Batch {
            call,
            asked,
            answered,
            takes_token: !self.is_signing(),
        };
        self.runtime
            .block_on(batch.ask(things, async |payload, token| {
                self.whole(call, async || ask(payload, token).await).await
            }))
    }

    /// Waits for all pages of a list. The first page has no query, so it may be signed as usual.
    fn list<T: DeserializeOwned>(
        &self,
        call: &str,
        list: &str,
        ask: impl AsyncFn(Option<&str>) -> anyhow::Result<Value>,
        signed_url: impl Fn(&str, Duration) -> anyhow::Result<String>,
    ) -> Result<Vec<T>, ApiError> {
        self.runtime.block_on(pages(call, list, async |token| {
            self.whole(call, async || match token {
                Some(token) if self.is_signing() => {
                    let url = signed_url(token, signature::LIFETIME)?;
                    signature::get(&self.plain, &url).await
                }
                token => ask(token).await,
            })
            .await
        }))
    }
}

fn setup(why: &str) -> ApiError {
    ApiError {
        call: "connection to Taskcluster".to_owned(),
        kind: ApiErrorKind::Setup(why.to_owned()),
    }
}

/// An answer; or nothing, if what was asked for does not exist.
fn unless_absent<T>(result: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match result {
        Err(error) if error.status() == NOT_FOUND => Ok(None),
        result => result.map(Some),
    }
}

fn texts(ids: &BTreeSet<TaskId>) -> Vec<&str> {
    ids.iter().map(TaskId::as_str).collect()
}

impl Index for Client {
    fn find_tasks(
        &self,
        paths: &BTreeSet<IndexPath>,
    ) -> Result<BTreeMap<IndexPath, IndexedTask>, ApiError> {
        // The batch call takes a path apart at its last dot, and never finds one without.
        let (batch, single): (Vec<&str>, Vec<&str>) = paths
            .iter()
            .map(IndexPath::as_str)
            .partition(|path| path.contains('.'));
        let mut items: Vec<IndexItem> = self.batch(
            "index.findTasksAtIndex",
            ("indexes", "tasks"),
            &batch,
            async |payload, token| self.index.findTasksAtIndex(payload, token, None).await,
        )?;
        for path in single {
            let call = format!("index.findTask of `{path}`");
            let found = self.one(&call, async || self.index.findTask(path).await);
            items.extend(unless_absent(found)?);
        }
        let found = items.into_iter().filter_map(|item| {
            let path = paths.get(item.namespace.as_str())?;
            Some((path.clone(), item.into_task()))
        });
        Ok(found.collect())
    }
}

impl IndexList for Client {
    fn list_tasks(
        &self,
        namespace: &IndexPath,
    ) -> Result<BTreeMap<IndexPath, IndexedTask>, ApiError> {
        let (call, text) = (
            format!("index.listTasks of `{namespace}`"),
            namespace.as_str(),
        );
        let items: Vec<IndexItem> = self.list(
            &call,
            "tasks",
            async |token| self.index.listTasks(text, token, None).await,
            |token, lifetime| {
                let index = &self.index;
                index.listTasks_signed_url(text, Some(token), None, lifetime)
            },
        )?;
        items
            .into_iter()
            .map(|item| Ok((path(&call, &item.namespace)?, item.into_task())))
            .collect()
    }

    fn list_namespaces(&self, namespace: &IndexPath) -> Result<BTreeSet<IndexPath>, ApiError> {
        let (call, text) = (
            format!("index.listNamespaces of `{namespace}`"),
            namespace.as_str(),
        );
        let items: Vec<NamespaceItem> = self.list(
            &call,
            "namespaces",
            async |token| self.index.listNamespaces(text, token, None).await,
            |token, lifetime| {
                let index = &self.index;
                index.listNamespaces_signed_url(text, Some(token), None, lifetime)
            },
        )?;
        items
            .into_iter()
            .map(|item| path(&call, &item.namespace))
            .collect()
    }
}

fn path(call: &str, text: &str) -> Result<IndexPath, ApiError> {
    IndexPath::new(text).map_err(|error| unreadable(call, error))
}

impl Queue for Client {
    fn statuses(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, TaskStatus>, ApiError> {
        let items: Vec<StatusItem> = self.batch(
            "queue.statuses",
            ("taskIds", "statuses"),
            &texts(ids),
            async |payload, token| self.queue.statuses(payload, token, None).await,
        )?;
        let items = items.into_iter();
        Ok(items.map(|item| (item.task_id, item.status)).collect())
    }

    fn definitions(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, Value>, ApiError> {
        let items: Vec<DefinitionItem> = self.batch(
            "queue.tasks",
            ("taskIds", "tasks"),
            &texts(ids),
            async |payload, token| self.queue.tasks(payload, token, None).await,
        )?;
        let items = items.into_iter();
        Ok(items.map(|item| (item.task_id, item.task)).collect())
    }

    fn create_task(&self, id: &TaskId, definition: &Value) -> Result<TaskStatus, ApiError> {
        let call = format!("queue.createTask of `{id}`");
        let answer: StatusAnswer = self.one(&call, async || {
            self.queue.createTask(id.as_str(), definition).await
        })?;
        Ok(answer.status)
    }

    fn rerun_task(&self, id: &TaskId) -> Result<TaskStatus, ApiError> {
        let call = format!("queue.rerunTask of `{id}`");
        let answer: StatusAnswer =
            self.one(&call, async || self.queue.rerunTask(id.as_str()).await)?;
        Ok(answer.status)
    }

    fn cancel_task(&self, id: &TaskId) -> Result<TaskStatus, ApiError> {
        let call = format!("queue.cancelTask of `{id}`");
        let answer: StatusAnswer =
            self.one(&call, async || self.queue.cancelTask(id.as_str()).await)?;
        Ok(answer.status)
    }

    fn task_group(&self, id: &TaskId) -> Result<BTreeMap<TaskId, (TaskStatus, Value)>, ApiError> {
        let text = id.as_str();
        let items: Option<Vec<GroupItem>> = unless_absent(self.list(
            &format!("queue.listTaskGroup of `{id}`"),
            "tasks",
            async |token| self.queue.listTaskGroup(text, token, None).await,
            |token, lifetime| {
                let token = Some(token);
                let queue = &self.queue;
                queue.listTaskGroup_signed_url(text, token, None, lifetime)
            },
        ))?;
        let items = items.into_iter().flatten();
        Ok(items
            .map(|item| (item.status.task_id.clone(), (item.status, item.task)))
            .collect())
    }

    fn artifacts(&self, id: &TaskId) -> Result<BTreeMap<String, Timestamp>, ApiError> {
        let text = id.as_str();
        let result: Result<Vec<ArtifactItem>, _> = self.list(
            &format!("queue.listLatestArtifacts of `{id}`"),
            "artifacts",
            async |token| self.queue.listLatestArtifacts(text, token, None).await,
            |token, lifetime| {
                let token = Some(token);
                let queue = &self.queue;
                queue.listLatestArtifacts_signed_url(text, token, None, lifetime)
            },
        );
        let items = match result {
            // So the queue answers for a task without a run as well as for an unknown one.
            Err(error) if error.status() == NOT_FOUND => {
                let known = self.statuses(&BTreeSet::from([id.clone()]))?;
                return if known.is_empty() {
                    Err(error)
                } else {
                    Ok(BTreeMap::new())
                };
            }
            result => result?,
        };
        let items = items.into_iter();
        Ok(items.map(|item| (item.name, item.expires)).collect())
    }

    fn artifact(&self, id: &TaskId, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        let call = format!("queue.getLatestArtifact of `{name}` of `{id}`");
        let url = self
            .artifact_url(id, name)
            .map_err(|error| api_error(&call, error))?;
        let download = download::download(&self.downloads, &self.patience, &url);
        let result = self.runtime.block_on(download);
        result.map_err(|kind| ApiError { call, kind })
    }
}

impl Client {
    /// Writes an artifact of a task's latest run to a file, whole or not at all; says whether there is one.
    ///
    /// # Errors
    /// Any failure, also of writing.
    pub fn artifact_to_file(
        &self,
        id: &TaskId,
        name: &str,
        to: &std::path::Path,
    ) -> Result<bool, ApiError> {
        let call = format!("queue.getLatestArtifact of `{name}` of `{id}`");
        let url = self
            .artifact_url(id, name)
            .map_err(|error| api_error(&call, error))?;
        let download = download::download_to(&self.downloads, &self.patience, &url, to);
        let result = self.runtime.block_on(download);
        result.map_err(|kind| ApiError { call, kind })
    }

    /// Writes what an address gives to a file, whole or not at all; says whether there is anything. It is asked without
    /// credentials.
    ///
    /// # Errors
    /// Any failure, also of writing.
    pub fn url_to_file(&self, url: &str, to: &std::path::Path) -> Result<bool, ApiError> {
        let download = download::download_to(&self.downloads, &self.patience, url, to);
        let result = self.runtime.block_on(download);
        result.map_err(|kind| ApiError {
            call: format!("`{url}`"),
            kind,
        })
    }

    /// Where an artifact is. Everybody may have public ones, and a URL that is not signed cannot leak.
    fn artifact_url(&self, id: &TaskId, name: &str) -> anyhow::Result<String> {
        if self.is_signing() && !name.starts_with("public/") {
            let queue = &self.queue;
            queue.getLatestArtifact_signed_url(id.as_str(), name, signature::LIFETIME)
        } else {
            self.queue.getLatestArtifact_url(id.as_str(), name)
        }
    }
}

impl Runs for Client {
    fn runs(
        &self,
        ids: &BTreeSet<TaskId>,
    ) -> Result<BTreeMap<TaskId, (TaskStatus, Vec<Run>)>, ApiError> {
        let items: Vec<RunsItem> = self.batch(
            "queue.statuses",
            ("taskIds", "statuses"),
            &texts(ids),
            async |payload, token| self.queue.statuses(payload, token, None).await,
        )?;
        let items = items.into_iter();
        Ok(items
            .map(|item| (item.task_id, (item.status.status, item.status.runs)))
            .collect())
    }
}

impl Secrets for Client {
    fn secret(&self, name: &str) -> Result<Value, ApiError> {
        let call = format!("secrets.get of `{name}`");
        let answer: SecretAnswer = self.one(&call, async || self.secrets.get(name).await)?;
        Ok(answer.secret)
    }
}

impl WorkerManager for Client {
    fn worker_pools(&self) -> Result<BTreeMap<String, Value>, ApiError> {
        let items: Vec<WorkerPoolItem> = self.list(
            "workerManager.listWorkerPools",
            "workerPools",
            async |token| self.worker_manager.listWorkerPools(token, None).await,
            |token, lifetime| {
                let service = &self.worker_manager;
                service.listWorkerPools_signed_url(Some(token), None, lifetime)
            },
        )?;
        let items = items.into_iter();
        Ok(items
            .map(|item| (item.worker_pool_id, item.config))
            .collect())
    }
}

impl Auth for Client {
    fn current_scopes(&self) -> Result<BTreeSet<String>, ApiError> {
        let answer: ScopesAnswer = self.one("auth.currentScopes", async || {
            self.auth.currentScopes().await
        })?;
        Ok(answer.scopes)
    }
}
