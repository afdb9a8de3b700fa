//! From what a decision task is told of its event to [`DecisionParameters`].

use taskgraph_images_transforms::Level;

use super::parameters::DecisionParameters;
use super::request::{Request, RequestError, Wanted};
use super::target::Method;
use crate::taskcluster::Timestamp;

/// What a decision task is told, by flags, by its environment, and by the repository. Absent is `None`, never empty.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The branch that the change is compared to.
    pub base_ref: Option<String>,
    /// The repository of the base; by default the head's.
    pub base_repository: Option<String>,
    /// The revision that the change is compared to.
    pub base_rev: Option<String>,
    /// The branch or tag of the head.
    pub head_ref: Option<String>,
    /// The repository of the head.
    pub head_repository: Option<String>,
    /// The revision of the head.
    pub head_rev: Option<String>,
    /// The tag that was pushed.
    pub head_tag: Option<String>,
    /// The level of the run.
    pub level: Option<Level>,
    /// Who caused the event.
    pub owner: Option<String>,
    /// The project's name; by default the last word of the head's repository.
    pub project: Option<String>,
    /// The number of the pull request.
    pub pull_request_number: Option<u64>,
    /// The names of the pull request's labels.
    pub pull_request_labels: Vec<String>,
    /// The text of a comment to Taskcluster, without what addresses it.
    pub comment: Option<String>,
    /// When the push happened, in seconds since 1970.
    pub pushdate: Option<i64>,
    /// The push's number in Treeherder.
    pub pushlog_id: Option<String>,
    /// The event's name.
    pub tasks_for: Option<String>,
    /// The target tasks method that was asked for.
    pub target_tasks_method: Option<Method>,
    /// Whether the index may replace target tasks.
    pub optimize_target_tasks: Option<bool>,
    /// The images that the method `image` is about.
    pub images: Vec<String>,
    /// The input of a cron job that somebody started.
    pub cron_input: Option<serde_json::Value>,
    /// The message of the head's commit.
    pub message: String,
    /// The project's version.
    pub version: Option<String>,
}

/// Why an event gives no parameters; whoever sends it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Something that every event has is missing.
    #[error("`{0}` is not given")]
    Missing(&'static str),
    /// Level 3 is claimed for code that anybody may choose.
    #[error("`{0}` can never run at level 3")]
    LevelOfPullRequest(String),
    /// A message, label, comment or input asks for nothing known.
    #[error("the {place} cannot be followed: {source}")]
    Request {
        /// Where it was asked.
        place: &'static str,
        /// What is wrong with it.
        #[source]
        source: RequestError,
    },
    /// A comment to Taskcluster that is not about images.
    #[error(
        "the comment {0:?} asks for nothing known: expected `build` and images, such as `build ubuntu-2404 --force`"
    )]
    Comment(String),
    /// A cron job's input is not of the form that it must have.
    #[error("the input of the cron job cannot be followed: {0}")]
    CronInput(String),
    /// The method `image` without images, or images with another method.
    #[error("the target tasks method `image` needs images, and only it takes them")]
    Images,
}

/// The input that a cron job takes.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct CronInput {
    images: Vec<String>,
    force: bool,
}

