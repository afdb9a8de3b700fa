//! Over every scalar of real files, when `TASKGRAPH_IMAGES_REAL` names their folder.

use std::collections::BTreeMap;
use std::path::{Path as Folder, PathBuf};
use std::time::Instant;

use super::super::apply::{Read, apply};
use super::super::guard::check;
use super::super::set::set;
use super::super::splice::spliced;
use super::super::{Change, Edit, Path, Scalar, ScalarAt, Style, scalars};

const VALUES: [&str; 4] = ["word", "1234567", "2026-09-01", "several words: é"];

/// Of larger files only some scalars are tried alone, since that takes a reading each; all of them at once.
const SMALL: usize = 8_000;
const SOME: usize = 16;

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
    let other = Read::new(&edited).unwrap();
    let meant = [(path, &Change::Set(new))];
    check(&read.document, &other.document, &meant).unwrap();
    let Some(old) = back(at) else {
        return "set; nothing stood there to set back";
    };
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
    let mut refusals = BTreeMap::<&str, usize>::new();
    let mut scalars_seen = 0;
    for file in &paths {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.display().to_string();
        let mut count = BTreeMap::<&str, usize>::new();
        match Read::new(&text) {
            Err(fault) => *count.entry(fault.refusal.code()).or_default() += 1,
            Ok(read) => {
                let all = scalars(&name, &text).unwrap();
                let some = if text.len() < SMALL { 1 } else { SOME };
                for (turn, (path, at)) in all.iter().enumerate().step_by(some) {
                    let value = VALUES[turn / some % VALUES.len()];
                    *count
                        .entry(there_and_back(&read, &text, path, at, value))
                        .or_default() += 1;
                }
                let any = Scalar::Text("any value".to_owned());
                for refused in all
                    .iter()
                    .filter_map(|(path, _)| set(&read.source, path, &any).err())
                {
                    *refusals.entry(refused.refusal.code()).or_default() += 1;
                }
                scalars_seen += all.len();
                for value in VALUES {
                    let (same, otherwise) = at_once(&name, &text, &read, &all, value);
                    *count.entry("at once: identical").or_default() += same;
                    *count.entry("at once: written otherwise").or_default() += otherwise;
                }
            }
        }
        for (reason, times) in &count {
            *total.entry(reason).or_default() += times;
        }
    }
    eprintln!(
        "{} files, {scalars_seen} scalars, refused: {refusals:?}, tried: {total:#?}",
        paths.len()
    );
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
    for reason in total.keys().chain(refusals.keys()) {
        assert!(
            known.contains(reason)
                || reason.starts_with("set; ")
                || reason.starts_with("at once: "),
            "{reason}"
        );
    }
}

/// Sets everything that can be set in one call, and back; how many lines with scalars are as before, and how many not.
#[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
fn at_once(
    name: &str,
    text: &str,
    read: &Read,
    all: &[(Path, ScalarAt)],
    value: &str,
) -> (usize, usize) {
    let new = Scalar::Text(value.to_owned());
    let can =
        |path: &Path, at: &ScalarAt| back(at).is_some() && set(&read.source, path, &new).is_ok();
    let able: Vec<_> = all.iter().filter(|(path, at)| can(path, at)).collect();
    let edits = |value: &dyn Fn(&ScalarAt) -> Scalar| -> Vec<Edit> {
        let edit = |(path, at): &&(Path, ScalarAt)| Edit {
            path: path.clone(),
            change: Change::Set(value(at)),
        };
        able.iter().map(edit).collect()
    };
    let there = edits(&|_| new.clone());
    let start = Instant::now();
    let edited = apply(name, text, &there).unwrap();
    let took = start.elapsed();
    let back = apply(name, &edited, &edits(&|at| back(at).unwrap())).unwrap();
    if text.len() > 100_000 {
        let start = Instant::now();
        apply(name, text, &there[..1]).unwrap();
        eprintln!(
            "{} bytes: one in {:?}, {} at once in {took:?}",
            text.len(),
            start.elapsed(),
            there.len()
        );
    }
    if back == text {
        return (able.len(), 0);
    }
    // What stood on several lines, or with other escapes, is written otherwise, and nothing else.
    let before = scalars(name, text).unwrap();
    let after = scalars(name, &back).unwrap();
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|((path, old), (other, new))| {
                path == other && old.text == new.text && old.style == new.style
            })
    );
    let differ = text.lines().filter(|line| !back.contains(line)).count();
    (able.len() - differ, differ)
}
