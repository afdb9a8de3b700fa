//! Syntax trees, within bounds: a parser a thread, and no more steps than a script's length allows for.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{Decode, ParseOptions, ParseState, Parser, Tree};

use super::{Language, Unreadable};

/// More names in braces without an end than this are no script.
const MOST_UNCLOSED: usize = 32;

thread_local! {
    static SHELL: RefCell<Option<Parser>> = const { RefCell::new(None) };
    static POWERSHELL: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// Parses a script. The tree may hold errors.
///
/// # Errors
/// When parsing takes too many steps.
pub(super) fn parse(language: Language, text: &str) -> Result<Tree, Unreadable> {
    // The grammar looks for the end of `${name}` up to the end of the text, and starts anew at the next one.
    let unclosed = text[text.rfind('}').unwrap_or(0)..].matches("${").count();
    if language == Language::PowerShell && unclosed > MOST_UNCLOSED {
        return Err(Unreadable::TooComplex);
    }
    let cell = match language {
        Language::Shell => &SHELL,
        Language::PowerShell => &POWERSHELL,
    };
    cell.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut parser = Parser::new();
            let grammar = match language {
                Language::Shell => tree_sitter_bash::LANGUAGE,
                Language::PowerShell => tree_sitter_powershell::LANGUAGE,
            };
            parser
                .set_language(&grammar.into())
                .expect("the grammars are built for this version of the parser");
            *slot = Some(parser);
        }
        let parser = slot.as_mut().expect("it was put there above");
        // The parser reports every hundred steps; a step is some part of a token. Counted, not timed, so that
        // the same script has the same answer everywhere.
        let mut reports = 10_000 + text.len();
        let mut count = |_: &ParseState| {
            reports = reports.saturating_sub(1);
            if reports == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut count);
        let tree = match language {
            Language::Shell => {
                parser.parse_custom_encoding::<Narrow, _, _>(&mut read, None, Some(options))
            }
            Language::PowerShell => parser.parse_with_options(&mut read, None, Some(options)),
        };
        if tree.is_none() {
            parser.reset();
        }
        tree.ok_or(Unreadable::TooComplex)
    })
}

/// UTF-8 in which all letters beyond ASCII are one, of the same length in bytes as they have. The scanner of the shell's
/// grammar asks C's `isdigit` of whatever comes, and that may look up no more than a byte: larger ones are read from
/// somewhere in memory. To a shell, none of them means anything.
struct Narrow;

impl Decode for Narrow {
    fn decode(bytes: &[u8]) -> (i32, u32) {
        const LETTER: i32 = 0xFF;
        match bytes.first() {
            Some(first) if first.is_ascii() => (i32::from(*first), 1),
            Some(0xC0..=0xDF) => (LETTER, 2),
            Some(0xE0..=0xEF) => (LETTER, 3),
            Some(0xF0..) => (LETTER, 4),
            // A text starts with none of these, and is never cut.
            _ => (-1, 1),
        }
    }
}
