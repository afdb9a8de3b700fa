//! What the instructions of a Dockerfile read from the build context.

use std::collections::{BTreeMap, BTreeSet};

use parse_dockerfile::{
    Command, CopyInstruction, Flag, Instruction, Source as Written, Stage, UnescapedString,
};

use super::dockerignore::clean;
use super::pattern::Pattern;
use super::variables::{Binding, Variables};
use crate::diagnostic::Span;

/// Arguments that the builder sets by the platform.
const PLATFORM: [&str; 8] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];

/// Something that an instruction reads from the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The source as it stands in the Dockerfile.
    pub span: Span,
    /// What it comes to.
    pub kind: SourceKind,
}

/// What a source comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// The files that match, and those in folders that match.
    Path {
        /// The pattern; absent for the whole context.
        pattern: Option<ContextPattern>,
        /// The source with its variables replaced.
        text: String,
    },
    /// Not known, and why: anything in the context.
    Unknown(String),
}

/// A pattern of paths in the context, as `COPY` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextPattern(Pattern);

impl ContextPattern {
    /// Whether the pattern matches a path relative to the context, or a folder that holds it.
    pub fn matches_within(&self, path: &str) -> bool {
        self.0.matches_within(path)
    }
}

/// What building a stage reads from the context. A Dockerfile that cannot be parsed may read anything.
pub fn sources(
    text: &str,
    target: Option<&str>,
    arguments: &BTreeMap<String, String>,
) -> Vec<Source> {
    let unknown = |reason: String| {
        vec![Source {
            span: Span::default(),
            kind: SourceKind::Unknown(reason),
        }]
    };
    let body = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let offset = text.len() - body.len();
    let dockerfile = match parse_dockerfile::parse(body) {
        Ok(dockerfile) => dockerfile,
        Err(error) => return unknown(format!("the Dockerfile cannot be parsed: {error}")),
    };
    let mut reader = Reader {
        arguments,
        stages: dockerfile.stages().collect(),
        globals: Variables::default(),
        offset,
        found: Vec::new(),
    };
    for argument in dockerfile.global_args() {
        let pairs = reader.argument_pairs(&argument.arguments.value, &reader.globals);
        for (name, value) in pairs {
            reader.globals.set_argument(&name, value);
        }
    }
    let last = reader.stages.len().saturating_sub(1);
    let target = match target {
        None => last,
        Some(name) => match reader.stage(name, reader.stages.len()) {
            Some(stage) => stage,
            None => return unknown(format!("the Dockerfile has no stage `{name}`")),
        },
    };
    reader.read(target);
    let mut found = reader.found;
    found.sort_by_key(|source| source.span);
    found.dedup();
    found
}

/// The stages and what was found in them.
struct Reader<'a, 'b> {
    arguments: &'a BTreeMap<String, String>,
    stages: Vec<Stage<'b, 'a>>,
    globals: Variables,
    offset: usize,
    found: Vec<Source>,
}

impl Reader<'_, '_> {
    /// The stage of a name or number, among the first `before`.
    fn stage(&self, name: &str, before: usize) -> Option<usize> {
        // A later stage of the same name wins, as far as it is defined by then.
        let named = self.stages[..before].iter().rposition(|stage| {
            stage
                .from
                .as_
                .as_ref()
                .is_some_and(|(_, known)| known.value.eq_ignore_ascii_case(name))
        });
        named.or_else(|| name.parse().ok().filter(|number| *number < before))
    }

    /// The stage that a `FROM` starts from; an error says why that is not known.
    fn base(&self, stage: usize) -> Result<Option<usize>, String> {
        let image = self.globals.expand(&self.stages[stage].from.image.value)?;
        // `FROM 0` is an image of that name.
        Ok(self
            .stage(&image, stage)
            .filter(|_| image.parse::<usize>().is_err()))
    }

    /// Reads a stage and all that it needs.
    fn read(&mut self, target: usize) {
        let mut wanted = BTreeSet::from([target]);
        let mut seen = BTreeSet::new();
        while let Some(stage) = wanted.pop_last() {
            if !seen.insert(stage) {
                continue;
            }
            let needed = self.read_stage(stage);
            wanted.extend(needed);
        }
    }

