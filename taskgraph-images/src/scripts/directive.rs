//! Comments that address this program or ShellCheck.

use std::ops::Range;

use super::target::tidy;
use super::{Base, Candidate, Fault, Reference, Target};

const MARK: &str = "taskgraph-images:";
const WAIVER: &str = "not-an-input";

/// What ShellCheck is told about the commands in `scope`.
#[derive(Debug)]
struct ShellCheck {
    scope: Range<usize>,
    source: Option<String>,
    search: Vec<String>,
}

#[derive(Debug)]
struct Waiver {
    span: Range<usize>,
    /// The rows (from 0) whose references it waives.
    rows: Vec<usize>,
    reason: String,
    used: bool,
}

/// The comments of a script.
#[derive(Debug, Default)]
pub(super) struct Comments {
    waivers: Vec<Waiver>,
    shellcheck: Vec<ShellCheck>,
    faults: Vec<Fault>,
}

impl Comments {
    /// Reads a comment for what it says to this program.
    ///
    /// `row` is its line; `alone` says that nothing stands before it, so that it means the next line with code.
    pub(super) fn read(&mut self, text: &str, comment: Range<usize>, row: usize, alone: bool) {
        let words = text[comment.clone()].trim_start_matches(['#', '<']);
        let words = words.trim_end_matches('>').trim_end_matches('#').trim();
        let Some(words) = words.strip_prefix(MARK) else {
            return;
        };
        let words = words.trim();
        let mut fault = |message: String| {
            self.faults.push(Fault {
                span: comment.clone().into(),
                message,
            });
        };
        let (verb, reason) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        if verb != WAIVER {
            fault(format!(
                "`{MARK} {verb}` is not known; `{MARK} {WAIVER} REASON` is"
            ));
            return;
        }
        let reason = reason.trim();
        if reason.is_empty() {
            fault(format!("`{MARK} {WAIVER}` needs a reason after it"));
        }
        let mut rows = vec![row];
        if alone {
            let following = text.get(comment.end..).unwrap_or_default().lines().skip(1);
            let comments = following.take_while(|line| line.trim_start().starts_with('#'));
            rows.push(row + 1 + comments.count());
        }
        self.waivers.push(Waiver {
            span: comment,
            rows,
            reason: reason.to_owned(),
            used: false,
        });
    }

    /// Reads a comment for what it says to ShellCheck about the commands in `scope`.
    pub(super) fn read_shellcheck(
        &mut self,
        comment: &str,
        scope: Range<usize>,
        whole: Option<Range<usize>>,
    ) {
        let Some(words) = shellcheck(comment) else {
            return;
        };
        let mut source = None;
        let mut search = Vec::new();
        for word in words.split_ascii_whitespace() {
            if word.starts_with('#') {
                break;
            }
            let Some((key, value)) = word.split_once('=') else {
                continue;
            };
            let value = value.trim_matches(['"', '\'']);
            match key {
                "source" => source = Some(value.to_owned()),
                "source-path" => search.push(value.to_owned()),
                _ => {}
            }
        }
        if !search.is_empty()
            && let Some(scope) = whole
        {
            self.shellcheck.push(ShellCheck {
                scope,
                source: None,
                search: std::mem::take(&mut search),
            });
        }
        if source.is_some() || !search.is_empty() {
            self.shellcheck.push(ShellCheck {
                scope,
                source,
                search,
            });
        }
    }

    /// What ShellCheck was told that the `source` at an offset reads.
    pub(super) fn source_at(&self, at: usize) -> Option<Target> {
        let source = self
            .shellcheck
            .iter()
            .rev()
            .find(|check| check.scope.contains(&at) && check.source.is_some())?
            .source
            .as_deref()?;
        Some(if source == "/dev/null" {
            Target::Waived("ShellCheck is told to follow nothing here".to_owned())
        } else if source.starts_with(['/', '~']) {
            Target::OnImage {
                path: source.to_owned(),
                glob: false,
            }
        } else {
            Target::Relative {
                candidates: [Base::Script, Base::Root]
                    .map(|base| Candidate {
                        base,
                        path: tidy(source),
                    })
                    .to_vec(),
            }
        })
    }

    /// The folders that ShellCheck was told to look for a sourced file in.
    pub(super) fn search_at(&self, at: usize) -> Vec<Candidate> {
        let mut folders = Vec::new();
        for check in self
            .shellcheck
            .iter()
            .filter(|check| check.scope.contains(&at))
        {
            for path in &check.search {
                folders.push(match path.strip_prefix("SCRIPTDIR") {
                    Some(below) => Candidate {
                        base: Base::Script,
                        path: tidy(below),
                    },
                    None => Candidate {
                        base: Base::Root,
                        path: tidy(path),
                    },
                });
            }
        }
        folders
    }

    /// Applies the waivers, and gives what is wrong with them.
    pub(super) fn finish(mut self, text: &str, references: &mut [Reference]) -> Vec<Fault> {
        if !self.waivers.is_empty() {
            let starts: Vec<usize> = std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect();
            for reference in references {
                let row =
                    starts.partition_point(|start| *start <= reference.span.range().start) - 1;
                let Some(waiver) = self
                    .waivers
                    .iter_mut()
                    .find(|waiver| waiver.rows.contains(&row))
                else {
                    continue;
                };
                waiver.used = true;
                reference.target = if waiver.reason.is_empty() {
                    Target::Unresolved(format!("`{MARK} {WAIVER}` beside it gives no reason"))
                } else {
                    Target::Waived(waiver.reason.clone())
                };
            }
        }
        for waiver in &self.waivers {
            if !waiver.used && !waiver.reason.is_empty() {
                self.faults.push(Fault {
                    span: waiver.span.clone().into(),
                    message: "it waives nothing: no reference is found on its line or the next"
                        .to_owned(),
                });
            }
        }
        self.faults.sort();
        self.faults
    }
}

/// What a comment says to ShellCheck.
pub(super) fn shellcheck(comment: &str) -> Option<&str> {
    comment
        .trim_start_matches('#')
        .trim_start()
        .strip_prefix("shellcheck")
        .filter(|words| words.starts_with([' ', '\t']))
}
