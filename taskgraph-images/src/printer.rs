//! [`Printer`]: data to stdout, words to stderr.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use taskgraph_images::diagnostic::{Diagnostic, Place, Severity};
use taskgraph_images::output::text::count;
use taskgraph_images::tree::{Files, Tree, TreePath, View};
use taskgraph_images::worker::build::BuildFault;

use crate::exit::Failure;

/// Writes what commands have to say.
#[derive(Debug)]
pub(crate) struct Printer {
    choice: anstream::ColorChoice,
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(choice: anstream::ColorChoice, quiet: bool) -> Self {
        Self { choice, quiet }
    }

    /// Writes a command's result, to a file or to stdout.
    pub(crate) fn data(&mut self, text: &str, file: Option<&Path>) -> Result<(), Failure> {
        match file {
            Some(path) => std::fs::write(path, text)
                .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display()))),
            None => {
                let mut out = std::io::stdout().lock();
                out.write_all(text.as_bytes())?;
                Ok(out.flush()?)
            }
        }
    }

    /// Writes a line about what was done.
    pub(crate) fn note(&mut self, words: &str) {
        if !self.quiet {
            self.stderr(words);
        }
    }

    fn stderr(&self, words: &str) {
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        // When nobody reads stderr there is nobody to tell.
        let _ = writeln!(stream, "{}", words.trim_end());
    }

    /// Does some work, and tells how far it is: a bar for somebody who watches, nothing in a log, where the caller
    /// says a line when it is done.
    pub(crate) fn progress<T>(
        &mut self,
        what: &'static str,
        total: usize,
        work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T,
    ) -> T {
        let bar = if self.quiet || total == 0 {
            indicatif::ProgressBar::hidden()
        } else {
            // It draws nothing where standard error is no terminal.
            indicatif::ProgressBar::new(total as u64)
        };
        bar.set_prefix(what);
        if let Ok(style) =
            indicatif::ProgressStyle::with_template("{prefix} {bar:40} {pos} of {len}")
        {
            bar.set_style(style);
        }
        let result = work(&|done, _| bar.set_position(done as u64));
        bar.finish_and_clear();
        result
    }

    fn errors<E: std::fmt::Display>(&self, errors: impl IntoIterator<Item = E>) {
        for error in errors {
            self.stderr(&format!("{ERROR}error{ERROR:#}: {error}"));
        }
    }

    /// Writes findings with their snippets, all of them.
    pub(crate) fn findings(&mut self, findings: &[Diagnostic], tree: Option<&Tree>) {
        let renderer = Renderer::styled();
        let sources = Sources {
            tree,
            known: Default::default(),
        };
        for finding in findings {
            if self.quiet && finding.severity == Severity::Warning {
                continue;
            }
            self.stderr(&render(finding, &sources, &renderer));
            self.stderr("");
        }
    }

    /// Writes why a command failed.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        match failure {
            Failure::BrokenPipe => return,
            Failure::Definitions(findings, tree) => {
                self.findings(findings, tree.as_ref());
                let errors = findings
                    .iter()
                    .filter(|finding| finding.severity == Severity::Error)
                    .count();
                let warnings = findings.len() - errors;
                let warnings = match warnings {
                    0 => String::new(),
                    more => format!(" and {}", count(more, "warning")),
                };
                let errors = count(errors, "error");
                self.errors([format!("the definitions have {errors}{warnings}")]);
            }
            Failure::TooMuch { scopes, .. } => {
                for scope in scopes {
                    self.stderr(&format!("  `{scope}`"));
                }
            }
            Failure::Scopes(missing) => {
                for scope in missing {
                    self.stderr(&format!("  {scope}"));
                }
            }
            Failure::Build(_, BuildFault::Image { tail, .. }) => self.stderr(tail),
            Failure::NoStart { console, .. } => self.stderr(console),
            _ => {}
        }
        if !matches!(failure, Failure::Definitions(..)) {
            self.errors(failure.errors());
        }
        match failure {
            Failure::Create(error) => {
                if !error.skipped.is_empty() {
                    let labels: Vec<String> = error
                        .skipped
                        .iter()
                        .map(|label| format!("`{label}`"))
                        .collect();
                    self.stderr(&format!("not tried: {}", labels.join(", ")));
                }
                self.errors([format!(
                    "{} could not be created, {} not tried; {} there",
                    count(error.failed.len(), "task"),
                    error.skipped.len(),
                    error.done.created + error.done.present
                )]);
            }
            Failure::Unfinished(tasks) if tasks.not_begun > 0 => {
                self.stderr(&format!("{} not begun", count(tasks.not_begun, "task")));
            }
            _ => {}
        }
        if let Some(hint) = failure.hint() {
            self.stderr(&format!("{HINT}hint{HINT:#}: {hint}"));
        }
    }
}

const ERROR: clap::builder::styling::Style = clap::builder::styling::AnsiColor::BrightRed
    .on_default()
    .bold();
const HINT: clap::builder::styling::Style = clap::builder::styling::AnsiColor::BrightCyan
    .on_default()
    .bold();

/// Texts of files, each read once.
struct Sources<'a> {
    tree: Option<&'a Tree>,
    known: std::cell::RefCell<HashMap<TreePath, std::rc::Rc<str>>>,
}

impl Sources<'_> {
    fn text(&self, path: &TreePath) -> std::rc::Rc<str> {
        if let Some(text) = self.known.borrow().get(path) {
            return text.clone();
        }
        let content = self
            .tree
            .and_then(|tree| View::new(tree).read(path).ok())
            .unwrap_or_default();
        let text: std::rc::Rc<str> = String::from_utf8_lossy(&content).into();
        self.known.borrow_mut().insert(path.clone(), text.clone());
        text
    }
}

fn render(finding: &Diagnostic, sources: &Sources<'_>, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(finding.message.clone())
            .id(finding.code),
    );
    match &finding.place {
        // Of a whole file, only its name helps.
        Some(place) if place.span.end == 0 => {
            group = group.element(Origin::path(place.path.to_string()))
        }
        Some(place) => group = group.element(snippet(place, None, sources)),
        None => {}
    }
    for (place, words) in &finding.notes {
        group = group.element(snippet(place, Some(words), sources));
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint.clone()));
    }
    renderer.render(&[group])
}

/// The lines that a place covers, at most a few: a whole file as a snippet helps nobody.
fn snippet<'a>(
    place: &Place,
    words: Option<&str>,
    sources: &Sources<'_>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = sources.text(&place.path);
    let path = place.path.to_string();
    let start = floor(&text, place.span.range().start);
    let end = floor(&text, place.span.range().end.max(start));
    let line = text[..start].matches('\n').count() + 1;
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let first_line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let to = first_line_end.max(from);
    let shown = text[from..to].trim_end_matches('\r').to_owned();
    let span = (start - from).min(shown.len())..(end.min(to) - from).min(shown.len());
    let kind = if words.is_some() {
        AnnotationKind::Context
    } else {
        AnnotationKind::Primary
    };
    let snippet = Snippet::source(shown).path(path).line_start(line);
    match words {
        Some(words) => snippet.annotation(kind.span(span).label(words.to_owned())),
        None => snippet.annotation(kind.span(span)),
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
