//! Reads a syntax tree in the order of the text: variables, working directories, comments, commands.

use std::collections::BTreeSet;
use std::ops::Range;

use tree_sitter::{Node, Tree};

use super::evaluate::Evaluator;
use super::lex::{self, Argument};
use crate::diagnostic::Span;
use crate::scripts::directive::Comments;
use crate::scripts::environment::{Environment, Outer};
use crate::scripts::value::Value;
use crate::scripts::values::Values;
use crate::scripts::{Analysis, Reference, ReferenceKind, arrange};

/// Keys of a module manifest that name files.
const MANIFEST: [&str; 7] = [
    "rootmodule",
    "moduletoprocess",
    "nestedmodules",
    "scriptstoprocess",
    "typestoprocess",
    "formatstoprocess",
    "filelist",
];

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

    fn foreach(&mut self, node: Node<'_>) {
        let child = |kind: &str| {
            (0..node.child_count()).find_map(|at| {
                let child = node.child(at)?;
                (child.kind() == kind).then(|| child.byte_range())
            })
        };
        let (Some(variable), Some(list)) = (child("variable"), child("pipeline")) else {
            return;
        };
        let values = self.statement(list);
        let name = plain_name(&self.text[variable]);
        self.environment.replace(&name, values);
    }

    fn parameter(&mut self, node: Node<'_>) {
        let mut name = None;
        let mut values = None;
        for at in 0..node.child_count() {
            let Some(child) = node.child(at) else {
                continue;
            };
            match child.kind() {
                "variable" => name = Some(plain_name(&self.text[child.byte_range()])),
                "script_parameter_default" => {
                    let range = child.byte_range();
                    values = Some(self.statement(range.start + 1..range.end));
                }
                _ => {}
            }
        }
        if let Some(name) = name {
            let values =
                values.unwrap_or_else(|| Values::unknown(format!("`${name}` is a parameter")));
            self.environment.replace(&name, values);
        }
    }

    fn assignment(&mut self, node: Node<'_>) {
        let (Some(left), Some(value)) = (node.child(0), node.child_by_field_name("value")) else {
            return;
        };
        let mut left = self.text[left.byte_range()].trim();
        // `[string]$name`.
        while left.starts_with('[')
            && let Some(end) = left.find(']')
        {
            left = left[end + 1..].trim_start();
        }
        if !left.starts_with('$') || left.contains(['.', '[', ',', '(']) {
            return;
        }
        let name = plain_name(left);
        let values = self.statement(value.byte_range());
        let operator = &self.text[..value.start_byte()];
        let operator = operator.trim_end();
        if operator.ends_with("+=") {
            if values.iter().any(Value::starts_at_folder) || self.environment.get(&name).is_none() {
                self.environment.add(&name, &values);
            } else if let Some(mut before) = self.environment.get(&name) {
                before.append(&values);
                self.environment.set(&name, before);
            }
        } else {
            self.environment.set(&name, values);
        }
    }

    /// `… | ForEach-Object { … }`: what `$_` is inside.
    fn bind_item(&mut self, range: &Range<usize>) {
        let Some(&start) = self.pipelines.last() else {
            return;
        };
        let (arguments, _) = lex::command(self.text, range.start);
        let is_loop = match arguments.first() {
            Some(Argument::Values(name)) => {
                let name = &self.text[name[0].clone()];
                ["foreach-object", "foreach", "%"]
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known))
            }
            _ => false,
        };
        if is_loop && start < range.start {
            let upstream = self.text[start..range.start]
                .trim_end()
                .trim_end_matches('|');
            let values = self.statement(start..start + upstream.len());
            self.items.push((range.end, values));
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

    fn manifest_entry(&mut self, range: &Range<usize>) {
        let text = &self.text[range.clone()];
        let Some((key, _)) = text.split_once('=') else {
            return;
        };
        let name = key.trim().trim_matches(['\'', '"']).to_ascii_lowercase();
        if !MANIFEST.contains(&name.as_str()) {
            return;
        }
        // Every string of the value: one, or a list of them.
        let bytes = self.text.as_bytes();
        let mut at = range.start + key.len() + 1;
        while at < range.end {
            let end = match bytes[at] {
                b'@' | b'(' | b')' => at + 1,
                b'#' => {
                    at + self.text[at..range.end]
                        .find('\n')
                        .unwrap_or(range.end - at)
                }
                _ => lex::unit_end(bytes, at, 0).max(at + 1),
            };
            if matches!(bytes[at], b'\'' | b'"') && end <= range.end {
                let file = &self.text[at + 1..(end - 1).max(at + 1)];
                if !file.is_empty() {
                    let file = Values::one(
                        Value::piece(crate::scripts::value::Piece::ScriptFolder(0))
                            .join_below(&Value::text(file.replace('\\', "/"))),
                    );
                    // A module without an extension may also be one of the machine's.
                    let kind = match name.as_str() {
                        "rootmodule" | "moduletoprocess" | "nestedmodules" => {
                            ReferenceKind::Imported
                        }
                        _ => ReferenceKind::Sourced,
                    };
                    self.refer(kind, at..end, &file);
                }
            }
            at = end;
        }
    }

    /// Lines that look like references, where the parser did not understand the script.
    fn broken(&mut self, root: Node<'_>) {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            at += line.len();
            let lower = line.trim_start().to_ascii_lowercase();
            let is_reference = [". ", "& ", "import-module ", "ipmo ", "using module "]
                .iter()
                .any(|sign| lower.starts_with(sign));
            if !is_reference || self.read.contains(&start) {
                continue;
            }
            let inside = root.descendant_for_byte_range(start, start + 1);
            if !inside.is_some_and(|inside| {
                inside.kind() == "comment" || inside.kind().contains("string")
            }) {
                self.command(start);
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

/// Whether an error of the parser is one of the script. The grammar does not know `$variable/path` as an argument,
/// nor a file of comments only.
fn is_fault(text: &str, node: Node<'_>) -> bool {
    let is_argument = node
        .parent()
        .is_some_and(|parent| parent.kind() == "member_access");
    let is_comment = (0..node.child_count())
        .filter_map(|at| node.child(at))
        .all(|child| child.kind() == "comment" || text[child.byte_range()].trim().is_empty());
    let is_empty = node.child_count() == 0 && text[node.byte_range()].trim().is_empty();
    !(is_argument || is_empty || (is_comment && node.child_count() > 0))
}

/// Whether the file is a module manifest: nothing but a hash table, after comments.
fn is_manifest(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{FEFF}').trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("<#") {
            comment.find("#>").map_or("", |end| &comment[end + 2..])
        } else if rest.starts_with('#') {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else {
            return rest.starts_with("@{");
        }
        .trim_start();
    }
}

/// A variable's name without `$`, braces and scope, in lower case.
fn plain_name(variable: &str) -> String {
    let name = variable
        .trim_start_matches(['$', '{'])
        .trim_end_matches('}')
        .to_ascii_lowercase();
    ["script:", "global:", "local:", "private:"]
        .iter()
        .find_map(|scope| name.strip_prefix(scope))
        .map(str::to_owned)
        .unwrap_or(name)
}
