//! [`Document`]: what a document says, without where it says it. The guard compares these.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::error::{Fault, Refusal};
use super::events::Spot;
use super::source::skip_trivia;

/// A document.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// How it begins and ends: directives, `---`, `...`.
    pub(super) marks: String,
    pub(super) root: Option<Shape>,
    pub(super) notes: Vec<Note>,
    /// The column of each leaf, in order.
    pub(super) columns: Vec<usize>,
}

/// A value with all that readers and people see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) body: Body,
}

/// The shapes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Empty,
    Scalar {
        text: String,
        style: ScalarStyle,
    },
    /// The anchor's name, and which of those of that name.
    Alias(String, usize),
    /// With whether it is in flow style; what is only meant may leave that open.
    List {
        flow: Option<bool>,
        items: Vec<Shape>,
    },
    Map {
        flow: Option<bool>,
        entries: Vec<(Shape, Shape)>,
    },
    /// A string, however it is written. Only what is meant has it.
    AnyString(String),
    /// A number, boolean or null. Only what is meant has it.
    Json(serde_json::Value),
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) text: String,
    /// How many leaves (scalars, aliases, and opening braces and brackets) stand before it.
    pub(super) leaves: usize,
    /// The column, where it has the line to itself but for dashes.
    pub(super) own_line: Option<usize>,
    /// Whether a dash stands before it in its line.
    pub(super) is_behind_dash: bool,
}

impl Shape {
    /// How many leaves it has.
    pub(super) fn leaves(&self) -> usize {
        let open = |flow: &Option<bool>| usize::from(*flow == Some(true));
        match &self.body {
            Body::List { items, flow } => {
                open(flow) + items.iter().map(Self::leaves).sum::<usize>()
            }
            Body::Map { entries, flow } => open(flow) + leaves(entries),
            _ => 1,
        }
    }
}

/// How many leaves entries have.
pub(super) fn leaves(entries: &[(Shape, Shape)]) -> usize {
    entries
        .iter()
        .map(|(key, value)| key.leaves() + value.leaves())
        .sum()
}

impl Document {
    /// What events say.
    pub(super) fn new(spots: &[Spot<'_>], text: &str) -> Result<Self, Fault> {
        let mut reader = Reader {
            spots: spots.iter().peekable(),
            anchors: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let (mut marks, mut root) = (String::new(), None);
        while let Some(spot) = reader.next() {
            match &spot.event {
                Event::DocumentStart(explicit, version) => {
                    marks = format!("{explicit} {version:?}");
                    let first = reader.next();
                    root = first.map(|spot| reader.shape(spot)).transpose()?;
                }
                Event::DocumentEnd => marks += if spot.span.is_empty() { "" } else { " ..." },
                _ => {}
            }
        }
        // Comments may be told before or after what they stand beside; where they stand decides.
        let mut leaves: Vec<(usize, usize)> = Vec::new();
        let mut comments = Vec::new();
        let mut end = 0;
        let mut is_root = true;
        for (index, spot) in spots.iter().enumerate() {
            let at = spot.span.start;
            let mark = || {
                let mark = skip_trivia(text, end);
                let is_mark = matches!(text.as_bytes().get(mark), Some(b':' | b'-' | b'?'));
                if is_mark { mark + 1 } else { end }
            };
            match &spot.event {
                Event::Comment(words, _) => comments.push((at, words)),
                // What is empty, or a block after a header, stands right behind its colon or dash; the parser may
                // tell another place.
                Event::Scalar(_, style, ..)
                    if spot.span.is_empty()
                        || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) =>
                {
                    let mut lead = mark().max(spot.tag.as_ref().map_or(0, |tag| tag.end));
                    if let Some(Spot {
                        event: Event::Anchor(..),
                        span,
                        ..
                    }) = spots.get(index + 1)
                    {
                        lead = lead.max(span.end);
                    }
                    // A value would stand one column further.
                    leaves.push((lead, 1));
                    end = lead.max(if spot.span.is_empty() {
                        0
                    } else {
                        spot.span.end
                    });
                }
                Event::Scalar(..)
                | Event::Alias(_)
                | Event::SequenceStart(StructureStyle::Flow, ..)
                | Event::MappingStart(StructureStyle::Flow, ..) => {
                    leaves.push((at, 0));
                    end = spot.span.end;
                }
                Event::SequenceStart(..) | Event::MappingStart(..) if !is_root => {
                    end = mark().max(spot.tag.as_ref().map_or(0, |tag| tag.end));
                }
                Event::Anchor(..) => end = end.max(spot.span.end),
                // Blocks end where the next token begins, which is no place of theirs.
                Event::SequenceEnd | Event::MappingEnd if spot.span.is_empty() => {}
                Event::DocumentStart(true, _) | Event::SequenceEnd | Event::MappingEnd => {
                    end = spot.span.end;
                }
                _ => {}
            }
            is_root = matches!(spot.event, Event::DocumentStart(..) | Event::StreamStart)
                || is_root && matches!(spot.event, Event::Comment(..));
        }
        comments.sort_unstable();
        let before = |at: usize| {
            let line = text[..at].rfind('\n').map_or(0, |found| found + 1);
            text[line..at].trim_start_matches('\u{feff}')
        };
        let notes = comments.into_iter().map(|(at, words)| Note {
            text: words.to_string(),
            is_behind_dash: before(at).contains('-'),
            leaves: leaves.partition_point(|(leaf, _)| *leaf < at),
            own_line: {
                let (line, is_mark) = (before(at), |c| " \t-?".contains(c));
                line.chars().all(is_mark).then(|| line.chars().count())
            },
        });
        let notes = notes.collect();
        let columns = leaves
            .iter()
            .map(|(at, more)| before(*at).chars().count() + more)
            .collect();
        Ok(Self {
            marks,
            root,
            notes,
            columns,
        })
    }
}

struct Reader<'s, 't, I: Iterator<Item = &'s Spot<'t>>>
where
    't: 's,
{
    spots: std::iter::Peekable<I>,
    /// What each anchor's number is called, and which of that name it is.
    anchors: BTreeMap<usize, (String, usize)>,
    names: BTreeMap<String, usize>,
}

impl<'s, 't, I: Iterator<Item = &'s Spot<'t>>> Reader<'s, 't, I> {
    fn next(&mut self) -> Option<&'s Spot<'t>> {
        self.spots
            .find(|spot| !matches!(spot.event, Event::Comment(..)))
    }

