//! What one command reads.

use std::ops::Range;

use super::lex;
use super::walk::Walk;
use crate::scripts::ReferenceKind;
use crate::scripts::value::Value;
use crate::scripts::values::Values;

/// Commands whose arguments are names to make, to remove or to print: naming a file is not reading it.
const NOT_READING: [&str; 21] = [
    "[", "[[", "basename", "cd", "chgrp", "dirname", "echo", "logger", "ls", "mkdir", "mktemp",
    "popd", "printf", "pushd", "pwd", "readlink", "realpath", "rm", "rmdir", "test", "touch",
];

impl Walk<'_> {
    /// Reads the command that starts at an offset.
    pub(super) fn command(&mut self, start: usize) {
        let words = lex::simple_command(self.text, start).words;
        let text = self.text;
        let mut words: &[Range<usize>] = &words;
        while let [first, rest @ ..] = words
            && is_assignment(&text[first.clone()])
        {
            words = rest;
        }
        words = self.without_prefixes(words);
        let Some((name, arguments)) = words.split_first() else {
            return;
        };
        let values = self.expand(name.clone());
        let command = values.as_text().unwrap_or_default().to_owned();
        let base = command.rsplit('/').next().unwrap_or_default();
        let mut rest = arguments;
        match base {
            "." | "source" if command == base => {
                let arguments = without_dashes(text, arguments);
                if let Some((path, more)) = arguments.split_first() {
                    let values = self.expand(path.clone());
                    self.refer(ReferenceKind::Sourced, path.clone(), &values);
                    rest = more;
                }
            }
            "cd" | "pushd" | "popd" => {
                self.change_folder(base, arguments);
                return;
            }
            "read" | "mapfile" | "readarray" | "getopts" => {
                self.read_variables(arguments);
                return;
            }
            "printf"
                if arguments
                    .first()
                    .is_some_and(|word| &text[word.clone()] == "-v") =>
            {
                if let Some(name) = arguments.get(1) {
                    let name = text[name.clone()].to_owned();
                    let reason = format!("`${name}` is put together by `printf`");
                    self.environment.set(&name, Values::unknown(reason));
                }
                return;
            }
            _ => match script_argument(base, text, arguments) {
                Interpreter::Runs(at) => {
                    let path = &arguments[at];
                    let values = self.expand(path.clone());
                    self.refer(ReferenceKind::Run, path.clone(), &values);
                    rest = &arguments[at + 1..];
                }
                Interpreter::RunsNothing => {}
                Interpreter::No => self.run_file(name, &values),
            },
        }
        if NOT_READING.contains(&base) {
            return;
        }
        for word in rest {
            // Only an expansion leads to the script's folder.
            if text[word.clone()].contains(['$', '`']) {
                let values = self.expand(word.clone());
                let values = self.option_value(word, values);
                self.refer(ReferenceKind::Mentioned, word.clone(), &values);
            }
        }
    }

    /// `--file="$HERE/x"` names `$HERE/x`.
    fn option_value(&mut self, word: &Range<usize>, values: Values) -> Values {
        let text = &self.text[word.clone()];
        let plain = text.find(['$', '"', '`', '\'']).unwrap_or(text.len());
        match text[..plain].rfind(['=', '@', ':']) {
            Some(at) => self.expand(word.start + at + 1..word.end),
            None => values,
        }
    }

    /// Runs a file by its path.
    fn run_file(&mut self, name: &Range<usize>, values: &Values) {
        let known: Values = values
            .iter()
            .filter(|value| {
                value.reason().is_none() && (value.is_rooted() || value.tail().contains('/'))
            })
            .cloned()
            .collect();
        let folders = self.environment.folders();
        if folders.iter().any(|folder| folder.reason().is_some())
            && known.iter().any(|value| !value.is_rooted())
        {
            // A folder that the script made or unpacked.
            return;
        }
        self.refer(ReferenceKind::Run, name.clone(), &known);
    }

    fn change_folder(&mut self, command: &str, arguments: &[Range<usize>]) {
        let folder = without_options(self.text, arguments).first().cloned();
        match (command, folder) {
            ("popd", _) => self.environment.pop_folder(),
            ("pushd", Some(folder)) => {
                let values = self.expand(folder);
                self.environment.push_folder(&values);
            }
            ("cd", Some(folder)) if &self.text[folder.clone()] == "-" => {
                let reason = "the working directory is the one before the last `cd`";
                self.environment.enter(&Values::unknown(reason));
            }
            ("cd", Some(folder)) => {
                let values = self.expand(folder);
                self.environment.enter(&values);
            }
            ("cd", None) => self.environment.enter(&Values::one(Value::text("~"))),
            _ => {}
        }
    }

    fn read_variables(&mut self, arguments: &[Range<usize>]) {
        for word in arguments {
            let name = self.text[word.clone()].to_owned();
            if !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            {
                let reason = format!("`${name}` is read while the script runs");
                self.environment.replace(&name, Values::unknown(reason));
            }
        }
    }

    /// The words from the command's own name on: without `sudo -E`, `env X=1`, `command`.
    fn without_prefixes<'w>(&self, mut words: &'w [Range<usize>]) -> &'w [Range<usize>] {
        let text = self.text;
        loop {
            let Some((first, rest)) = words.split_first() else {
                return words;
            };
            let name = text[first.clone()].trim_start_matches('\\');
            let with_value: &[&str] = match name.rsplit('/').next().unwrap_or(name) {
                "builtin" | "nohup" | "time" | "setsid" | "!" | "{" | "eatmydata" | "then"
                | "do" | "else" => &[],
                "command"
                    if rest
                        .first()
                        .is_some_and(|word| matches!(&text[word.clone()], "-v" | "-V")) =>
                {
                    return &[];
                }
                "command" => &[],
                "exec" => &["-a"],
                "sudo" | "doas" => &[
                    "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "--user", "--group",
                ],
                "env" => &["-u", "-C", "-S"],
                "nice" => &["-n"],
                "ionice" => &["-c", "-n"],
                "stdbuf" => &["-i", "-o", "-e"],
                "timeout" => &["-s", "-k"],
                _ => return words,
            };
            let is_timeout = name.ends_with("timeout");
            words = rest;
            let mut duration = is_timeout;
            while let Some((word, rest)) = words.split_first() {
                let word = &text[word.clone()];
                if word == "--" {
                    words = rest;
                    break;
                } else if with_value.contains(&word) {
                    words = rest.get(1..).unwrap_or_default();
                } else if word.starts_with('-') || is_assignment(word) {
                    words = rest;
                } else if duration {
                    duration = false;
                    words = rest;
                } else {
                    break;
                }
            }
        }
    }
}