impl Event {
    /// The parameters of the event, as of `now`. What is affected is not known here: `files_changed` is empty.
    ///
    /// # Errors
    /// Everything that is missing or cannot be followed.
    pub fn parameters(&self, now: Timestamp) -> Result<DecisionParameters, Vec<EventError>> {
        let mut faults = Vec::new();
        let tasks_for = self.tasks_for.clone().unwrap_or_else(|| {
            faults.push(EventError::Missing("tasks-for"));
            String::new()
        });
        let level = self.level.unwrap_or_else(|| {
            faults.push(EventError::Missing("level"));
            Level::One
        });
        let head_repository = self.head_repository.clone().unwrap_or_else(|| {
            faults.push(EventError::Missing("head-repository"));
            String::new()
        });
        let head_rev = self.head_rev.clone().unwrap_or_else(|| {
            faults.push(EventError::Missing("head-rev"));
            String::new()
        });
        let pushdate = self.pushdate.unwrap_or(0);
        let build_date = if pushdate > 0 {
            pushdate
        } else {
            now.as_seconds()
        };
        let mut parameters = DecisionParameters {
            base_ref: self.base_ref.as_deref().map(short),
            base_repository: self
                .base_repository
                .clone()
                .unwrap_or_else(|| head_repository.clone()),
            base_rev: self.base_rev.clone().unwrap_or_default(),
            build_date,
            head_ref: self.head_ref.as_deref().map(short).unwrap_or_default(),
            head_rev,
            head_tag: self.head_tag.as_deref().map(short).unwrap_or_default(),
            level: level.to_string(),
            moz_build_date: Timestamp::from_millis(build_date.saturating_mul(1000)).compact(),
            owner: address(self.owner.as_deref().unwrap_or("nobody")),
            project: self
                .project
                .clone()
                .unwrap_or_else(|| last_word(&head_repository)),
            pushdate,
            pushlog_id: self.pushlog_id.clone().unwrap_or_else(|| "0".to_owned()),
            target_tasks_method: self
                .target_tasks_method
                .unwrap_or(Method::Default)
                .to_string(),
            optimize_target_tasks: self.optimize_target_tasks.unwrap_or(true),
            images: self.images.clone(),
            pull_request_number: self.pull_request_number,
            version: self.version.clone(),
            head_repository,
            tasks_for,
            ..DecisionParameters::default()
        };
        if !parameters.images.is_empty() && self.target_tasks_method.is_none() {
            parameters.target_tasks_method = Method::Image.to_string();
        }
        match self.request(&parameters) {
            Ok(None) => {}
            Ok(Some((place, request))) => follow(&mut parameters, place, &request),
            Err(mut errors) => faults.append(&mut errors),
        }
        if (parameters.target_tasks_method == Method::Image.as_str())
            == parameters.images.is_empty()
        {
            faults.push(EventError::Images);
        }
        if let Ok(for_tasks) = parameters.for_tasks()
            && for_tasks.is_pull_request()
            && for_tasks.level == Level::Three
        {
            faults.push(EventError::LevelOfPullRequest(parameters.tasks_for.clone()));
        }
        if faults.is_empty() {
            Ok(parameters)
        } else {
            Err(faults)
        }
    }

    /// What somebody asks for, and where: the most deliberate place wins.
    fn request(
        &self,
        parameters: &DecisionParameters,
    ) -> Result<Option<(&'static str, Request)>, Vec<EventError>> {
        let at = |place: &'static str| {
            move |errors: Vec<RequestError>| {
                errors
                    .into_iter()
                    .map(|source| EventError::Request { place, source })
                    .collect::<Vec<_>>()
            }
        };
        if let Some(input) = &self.cron_input {
            return cron_input(input).map(|request| Some(("cron-input", request)));
        }
        let tasks_for = parameters.tasks_for.as_str();
        if let Some(comment) = &self.comment {
            let words = comment.trim();
            let request = words
                .strip_prefix("build")
                .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
                .ok_or_else(|| vec![EventError::Comment(words.to_owned())])?;
            let request = Request::of_words(request).map_err(at("comment"))?;
            return Ok(Some(("comment", request)));
        }
        let push = tasks_for == "github-push";
        if !push && !tasks_for.starts_with("github-pull-request") {
            return Ok(None);
        }
        if let Some(request) = Request::in_labels(&self.pull_request_labels).map_err(at("label"))? {
            return Ok(Some(("label", request)));
        }
        let request = Request::in_message(&self.message, push).map_err(at("commit-message"))?;
        Ok(request.map(|request| ("commit-message", request)))
    }
}

fn follow(parameters: &mut DecisionParameters, place: &str, request: &Request) {
    parameters.try_mode = Some(place.to_owned());
    let method = match &request.images {
        Wanted::Implied => None,
        Wanted::Nothing => Some(Method::None),
        Wanted::All => Some(Method::All),
        Wanted::Images(images) => {
            parameters.images = images.iter().map(ToString::to_string).collect();
            Some(Method::Image)
        }
    };
    if let Some(method) = method {
        parameters.target_tasks_method = method.to_string();
        if method != Method::Image {
            parameters.images.clear();
        }
    }
    if request.force {
        parameters.optimize_target_tasks = false;
    }
}

fn cron_input(input: &serde_json::Value) -> Result<Request, Vec<EventError>> {
    let fault = |error: String| vec![EventError::CronInput(error)];
    let input: CronInput = match input {
        serde_json::Value::Null => CronInput::default(),
        other => serde_json::from_value(other.clone()).map_err(|error| fault(error.to_string()))?,
    };
    let mut request = Request::of_words(&input.images.join(" ")).map_err(|errors| {
        errors
            .into_iter()
            .map(|error| EventError::CronInput(error.to_string()))
            .collect::<Vec<_>>()
    })?;
    request.force |= input.force;
    Ok(request)
}

/// A branch or tag without what git puts before it.
fn short(name: &str) -> String {
    name.strip_prefix("refs/heads/")
        .or_else(|| name.strip_prefix("refs/tags/"))
        .unwrap_or(name)
        .to_owned()
}

