//! [`scalars`]: what there is to edit.

use std::collections::BTreeMap;

use super::apply::{Read, error};
use super::source::{Cursor, Kind, Node};
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
    let mut walk = Walk {
        text: &read.source.text,
        anchors: read.source.anchors(),
        cursor: Cursor::default(),
        found: Vec::new(),
    };
    if let Some(root) = &read.source.root {
        walk.node(root, &Path::root());
    }
    Ok(walk.found)
}

struct Walk<'s> {
    text: &'s str,
    anchors: BTreeMap<usize, &'s Node>,
    cursor: Cursor,
    found: Vec<(Path, ScalarAt)>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, path: &Path) {
        let (scalar, is_alias) = match &node.kind {
            Kind::List { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    self.node(&item.value, &path.join(index));
                }
                return;
            }
            Kind::Map { entries, .. } => {
                for entry in entries {
                    if let Some(name) = entry.name() {
                        self.node(&entry.value, &path.join(name));
                    }
                }
                return;
            }
            Kind::Scalar { .. } => (Some(node), false),
            Kind::Alias(id) => (self.anchors.get(id).copied(), true),
        };
        if let Some(Node {
            kind: Kind::Scalar { text, style },
            ..
        }) = scalar
        {
            let (line, column) = self.cursor.go(self.text, node.start);
            let at = ScalarAt {
                text: text.clone(),
                style: *style,
                line: line + 1,
                column: column + 1,
                is_alias,
                has_anchor: node.anchor.is_some(),
            };
            self.found.push((path.clone(), at));
        }
    }
}
