//! PowerShell scripts, modules and manifests.

mod bound;
mod command;
mod evaluate;
mod lex;
mod walk;

use super::environment::Environment;
use super::{Analysis, Language, Unreadable, parse};

/// Text without which a script refers to no other: in lower case.
const SIGNS: [&str; 17] = [
    "psscriptroot",
    "pscommandpath",
    "myinvocation",
    "import-module",
    "ipmo",
    "using module",
    ".ps1",
    ".psm1",
    ".psd1",
    ".bat",
    ".cmd",
    ".sh",
    ".py",
    "taskgraph-images:",
    "nestedmodules",
    "rootmodule",
    "-file",
];

/// The files that a PowerShell script reads.
///
/// # Errors
/// When parsing it takes too many steps.
pub(super) fn analyse(text: &str) -> Result<Analysis, Unreadable> {
    if !may_refer(text) {
        return Ok(Analysis::default());
    }
    let tree = parse::parse(Language::PowerShell, text)?;
    let mut walk = walk::Walk::new(text, Environment::new(None));
    walk.run(&tree);
    if walk.has_functions {
        let end = walk.environment;
        walk = walk::Walk::new(text, Environment::new(Some(end)));
        walk.run(&tree);
    }
    Ok(walk.finish())
}

/// Whether a script may read other files. Errs towards yes.
fn may_refer(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if SIGNS.iter().any(|sign| lower.contains(sign)) {
        return true;
    }
    // A dot or an ampersand on its own where a command may start.
    let bytes = lower.as_bytes();
    bytes.windows(2).enumerate().any(|(at, pair)| {
        matches!(
            pair,
            [b'.' | b'&', b' ' | b'\t' | b'"' | b'\'' | b'$' | b'(']
        ) && bytes[..at]
            .iter()
            .rev()
            .find(|byte| !b" \t\r".contains(byte))
            .is_none_or(|byte| b"\n;{(|=&".contains(byte))
    })
}
