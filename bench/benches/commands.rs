//! Whole processes on synthetic repositories: wall time and peak memory of the commands that people wait for, beside
//! what git needs to tell which files differ and to give all definitions. Prints a Markdown table.
//!
//! `cargo bench -p taskgraph-images-bench [-- IMAGES…]`; `RUNS=20` sets how often each command runs. Cold runs come
//! after the repository and the binary were put out of the page cache, file by file (`posix_fadvise`), which needs
//! no privileges and leaves other processes' pages alone. Before anything is measured the answer is compared with
//! what the generator knows to be right.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};
use wait4::Wait4;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    // Cargo passes `--bench`; whoever measures passes sizes.
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![100, 1_000, 10_000];
    }
    let runs: usize = std::env::var("RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(9);
    let program = program()?;
    let directory = tempfile::tempdir()?;
    let mut out = io::stdout();
    writeln!(
        out,
        "| images | command | warm min | median | max | cold min | median | CPU | peak memory |\n\
         |---|---|---|---|---|---|---|---|---|"
    )?;
    for size in sizes {
        let repository = directory.path().join(size.to_string());
        let expected = generate(size, 0, &repository)?;
        check(&program, &repository, &expected)?;
        for case in cases(&program) {
            line(&mut out, size, &program, &case, &repository, runs)?;
        }
        if size <= LONG_HISTORY_IMAGES {
            let repository = directory.path().join(format!("{size}-history"));
            generate(size, LONG_HISTORY, &repository)?;
            let case = Case {
                name: "`replay`, 2,013 commits",
                program: program.clone(),
                arguments: vec!["--quiet", "replay"],
                input: None,
            };
            // Each run is long enough to be its own median.
            line(&mut out, size, &program, &case, &repository, runs.min(3))?;
        }
    }
    Ok(())
}

/// How many commits of everyday work `replay` walks, besides the dozen that the images are spread over.
const LONG_HISTORY: usize = 2_000;

/// The largest fleet whose history is walked.
const LONG_HISTORY_IMAGES: usize = 1_000;

/// Measures a command and prints a line of the table.
fn line(
    out: &mut impl Write,
    size: usize,
    program: &Path,
    case: &Case,
    repository: &Path,
    runs: usize,
) -> io::Result<()> {
    let warm = measure(case, repository, runs, || Ok(()))?;
    let cold = measure(case, repository, runs.div_ceil(2), || {
        forget(program)?;
        forget_all(&repository.join(".git"))
    })?;
    writeln!(
        out,
        "| {size} | {} | {} | {} | {} | {} | {} | {} | {} MB |",
        case.name,
        milliseconds(warm.wall[0]),
        milliseconds(warm.wall[warm.wall.len() / 2]),
        milliseconds(warm.wall[warm.wall.len() - 1]),
        milliseconds(cold.wall[0]),
        milliseconds(cold.wall[cold.wall.len() / 2]),
        milliseconds(warm.cpu),
        warm.memory.div_ceil(1024 * 1024),
    )?;
    out.flush()
}

/// Builds the program as it is released, and says where it is.
fn program() -> io::Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "-p", "taskgraph-images"])
        .status()?;
    // …/release/deps/commands-<hash>
    let mut directory = std::env::current_exe()?;
    directory.pop();
    directory.pop();
    let program = directory.join(format!("taskgraph-images{}", std::env::consts::EXE_SUFFIX));
    if status.success() && program.is_file() {
        Ok(program)
    } else {
        Err(io::Error::other("the program cannot be built"))
    }
}

/// Writes a repository in a process of its own, so that its memory is not taken for that of what is measured: a child
/// starts with its parent's peak.
fn generate(size: usize, edits: usize, repository: &Path) -> io::Result<BTreeSet<String>> {
    let output = Command::new(env!("CARGO_BIN_EXE_generate"))
        .arg(size.to_string())
        .arg(repository)
        .arg(edits.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("the generator failed"));
    }
    Ok(lines(&output.stdout))
}

