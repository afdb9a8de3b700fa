//! Reads a syntax tree in the order of the text: variables, working directories, comments, commands.

mod assign;
mod broken;
mod manifest;

use std::collections::BTreeSet;
use std::ops::Range;

use tree_sitter::{Node, Tree};

use self::broken::is_fault;
use self::manifest::is_manifest;
use crate::diagnostic::Span;
use crate::scripts::directive::Comments;
use crate::scripts::environment::{Environment, Outer};
use crate::scripts::powershell::evaluate::Evaluator;
use crate::scripts::powershell::lex::{self};
use crate::scripts::values::Values;
use crate::scripts::{Analysis, Reference, ReferenceKind, arrange};

/// One reading of a script.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    pub(super) text: &'t str,
    pub(super) environment: Environment,
    pub(super) has_functions: bool,
    has_syntax_error: bool,
    comments: Comments,
    references: Vec<Reference>,
    functions: Vec<Outer>,
    /// Where the pipelines start that surround this point.
    pipelines: Vec<usize>,
    /// What `$_` stands for, and up to where.
    items: Vec<(usize, Values)>,
    /// Where commands were read.
    read: BTreeSet<usize>,
    is_manifest: bool,
    /// How many more bytes of expressions are evaluated.
    budget: usize,
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str, environment: Environment) -> Self {
        Self {
            text,
            environment,
            has_functions: false,
            has_syntax_error: false,
            comments: Comments::default(),
            references: Vec::new(),
            functions: Vec::new(),
            pipelines: Vec::new(),
            items: Vec::new(),
            read: BTreeSet::new(),
            is_manifest: is_manifest(text),
            budget: 1_000_000 + text.len() * 16,
        }
    }

    pub(super) fn finish(mut self) -> Analysis {
        arrange(&mut self.references);
        let faults = self.comments.finish(self.text, &mut self.references);
        Analysis {
            references: self.references,
            has_syntax_error: self.has_syntax_error,
            faults,
        }
    }

    pub(super) fn run(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        'nodes: loop {
            self.enter(cursor.node());
            if cursor.goto_first_child() {
                continue;
            }
            self.leave(cursor.node().kind());
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'nodes;
                }
                self.leave(cursor.node().kind());
            }
        }
        if tree.root_node().has_error() {
            self.broken(tree.root_node());
        }
    }

    fn enter(&mut self, node: Node<'_>) {
        let range = node.byte_range();
        while self
            .items
            .last()
            .is_some_and(|(end, _)| *end <= range.start)
        {
            self.items.pop();
        }
        self.has_syntax_error |= (node.is_missing() && node.kind() != ";")
            || (node.is_error() && is_fault(self.text, node));
        match node.kind() {
            "comment" => {
                let line = &self.text[..range.start];
                let line = &line[line.rfind('\n').map_or(0, |at| at + 1)..];
                self.comments.read(
                    self.text,
                    range,
                    node.start_position().row,
                    line.trim().is_empty(),
                );
            }
            "if_statement"
            | "while_statement"
            | "for_statement"
            | "switch_statement"
            | "try_statement"
            | "do_statement"
            | "script_block_expression" => self.environment.conditions += 1,
            "foreach_statement" => {
                self.foreach(node);
                self.environment.conditions += 1;
            }
            "function_statement" => {
                self.has_functions = true;
                self.environment.functions += 1;
                let outer = self.environment.open();
                self.functions.push(outer);
            }
            "script_parameter" => self.parameter(node),
            "pipeline_chain" => self.pipelines.push(range.start),
            "assignment_expression" => self.assignment(node),
            "command" => {
                self.bind_item(&range);
                self.command(range.start);
            }
            "invokation_expression" => self.call(node),
            "hash_entry" if self.is_manifest => self.manifest_entry(&range),
            _ => {}
        }
    }

    fn leave(&mut self, kind: &str) {
        match kind {
            "if_statement"
            | "while_statement"
            | "for_statement"
            | "switch_statement"
            | "try_statement"
            | "do_statement"
            | "script_block_expression"
            | "foreach_statement" => self.environment.conditions -= 1,
            "function_statement" => {
                self.environment.functions -= 1;
                if let Some(outer) = self.functions.pop() {
                    self.environment.close_function(outer);
                }
            }
            "pipeline_chain" => {
                self.pipelines.pop();
            }
            _ => {}
        }
    }

    /// Files named as arguments of methods: `[IO.File]::ReadAllText("$PSScriptRoot\x")`.
    fn call(&mut self, node: Node<'_>) {
        let class = self.text[node.byte_range()].to_ascii_lowercase();
        if class.starts_with("[system.io.path]") || class.starts_with("[io.path]") {
            return;
        }
        let list = (0..node.child_count())
            .filter_map(|at| node.child(at))
            .find(|child| child.kind() == "argument_list");
        let Some(list) = list.map(|list| list.byte_range()) else {
            return;
        };
        let inner = list.start + 1..list.end.saturating_sub(1).max(list.start + 1);
        let mut at = inner.start;
        for part in lex::split(&self.text[inner], b",") {
            let start = at + part.len() - part.trim_start().len();
            let argument = start..start + part.trim().len();
            at += part.len() + 1;
            if part.contains('$') {
                let values = self.expression(argument.clone());
                self.refer(ReferenceKind::Mentioned, argument, &values);
            }
        }
    }

    /// Whether a command was not yet read.
    pub(super) fn is_new(&mut self, start: usize) -> bool {
        self.read.insert(start)
    }

    fn evaluate(
        &mut self,
        range: Range<usize>,
        evaluate: impl FnOnce(&mut Evaluator<'_>, &str) -> Values,
    ) -> Values {
        let Some(text) = self.text.get(range) else {
            return Values::unknown("it cannot be read");
        };
        if self.budget < text.len() {
            return Values::unknown("the script is too complex");
        }
        self.budget -= text.len();
        let item = self.items.last().map(|(_, values)| values.clone());
        evaluate(&mut Evaluator::new(&self.environment, item), text)
    }

    pub(super) fn statement(&mut self, range: Range<usize>) -> Values {
        self.evaluate(range, |evaluator, text| evaluator.statement(text))
    }

    pub(super) fn expression(&mut self, range: Range<usize>) -> Values {
        self.evaluate(range, |evaluator, text| evaluator.expression(text))
    }

    pub(super) fn argument(&mut self, range: Range<usize>) -> Values {
        self.evaluate(range, |evaluator, text| evaluator.argument(text))
    }

    pub(super) fn command_value(&mut self, range: Range<usize>) -> Values {
        self.evaluate(range, |evaluator, text| evaluator.command(text))
    }

    /// Notes that the script reads what a part of it evaluates to.
    pub(super) fn refer(&mut self, kind: ReferenceKind, word: Range<usize>, values: &Values) {
        let folders = self.environment.folders();
        for value in values.iter() {
            if kind == ReferenceKind::Mentioned && !value.is_anchored() {
                continue;
            }
            let value = match kind {
                ReferenceKind::Mentioned => value.clone().with_wildcards(),
                _ => value.clone(),
            };
            for target in value.targets(folders.as_slice()) {
                self.note(kind, word.clone(), target);
            }
        }
    }

    pub(super) fn note(
        &mut self,
        kind: ReferenceKind,
        word: Range<usize>,
        target: crate::scripts::Target,
    ) {
        if let Some(text) = self.text.get(word.clone()) {
            self.references.push(Reference {
                span: Span::from(word),
                text: text.to_owned(),
                kind,
                target,
            });
        }
    }
}