enum Interpreter {
    /// The argument at this index is a script.
    Runs(usize),
    /// An interpreter that is given code, or nothing.
    RunsNothing,
    /// No interpreter.
    No,
}

/// Which argument of an interpreter is the script that it runs.
fn script_argument(name: &str, text: &str, arguments: &[Range<usize>]) -> Interpreter {
    let (with_value, code): (&[&str], &[char]) = match name {
        "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" => (
            &["-o", "+o", "-O", "+O", "--rcfile", "--init-file"],
            &['c', 's'],
        ),
        "pwsh" | "powershell" | "pwsh.exe" | "powershell.exe" => {
            (&["-ExecutionPolicy", "-ep"], &[])
        }
        "ruby" => (&["-I", "-r"], &['e']),
        "perl" => (&["-I"], &['e', 'E', 'n', 'p']),
        "node" => (&["-r", "--require"], &['e', 'p']),
        _ if is_python(name) => (&["-W", "-X"], &['c', 'm']),
        _ => return Interpreter::No,
    };
    let mut skip = false;
    for (at, word) in arguments.iter().enumerate() {
        let word = &text[word.clone()];
        if skip {
            skip = false;
        } else if word == "--" {
            return match at + 1 < arguments.len() {
                true => Interpreter::Runs(at + 1),
                false => Interpreter::RunsNothing,
            };
        } else if with_value.contains(&word) {
            skip = true;
        } else if word == "-" || is_code_option(word, code) || word.eq_ignore_ascii_case("-command")
        {
            return Interpreter::RunsNothing;
        } else if !word.starts_with(['-', '+']) {
            return Interpreter::Runs(at);
        }
    }
    Interpreter::RunsNothing
}

/// Whether an option, or one of several letters run together, means that code or input follows, not a file.
fn is_code_option(word: &str, code: &[char]) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        !letters.starts_with('-') && letters.len() < 6 && letters.contains(code)
    })
}

fn is_python(name: &str) -> bool {
    name.strip_prefix("python").is_some_and(|version| {
        version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim_end_matches('+');
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn without_dashes<'w>(text: &str, words: &'w [Range<usize>]) -> &'w [Range<usize>] {
    match words.split_first() {
        Some((first, rest)) if &text[first.clone()] == "--" => rest,
        _ => words,
    }
}

fn without_options<'w>(text: &str, mut words: &'w [Range<usize>]) -> &'w [Range<usize>] {
    while let Some((first, rest)) = words.split_first() {
        let word = &text[first.clone()];
        if word.starts_with('-') && word.len() > 1 {
            words = rest;
        } else {
            break;
        }
    }
    words
}
