//! Reads a syntax tree in the order of the text: variables, working directories, comments, commands.

mod assign;

use std::ops::Range;

use tree_sitter::{Node, Tree};

use crate::diagnostic::Span;
use crate::scripts::directive::{Comments, shellcheck};
use crate::scripts::environment::{Environment, Outer};
use crate::scripts::shell::lex;
use crate::scripts::shell::word::Expander;
use crate::scripts::values::Values;
use crate::scripts::{Analysis, Reference, ReferenceKind, Target, arrange};

/// A construct that is being read, and what to put back when it ends.
#[derive(Debug)]
enum Frame {
    /// What is inside may not run.
    Condition,
    /// A list of `&&` and `||`: so many of its parts may not run.
    List(u32),
    /// A function's body.
    Function(Outer),
    /// Changes of the working directory do not leave it.
    Subshell(Outer),
}

/// One reading of a script.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    pub(super) text: &'t str,
    pub(super) environment: Environment,
    pub(super) comments: Comments,
    pub(super) has_functions: bool,
    references: Vec<Reference>,
    frames: Vec<Frame>,
    /// A comment to ShellCheck that waits for the commands that it is about.
    pending: Vec<Range<usize>>,
    /// Whether a command was read.
    began: bool,
    /// How many more bytes of words are expanded.
    budget: usize,
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str, environment: Environment) -> Self {
        Self {
            text,
            environment,
            comments: Comments::default(),
            has_functions: false,
            references: Vec::new(),
            frames: Vec::new(),
            pending: Vec::new(),
            began: false,
            budget: 1_000_000 + text.len() * 16,
        }
    }

    pub(super) fn finish(mut self, has_syntax_error: bool) -> Analysis {
        arrange(&mut self.references);
        let faults = self.comments.finish(self.text, &mut self.references);
        Analysis {
            references: self.references,
            has_syntax_error,
            faults,
        }
    }

    pub(super) fn run(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        let mut parent = "";
        let mut parents: Vec<&str> = Vec::new();
        loop {
            let node = cursor.node();
            self.enter(node, parent);
            if cursor.goto_first_child() {
                parents.push(parent);
                parent = node.kind();
                continue;
            }
            self.leave(node.kind());
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                self.leave(cursor.node().kind());
                parent = parents.pop().unwrap_or_default();
            }
        }
    }

    fn enter(&mut self, node: Node<'_>, parent: &str) {
        let range = node.byte_range();
        let kind = node.kind();
        if kind == "comment" {
            let line = &self.text[..range.start];
            let line = &line[line.rfind('\n').map_or(0, |at| at + 1)..];
            let alone = line.trim().is_empty();
            self.comments
                .read(self.text, range.clone(), node.start_position().row, alone);
            if alone && shellcheck(&self.text[range.clone()]).is_some() {
                self.pending.push(range);
            }
            return;
        }
        if node.is_named() && kind != "program" {
            for comment in std::mem::take(&mut self.pending) {
                let whole = (!self.began && parent == "program").then_some(0..self.text.len());
                self.comments
                    .read_shellcheck(&self.text[comment], range.clone(), whole);
            }
            self.began = true;
        }
        match kind {
            "if_statement" | "while_statement" | "do_group" | "case_item"
            | "ternary_expression" => {
                self.environment.conditions += 1;
                self.frames.push(Frame::Condition);
            }
            "list" => self.frames.push(Frame::List(0)),
            "&&" | "||" if parent == "list" => {
                if let Some(Frame::List(parts)) = self.frames.last_mut() {
                    *parts += 1;
                    self.environment.conditions += 1;
                }
            }
            "function_definition" => {
                self.has_functions = true;
                self.environment.functions += 1;
                let outer = self.environment.open();
                self.frames.push(Frame::Function(outer));
            }
            "subshell" | "command_substitution" | "process_substitution" => {
                let outer = self.environment.open();
                self.frames.push(Frame::Subshell(outer));
            }
            "for_statement" => self.for_statement(node),
            "variable_assignment" => self.assignment(range, parent),
            "command" => self.command(range.start),
            "file_redirect" => self.redirect(range),
            // What cannot be parsed is still cut into commands, line by line.
            "ERROR" => self.broken(node),
            _ => {}
        }
    }

    fn leave(&mut self, kind: &str) {
        let is_frame = matches!(
            kind,
            "if_statement"
                | "while_statement"
                | "do_group"
                | "case_item"
                | "ternary_expression"
                | "list"
                | "function_definition"
                | "subshell"
                | "command_substitution"
                | "process_substitution"
        );
        if !is_frame {
            return;
        }
        match self.frames.pop() {
            Some(Frame::Condition) => self.environment.conditions -= 1,
            Some(Frame::List(parts)) => self.environment.conditions -= parts,
            Some(Frame::Function(outer)) => {
                self.environment.functions -= 1;
                self.environment.close_function(outer);
            }
            Some(Frame::Subshell(outer)) => self.environment.close(outer),
            None => {}
        }
    }

    fn redirect(&mut self, range: Range<usize>) {
        let simple = lex::simple_command(self.text, range.start);
        if let Some(input) = simple.inputs.into_iter().next() {
            let values = self.expand(input.clone());
            self.refer(ReferenceKind::Mentioned, input, &values);
        }
    }

    /// Commands at the beginning of lines that the parser did not understand.
    fn broken(&mut self, node: Node<'_>) {
        let range = node.byte_range();
        let mut at = range.start;
        for line in self.text[range].split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let start = line.trim_start();
            if start.starts_with(". ") || start.starts_with("source ") {
                let inside = node.descendant_for_byte_range(at + indent, at + indent + 1);
                let is_code = inside.is_none_or(|inside| {
                    !matches!(
                        inside.kind(),
                        "comment" | "heredoc_body" | "raw_string" | "string_content" | "string"
                    )
                });
                if is_code {
                    self.command(at + indent);
                }
            }
            at += line.len();
        }
    }

    /// The values of a word.
    pub(super) fn expand(&mut self, word: Range<usize>) -> Values {
        let Some(text) = self.text.get(word) else {
            return Values::unknown("it cannot be read");
        };
        if self.budget < text.len() {
            return Values::unknown("the script is too complex");
        }
        self.budget -= text.len();
        let mut expander = Expander::new(&self.environment);
        let values = expander.word(text);
        for (name, values) in expander.assigned {
            self.environment.add(&name, &values);
        }
        values
    }

    /// Notes that the script reads what a word expands to.
    pub(super) fn refer(&mut self, kind: ReferenceKind, word: Range<usize>, values: &Values) {
        let folders = self.environment.folders();
        let mut targets: Vec<Target> = Vec::new();
        if kind == ReferenceKind::Sourced
            && let Some(target) = self.comments.source_at(word.start)
        {
            targets.push(target);
        } else {
            for value in values.iter() {
                if kind == ReferenceKind::Mentioned && !value.is_anchored() {
                    continue;
                }
                let mut found = value.targets(folders.as_slice());
                if kind == ReferenceKind::Sourced {
                    let search = self.comments.search_at(word.start);
                    if !search.is_empty()
                        && let Some(below) = value.without_unknown_folder()
                        && let Some(target) = searched(&search, below.as_text())
                    {
                        found = vec![target];
                    }
                }
                targets.extend(found);
            }
        }
        for target in targets {
            let Some(text) = self.text.get(word.clone()) else {
                continue;
            };
            self.references.push(Reference {
                span: Span::from(word.clone()),
                text: text.to_owned(),
                kind,
                target,
            });
        }
    }
}

/// A path as looked for in the folders that ShellCheck is told.
fn searched(folders: &[crate::scripts::Candidate], path: Option<&str>) -> Option<Target> {
    let path = path?;
    Some(Target::Relative {
        candidates: folders
            .iter()
            .map(|folder| crate::scripts::Candidate {
                base: folder.base,
                path: crate::scripts::target::tidy(&format!("{}/{path}", folder.path)),
            })
            .collect(),
    })
}
