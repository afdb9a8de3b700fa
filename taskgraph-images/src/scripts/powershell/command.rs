//! What one PowerShell command reads.

use std::ops::Range;

use super::bound::{Bound, SWITCHES};
use super::lex::{self, Argument};
use super::walk::Walk;
use crate::scripts::value::Value;
use crate::scripts::values::Values;
use crate::scripts::{ReferenceKind, Target};

/// Commands whose arguments are names to make, to remove, to print or to make other paths with.
const NOT_READING: [&str; 32] = [
    "join-path",
    "split-path",
    "resolve-path",
    "convert-path",
    "test-path",
    "get-item",
    "gi",
    "new-item",
    "ni",
    "mkdir",
    "md",
    "remove-item",
    "ri",
    "rm",
    "del",
    "rmdir",
    "out-file",
    "set-content",
    "add-content",
    "export-csv",
    "start-transcript",
    "foreach-object",
    "foreach",
    "%",
    "where-object",
    "where",
    "?",
    "echo",
    "set-location",
    "push-location",
    "pop-location",
    "out-null",
];
/// Parameters of `Import-Module` that take no value.
const IMPORT_SWITCHES: &[&str] = &[
    "force",
    "global",
    "passthru",
    "ascustomobject",
    "disablenamechecking",
    "noclobber",
    "usewindowspowershell",
    "skipeditioncheck",
    "verbose",
    "debug",
];
/// Extensions of files that run.
const RUNNABLE: [&str; 8] = [
    ".ps1", ".psm1", ".cmd", ".bat", ".sh", ".py", ".exe", ".vbs",
];

