//! [`scalars`]: what there is to edit.

use super::apply::{Read, error};
use super::source::{Kind, Node, Source};
use super::{EditError, Path};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// Not at all: the value is null.
    Empty,
    /// Without quotes.
    Plain,
    /// In `'…'`.
    Single,
    /// In `"…"`.
    Double,
    /// As a block after `|`.
    Literal,
    /// As a block after `>`.
    Folded,
}

/// A scalar of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalarAt {
    /// Its text, without quotes and escapes.
    pub text: String,
    /// How it is written.
    pub style: Style,
    /// Its line, counted from 1.
    pub line: usize,
    /// Its column in characters, counted from 1.
    pub column: usize,
    /// Whether it stands there as an alias of a scalar elsewhere.
    pub is_alias: bool,
    /// Whether it carries an anchor.
    pub has_anchor: bool,
}

/// The scalars of a document with their paths, in order. Values only; what has no path (below a key that is no
/// scalar) and aliases of collections are left out.
///
/// # Errors
/// When the file is no YAML, too large, or holds several documents.
pub fn scalars(file: &str, text: &str) -> Result<Vec<(Path, ScalarAt)>, EditError> {
    let read = Read::new(text).map_err(|fault| error(file, text, &Path::root(), fault))?;
    let mut found = Vec::new();
    if let Some(root) = &read.source.root {
        walk(&read.source, root, &mut Path::root(), &mut found);
    }
    Ok(found)
}

fn walk(source: &Source, node: &Node, path: &mut Path, found: &mut Vec<(Path, ScalarAt)>) {
    let (scalar, is_alias) = match &node.kind {
        Kind::List { items, .. } => {
            for (index, item) in items.iter().enumerate() {
                walk(source, &item.value, &mut path.join(index), found);
            }
            return;
        }
        Kind::Map { entries, .. } => {
            for entry in entries {
                if let Some(name) = entry.name() {
                    walk(source, &entry.value, &mut path.join(name), found);
                }
            }
            return;
        }
        Kind::Scalar { .. } => (Some(node), false),
        Kind::Alias(id) => (source.anchored(*id), true),
    };
    if let Some(Node {
        kind: Kind::Scalar { text, style },
        ..
    }) = scalar
    {
        let (line, column) = source.position(node.start);
        let (text, style, has_anchor) = (text.clone(), *style, node.anchor.is_some());
        found.push((
            path.clone(),
            ScalarAt {
                text,
                style,
                line,
                column,
                is_alias,
                has_anchor,
            },
        ));
    }
}
