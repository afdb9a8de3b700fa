//! What each call does and answers, as the report on GitHub's interface has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Reply;
use crate::git::Commit;
use crate::repository::{Issue, Pull, Repository};

/// How many entries a page has here, whatever is asked for.
const PAGE: usize = 2;

impl Repository {
    /// Obeys a call of an address, which ends in `/repos/<owner>/<name>` and what is below that.
    ///
    /// # Panics
    /// When the call is one that the program must not make.
    pub fn answer(&mut self, method: &str, url: &str, body: Option<&[u8]>) -> Reply {
        let reply = self.route(method, url, body);
        self.follow();
        reply
    }

    fn route(&mut self, method: &str, url: &str, body: Option<&[u8]>) -> Reply {
        let body: Value = body.map_or(Value::Null, |body| {
            serde_json::from_slice(body).expect("a body is JSON")
        });
        let missing = || say(404, &json!({"message": "Not Found"}));
        let below = url
            .split_once("/repos/")
            .and_then(|(_, address)| address.strip_prefix(&self.name));
        let Some(address) = below else {
            return missing();
        };
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let state = self;
        if state.archived && method != "GET" {
            return say(
                403,
                &json!({"message": "Repository was archived so is read-only."}),
            );
        }
        let query = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.replace("%3A", ":"))
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        match (method, parts.as_slice()) {
            ("GET", []) => say(
                200,
                &json!({
                    "full_name": capital(&state.name), "default_branch": "main", "archived": state.archived,
                }),
            ),
            ("GET", ["releases"]) => page(url, state.releases.clone(), query("page")),
            ("GET", ["git", "ref", "heads", name @ ..]) => {
                match state.git.refs.get(&name.join("/")) {
                    Some(sha) => say(200, &json!({"object": {"sha": sha, "type": "commit"}})),
                    None => missing(),
                }
            }
            ("GET", ["git", "commits", sha]) => match state.git.commits.get(*sha) {
                Some(commit) => say(200, &commit_json(sha, commit)),
                None => missing(),
            },
            ("GET", ["git", "trees", sha]) => state
                .git
                .entries(sha)
                .map_or_else(missing, |tree| say(200, &tree)),
            ("GET", ["git", "blobs", sha]) => match state.git.blobs.get(*sha) {
                Some(blob) => {
                    let content = STANDARD.encode(blob);
                    let lines: Vec<&str> = content
                        .as_bytes()
                        .chunks(8)
                        .map(|line| str::from_utf8(line).unwrap())
                        .collect();
                    say(
                        200,
                        &json!({"content": lines.join("\n") + "\n", "encoding": "base64"}),
                    )
                }
                None => missing(),
            },
            ("GET", ["compare", range]) => {
                let (base, head) = range.split_once("...").unwrap();
                state
                    .git
                    .compare(base, head)
                    .map_or_else(missing, |value| say(200, &value))
            }
            ("POST", ["git", "blobs"]) => {
                assert_eq!(text("encoding"), "base64");
                let sha = state.git.blob(&STANDARD.decode(text("content")).unwrap());
                say(201, &json!({"sha": sha}))
            }
            ("POST", ["git", "trees"]) => {
                let base = body["base_tree"].as_str();
                let mut files = base
                    .map(|base| state.git.trees[base].clone())
                    .unwrap_or_default();
                for entry in body["tree"].as_array().unwrap() {
                    let of = |key: &str| entry[key].as_str().unwrap().to_owned();
                    files.insert(of("path"), (of("mode"), of("sha")));
                }
                let sha = state.git.tree(files);
                say(201, &json!({"sha": sha}))
            }
            ("POST", ["git", "commits"]) => {
                assert!(body.get("author").is_none() && body.get("committer").is_none());
                let parents = body["parents"].as_array().unwrap();
                let commit = Commit {
                    message: text("message"),
                    tree: text("tree"),
                    parents: parents
                        .iter()
                        .map(|sha| sha.as_str().unwrap().to_owned())
                        .collect(),
                    author: "example-app[bot]".to_owned(),
                };
                let sha = state.git.commit(commit);
                say(201, &json!({"sha": sha}))
            }
            ("POST", ["git", "refs"]) => {
                let name = text("ref").strip_prefix("refs/heads/").unwrap().to_owned();
                if state.git.refs.contains_key(&name) {
                    return say(422, &json!({"message": "Reference already exists"}));
                }
                assert!(state.git.commits.contains_key(&text("sha")));
                state.git.refs.insert(name, text("sha"));
                say(201, &json!({}))
            }
            (method @ ("PATCH" | "DELETE"), ["git", "refs", "heads", name @ ..]) => {
                let name = name.join("/");
                assert!(
                    name.starts_with("taskgraph-images/"),
                    "{name} is none of ours"
                );
                if !state.git.refs.contains_key(&name) {
                    return say(422, &json!({"message": "Reference does not exist"}));
                }
                if method == "DELETE" {
                    state.git.refs.remove(&name);
                    return say(204, &Value::Null);
                }
                assert_eq!(body["force"], true);
                state.git.refs.insert(name, text("sha"));
                say(200, &json!({}))
            }
            ("GET", ["pulls"]) => {
                let pulls = state.pulls.iter().filter(|pull| {
                    let is_state =
                        query("state").is_none_or(|state| state == "all" || state == pull.state);
                    let head = format!("{}:{}", pull.repo.split('/').next().unwrap(), pull.branch);
                    is_state && query("head").is_none_or(|wanted| wanted == head)
                });
                page(url, pulls.map(pull_json).collect(), query("page"))
            }
            ("POST", ["pulls"]) => open(state, &body),
            ("GET", ["issues"]) => {
                assert_eq!(query("state").as_deref(), Some("all"));
                let list = state
                    .issues
                    .iter()
                    .map(|issue| issue_json(&state.name, issue))
                    .collect();
                page(url, list, query("page"))
            }
            ("POST", ["issues"]) => {
                assert!(text("body").encode_utf16().count() <= 65_536);
                let labels = body["labels"].as_array().into_iter().flatten();
                let issue = Issue {
                    number: state.issues.len() as u64 + 1,
                    title: text("title"),
                    body: text("body"),
                    state: "open",
                    labels: labels
                        .map(|name| name.as_str().unwrap().to_owned())
                        .collect(),
                    author: "example-app[bot]".to_owned(),
                    kind: "Bot".to_owned(),
                    association: "NONE".to_owned(),
                    is_pull: false,
                };
                let answer = say(201, &issue_json(&state.name, &issue));
                state.issues.push(issue);
                answer
            }
            ("PATCH", ["issues", number]) => {
                let number: u64 = number.parse().unwrap();
                let issue = state.issues.iter_mut().find(|one| one.number == number);
                let Some(issue) = issue else { return missing() };
                assert!(body.get("state").is_none(), "never closed");
                issue.body = text("body");
                say(200, &issue_json(&state.name, issue))
            }
            (method, ["pulls" | "issues", number, rest @ ..]) => {
                let number = number.parse::<u64>().unwrap();
                let Some(at) = state.pulls.iter().position(|pull| pull.number == number) else {
                    return missing();
                };
                if method == "GET" {
                    let pull = &state.pulls[at];
                    let pairs = |list: &[(String, String)], key: &str| -> Vec<Value> {
                        list.iter()
                            .map(|(who, what)| json!({"user": {"login": who}, key: what}))
                            .collect()
                    };
                    let list = match rest {
                        ["reviews"] => pairs(&pull.reviews, "state"),
                        ["comments"] => pairs(&pull.comments, "body"),
                        ["events"] => pull.events.clone(),
                        _ => return missing(),
                    };
                    return page(url, list, query("page"));
                }
                let late = matches!(rest, ["labels" | "requested_reviewers"]) && state.late > 0;
                if late {
                    state.late -= 1;
                    return say(
                        422,
                        &json!({"message": "Could not resolve to a node with the global id of 'x'."}),
                    );
                }
                change(&mut state.pulls[at], rest, &body)
            }
            _ => missing(),
        }
    }
}

