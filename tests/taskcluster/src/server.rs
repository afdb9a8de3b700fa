//! [`Server`]: a running server, and what a test does with it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::artifact::Artifact;
use crate::clock;
use crate::fault::Faults;
use crate::http::{Context, lock, serve};
use crate::options::Options;
use crate::record::Record;
use crate::saved::{Saved, bring, insert_task, load, save};
use crate::schemas::Schemas;
use crate::state::{IndexEntry, TaskState};

/// A running server. It stops, and cuts its connections, when it is dropped.
pub struct Server {
    context: Arc<Context>,
    address: SocketAddr,
    /// Only none while it is dropped.
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server on loopback.
    ///
    /// # Panics
    /// If there is no such port, or the schemas cannot be read: then no test can go on.
    pub fn start(options: Options) -> Self {
        let schemas = Schemas::new(options.schemas.as_deref());
        let port = options.port;
        let context = Arc::new(Context::new(options, schemas));
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fake-taskcluster")
            .enable_all()
            .build()
            .expect("threads can be started");
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
            .unwrap_or_else(|error| panic!("port {port} cannot be listened at: {error}"));
        let address = listener
            .local_addr()
            .expect("a listener knows where it listens");
        runtime.spawn(serve(listener, Arc::clone(&context)));
        Self {
            context,
            address,
            runtime: Some(runtime),
        }
    }

    /// Where it is, without a slash at the end.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Record> {
        lock(&self.context.records).clone()
    }

    /// Forgets the requests so far. Their numbers are not used again.
    pub fn forget_requests(&self) {
        lock(&self.context.records).clear();
    }

    /// Other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.context.faults) = faults;
    }

    /// Callers act with other scopes from now on.
    pub fn set_held_scopes(&self, scopes: impl IntoIterator<Item = impl Into<String>>) {
        *lock(&self.context.held_scopes) = scopes.into_iter().map(Into::into).collect();
    }

    /// The definitions of all tasks by their ids, as the queue gives them.
    pub fn tasks(&self) -> BTreeMap<String, Value> {
        let state = self.context.state();
        let tasks = state.tasks.iter();
        tasks
            .map(|(id, task)| (id.clone(), (*task.definition).clone()))
            .collect()
    }

    /// How a task is doing.
    pub fn task_state(&self, id: &str) -> Option<TaskState> {
        let now = self.context.now();
        let mut state = self.context.state();
        let task = state.tasks.get_mut(id)?;
        task.meet_deadline(now);
        Some(task.state())
    }

    /// How many runs a task has.
    pub fn run_count(&self, id: &str) -> usize {
        let state = self.context.state();
        state.tasks.get(id).map_or(0, |task| task.runs.len())
    }

    /// Adds a task without a check. What its definition leaves out has the queue's default, or some value; nothing is
    /// put into the index.
    pub fn insert_task(&self, id: &str, definition: Value, state: TaskState) {
        insert_task(&self.context, id, definition, state);
    }

    /// Brings a task into a state, as a worker would: what completes is put into the index by its routes, and tasks
    /// that only waited for it become pending.
    ///
    /// # Panics
    /// If there is no such task, or the state is `unscheduled`.
    pub fn bring(&self, id: &str, state: TaskState) {
        assert!(
            bring(&self.context, id, state),
            "the task `{id}` cannot be brought into the state `{state}`"
        );
    }

    /// Removes a task, as if it had expired. Index entries and dependents stay.
    pub fn remove_task(&self, id: &str) {
        self.context.state().tasks.remove(id);
    }

    /// Seals a group of tasks.
    pub fn seal(&self, group: &str) {
        let now = self.context.now();
        if let Some(group) = self.context.state().groups.get_mut(group) {
            group.sealed = Some(now);
        }
    }

    /// All entries of the index by their paths.
    pub fn index(&self) -> BTreeMap<String, IndexEntry> {
        self.context.state().index.clone()
    }

    /// Puts an entry into the index, whatever is there.
    pub fn insert_index(&self, path: &str, entry: IndexEntry) {
        self.context.state().index.insert(path.to_owned(), entry);
    }

    /// Makes a worker pool, or changes it.
    pub fn insert_worker_pool(&self, id: &str, provider: &str, config: Value) {
        let pool = (provider.to_owned(), config);
        self.context
            .state()
            .worker_pools
            .insert(id.to_owned(), pool);
    }

    /// Keeps a secret.
    pub fn insert_secret(&self, name: &str, secret: Value) {
        self.context.state().secrets.insert(name.to_owned(), secret);
    }

    /// Gives a task an artifact. A task that has artifacts need not exist otherwise.
    pub fn insert_artifact(&self, id: &str, name: &str, artifact: Artifact) {
        let mut state = self.context.state();
        let artifacts = state.artifacts.entry(id.to_owned()).or_default();
        artifacts.insert(name.to_owned(), artifact);
    }

    /// The server's time, as its services write it.
    pub fn time(&self) -> String {
        clock::format(self.context.now())
    }

    /// The server's time some while from now, as its services write it.
    pub fn time_after(&self, duration: Duration) -> String {
        clock::format(self.context.now().saturating_add(millis(duration)))
    }

    /// The server's time some while ago, as its services write it.
    pub fn time_before(&self, duration: Duration) -> String {
        clock::format(self.context.now().saturating_sub(millis(duration)))
    }

    /// Moves the server's clock forward.
    pub fn advance(&self, duration: Duration) {
        self.context.clock.advance(millis(duration));
    }

    /// Sets the server's clock, which then goes on.
    ///
    /// # Panics
    /// If the text is no time.
    pub fn set_time(&self, time: &str) {
        let time = clock::parse(time).unwrap_or_else(|| panic!("`{time}` is no time"));
        self.context.clock.set(time);
    }

    /// Tasks and index as a document.
    pub fn save(&self) -> Saved {
        save(&self.context)
    }

    /// Adds tasks and index entries, without a check.
    pub fn load(&self, saved: Saved) {
        load(&self.context, saved);
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A callback of a test may hang; the test is to end all the same.
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}
