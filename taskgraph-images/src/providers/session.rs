//! [`Session`]: how providers are called: over HTTP and by programs, with patience, and in a dry run only in words.

use std::io::Read as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};

use super::{ProviderError, ProviderErrorKind};
use crate::worker::mask::Mask;
use crate::worker::process::{Program, ProgramError};

/// The largest answer that is taken.
const LIMIT: u64 = 64 * 1024 * 1024;

/// How long providers are waited for.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How often a call is tried again when no answer comes, or one that says to come later.
    pub retries: u32,
    /// The first pause; each one after it is twice as long.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long one answer may take.
    pub answer: Duration,
    /// How long what a provider does by itself, such as a copy, may take.
    pub operation: Duration,
    /// How long a provider may not know yet what it has just made.
    pub appearance: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            retries: 5,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            answer: Duration::from_secs(60),
            operation: Duration::from_secs(50 * 60),
            appearance: Duration::from_secs(60),
        }
    }
}

/// How providers are called.
pub struct Session<'a> {
    http: Client,
    pace: Pace,
    dry_run: bool,
    mask: &'a Mask,
    say: &'a dyn Fn(&str),
}

/// A request, without what signs it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Headers that are said with it.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    /// What it is called in messages.
    pub(super) call: String,
    /// Whether it changes something.
    pub(super) changes: bool,
    /// What is said of it: all that it asks for, and nothing that signs it.
    pub(super) said: String,
}