fn open(state: &mut Repository, body: &Value) -> Reply {
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    let (branch, base) = (text("head"), text("base"));
    let is_there =
        |pull: &Pull| pull.state == "open" && pull.branch == branch && pull.repo == state.name;
    if state.pulls.iter().any(is_there) {
        let owner = state.name.split('/').next().unwrap();
        let message = format!("A pull request already exists for {owner}:{branch}.");
        return say(
            422,
            &json!({"message": "Validation Failed", "errors": [{"message": message}]}),
        );
    }
    assert!(text("body").encode_utf16().count() <= 65_536);
    let Some(sha) = state.git.refs.get(&branch).cloned() else {
        return say(
            422,
            &json!({"message": "Validation Failed", "errors": [{"code": "invalid"}]}),
        );
    };
    let pull = Pull {
        number: state.pulls.len() as u64 + 1,
        title: text("title"),
        body: text("body"),
        state: "open",
        merged: false,
        repo: state.name.clone(),
        branch,
        sha,
        base,
        labels: Vec::new(),
        reviewers: Vec::new(),
        teams: Vec::new(),
        reviews: Vec::new(),
        comments: Vec::new(),
        events: Vec::new(),
    };
    let answer = say(201, &pull_json(&pull));
    state.pulls.push(pull);
    answer
}

