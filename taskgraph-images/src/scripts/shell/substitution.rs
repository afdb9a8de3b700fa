//! What `$(…)` prints, for the commands that scripts find their own folder with.

use super::lex;
use super::word::Expander;
use crate::scripts::value::{Piece, Value};
use crate::scripts::values::Values;

/// The output of some commands.
pub(super) fn output(expander: &mut Expander<'_>, commands: &str) -> Values {
    let bytes = commands.as_bytes();
    let mut folders = expander.environment.folders();
    let mut printed: Option<Values> = None;
    let mut operator = "";
    let mut at = 0;
    while at < bytes.len() {
        let simple = lex::simple_command(commands, at);
        let words: Vec<&str> = simple
            .words
            .iter()
            .filter_map(|word| commands.get(word.clone()))
            .collect();
        if operator == "|" && !words.is_empty() {
            return Values::unknown(format!("the output of `{}` is not known", short(commands)));
        }
        match run(expander, &words, &folders) {
            Ran::Silent => {}
            Ran::Entered(entered) => folders = entered,
            Ran::Printed(values) => match (&mut printed, operator) {
                (None, _) => printed = Some(values),
                (Some(printed), "||") => printed.extend(&values),
                (Some(_), _) => {
                    return Values::unknown(format!(
                        "the output of `{}` is not known",
                        short(commands)
                    ));
                }
            },
        }
        let rest = &commands[simple.end.min(commands.len())..];
        operator = ["&&", "||", "|", ";", "&", "\n", "(", ")"]
            .into_iter()
            .find(|operator| rest.starts_with(operator))
            .unwrap_or("");
        at = (simple.end + operator.len()).max(at + 1);
        while !commands.is_char_boundary(at.min(commands.len())) {
            at += 1;
        }
    }
    printed.unwrap_or_else(|| Values::one(Value::default()))
}

enum Ran {
    Silent,
    Entered(Values),
    Printed(Values),
}

fn run(expander: &mut Expander<'_>, words: &[&str], folders: &Values) -> Ran {
    let mut words = words;
    // Assignments in front (`CDPATH= cd …`) and words of structure say nothing.
    while let [first, rest @ ..] = words {
        let is_assignment = first.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if is_assignment || matches!(*first, "{" | "}" | "command" | "builtin" | "!") {
            words = rest;
        } else {
            break;
        }
    }
    let Some((name, arguments)) = words.split_first() else {
        return Ran::Silent;
    };
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .trim_start_matches('\\');
    let operands: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let here = |values: Values| {
        let mut all = folders.clone();
        all.cross(&values, |folder, path| folder.join(path).canonical());
        all
    };
    match (name, operands.as_slice()) {
        ("cd" | "pushd", [folder, ..]) => {
            let folder = expander.word(folder);
            Ran::Entered(here(folder))
        }
        ("cd", []) => Ran::Entered(Values::one(Value::text("~"))),
        ("pwd", _) => Ran::Printed(folders.map(Value::canonical)),
        ("dirname", [path]) => Ran::Printed(expander.word(path).map(Value::parent)),
        ("readlink" | "greadlink" | "realpath" | "grealpath", [path, ..]) => {
            let path = expander.word(path);
            Ran::Printed(here(path))
        }
        ("basename", [path, ..]) => Ran::Printed(expander.word(path).map(|path| {
            match path.file_name().filter(|_| operands.len() == 1) {
                Some(name) => Value::text(name),
                None => Value::unknown("it depends on the script's own name"),
            }
        })),
        ("echo", [text]) => Ran::Printed(expander.word(text)),
        ("printf", [format, text])
            if matches!(format.trim_matches(['\'', '"']), "%s" | "%s\\n") =>
        {
            Ran::Printed(expander.word(text))
        }
        ("mktemp", _) => Ran::Printed(Values::one(Value::piece(Piece::Made))),
        ("git", ["rev-parse"]) if arguments.contains(&"--show-toplevel") => {
            Ran::Printed(Values::one(Value::piece(Piece::Root)))
        }
        ("true" | ":" | "exit" | "return" | "unset" | "set" | "export" | "shopt" | "local", _) => {
            Ran::Silent
        }
        _ => Ran::Printed(Values::unknown(format!(
            "the output of `{}` is not known",
            short(name)
        ))),
    }
}

fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() > 40 {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}