/// An answer, of any status below 500 that does not say to come later.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl<'a> Session<'a> {
    /// A session that says each call that changes something, masked; a dry run says them all and makes none.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub fn new(
        pace: Pace,
        dry_run: bool,
        mask: &'a Mask,
        say: &'a dyn Fn(&str),
    ) -> Result<Self, ProviderError> {
        let http = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .timeout(pace.answer)
            .user_agent(concat!("taskgraph-images/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                let kind = ProviderErrorKind::Input(error.to_string());
                ProviderError::new("HTTP client", kind)
            })?;
        Ok(Self {
            http,
            pace,
            dry_run,
            mask,
            say,
        })
    }

    /// Whether nothing is done.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Says a line, without secrets.
    pub(super) fn say(&self, words: &str) {
        (self.say)(&self.mask.apply(words));
    }

    /// Sends a request, again as long as there is no answer; `sign` adds what may not be shown.
    ///
    /// A dry run says it, and takes the answer that is assumed.
    pub(super) fn send(
        &self,
        request: &Request,
        sign: impl Fn(&Request) -> Result<Vec<(String, String)>, ProviderError>,
        assumed: impl FnOnce() -> Answer,
    ) -> Result<Answer, ProviderError> {
        if self.dry_run || request.changes {
            self.say(&request.said);
        }
        if self.dry_run {
            return Ok(assumed());
        }
        self.try_send(request, sign)
    }

    /// Sends a request that tells nobody anything and changes nothing, such as one for a token.
    pub(super) fn try_send(
        &self,
        request: &Request,
        sign: impl Fn(&Request) -> Result<Vec<(String, String)>, ProviderError>,
    ) -> Result<Answer, ProviderError> {
        let mut pause = self.pace.pause;
        let mut tries = 0;
        loop {
            let why = match self.once(request, &sign(request)?) {
                Ok(answer) if !is_passing(answer.status) => return Ok(answer),
                Ok(answer) => format!("status {}: {}", answer.status, first_line(&answer.body)),
                Err(why) => why,
            };
            tries += 1;
            if tries > self.pace.retries {
                let kind = ProviderErrorKind::NoAnswer(why);
                return Err(ProviderError::new(&request.call, kind));
            }
            sleep(pause);
            pause = (pause * 2).min(self.pace.longest_pause);
        }
    }

    fn once(&self, request: &Request, more: &[(String, String)]) -> Result<Answer, String> {
        let mut built = self
            .http
            .request(request.method.clone(), request.url.clone());
        for (name, value) in request.headers.iter().chain(more) {
            built = built.header(name, value);
        }
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        } else if request.method != Method::GET {
            built = built.header("content-length", "0");
        }
        // Of the error only its cause is told: the URL is in the call's name already.
        let failed = |error: reqwest::Error| {
            let error = error.without_url();
            let mut words = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                words = format!("{words}: {cause}");
                source = cause.source();
            }
            words
        };
        let response: Response = built.send().map_err(failed)?;
        let status = response.status();
        let mut body = Vec::new();
        response
            .take(LIMIT)
            .read_to_end(&mut body)
            .map_err(|error| error.to_string())?;
        Ok(Answer {
            status: status.as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Asks until there is a result, as long as an operation may take.
    pub(super) fn wait<T>(
        &self,
        call: &str,
        ask: impl FnMut() -> Result<Option<T>, ProviderError>,
    ) -> Result<T, ProviderError> {
        self.ask_for(self.pace.operation, ask)?.ok_or_else(|| {
            let words = format!("waited {} s", self.pace.operation.as_secs());
            ProviderError::new(call, ProviderErrorKind::Unfinished(words))
        })
    }

    /// Asks until there is a result, as long as what was just made may not be known yet; `None` when it never is.
    pub(super) fn appears<T>(
        &self,
        ask: impl FnMut() -> Result<Option<T>, ProviderError>,
    ) -> Result<Option<T>, ProviderError> {
        self.ask_for(self.pace.appearance, ask)
    }

    /// Whether what has not been seen since then is not there.
    pub(super) fn is_overdue(&self, since: Instant) -> bool {
        since.elapsed() > self.pace.appearance
    }

    fn ask_for<T>(
        &self,
        limit: Duration,
        mut ask: impl FnMut() -> Result<Option<T>, ProviderError>,
    ) -> Result<Option<T>, ProviderError> {
        let started = Instant::now();
        let mut pause = self.pace.pause;
        loop {
            let result = ask()?;
            if result.is_some() || started.elapsed() > limit {
                return Ok(result);
            }
            sleep(pause);
            pause = (pause * 2).min(self.pace.longest_pause);
        }
    }

    /// Runs a program; what it answered. A dry run says it and takes what is assumed.
    pub(super) fn program(
        &self,
        program: &Program,
        changes: bool,
        assumed: impl FnOnce() -> String,
    ) -> Result<String, ProviderError> {
        let words: Vec<_> = std::iter::once(&program.name)
            .chain(&program.arguments)
            .map(|word| word.to_string_lossy())
            .collect();
        let call = words.join(" ");
        if self.dry_run || changes {
            self.say(&call);
        }
        if self.dry_run {
            return Ok(assumed());
        }
        let answer = program.ask(self.mask).map_err(|error| {
            let kind = match error {
                ProgramError::Start { name, why } => ProviderErrorKind::Program { name, why },
                other => ProviderErrorKind::Unfinished(other.to_string()),
            };
            ProviderError::new(&call, kind)
        })?;
        if answer.ended.is_success() {
            Ok(answer.output)
        } else {
            let kind = ProviderErrorKind::Refused {
                code: answer.ended.status.to_string(),
                message: answer.ended.words(),
            };
            Err(ProviderError::new(call, kind))
        }
    }

    /// Changes files. A dry run only says it.
    pub(super) fn files(
        &self,
        call: &str,
        at: &Path,
        work: impl FnOnce() -> std::io::Result<()>,
    ) -> Result<(), ProviderError> {
        self.say(call);
        if self.dry_run {
            return Ok(());
        }
        work().map_err(|error| file_error(call, at, &error))
    }
}

/// What the system says of a file.
pub(super) fn file_error(call: &str, at: &Path, error: &std::io::Error) -> ProviderError {
    let kind = ProviderErrorKind::File(format!("`{}`: {error}", at.display()));
    ProviderError::new(call, kind)
}

/// No headers besides the request's own.
pub(super) fn unsigned(_: &Request) -> Result<Vec<(String, String)>, ProviderError> {
    Ok(Vec::new())
}

/// A URL of parts that are known to be one.
pub(super) fn url(call: &str, text: &str) -> Result<Url, ProviderError> {
    Url::parse(text).map_err(|error| {
        let kind = ProviderErrorKind::Input(format!("`{text}` is no URL: {error}"));
        ProviderError::new(call, kind)
    })
}

fn is_passing(status: u16) -> bool {
    StatusCode::from_u16(status)
        .is_ok_and(|status| status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS)
}

fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let mut end = line.len().min(300);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}