fn change(pull: &mut Pull, rest: &[&str], body: &Value) -> Reply {
    let names = |key: &str| -> Vec<String> {
        let list = body[key].as_array().into_iter().flatten();
        list.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    match rest {
        [] => {
            if let Some(title) = body["title"].as_str() {
                title.clone_into(&mut pull.title);
            }
            if let Some(text) = body["body"].as_str() {
                text.clone_into(&mut pull.body);
            }
            if body["state"] == "closed" {
                pull.state = "closed";
            }
            say(200, &pull_json(pull))
        }
        ["comments"] => {
            let words = body["body"].as_str().unwrap().to_owned();
            pull.comments.push(("example-app[bot]".to_owned(), words));
            say(201, &json!({}))
        }
        ["labels"] => {
            for name in names("labels") {
                pull.events
                    .push(json!({"event": "labeled", "label": {"name": name}}));
                pull.labels.push(name);
            }
            say(200, &json!([]))
        }
        ["requested_reviewers"] => {
            if names("reviewers").iter().any(|name| name == "stranger") {
                let message = "Reviews may only be requested from collaborators.";
                return say(422, &json!({"message": message}));
            }
            for name in names("reviewers") {
                pull.events.push(
                    json!({"event": "review_requested", "requested_reviewer": {"login": name}}),
                );
                pull.reviewers.push(name);
            }
            for name in names("team_reviewers") {
                pull.events
                    .push(json!({"event": "review_requested", "requested_team": {"slug": name}}));
                pull.teams.push(name);
            }
            say(201, &pull_json(pull))
        }
        _ => say(404, &json!({"message": "Not Found"})),
    }
}

/// A name as the service writes it, which need not be how callers do.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn say(status: u16, body: &Value) -> Reply {
    Reply::json(status, body)
}

fn page(url: &str, list: Vec<Value>, page: Option<String>) -> Reply {
    let page = page.map_or(1, |page| page.parse::<usize>().unwrap());
    let entries: Vec<Value> = list
        .iter()
        .skip((page - 1) * PAGE)
        .take(PAGE)
        .cloned()
        .collect();
    let mut answer = say(200, &Value::Array(entries));
    if list.len() > page * PAGE {
        let (start, _) = url.split_once("&page=").unwrap_or((url, ""));
        let link = format!(
            "<{start}&page={}>; rel=\"next\", <{start}&page=9>; rel=\"last\"",
            page + 1
        );
        answer.headers.insert("link".to_owned(), link);
    }
    answer
}

fn commit_json(sha: &str, commit: &Commit) -> Value {
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|sha| json!({"sha": sha}))
        .collect();
    json!({
        "sha": sha, "message": commit.message, "tree": {"sha": commit.tree}, "parents": parents,
        "author": {"name": commit.author},
    })
}

fn issue_json(repository: &str, issue: &Issue) -> Value {
    let mut value = json!({
        "number": issue.number,
        "html_url": format!("https://example.org/{repository}/issues/{}", issue.number),
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "user": {"login": issue.author, "type": issue.kind},
        "author_association": issue.association,
    });
    if issue.is_pull {
        value["pull_request"] = json!({"url": "https://example.org"});
    }
    value
}

fn pull_json(pull: &Pull) -> Value {
    let list = |names: &[String], key: &str| -> Vec<Value> {
        names.iter().map(|name| json!({key: name})).collect()
    };
    json!({
        "number": pull.number,
        "html_url": format!("https://example.org/{}/pull/{}", pull.repo, pull.number),
        "title": pull.title,
        "body": pull.body,
        "state": pull.state,
        "merged_at": pull.merged.then_some("2026-01-01T00:00:00Z"),
        "head": {"ref": pull.branch, "sha": pull.sha, "repo": {"full_name": pull.repo}},
        "base": {"ref": pull.base},
        "labels": list(&pull.labels, "name"),
        "requested_reviewers": list(&pull.reviewers, "login"),
        "requested_teams": list(&pull.teams, "slug"),
    })
}