/// An e-mail address, which the queue wants of an owner. A bare name gets the domain that Taskgraph gives it.
fn address(owner: &str) -> String {
    if owner.contains('@') {
        owner.to_owned()
    } else {
        format!("{owner}@noreply.mozilla.org")
    }
}

fn last_word(repository: &str) -> String {
    let trimmed = repository.trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed);
    trimmed
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(tasks_for: &str) -> Event {
        Event {
            tasks_for: Some(tasks_for.to_owned()),
            level: Some(Level::One),
            head_repository: Some("https://github.com/example/images.git".to_owned()),
            head_rev: Some("a".repeat(40)),
            head_ref: Some("refs/heads/main".to_owned()),
            owner: Some("somebody".to_owned()),
            ..Event::default()
        }
    }

    fn now() -> Timestamp {
        "2026-11-25T17:00:00.500Z".parse().unwrap()
    }

    /// The method, the images and whether they are made anew; or what is wrong.
    fn asked(event: &Event) -> String {
        match event.parameters(now()) {
            Ok(parameters) => format!(
                "{} {:?} {}",
                parameters.target_tasks_method,
                parameters.images,
                if parameters.optimize_target_tasks {
                    ""
                } else {
                    "anew"
                }
            ),
            Err(errors) => errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    #[test]
    fn taskgraphs_names_and_meanings() {
        let parameters = event("github-push").parameters(now()).unwrap();
        insta::assert_snapshot!(parameters.to_yaml(), @r#"
        base_ref: null
        base_repository: "https://github.com/example/images.git"
        base_rev: ""
        build_date: 1795626000
        build_number: 1
        do_not_optimize: []
        enable_always_target: true
        existing_tasks: {}
        files_changed: []
        filters:
        - "target_tasks_method"
        head_ref: "main"
        head_repository: "https://github.com/example/images.git"
        head_rev: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        head_tag: ""
        images: []
        level: "1"
        moz_build_date: "20261125170000"
        next_version: null
        optimize_strategies: null
        optimize_target_tasks: true
        owner: "somebody@noreply.mozilla.org"
        project: "images"
        pull_request_number: null
        pushdate: 0
        pushlog_id: "0"
        repository_type: "git"
        target_tasks_method: "default"
        tasks_for: "github-push"
        try_mode: null
        version: null
        "#);
    }

    #[test]
    fn what_is_missing_is_said_at_once() {
        assert_eq!(
            asked(&Event::default()),
            "`tasks-for` is not given; `level` is not given; `head-repository` is not given; `head-rev` is not given"
        );
    }

    #[test]
    fn no_event_of_a_pull_request_is_of_level_3() {
        for tasks_for in [
            "github-pull-request",
            "github-pull-request-untrusted",
            "github-issue-comment",
            "pr-action",
        ] {
            let event = Event {
                level: Some(Level::Three),
                ..event(tasks_for)
            };
            assert_eq!(
                asked(&event),
                format!("`{tasks_for}` can never run at level 3")
            );
        }
    }

    #[test]
    fn who_asks() {
        let push = |message: &str| Event {
            message: message.to_owned(),
            ..event("github-push")
        };
        assert_eq!(asked(&push("Fix")), "default [] ");
        assert_eq!(asked(&push("Fix DONTBUILD")), "none [] ");
        assert_eq!(
            asked(&push("Fix\n\ntaskgraph-images: a b@aws --force")),
            "image [\"a\", \"b@aws\"] anew"
        );
        let cron = Event {
            message: "taskgraph-images: all".to_owned(),
            target_tasks_method: Some(Method::Rebuild),
            ..event("cron")
        };
        assert_eq!(asked(&cron), "rebuild [] ");
        let input = Event {
            cron_input: Some(serde_json::json!({"images": ["a"], "force": true})),
            ..cron.clone()
        };
        assert_eq!(asked(&input), "image [\"a\"] anew");
        let input = Event {
            cron_input: Some(serde_json::json!({"level": 3})),
            ..cron
        };
        assert_eq!(
            asked(&input),
            "the input of the cron job cannot be followed: unknown field `level`, expected `images` or `force`"
        );
        let labelled = Event {
            pull_request_labels: vec!["taskgraph-images: none".to_owned()],
            message: "taskgraph-images: all".to_owned(),
            ..event("github-pull-request")
        };
        assert_eq!(asked(&labelled), "none [] ");
        let comment = |text: &str| Event {
            comment: Some(text.to_owned()),
            ..event("github-issue-comment")
        };
        assert_eq!(asked(&comment("build a")), "image [\"a\"] ");
        assert_eq!(
            asked(&comment("integration --level=3")),
            "the comment \"integration --level=3\" asks for nothing known: expected `build` and images, such as \
             `build ubuntu-2404 --force`"
        );
    }
}
