//! Every idiom and its near-misses, as text in and references out.

mod hostile;
mod powershell;
mod resolve;
mod shell;

use std::fmt::Write as _;

use super::{Base, Candidate, Language, Reference, ReferenceKind, Target, analyse};

/// The references of a script, a line each.
fn show(language: Language, text: &str) -> String {
    let analysis = match analyse(language, text.as_bytes()) {
        Ok(analysis) => analysis,
        Err(error) => return format!("error: {error}"),
    };
    let mut shown = String::new();
    if analysis.has_syntax_error {
        shown.push_str("syntax error\n");
    }
    for reference in &analysis.references {
        assert_eq!(&text[reference.span.range()], reference.text);
        let _ = writeln!(shown, "{}", show_reference(reference));
    }
    for fault in &analysis.faults {
        let _ = writeln!(shown, "fault: {}", fault.message);
    }
    shown
}

fn show_reference(reference: &Reference) -> String {
    let kind = match reference.kind {
        ReferenceKind::Sourced => "source",
        ReferenceKind::Imported => "import",
        ReferenceKind::Run => "run",
        ReferenceKind::Mentioned => "mention",
    };
    let list = |candidates: &[Candidate]| {
        let list: Vec<String> = candidates
            .iter()
            .map(|candidate| match candidate.base {
                Base::Script => format!("./{}", candidate.path),
                Base::Root => format!("//{}", candidate.path),
            })
            .collect();
        list.join(" or ")
    };
    let target = match &reference.target {
        Target::Relative { candidates } => list(candidates),
        Target::Glob { folders, pattern } => format!("{} matching {pattern}", list(folders)),
        Target::OnImage { path, glob } => {
            format!("image {path}{}", if *glob { " (glob)" } else { "" })
        }
        Target::Module(name) => format!("module {name}"),
        Target::Waived(reason) => format!("waived: {reason}"),
        Target::Unresolved(reason) => format!("unresolved: {reason}"),
    };
    format!("{kind} {target}")
}
