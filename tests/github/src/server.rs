//! [`Server`]: repositories on loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::{Call, Reply, Repository, listen};

/// The token that everything is allowed with.
const ANY: &str = "not-a-token";
/// What a token for one repository begins with; its name is the rest.
const FOR_ONE: &str = "not-a-token-of/";

/// Called with each call before it is obeyed.
type OnCall = Box<dyn Fn(usize, &str) + Send>;

#[derive(Default)]
struct State {
    address: String,
    repositories: BTreeMap<String, Repository>,
    calls: Vec<String>,
    on_call: Option<OnCall>,
}

/// Repositories on loopback, until the process ends.
///
/// Whoever signs nothing may read. The token `not-a-token` is allowed everything, `not-a-token-of/<owner>/<name>` everything
/// in one repository, and any other is none.
#[derive(Clone)]
pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Starts a server that holds no repository.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let own = Arc::clone(&state);
        let address = listen(move |call| lock(&own).reply(call));
        lock(&state).address.clone_from(&address);
        Self { address, state }
    }

    /// Where it is, without a slash at the end.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Takes a repository in, instead of another one of its name.
    pub fn add(&self, repository: Repository) {
        let name = repository.name.clone();
        self.state().repositories.insert(name, repository);
    }

    /// Looks into a repository, or changes something in it.
    pub fn with<T>(&self, name: &str, look: impl FnOnce(&mut Repository) -> T) -> T {
        let mut state = self.state();
        let found = state.repositories.get_mut(name);
        look(found.unwrap_or_else(|| panic!("there is no `{name}`")))
    }

    /// All calls so far: method and path.
    pub fn requests(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// The calls so far that change something.
    pub fn writes(&self) -> Vec<String> {
        let mut calls = self.requests();
        calls.retain(|call| !call.starts_with("GET "));
        calls
    }

    /// Forgets the calls so far, and what was to be called with each.
    pub fn forget(&self) {
        let mut state = self.state();
        state.calls.clear();
        state.on_call = None;
    }

    /// Calls something with each call before it is obeyed: with its number from 0, and its method and path.
    pub fn on_call(&self, call: impl Fn(usize, &str) + Send + 'static) {
        self.state().on_call = Some(Box::new(call));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Takes the lock. A call that must not be made has failed its test already.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn reply(&mut self, call: &Call) -> Reply {
        let name = format!("{} {}", call.method, call.path);
        let number = self.calls.len();
        self.calls.push(name.clone());
        if let Some(on_call) = &self.on_call {
            on_call(number, &name);
        }
        let no = |status, words| Reply::json(status, &json!({"message": words}));
        let mut parts = call.path.split(['/', '?']).skip(2);
        let (Some(owner), Some(name)) = (parts.next(), parts.next()) else {
            return no(404, "Not Found");
        };
        // Names of repositories know no capitals.
        let name = format!("{owner}/{name}").to_lowercase();
        match call.token.as_deref() {
            None if call.method == "GET" => {}
            None => return no(401, "Requires authentication"),
            Some(ANY) => {}
            Some(token) => match token.strip_prefix(FOR_ONE) {
                Some(one) if one == name => {}
                Some(_) => return no(403, "Resource not accessible by integration"),
                None => return no(401, "Bad credentials"),
            },
        }
        let Some(repository) = self.repositories.get_mut(&name) else {
            return no(404, "Not Found");
        };
        let path = call.path.replacen(&call.path[7..7 + name.len()], &name, 1);
        let address = &self.address;
        let url = format!("{address}{path}");
        let body = (!call.body.is_empty()).then_some(&call.body[..]);
        repository.answer(&call.method, &url, body)
    }
}
