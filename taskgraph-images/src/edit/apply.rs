//! [`apply`]: edits in order, each checked.

use std::collections::BTreeMap;

use super::error::{Fault, Refusal};
use super::find::nearest;
use super::guard;
use super::shape::Document;
use super::source::{Source, position};
use super::splice::{Splice, spliced};
use super::{Change, Edit, EditError, Path, Scalar};
use super::{build, events, insert, remove, set};

/// Applies edits to a text; `file` is its name in messages.
///
/// Edits are applied in order. Every path is one of the text as it is given: that an earlier edit of the call takes
/// an item away does not move the others. Without edits, or when everything is set already, the text stays the same
/// bytes.
///
/// # Errors
/// One for each edit that is refused. Nothing is applied then.
pub fn apply(file: &str, text: &str, edits: &[Edit]) -> Result<String, Vec<EditError>> {
    let read = Read::new(text).map_err(|fault| vec![error(file, text, &Path::root(), fault)])?;
    let mut state = State {
        file,
        given: None,
        read,
        removed: Vec::new(),
        set: BTreeMap::new(),
        errors: Vec::new(),
    };
    let mut rest = edits;
    while let Some(first) = rest.first() {
        // Scalars do not move each other, so they are set at once.
        let sets = rest
            .iter()
            .take_while(|edit| matches!(edit.change, Change::Set(_)))
            .count();
        let (now, later) = rest.split_at(sets.max(1));
        if sets > 0 {
            state.set(now);
        } else {
            state.shape(first);
        }
        rest = later;
    }
    if state.errors.is_empty() {
        Ok(state.read.source.text)
    } else {
        Err(state.errors)
    }
}

/// A text, read: where things stand, and what they are.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) source: Source,
    pub(super) document: Document,
}

impl Read {
    pub(super) fn new(text: &str) -> Result<Self, Fault> {
        let spots = events::events(text)?;
        Ok(Self {
            source: build::build(text, &spots)?,
            document: Document::new(&spots, text)?,
        })
    }
}

pub(super) fn error(file: &str, text: &str, path: &Path, fault: Fault) -> EditError {
    let (line, column) = position(text, fault.at);
    EditError {
        file: file.to_owned(),
        line,
        column,
        path: path.clone(),
        refusal: fault.refusal,
    }
}

struct State<'a> {
    file: &'a str,
    read: Read,
    /// The text as it was given, once it is another.
    given: Option<Read>,
    /// What was taken away so far, each as a path of the text at that time.
    removed: Vec<Path>,
    /// What was set so far.
    set: BTreeMap<&'a Path, &'a Scalar>,
    errors: Vec<EditError>,
}

impl<'a> State<'a> {
    fn set(&mut self, edits: &'a [Edit]) {
        let (mut splices, mut meant) = (Vec::new(), Vec::new());
        for edit in edits {
            let Change::Set(scalar) = &edit.change else {
                continue;
            };
            match self.set.insert(&edit.path, scalar) {
                Some(other) if other == scalar => continue,
                Some(_) => {
                    self.refuse(edit, Refusal::Conflict);
                    continue;
                }
                None => {}
            }
            let Some(path) = self.now(edit) else {
                continue;
            };
            match set::set(&self.read.source, &path, scalar) {
                Ok(Some(splice)) => {
                    splices.push(splice);
                    meant.push((path, edit));
                }
                Ok(None) => {}
                Err(fault) => self.refuse(edit, fault.refusal),
            }
        }
        self.splice(splices, &meant);
    }

    fn shape(&mut self, edit: &'a Edit) {
        let Some(path) = self.now(edit) else {
            return;
        };
        match splices(&self.read.source, &path, &edit.change) {
            Err(fault) => self.refuse(edit, fault.refusal),
            Ok(splices) => {
                let is_removed = edit.change == Change::Remove;
                if self.splice(splices, &[(path.clone(), edit)]) && is_removed {
                    self.removed.push(path);
                }
            }
        }
    }

    /// Where a place of the text as it was given stands now.
    fn now(&mut self, edit: &Edit) -> Option<Path> {
        let gone = |path: Path, removed| path.without(removed);
        let now = self.removed.iter().try_fold(edit.path.clone(), gone);
        if now.is_none() {
            self.refuse(edit, Refusal::Conflict);
        }
        now
    }

    /// Makes the new text, and takes it if it is what was meant.
    fn splice(&mut self, splices: Vec<Splice>, meant: &[(Path, &Edit)]) -> bool {
        let Some((_, first)) = meant.first() else {
            return true;
        };
        let after = spliced(&self.read.source.text, splices)
            .ok_or_else(|| Refusal::Guard("two of its parts overlap".to_owned()))
            .and_then(|text| {
                Read::new(&text).map_err(|fault| match fault.refusal {
                    Refusal::TooLarge { .. } => fault.refusal,
                    other => Refusal::Guard(other.to_string()),
                })
            })
            .and_then(|after| {
                let changes = meant.iter().map(|(path, edit)| (path, &edit.change));
                let changes: Vec<_> = changes.collect();
                guard::check(&self.read.document, &after.document, &changes)
                    .map_err(Refusal::Guard)?;
                Ok(after)
            });
        match after {
            Ok(after) => {
                let before = std::mem::replace(&mut self.read, after);
                self.given.get_or_insert(before);
                true
            }
            Err(refusal) => {
                self.refuse(first, refusal);
                false
            }
        }
    }

    /// Notes a refusal, at its place in the text as it was given.
    fn refuse(&mut self, edit: &Edit, refusal: Refusal) {
        let given = &self.given.as_ref().unwrap_or(&self.read).source;
        let at = match splices(given, &edit.path, &edit.change) {
            Err(fault) if fault.refusal.code() == refusal.code() => fault.at,
            // What stands in the way came by an earlier edit.
            _ => nearest(given, &edit.path),
        };
        let error = error(self.file, &given.text, &edit.path, refusal.at(at));
        self.errors.push(error);
    }
}

fn splices(source: &Source, path: &Path, change: &Change) -> Result<Vec<Splice>, Fault> {
    match change {
        Change::Set(scalar) => Ok(set::set(source, path, scalar)?.into_iter().collect()),
        Change::Insert { key, value, after } => {
            insert::insert(source, path, key, value, after.as_deref())
        }
        Change::Append(value) => insert::append(source, path, value),
        Change::Remove => remove::remove(source, path),
    }
}
