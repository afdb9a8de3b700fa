//! Events to a [`Source`]: where each value, entry and item begins and ends.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::Style;
use super::error::{Fault, Refusal};
use super::events::Spot;
use super::source::{Entry, Item, Kind, Node, Source, is_blank, skip_trivia};

/// Builds the tree of a document.
pub(super) fn build(text: &str, spots: &[Spot<'_>]) -> Result<Source, Fault> {
    let comments = spots
        .iter()
        .filter(|spot| matches!(spot.event, Event::Comment(..)));
    let mut comments: Vec<_> = comments.map(|spot| spot.span.clone()).collect();
    comments.sort_unstable_by_key(|comment| comment.start);
    let mut builder = Builder {
        text,
        spots: spots
            .iter()
            .filter(|spot| !matches!(spot.event, Event::Comment(..)))
            .peekable(),
        tabs: tabs(text),
        blocks: Vec::new(),
        uses: BTreeMap::new(),
    };
    let mut root = None;
    while let Some(spot) = builder.spots.next() {
        if let Event::DocumentStart(explicit, _) = spot.event {
            root = Some(builder.node(if explicit { spot.span.end } else { 0 })?);
        }
    }
    let Builder { blocks, uses, .. } = builder;
    Ok(Source {
        text: text.to_owned(),
        root,
        comments,
        blocks,
        uses,
    })
}

struct Builder<'s, 't, I: Iterator<Item = &'s Spot<'t>>>
where
    't: 's,
{
    text: &'t str,
    spots: std::iter::Peekable<I>,
    tabs: Vec<usize>,
    blocks: Vec<std::ops::Range<usize>>,
    uses: BTreeMap<usize, Vec<usize>>,
}

impl<'s, 't, I: Iterator<Item = &'s Spot<'t>>> Builder<'s, 't, I> {
    /// Builds the next value; `lead` is where what it belongs to ends.
    fn node(&mut self, mut lead: usize) -> Result<Node, Fault> {
        let Some(spot) = self.spots.next() else {
            return Err(Refusal::Syntax("the file ends inside of a value".to_owned()).at(lead));
        };
        if let Some(tag) = &spot.tag {
            lead = lead.max(tag.end);
        }
        let mut anchor = None;
        if let Some(Spot {
            event: Event::Anchor(id, name),
            span,
            ..
        }) = self.spots.peek()
        {
            lead = lead.max(span.end);
            anchor = Some((*id, name.to_string()));
            self.spots.next();
        }
        let tag = spot
            .event
            .tag()
            .map(|tag| (tag.original(), tag.to_string()));
        let (mut start, mut end) = (spot.span.start, spot.span.end);
        let kind = match &spot.event {
            Event::Alias(id) => {
                self.uses.entry(*id).or_default().push(start);
                Kind::Alias(*id)
            }
            Event::Scalar(text, style, ..) => {
                let style = match style {
                    ScalarStyle::Plain if start == end => Style::Empty,
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                match style {
                    Style::Empty => (start, end) = (lead, lead),
                    Style::Literal | Style::Folded => {
                        start = skip_trivia(self.text, lead);
                        end = self.block_end(start, end);
                        self.blocks.push(start..end);
                    }
                    _ => {}
                }
                let text = if style == Style::Empty {
                    String::new()
                } else {
                    text.to_string()
                };
                Kind::Scalar { text, style }
            }
            Event::SequenceStart(style, ..) => {
                let flow = *style == StructureStyle::Flow;
                let from = if flow { end } else { lead };
                let items = self.items(flow, from)?;
                if let (false, Some(first)) = (flow, items.first()) {
                    start = first.start;
                }
                end = self.close(flow, items.last().map_or(lead, |last| last.value.end))?;
                Kind::List { flow, items }
            }
            Event::MappingStart(style, ..) => {
                let flow = *style == StructureStyle::Flow;
                let from = if flow { end } else { lead };
                let entries = self.entries(flow, from)?;
                if let (false, Some(first)) = (flow, entries.first()) {
                    start = first.start;
                }
                end = self.close(flow, entries.last().map_or(lead, |last| last.value.end))?;
                Kind::Map { flow, entries }
            }
            other => {
                return Err(
                    Refusal::Syntax(format!("expected a value, found {other:?}")).at(start),
                );
            }
        };
        self.no_tab(start)?;
        Ok(Node {
            lead,
            start,
            end,
            anchor,
            tag,
            kind,
        })
    }

    fn items(&mut self, flow: bool, mut from: usize) -> Result<Vec<Item>, Fault> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(spot) = self.spots.peek()
            && !matches!(spot.event, Event::SequenceEnd)
        {
            let start = self.child(flow && !items.is_empty(), from)?;
            let value = self.node(if flow { start } else { start + 1 })?;
            from = value.end;
            items.push(Item { start, value });
        }
        Ok(items)
    }

    fn entries(&mut self, flow: bool, mut from: usize) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(spot) = self.spots.peek()
            && !matches!(spot.event, Event::MappingEnd)
        {
            let start = self.child(flow && !entries.is_empty(), from)?;
            let bytes = self.text.as_bytes();
            let is_explicit = bytes.get(start) == Some(&b'?')
                && matches!(
                    bytes.get(start + 1),
                    None | Some(b' ' | b'\t' | b'\r' | b'\n')
                );
            let key = self.node(if is_explicit { start + 1 } else { start })?;
            let after = skip_trivia(self.text, key.end);
            let colon = (bytes.get(after) == Some(&b':')).then_some(after);
            let value = self.node(colon.map_or(key.end, |colon| colon + 1))?;
            from = value.end;
            entries.push(Entry {
                start,
                key,
                colon,
                value,
            });
        }
        Ok(entries)
    }

    /// Where the next child begins.
    fn child(&self, after_comma: bool, from: usize) -> Result<usize, Fault> {
        let mut start = skip_trivia(self.text, from);
        if after_comma && self.text.as_bytes().get(start) == Some(&b',') {
            start = skip_trivia(self.text, start + 1);
        }
        self.no_tab(start)?;
        Ok(start)
    }

    /// Takes the end of a collection; where that is.
    fn close(&mut self, flow: bool, last: usize) -> Result<usize, Fault> {
        match self.spots.next() {
            Some(spot) if flow => {
                self.no_tab(spot.span.start)?;
                Ok(spot.span.end.max(last))
            }
            _ => Ok(last),
        }
    }

    /// Where a block scalar ends, before its last line break. Blank lines below it are its own only with `+`.
    fn block_end(&self, header: usize, end: usize) -> usize {
        let line_end = self.text[header..]
            .find('\n')
            .map_or(self.text.len(), |found| header + found);
        let indicators = self.text[header..line_end]
            .split_whitespace()
            .next()
            .unwrap_or_default();
        let mut body = &self.text[..end.max(line_end)];
        // The parser's range goes on over the indentation of the next line.
        if let Some((before, rest)) = body.rsplit_once('\n')
            && is_blank(rest)
            && before.len() >= line_end
        {
            body = &body[..before.len() + 1];
        }
        if indicators.contains('+') {
            body = body.strip_suffix('\n').unwrap_or(body);
        } else {
            while let Some((before, last)) = body.rsplit_once('\n')
                && is_blank(last.trim_end_matches('\r'))
                && before.len() >= line_end
            {
                body = before;
            }
        }
        body.strip_suffix('\r').unwrap_or(body).len()
    }

    /// Readers disagree about tabs that indent.
    fn no_tab(&self, at: usize) -> Result<(), Fault> {
        match self.tabs.binary_search(&at) {
            Ok(_) => Err(Refusal::Tab.at(at)),
            Err(_) => Ok(()),
        }
    }
}

/// Where the first byte of a line stands behind a tab.
fn tabs(text: &str) -> Vec<usize> {
    let mut line = 0;
    let mut found = Vec::new();
    for content in text.split_inclusive('\n') {
        let indent = content.len() - content.trim_start_matches([' ', '\t']).len();
        if content[..indent].contains('\t') {
            found.push(line + indent);
        }
        line += content.len();
    }
    found
}