    fn shape(&mut self, spot: &Spot<'_>) -> Result<Shape, Fault> {
        let fault = |what: &str| Refusal::Syntax(what.to_owned()).at(spot.span.start);
        let tag = spot
            .event
            .tag()
            .map(|tag| format!("{} {tag}", tag.original()));
        let mut anchor = None;
        if let Some(Spot {
            event: Event::Anchor(id, name),
            ..
        }) = self.spots.peek()
        {
            let nth = self.names.entry(name.to_string()).or_default();
            *nth += 1;
            self.anchors.insert(*id, (name.to_string(), *nth));
            anchor = Some(name.to_string());
            self.spots.next();
        }
        let body = match &spot.event {
            Event::Alias(id) => {
                let (name, nth) = self
                    .anchors
                    .get(id)
                    .ok_or_else(|| fault("an alias without anchor"))?;
                Body::Alias(name.clone(), *nth)
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if spot.span.is_empty() => Body::Empty,
            Event::Scalar(text, style, ..) => Body::Scalar {
                text: text.to_string(),
                style: *style,
            },
            Event::SequenceStart(style, ..) => {
                let mut items = Vec::new();
                loop {
                    match self.next() {
                        Some(Spot {
                            event: Event::SequenceEnd,
                            ..
                        }) => break,
                        Some(spot) => items.push(self.shape(spot)?),
                        None => return Err(fault("a list without end")),
                    }
                }
                Body::List {
                    flow: Some(*style == StructureStyle::Flow),
                    items,
                }
            }
            Event::MappingStart(style, ..) => {
                let mut entries = Vec::new();
                loop {
                    let key = match self.next() {
                        Some(Spot {
                            event: Event::MappingEnd,
                            ..
                        }) => break,
                        Some(spot) => self.shape(spot)?,
                        None => return Err(fault("a map without end")),
                    };
                    let value = self.next().ok_or_else(|| fault("a key without value"))?;
                    entries.push((key, self.shape(value)?));
                }
                Body::Map {
                    flow: Some(*style == StructureStyle::Flow),
                    entries,
                }
            }
            _ => return Err(fault("something that is no value")),
        };
        Ok(Shape { anchor, tag, body })
    }
}
