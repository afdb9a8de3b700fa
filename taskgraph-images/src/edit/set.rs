//! [`set`]: another value for a scalar.

use super::error::{Fault, Refusal};
use super::find::{find, wrong_kind};
use super::source::{Kind, Source};
use super::splice::Splice;
use super::words::{is_string, written};
use super::{Path, Scalar, Style};

/// The splice that sets a scalar; `None` when it has that value.
pub(super) fn set(source: &Source, path: &Path, scalar: &Scalar) -> Result<Option<Splice>, Fault> {
    let way = find(source, path)?;
    let node = way.node;
    let (old, style) = match &node.kind {
        Kind::Alias(_) => {
            return Err(Refusal::Alias(source.text[node.start..node.end].to_owned()).at(node.start));
        }
        Kind::List { .. } | Kind::Map { .. } => return Err(wrong_kind("a scalar", node)),
        Kind::Scalar {
            style: Style::Literal | Style::Folded,
            ..
        } => {
            return Err(Refusal::BlockScalar.at(node.start));
        }
        Kind::Scalar { text, style } => (text, *style),
    };
    if let Some((tag, meant)) = &node.tag
        && !fits(meant, scalar)
    {
        return Err(Refusal::Tagged(tag.clone()).at(node.start));
    }
    let is_quoted = matches!(style, Style::Single | Style::Double);
    let is_same = match scalar {
        Scalar::Text(text) => text == old && (is_quoted || style == Style::Plain && is_string(old)),
        Scalar::Plain(text) => text == old && style == Style::Plain,
    };
    if is_same {
        return Ok(None);
    }
    let in_flow = way.above.iter().any(|(above, _)| above.is_flow());
    let Some(text) = written(scalar, style, in_flow) else {
        let (Scalar::Text(text) | Scalar::Plain(text)) = scalar;
        return Err(Refusal::NotPlain(text.clone()).at(node.start));
    };
    if style != Style::Empty {
        return Ok(Some(Splice::replace(node.start..node.end, text)));
    }
    if let Some((above, index)) = way.above.last()
        && let Some(entries) = above.entries()
        && entries[*index].colon.is_none()
    {
        // `{a, b}`; below a `?` of a block the colon needs a line of its own.
        return if above.is_flow() {
            Ok(Some(Splice::insert(node.end, format!(": {text}"))))
        } else {
            Err(Refusal::Form("the key stands without a colon").at(entries[*index].start))
        };
    }
    let is_apart = path.steps().is_empty()
        && node.tag.is_none()
        && node.anchor.is_none()
        && source.is_first(node.end);
    Ok(Some(Splice::insert(
        node.end,
        if is_apart { text } else { format!(" {text}") },
    )))
}

/// Whether a tag leaves a value the type that it is set to.
fn fits(tag: &str, scalar: &Scalar) -> bool {
    let core = tag.strip_prefix("tag:yaml.org,2002:");
    let is_string = tag == "!" || core == Some("str");
    match scalar {
        Scalar::Text(_) => is_string || core.is_none(),
        Scalar::Plain(_) => !is_string,
    }
}
