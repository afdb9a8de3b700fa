//! The commands that paths are made with.

use super::Evaluator;
use crate::scripts::powershell::bound::{Bound, SWITCHES};
use crate::scripts::powershell::lex::{self, Argument};
use crate::scripts::value::{Piece, Value};
use crate::scripts::values::Values;

impl<'e> Evaluator<'e> {
    /// The value of a command: the ones that paths are made with.
    pub(in crate::scripts::powershell) fn command(&mut self, text: &str) -> Values {
        self.deeper(|this| {
            let (arguments, _) = lex::command(text, 0);
            let Some((Argument::Values(name), arguments)) = arguments.split_first() else {
                return Values::unknown("it is what a command returns");
            };
            let name = text[name[0].clone()].to_ascii_lowercase();
            let bound = Bound::new(text, arguments, SWITCHES);
            let mut get = |names: &[&str], position: usize| -> Option<Values> {
                let ranges = bound.get(names, position)?;
                let mut all = Values::default();
                for range in ranges {
                    all.extend(&this.argument(&text[range.clone()]));
                }
                Some(all)
            };
            let unknown = || Values::unknown(format!("the output of `{name}` is not known"));
            match name.as_str() {
                "join-path" => {
                    let (Some(mut path), Some(child)) =
                        (get(&["path", "pspath"], 0), get(&["childpath"], 1))
                    else {
                        return unknown();
                    };
                    path.cross(&child, Value::join_below);
                    for position in 2..bound.positional() {
                        if let Some(more) = get(&["additionalchildpath"], position) {
                            path.cross(&more, Value::join_below);
                        }
                    }
                    path
                }
                "split-path" => match get(&["path", "literalpath"], 0) {
                    Some(_) if bound.has(&["leaf", "leafbase", "extension", "qualifier"]) => {
                        unknown()
                    }
                    Some(path) => path.map(Value::parent),
                    None => unknown(),
                },
                "resolve-path" | "rvpa" | "convert-path" | "cvpa" | "get-item" | "gi" => {
                    get(&["path", "literalpath"], 0).unwrap_or_else(unknown)
                }
                "get-location" | "gl" | "pwd" => this.environment.folders(),
                "write-output" | "echo" => get(&["inputobject"], 0).unwrap_or_else(unknown),
                "new-temporaryfile" => Values::one(Value::piece(Piece::Made)),
                "get-childitem" | "gci" | "dir" | "ls" => {
                    let path = get(&["path", "literalpath"], 0)
                        .unwrap_or_else(|| Values::one(Value::text(".")));
                    let filter = get(&["filter", "include"], 1);
                    path.map(|path| {
                        path.listing(
                            filter.as_ref().and_then(Values::as_text),
                            bound.has(&["recurse"]),
                        )
                    })
                }
                _ => unknown(),
            }
        })
    }
}
