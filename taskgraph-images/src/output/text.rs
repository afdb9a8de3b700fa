//! Text for people: one line an image, one for each reason, one for the way there.

use std::fmt::Write as _;

use taskgraph_images_transforms::Kind;

use super::{Locator, StepJson, via};
use crate::affected::{AffectedImage, Explanation, ImageChange, Reason, ReasonKind};
use crate::comparison::{Comparison, Snapshot};
use crate::graph::NodeKey;
use crate::tree::Change;

/// How many reasons an image is shown with; JSON has all.
const REASONS: usize = 6;

/// `1 image`, `2 images`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// Kinds joined by commas.
pub fn kinds(kinds: &[Kind]) -> String {
    kinds
        .iter()
        .map(|kind| kind.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// What was compared with what.
pub fn range(comparison: &Comparison) -> String {
    let short = |name: &str| {
        if name.len() >= 40 {
            name[..12].to_owned()
        } else {
            name.to_owned()
        }
    };
    let (head, base) = (short(&comparison.head.name), short(&comparison.base.name));
    if comparison.how.starts_with(&base) {
        return format!("{head} compared with {}", comparison.how);
    }
    format!("{head} compared with {base} ({})", comparison.how)
}

/// The affected images with their reasons.
pub fn affected(comparison: &Comparison) -> String {
    let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
    let mut text = String::new();
    for (id, image) in &comparison.affected.images {
        let _ = writeln!(text, "{id}: {}", headline(image));
        text += &reasons(image, &locate);
    }
    text += &unclaimed(comparison);
    for unresolved in &comparison.affected.unresolved {
        let _ = match &unresolved.image {
            Some(id) => writeln!(text, "{id}: unresolved ({})", unresolved.definition),
            None => writeln!(text, "unresolved: {}", unresolved.definition),
        };
    }
    text
}

/// What happened to an image, in a few words.
pub fn headline(image: &AffectedImage) -> String {
    match image.change {
        ImageChange::New => format!("new: {}", kinds(&image.tasks)),
        ImageChange::Changed => kinds(&image.tasks),
        ImageChange::Removed => "removed".to_owned(),
    }
}

/// The reasons of an image, indented.
pub fn reasons(image: &AffectedImage, locate: &Locator<'_>) -> String {
    let mut text = String::new();
    for reason in image.reasons.iter().take(REASONS) {
        if matches!(reason.kind, ReasonKind::New | ReasonKind::Removed) {
            continue;
        }
        let _ = writeln!(text, "  {}", cause(reason));
        text += &path(&via(&reason.via, locate), "    ");
    }
    if image.reasons.len() > REASONS {
        let _ = writeln!(
            text,
            "  … and {}",
            count(image.reasons.len() - REASONS, "more reason")
        );
    }
    text
}

/// What a reason says, without the way.
pub fn cause(reason: &Reason) -> String {
    let file = reason
        .path
        .as_ref()
        .map_or_else(String::new, |path| format!("{path}"));
    let change = match reason.change {
        None => "",
        Some(Change::Added) => " added",
        Some(Change::Removed) => " removed",
        Some(Change::Modified) => " modified",
        Some(Change::Mode) => ": its executable bit changed",
        Some(Change::Type) => ": file, link or submodule changed kind",
    };
    match (reason.kind, &reason.key) {
        (ReasonKind::Pin, Some(key)) => format!("pin {key} changed in {file}"),
        (ReasonKind::Forced, _) => "asked for".to_owned(),
        (ReasonKind::BaseAtFault, _) => "the base's definition is at fault".to_owned(),
        (ReasonKind::Template, _) => format!("{file}{change}: what it means for the image changed"),
        (_, Some(key)) => format!("{key} changed in {file}"),
        (_, None) => format!("{file}{change}"),
    }
}

/// A path, one line an edge.
pub fn path(steps: &[StepJson], indent: &str) -> String {
    let mut text = String::new();
    for step in steps {
        let at = step
            .at
            .as_ref()
            .map_or_else(String::new, |at| format!(" ({at})"));
        let _ = writeln!(
            text,
            "{indent}{} ─ {} → {}{at}",
            step.from, step.how, step.to
        );
    }
    text
}

/// Changed files that no image claims.
pub fn unclaimed(comparison: &Comparison) -> String {
    let mut text = String::new();
    for path in &comparison.affected.unclaimed {
        let _ = writeln!(text, "unclaimed: {path} changed, and goes into no image");
    }
    text
}

/// The answer to `affected --explain`.
pub fn explanation(explanation: &Explanation, locate: &Locator<'_>) -> String {
    let mut text = String::new();
    match explanation {
        Explanation::Affected(id, image) => {
            let _ = writeln!(text, "{id} is affected: {}", headline(image));
            text += &reasons(image, locate);
        }
        Explanation::Unaffected { id, touched } if touched.is_empty() => {
            let _ = writeln!(
                text,
                "{id} is not affected: nothing that it is made of changed"
            );
        }
        Explanation::Unaffected { id, touched } => {
            let _ = writeln!(
                text,
                "{id} is not affected: what changed in these files does not count for it"
            );
            for path in touched {
                let _ = writeln!(text, "  {path}");
            }
        }
        Explanation::Unclaimed {
            path,
            exists: false,
            ..
        } => {
            let _ = writeln!(text, "{path} does not exist and goes into no image");
        }
        Explanation::Unclaimed { path, reported, .. } => {
            let why = if *reported {
                "; a change of it is reported as unclaimed"
            } else {
                ""
            };
            let _ = writeln!(text, "{path} goes into no image{why}");
        }
        Explanation::Path {
            path,
            change,
            images,
            by_value,
        } => {
            let verb = if change.is_some() {
                "changed and goes into"
            } else {
                "goes into"
            };
            let how = if *by_value {
                "; only the values that images resolve to count"
            } else {
                ""
            };
            let _ = writeln!(text, "{path} {verb} {}{how}", count(images.len(), "image"));
            for (id, (tasks, steps)) in images {
                let _ = writeln!(text, "{id}: {}", kinds(tasks));
                text += &self::path(&via(steps, locate), "    ");
            }
        }
    }
    text
}

/// Every image: one line with its digest, one for each input.
pub fn images(snapshot: &Snapshot) -> String {
    let locate = Locator::new([&snapshot.fleet.tree]);
    let mut text = String::new();
    for (id, image) in &snapshot.fleet.images {
        let foreign = image.resolved().foreign.as_ref();
        let _ = match foreign {
            Some(foreign) => writeln!(
                text,
                "{id} ({}, {} {})",
                image.resolved().path,
                snapshot.fleet.format(),
                foreign.kind
            ),
            None => writeln!(text, "{id} ({})", image.resolved().path),
        };
        for (name, pin) in foreign.iter().flat_map(|foreign| &foreign.pins) {
            let floats = if pin.floats { ", which floats" } else { "" };
            let _ = writeln!(
                text,
                "  pin {name} {} at {}{floats}",
                pin.repository, pin.revision
            );
        }
        if let Some(parent) = &image.resolved().definition.parent {
            let _ = writeln!(text, "  parent {parent}");
        }
        for kind in image.kinds() {
            if let Some(digest) = snapshot.digest(id, kind) {
                let _ = writeln!(text, "  {kind:<7} {digest}");
            }
        }
        for (path, reached) in snapshot.graph().inputs(id) {
            let last = reached.via.last();
            let how = last.map_or("", |step| step.role.as_str());
            let at = last
                .and_then(|step| step.at.as_ref())
                .map_or_else(String::new, |at| format!(", {}", locate.line(at)));
            let _ = writeln!(text, "  {path} [{}] {how}{at}", kinds(&reached.kinds));
        }
    }
    text
}

/// The graph of images and files for Graphviz.
pub fn dot(snapshot: &Snapshot) -> String {
    let mut text = "digraph images {\n  rankdir=LR;\n".to_owned();
    for (from, role, to) in snapshot.graph().edges() {
        if matches!(
            to,
            NodeKey::Values(..) | NodeKey::Worker(_) | NodeKey::Payload(..)
        ) {
            continue;
        }
        let quoted = |key: &NodeKey| key.to_string().replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(
            text,
            "  \"{}\" -> \"{}\" [label=\"{role}\"];",
            quoted(from),
            quoted(to)
        );
    }
    text + "}\n"
}
