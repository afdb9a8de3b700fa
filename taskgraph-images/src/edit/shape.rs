//! [`Document`]: what a document says, without where it says it. The guard compares these.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::error::{Fault, Refusal};
use super::events::Spot;
use super::notes::{Note, notes};

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
        let (notes, columns) = notes(spots, text);
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