impl Walk<'_> {
    /// Reads the command that starts at an offset.
    pub(super) fn command(&mut self, start: usize) {
        if !self.is_new(start) {
            return;
        }
        let text = self.text;
        let bytes = text.as_bytes();
        let operator = match (bytes.get(start), bytes.get(start + 1)) {
            (Some(b'.' | b'&'), Some(b' ' | b'\t' | b'"' | b'\'' | b'$' | b'(' | b'{')) => {
                Some(bytes[start])
            }
            _ => None,
        };
        let at = if operator.is_some() {
            lex::skip_blanks(bytes, start + 1)
        } else {
            start
        };
        let (arguments, end) = lex::command(text, at);
        let Some((Argument::Values(name), arguments)) = arguments.split_first() else {
            return;
        };
        let Some(name) = name.first().cloned() else {
            return;
        };
        match operator {
            Some(b'.') => self.dot_source(name),
            Some(_) => self.call_operator(name, at..end, arguments),
            None => self.named(
                &text[name.clone()].to_ascii_lowercase(),
                name,
                at..end,
                arguments,
            ),
        }
    }

    fn dot_source(&mut self, path: Range<usize>) {
        if self.text[path.clone()].starts_with('{') {
            return;
        }
        let values = self.argument(path.clone());
        self.refer(ReferenceKind::Sourced, path, &values);
    }

    /// `& path`, where the path may also be a command's name.
    fn call_operator(&mut self, path: Range<usize>, command: Range<usize>, arguments: &[Argument]) {
        let text = &self.text[path.clone()];
        if text.starts_with('{') {
            return;
        }
        let looks_like_file = {
            let lower = text.to_ascii_lowercase();
            RUNNABLE.iter().any(|extension| lower.contains(extension))
        };
        let values = self.argument(path.clone());
        if let Some(name) = values.as_text()
            && !name.contains('/')
        {
            let name = name.to_ascii_lowercase();
            self.named(&name, path, command, arguments);
            return;
        }
        let known: Values = values
            .iter()
            .filter(|value| looks_like_file || value.reason().is_none() || is_runnable(value))
            .cloned()
            .collect();
        self.refer(ReferenceKind::Run, path, &known);
        self.mentions(arguments);
    }

    fn named(
        &mut self,
        name: &str,
        at: Range<usize>,
        command: Range<usize>,
        arguments: &[Argument],
    ) {
        let base = name.strip_suffix(".exe").unwrap_or(name);
        match base {
            "import-module" | "ipmo" => {
                let bound = Bound::new(self.text, arguments, IMPORT_SWITCHES);
                for module in bound
                    .get(&["name", "n", "fullyqualifiedname", "assembly"], 0)
                    .unwrap_or_default()
                {
                    self.import(module.clone());
                }
                return;
            }
            "using" => {
                if let [Argument::Values(what), Argument::Values(module), ..] = arguments
                    && let ([what], [module, ..]) = (what.as_slice(), module.as_slice())
                    && ["module", "assembly"]
                        .iter()
                        .any(|known| self.text[what.clone()].eq_ignore_ascii_case(known))
                {
                    self.import(module.clone());
                }
                return;
            }
            "set-location" | "cd" | "sl" | "chdir" | "push-location" | "pushd" | "pop-location"
            | "popd" => {
                self.change_folder(base, arguments);
                return;
            }
            "get-childitem" | "gci" | "dir" | "ls" => {
                let values = self.command_value(command.clone());
                self.refer(
                    ReferenceKind::Mentioned,
                    trimmed(self.text, command),
                    &values,
                );
                return;
            }
            "powershell" | "pwsh" => {
                let bound = Bound::new(
                    self.text,
                    arguments,
                    &["noprofile", "noninteractive", "nologo", "sta", "mta"],
                );
                let file = if bound.has(&["command", "c", "encodedcommand", "ec", "e"]) {
                    None
                } else {
                    bound.get(&["file", "f"], 0)
                };
                if let Some([file, ..]) = file {
                    let values = self.argument(file.clone());
                    let values: Values = values
                        .iter()
                        .filter(|value| value.reason().is_some() || is_runnable(value))
                        .cloned()
                        .collect();
                    self.refer(ReferenceKind::Run, file.clone(), &values);
                }
            }
            _ if self.text[at.clone()].contains(['\\', '/'])
                && !self.text[at.clone()].contains("://") =>
            {
                let values = self.argument(at.clone());
                let known: Values = values
                    .iter()
                    .filter(|value| value.reason().is_none())
                    .cloned()
                    .collect();
                self.refer(ReferenceKind::Run, at, &known);
            }
            _ => {}
        }
        if !NOT_READING.contains(&base) && !base.starts_with("write-") {
            self.mentions(arguments);
        }
    }

    fn mentions(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            let Argument::Values(values) = argument else {
                continue;
            };
            for word in values {
                let text = &self.text[word.clone()];
                if text.contains('$') && !text.starts_with('{') {
                    let values = self.argument(word.clone());
                    self.refer(ReferenceKind::Mentioned, word.clone(), &values);
                }
            }
        }
    }

    /// A module: a path, or a name that the machine knows.
    fn import(&mut self, module: Range<usize>) {
        if self.text[module.clone()].starts_with("@{") {
            return;
        }
        let values = self.argument(module.clone());
        for value in values.iter() {
            let is_path = value.as_text().is_none_or(|text| {
                let lower = text.to_ascii_lowercase();
                text.contains('/')
                    || [".psm1", ".psd1", ".ps1", ".dll"]
                        .iter()
                        .any(|end| lower.ends_with(end))
            });
            if is_path {
                let value = value.clone().with_wildcards();
                self.refer(ReferenceKind::Imported, module.clone(), &Values::one(value));
            } else {
                let name = value.as_text().unwrap_or_default().to_owned();
                self.note(
                    ReferenceKind::Imported,
                    module.clone(),
                    Target::Module(name),
                );
            }
        }
    }

    fn change_folder(&mut self, command: &str, arguments: &[Argument]) {
        if matches!(command, "pop-location" | "popd") {
            self.environment.pop_folder();
            return;
        }
        let bound = Bound::new(self.text, arguments, SWITCHES);
        let Some([folder, ..]) = bound.get(&["path", "literalpath"], 0) else {
            return;
        };
        let values = self.argument(folder.clone());
        match command {
            "push-location" | "pushd" => self.environment.push_folder(&values),
            _ => self.environment.enter(&values),
        }
    }
}

fn is_runnable(value: &Value) -> bool {
    let tail = value.tail().to_ascii_lowercase();
    RUNNABLE.iter().any(|extension| tail.ends_with(extension))
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let length = text[range.clone()].trim_end().len();
    range.start..range.start + length
}