fn lines(text: &[u8]) -> BTreeSet<String> {
    String::from_utf8_lossy(text)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Whether the program gives exactly the labels that the generator knows to be affected.
fn check(program: &Path, repository: &Path, expected: &BTreeSet<String>) -> io::Result<()> {
    let output = Command::new(program)
        .args(["--quiet", "affected", "--base", "HEAD~1", "--head", "HEAD"])
        .args(["--format", "labels"])
        .current_dir(repository)
        .output()?;
    let found = lines(&output.stdout);
    if output.status.success() && found == *expected && !expected.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "the answer is wrong: {} labels, expected {}\n{}",
        found.len(),
        expected.len(),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// A command that is measured.
struct Case {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<&'static str>,
    /// What goes to its standard input, made by another command.
    input: Option<&'static str>,
}

fn cases(program: &Path) -> Vec<Case> {
    let range = ["--base", "HEAD~1", "--head", "HEAD"];
    let ours = |name, command: &[&'static str], range: &[&'static str], format: &[&'static str]| {
        let mut arguments = vec!["--quiet"];
        arguments.extend(command);
        arguments.extend(range);
        arguments.extend(format);
        Case {
            name,
            program: program.to_owned(),
            arguments,
            input: None,
        }
    };
    let git = |name, arguments: &[&'static str], input| Case {
        name,
        program: PathBuf::from("git"),
        arguments: arguments.to_vec(),
        input,
    };
    vec![
        ours(
            "`affected --format labels`",
            &["affected"],
            &range,
            &["--format", "labels"],
        ),
        ours(
            "`affected --format json`",
            &["affected"],
            &range,
            &["--format", "json"],
        ),
        ours(
            "`preview --format json`",
            &["preview"],
            &range,
            &["--format", "json"],
        ),
        ours("`check`", &["check"], &["--head", "HEAD"], &[]),
        git(
            "floor: `git diff --name-status`",
            &["diff", "--name-status", "HEAD~1", "HEAD"],
            None,
        ),
        git(
            "floor: all definitions through `git cat-file --batch`",
            &["cat-file", "--batch"],
            Some("image-defs/images"),
        ),
    ]
}

struct Measured {
    /// Sorted.
    wall: Vec<Duration>,
    /// User and system time of the run that used least.
    cpu: Duration,
    /// The largest resident set of all runs, in bytes.
    memory: u64,
}

fn measure(
    case: &Case,
    repository: &Path,
    runs: usize,
    before: impl Fn() -> io::Result<()>,
) -> io::Result<Measured> {
    // Object ids go through a file: a pipe would make the harness part of what is measured.
    let input = case
        .input
        .map(|folder| ids(repository, folder))
        .transpose()?;
    let mut measured = Measured {
        wall: Vec::new(),
        cpu: Duration::MAX,
        memory: 0,
    };
    for _ in 0..runs.max(1) {
        before()?;
        let stdin = match &input {
            Some(path) => Stdio::from(std::fs::File::open(path)?),
            None => Stdio::null(),
        };
        let mut command = Command::new(&case.program);
        command
            .args(&case.arguments)
            .current_dir(repository)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let used = command.spawn()?.wait4()?;
        measured.wall.push(start.elapsed());
        if !used.status.success() {
            return Err(io::Error::other(format!("{} failed", case.name)));
        }
        measured.cpu = measured.cpu.min(used.rusage.utime + used.rusage.stime);
        measured.memory = measured.memory.max(used.rusage.maxrss);
    }
    measured.wall.sort_unstable();
    Ok(measured)
}

/// A file with the object ids of all files below a folder.
fn ids(repository: &Path, folder: &str) -> io::Result<PathBuf> {
    let output = Command::new("git")
        .args(["ls-tree", "-r", "--format=%(objectname)", "HEAD", folder])
        .current_dir(repository)
        .output()?;
    let path = repository.join(".git").join("bench-ids");
    std::fs::write(&path, &output.stdout)?;
    Ok(path)
}

/// Puts the files below a directory out of the page cache.
fn forget_all(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            forget_all(&entry.path())?;
        } else {
            forget(&entry.path())?;
        }
    }
    Ok(())
}

fn forget(path: &Path) -> io::Result<()> {
    let file = std::fs::File::open(path)?;
    // Only pages that are on the disk already can be dropped.
    file.sync_all()?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
