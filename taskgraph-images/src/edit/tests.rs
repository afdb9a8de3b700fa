//! Data in, text out; and laws over documents made up here and, if named, over real ones.

mod guard;
mod properties;
mod real;
mod refused;
mod removed;
mod set;
mod shape;
mod words;

use serde_json::Value as Json;

use super::{Change, Edit, Path, Scalar, Step, apply};

/// A path like `a.b[0]`.
fn path(text: &str) -> Path {
    let mut steps = Vec::new();
    for part in text.split('.').filter(|part| !part.is_empty()) {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        if !key.is_empty() {
            steps.push(Step::from(key));
        }
        let indices = indices.split('[').filter(|index| !index.is_empty());
        steps.extend(
            indices.map(|index| Step::from(index.trim_end_matches(']').parse::<usize>().unwrap())),
        );
    }
    steps.into()
}

fn edit(at: &str, change: Change) -> Edit {
    Edit {
        path: path(at),
        change,
    }
}

/// The new text, or the errors.
fn run(text: &str, edits: &[Edit]) -> String {
    match apply("x.yml", text, edits) {
        Ok(text) => text,
        Err(errors) => errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn text(value: &str) -> Change {
    Change::Set(Scalar::Text(value.to_owned()))
}

fn plain(value: &str) -> Change {
    Change::Set(Scalar::Plain(value.to_owned()))
}

fn set(document: &str, at: &str, value: &str) -> String {
    run(document, &[edit(at, text(value))])
}

fn remove(document: &str, at: &str) -> String {
    run(document, &[edit(at, Change::Remove)])
}

fn insert(document: &str, at: &str, key: &str, value: Json) -> String {
    run(
        document,
        &[edit(
            at,
            Change::Insert {
                key: key.to_owned(),
                value,
                after: None,
            },
        )],
    )
}

fn insert_after(document: &str, at: &str, after: &str, key: &str, value: Json) -> String {
    let after = Some(after.to_owned());
    run(
        document,
        &[edit(
            at,
            Change::Insert {
                key: key.to_owned(),
                value,
                after,
            },
        )],
    )
}

fn append(document: &str, at: &str, value: Json) -> String {
    run(document, &[edit(at, Change::Append(value))])
}
