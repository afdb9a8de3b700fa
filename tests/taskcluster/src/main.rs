//! Serves until it is killed, and prints its root URL as one line: Taskcluster for scripts.
//!
//! `GET /fake/state` shows tasks and index, `POST /fake/state` adds to them, `GET /fake/requests` shows what came,
//! `POST /fake/task/<taskId>/<state>` resolves a task, `POST /fake/clock/<seconds>` moves the clock.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fake_taskcluster::{Options, Saved, Server};

/// Serves Taskcluster's queue, index and auth services on loopback until killed
#[derive(Parser)]
struct Args {
    /// Port to listen at; 0 means any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Scope that callers act with, once or more [default: all]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// File with the scopes that callers act with, one a line
    #[arg(long, value_name = "FILE")]
    scopes_file: Option<PathBuf>,
    /// Client id that requests must be signed by
    #[arg(long, requires = "access_token")]
    client_id: Option<String>,
    /// Token that requests must be signed with
    #[arg(long, requires = "client_id")]
    access_token: Option<String>,
    /// Folder of artifacts: `<taskId>/<name>`
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Folder of Taskcluster's JSON schemas
    #[arg(long, value_name = "DIR", env = "TASKGRAPH_IMAGES_SCHEMAS")]
    schemas: Option<PathBuf>,
    /// File with tasks and index entries to begin with, as JSON
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// File to write tasks and index entries to at SIGINT or SIGTERM, as JSON
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), String> {
    let mut scopes = args.scopes;
    if let Some(path) = &args.scopes_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        let lines = text.lines().map(str::trim);
        scopes.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let mut options = Options {
        artifacts: args.artifacts,
        schemas: args.schemas,
        port: args.port,
        ..Options::default()
    };
    if !scopes.is_empty() || args.scopes_file.is_some() {
        options = options.holding(scopes);
    }
    if let (Some(id), Some(token)) = (args.client_id, args.access_token) {
        options = options.signed_by(&id, &token);
    }
    let saved = match &args.load {
        None => Saved::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
            serde_json::from_str(&text)
                .map_err(|error| format!("`{}` is not understood: {error}", path.display()))?
        }
    };
    let server = Server::start(options);
    server.load(saved);
    // Whoever started this reads the line to know that it is ready.
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", server.root_url())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("the root URL cannot be printed: {error}"))?;
    wait().map_err(|error| format!("signals cannot be waited for: {error}"))?;
    if let Some(path) = &args.save {
        let text =
            serde_json::to_string_pretty(&server.save()).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n")
            .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    }
    Ok(())
}

/// Waits until somebody wants the process to end.
fn wait() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            Ok(())
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    })
}