    /// Reads a stage after the stages that it is built from, and gives those that it needs.
    fn read_stage(&mut self, stage: usize) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut chain = vec![stage];
        // Bases come before the stages built from them, so this ends.
        while let Some(&first) = chain.last() {
            match self.base(first) {
                Ok(Some(base)) => chain.push(base),
                Ok(None) => break,
                Err(_) => {
                    // Any earlier stage may be meant.
                    needed.extend(0..first);
                    break;
                }
            }
        }
        needed.extend(chain.iter().skip(1).copied());
        // A stage inherits the arguments and the environment of the one that it is built from.
        let mut variables = Variables::default();
        for at in chain.into_iter().rev() {
            for index in 0..self.stages[at].instructions.len() {
                let instructions = self.stages[at].instructions;
                self.instruction(&instructions[index], at, &mut variables, &mut needed);
            }
        }
        needed
    }

    fn instruction(
        &mut self,
        instruction: &Instruction<'_>,
        stage: usize,
        variables: &mut Variables,
        needed: &mut BTreeSet<usize>,
    ) {
        match instruction {
            Instruction::Arg(argument) => {
                for (name, value) in self.argument_pairs(&argument.arguments.value, variables) {
                    variables.set_argument(&name, value);
                }
            }
            Instruction::Env(environment) => {
                let before = variables.clone();
                for (name, value) in Variables::environment_pairs(&environment.arguments.value) {
                    let value = match before.expand(value.unwrap_or_default()) {
                        Ok(value) => Binding::Known(value),
                        Err(reason) => Binding::Unknown(reason),
                    };
                    variables.set_environment(name, value);
                }
            }
            Instruction::Copy(copy) => self.copy(copy, stage, variables, needed),
            Instruction::Add(add) => {
                for source in &add.src {
                    self.source(source, true, variables);
                }
            }
            Instruction::Run(run) => {
                for option in &run.options {
                    if option.name.value == "mount"
                        && let Some(mount) = &option.value
                    {
                        self.mount(mount, stage, variables, needed);
                    }
                }
                // The parser keeps options that follow a line's continuation in the command.
                if let Command::Shell(command) = &run.arguments
                    && command.value.trim_start().starts_with("--mount")
                {
                    let reason = "the mounts of `RUN` cannot be told apart".to_owned();
                    self.note(command.span.clone(), SourceKind::Unknown(reason));
                }
            }
            // It runs in stages built from this one, which only then copies; counting it now is no less.
            Instruction::Onbuild(trigger) => {
                self.instruction(&trigger.instruction, stage, variables, needed)
            }
            _ => {}
        }
    }

    fn copy(
        &mut self,
        copy: &CopyInstruction<'_>,
        stage: usize,
        variables: &Variables,
        needed: &mut BTreeSet<usize>,
    ) {
        if let Some(from) = flag(&copy.options, "from") {
            self.need(from, stage, variables, needed);
            return;
        }
        for source in &copy.src {
            self.source(source, false, variables);
        }
    }

    /// A stage that something is taken from; anything else is an image of a registry.
    fn need(
        &self,
        name: &UnescapedString<'_>,
        stage: usize,
        variables: &Variables,
        needed: &mut BTreeSet<usize>,
    ) {
        match variables.expand(&name.value) {
            Ok(name) => needed.extend(self.stage(&name, stage)),
            Err(_) => needed.extend(0..stage),
        }
    }

    fn source(&mut self, source: &Written<'_>, may_be_remote: bool, variables: &Variables) {
        let Written::Path(path) = source else {
            return;
        };
        match variables.expand(&path.value) {
            Ok(text) if may_be_remote && is_remote(&text) => {}
            Ok(text) => self.path(path.span.clone(), text),
            // A URL whose version is a variable is still a URL.
            Err(_) if may_be_remote && is_remote(&path.value) => {}
            Err(reason) => self.note(path.span.clone(), SourceKind::Unknown(reason)),
        }
    }

    fn path(&mut self, span: std::ops::Range<usize>, text: String) {
        // Paths that lead above the context start at its root.
        let rooted = format!("/{text}");
        let clean = clean(&rooted);
        let kind = match (clean.is_empty(), Pattern::parse(&clean)) {
            (true, _) => SourceKind::Path {
                pattern: None,
                text,
            },
            (false, Some(pattern)) => SourceKind::Path {
                pattern: Some(ContextPattern(pattern)),
                text,
            },
            (false, None) => SourceKind::Unknown(format!("`{text}` is no pattern")),
        };
        self.note(span, kind);
    }

    /// `RUN --mount=type=bind,source=…`.
    fn mount(
        &mut self,
        mount: &UnescapedString<'_>,
        stage: usize,
        variables: &Variables,
        needed: &mut BTreeSet<usize>,
    ) {
        let mut kind = "bind";
        let mut source = None;
        let mut from = None;
        let value = mount.value.trim_matches('"');
        for option in value.split(',') {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match key {
                "type" => kind = value,
                "source" | "src" => source = Some(value),
                "from" => from = Some(value),
                _ => {}
            }
        }
        if let Some(from) = from {
            match variables.expand(from) {
                Ok(from) => needed.extend(self.stage(&from, stage)),
                Err(_) => needed.extend(0..stage),
            }
        } else if kind == "bind" {
            match variables.expand(source.unwrap_or_default()) {
                Ok(source) => self.path(mount.span.clone(), source),
                Err(reason) => self.note(mount.span.clone(), SourceKind::Unknown(reason)),
            }
        } else if kind.contains('$') {
            let reason = format!("the mount's type `{kind}` is not known");
            self.note(mount.span.clone(), SourceKind::Unknown(reason));
        }
    }

    fn note(&mut self, span: std::ops::Range<usize>, kind: SourceKind) {
        self.found.push(Source {
            span: (span.start + self.offset..span.end + self.offset).into(),
            kind,
        });
    }

    /// What `ARG` declares: a build argument wins over the default, which wins over the global one.
    fn argument_pairs(&self, text: &str, variables: &Variables) -> Vec<(String, Binding)> {
        Variables::pairs(text)
            .into_iter()
            .map(|(name, default)| {
                let value = match (self.arguments.get(name), default) {
                    (Some(given), _) => Binding::Known(given.clone()),
                    (None, Some(default)) => match variables.expand(default) {
                        Ok(value) => Binding::Known(value),
                        Err(reason) => Binding::Unknown(reason),
                    },
                    (None, None) if PLATFORM.contains(&name) => {
                        Binding::Unknown(format!("`{name}` depends on the platform"))
                    }
                    (None, None) => self
                        .globals
                        .argument(name)
                        .cloned()
                        .unwrap_or(Binding::Unset),
                };
                (name.to_owned(), value)
            })
            .collect()
    }
}

fn flag<'f>(options: &'f [Flag<'f>], name: &str) -> Option<&'f UnescapedString<'f>> {
    options
        .iter()
        .find(|option| option.name.value == name)
        .and_then(|option| option.value.as_ref())
}

/// Whether `ADD` downloads it.
fn is_remote(text: &str) -> bool {
    ["http://", "https://", "git@", "git://", "ssh://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}
