//! YAML text to events with byte spans, bounded. Both the tree that is edited and the one that is compared come from
//! these.

use std::ops::Range;

use granit_parser::{Event, Options, Parser};

use super::error::{Fault, Refusal};
use crate::yaml::MAX_YAML;

/// How deep flow and block values may nest, each.
const MAX_DEPTH: usize = 64;

/// How many events a file may have: some five times what the largest known file has.
const MAX_EVENTS: usize = 200_000;

/// An event, and where it stands.
#[derive(Debug)]
pub(super) struct Spot<'t> {
    pub(super) event: Event<'t>,
    pub(super) span: Range<usize>,
    /// Where its tag stands, if it has one.
    pub(super) tag: Option<Range<usize>>,
}

/// Reads all events of one document.
pub(super) fn events(text: &str) -> Result<Vec<Spot<'_>>, Fault> {
    if text.len() > MAX_YAML {
        let what = "bytes in the file";
        return Err(Refusal::TooLarge {
            limit: MAX_YAML,
            what,
        }
        .at(MAX_YAML));
    }
    if let Some(at) = bare_carriage_return(text) {
        return Err(Refusal::CarriageReturn.at(at));
    }
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    // Long comments are usual; the file's size bounds them.
    options.max_buffered_comment_events = MAX_EVENTS;

    let mut spots = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(text.len());
            Refusal::Syntax(error.info().to_owned()).at(at.min(text.len()))
        })?;
        // A parser over text knows every offset; a range outside of the text would be its fault.
        let range = |span: granit_parser::Span| {
            span.byte_range()
                .filter(|range| text.get(range.clone()).is_some())
        };
        let Some(at) = range(span) else {
            return Err(Refusal::Syntax("a value without a place".to_owned()).at(0));
        };
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                return Err(Refusal::Documents.at(at.start));
            }
        }
        if spots.len() == MAX_EVENTS {
            let what = "values and comments in the file";
            return Err(Refusal::TooLarge {
                limit: MAX_EVENTS,
                what,
            }
            .at(at.start));
        }
        spots.push(Spot {
            event,
            span: at,
            tag: span.tag_span().and_then(range),
        });
    }
    Ok(spots)
}

fn bare_carriage_return(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    text.match_indices('\r')
        .map(|(at, _)| at)
        .find(|at| bytes.get(at + 1) != Some(&b'\n'))
}
