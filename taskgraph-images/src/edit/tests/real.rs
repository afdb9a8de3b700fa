//! Over every scalar of real files, when `TASKGRAPH_IMAGES_REAL` names their folder.

use std::collections::BTreeMap;
use std::path::{Path as Folder, PathBuf};
use std::time::Instant;

use super::super::apply::{Read, apply};
use super::super::set::set;
use super::super::splice::spliced;
use super::super::{Change, Edit, Path, Scalar, ScalarAt, Style, scalars};

const VALUES: [&str; 4] = ["word", "1234567", "2026-09-01", "several words: é"];

/// Larger files are tried with one value for each scalar, in turn.
const SMALL: usize = 40_000;

fn files(folder: &Folder, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|ext| ext == "yml" || ext == "yaml")
        {
            found.push(path);
        }
    }
}

/// How to write what stands there again.
fn back(at: &ScalarAt) -> Option<Scalar> {
    match at.style {
        Style::Plain => Some(Scalar::Plain(at.text.clone())),
        Style::Single | Style::Double => Some(Scalar::Text(at.text.clone())),
        Style::Empty | Style::Literal | Style::Folded => None,
    }
}

/// Sets a scalar and sets it back; what came of it.
fn there_and_back(
    read: &Read,
    text: &str,
    path: &Path,
    at: &ScalarAt,
    value: &str,
) -> &'static str {
    let new = Scalar::Text(value.to_owned());
    let splice = match set(&read.source, path, &new) {
        Ok(Some(splice)) => splice,
        Ok(None) => return "the same already",
        Err(fault) => return fault.refusal.code(),
    };
    let edited = spliced(text, vec![splice]).unwrap();
    let edits = [Edit {
        path: path.clone(),
        change: Change::Set(new),
    }];
    // The whole way, with the guard.
    assert_eq!(apply("x", text, &edits).as_ref(), Ok(&edited));
    let Some(old) = back(at) else {
        return "set; nothing stood there to set back";
    };
    let other = Read::new(&edited).unwrap();
    let splice = match set(&other.source, path, &old) {
        Ok(splice) => splice,
        Err(fault) => panic!("{path}: {}", fault.refusal),
    };
    match spliced(&edited, splice.into_iter().collect()).unwrap() {
        again if again == text => "identical",
        _ if text
            .lines()
            .nth(at.line - 1)
            .is_some_and(|line| ends_open(line, at)) =>
        {
            "set; stood on several lines"
        }
        _ => "set; had other escapes",
    }
}

/// Whether a scalar does not end on its line.
fn ends_open(line: &str, at: &ScalarAt) -> bool {
    let rest: String = line.chars().skip(at.column - 1).collect();
    match at.style {
        Style::Plain => !rest.contains(&at.text),
        Style::Double => rest.matches('"').count() - rest.matches("\\\"").count() < 2,
        _ => rest.matches('\'').count() % 2 == 1,
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
fn every_scalar_of_real_files_there_and_back() {
    let Some(folder) = std::env::var_os("TASKGRAPH_IMAGES_REAL") else {
        eprintln!("skipped: TASKGRAPH_IMAGES_REAL names no folder");
        return;
    };
    let mut paths = Vec::new();
    files(Folder::new(&folder), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no YAML below TASKGRAPH_IMAGES_REAL");
    let mut total = BTreeMap::<&str, usize>::new();
    for file in &paths {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.display().to_string();
        let mut count = BTreeMap::<&str, usize>::new();
        match Read::new(&text) {
            Err(fault) => *count.entry(fault.refusal.code()).or_default() += 1,
            Ok(read) => {
                for (turn, (path, at)) in scalars(&name, &text).unwrap().iter().enumerate() {
                    for (kind, value) in VALUES.iter().enumerate() {
                        if text.len() < SMALL || turn % VALUES.len() == kind {
                            *count
                                .entry(there_and_back(&read, &text, path, at, value))
                                .or_default() += 1;
                        }
                    }
                }
                at_once(&name, &text);
            }
        }
        for (reason, times) in &count {
            *total.entry(reason).or_default() += times;
        }
    }
    eprintln!("{} files: {total:#?}", paths.len());
    let known = [
        "identical",
        "alias",
        "shared",
        "block-scalar",
        "merged",
        "duplicate-key",
        "many-documents",
        "no-document",
        "tagged",
    ];
    for reason in total.keys() {
        assert!(
            known.contains(reason) || reason.starts_with("set; "),
            "{reason}"
        );
    }
}

/// Sets everything that can be set in one call, and back.
#[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
fn at_once(name: &str, text: &str) {
    let read = Read::new(text).unwrap();
    let all = scalars(name, text).unwrap();
    let edits = |value: &dyn Fn(&ScalarAt) -> Scalar| -> Vec<Edit> {
        let can = |path: &Path, at: &ScalarAt| {
            back(at).is_some_and(|back| {
                set(&read.source, path, &Scalar::Text("a: b".to_owned())).is_ok()
                    && spliced(
                        text,
                        set(&read.source, path, &back)
                            .ok()
                            .flatten()
                            .into_iter()
                            .collect(),
                    )
                    .as_deref()
                        == Some(text)
            })
        };
        let edits = all.iter().filter(|(path, at)| can(path, at));
        edits
            .map(|(path, at)| Edit {
                path: path.clone(),
                change: Change::Set(value(at)),
            })
            .collect()
    };
    let there = edits(&|_| Scalar::Text("2026-09-01".to_owned()));
    let start = Instant::now();
    let new = apply(name, text, &there).unwrap();
    let took = start.elapsed();
    let back = apply(name, &new, &edits(&|at| back(at).unwrap())).unwrap();
    if text.len() > SMALL {
        let start = Instant::now();
        apply(name, text, &there[..1]).unwrap();
        eprintln!(
            "{name}: {} bytes, one in {:?}, {} at once in {took:?}",
            text.len(),
            start.elapsed(),
            there.len()
        );
    }
    if back != text {
        // Only what stood on several lines, or with other escapes, is written otherwise.
        let differ = back.lines().filter(|line| !text.contains(line)).count();
        eprintln!("{name}: {differ} lines written otherwise");
    }
}
