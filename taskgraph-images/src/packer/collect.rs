//! [`Collector`]: the files that resolved blocks name.

use super::eval::{CWD, Evaluator};
use super::expr::{Expr, Node};
use super::file_functions::{file_code, glob};
use super::kinds::{self, Component, Kind};
use super::paths::{self, Problem};
use super::resolve::{Field, Resolved};
use super::value::Value;
use super::{InlineScript, InputRole, Shell, TemplateInput, Unresolved};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::{FileError, FileKind, Files, TreePath};

/// How unknown values are written in inline scripts: as a variable, which no analysis takes for a path.
const PLACEHOLDER: &str = "${PACKER_UNKNOWN}";

/// Gathers what blocks name.
pub(super) struct Collector<'f> {
    files: &'f dyn Files,
    pub(super) inputs: Vec<TemplateInput>,
    pub(super) inline: Vec<InlineScript>,
    pub(super) unresolved: Vec<Unresolved>,
    pub(super) faults: Vec<Diagnostic>,
}

/// What is being looked at: the component's type, and what of it matters to all its attributes.
#[derive(Clone, Copy)]
struct About<'a> {
    of: &'a str,
    local: bool,
}

impl<'f> Collector<'f> {
    pub(super) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            inputs: Vec::new(),
            inline: Vec::new(),
            unresolved: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Looks at a component of type `of`.
    pub(super) fn component(
        &mut self,
        evaluator: &Evaluator<'_>,
        component: Component,
        of: &str,
        body: &Resolved<'_>,
    ) {
        let about = About {
            of,
            local: of == "shell-local",
        };
        if component == Component::Provisioner && of == "file" {
            self.uploads(evaluator, body);
        }
        self.body(evaluator, about, body);
    }

    fn body(&mut self, evaluator: &Evaluator<'_>, about: About<'_>, body: &Resolved<'_>) {
        for field in &body.fields {
            if field.value != Value::Null {
                self.field(evaluator, about, field);
            }
        }
        for block in &body.blocks {
            self.body(evaluator, about, &block.body);
        }
    }

    fn field(&mut self, evaluator: &Evaluator<'_>, about: About<'_>, field: &Field<'_>) {
        match field.kind {
            None => self.mentions(evaluator, field),
            Some(Kind::Nothing | Kind::Upload { .. }) => {}
            Some(Kind::Inline) => self.inline(evaluator, about, field),
            Some(Kind::Script { list }) => {
                if let Some(items) = self.items(evaluator, field, list) {
                    for (value, place) in items {
                        // An empty `script` is as none; an empty item of `scripts` is a mistake.
                        if list || value.as_text().as_deref() != Some("") {
                            let input = |path, at| TemplateInput {
                                local: about.local,
                                ..TemplateInput::new(path, InputRole::Script, at)
                            };
                            self.file(&value, place, input);
                        }
                    }
                }
            }
            Some(Kind::UserData) => {
                for (value, place) in loose(evaluator, field) {
                    let input = |path, at| TemplateInput::new(path, InputRole::UserData, at);
                    if value.as_text().as_deref() != Some("") {
                        self.file(&value, place, input);
                    }
                }
            }
            Some(Kind::FileMap) => {
                let place = evaluator.place(field.node.file, field.node.span);
                match &field.value {
                    Value::Map(map) => {
                        for value in map.items.values() {
                            let input =
                                |path, at| TemplateInput::new(path, InputRole::UserData, at);
                            self.file(value, place.clone(), input);
                        }
                    }
                    Value::Unknown(_) => self.unknown(&field.value, place),
                    other => self.wrong_type(field, place, "a map of paths", other),
                }
            }
            Some(Kind::Media { glob }) => {
                for (value, place) in loose(evaluator, field) {
                    self.any(&value, place, InputRole::Media, glob);
                }
            }
            Some(Kind::Configuration) => {
                for (value, place) in loose(evaluator, field) {
                    self.any(&value, place, InputRole::Configuration, false);
                }
            }
            Some(Kind::Playbook) => {
                for (value, place) in loose(evaluator, field) {
                    self.playbook(&value, place);
                }
            }
            Some(Kind::Elsewhere) => {
                for (value, place) in loose(evaluator, field) {
                    self.elsewhere(&value, &place);
                }
            }
        }
    }

    /// The items of a field that must be a list of paths, or the one path.
    fn items(
        &mut self,
        evaluator: &Evaluator<'_>,
        field: &Field<'_>,
        list: bool,
    ) -> Option<Vec<(Value, Place)>> {
        let place = evaluator.place(field.node.file, field.node.span);
        let fits = match &field.value {
            Value::Unknown(_) => {
                self.unknown(&field.value, place);
                return None;
            }
            Value::List(_) => list,
            Value::String(_) => !list,
            _ => false,
        };
        if !fits {
            let expected = if list { "a list of paths" } else { "a path" };
            self.wrong_type(field, place, expected, &field.value);
            return None;
        }
        Some(loose(evaluator, field))
    }

    fn wrong_type(&mut self, field: &Field<'_>, place: Place, expected: &str, found: &Value) {
        self.faults.push(
            Diagnostic::error(
                "wrong-type",
                format!(
                    "`{}` expects {expected}, found {}",
                    field.name,
                    found.kind()
                ),
            )
            .at(place),
        );
    }

    /// A reference to a file that only a run of Packer knows.
    fn unknown(&mut self, value: &Value, place: Place) {
        let within = known_folder(&TreePath::root(), value);
        let mut diagnostic = Diagnostic::error(
            "unresolved-path",
            "which file this names is known only when Packer runs",
        )
        .at(place);
        if let Some(folder) = &within {
            diagnostic = diagnostic.hint(format!("it lies in `{folder}`"));
        }
        self.unresolved.push(Unresolved { diagnostic, within });
    }

    fn problem(&mut self, problem: &Problem, place: Place) {
        let mut diagnostic = Diagnostic::error(problem.code(), problem.to_string()).at(place);
        diagnostic.hint = problem.hint();
        self.unresolved.push(Unresolved {
            diagnostic,
            within: None,
        });
    }

    /// A path that must be that of something in the tree: what stands there.
    fn existing(&mut self, value: &Value, place: &Place) -> Option<(TreePath, FileKind)> {
        if value.has_unknown() {
            self.unknown(value, place.clone());
            return None;
        }
        let Some(text) = value.as_text() else {
            self.faults.push(
                Diagnostic::error(
                    "wrong-type",
                    format!("expected a path, found {}", value.kind()),
                )
                .at(place.clone()),
            );
            return None;
        };
        let path = match paths::resolve(&TreePath::root(), &text) {
            Ok(path) => path,
            Err(problem) => {
                self.problem(&problem, place.clone());
                return None;
            }
        };
        match self.files.kind(&path) {
            Ok(kind) => Some((path, kind)),
            Err(error) => {
                self.missing(&path, &error, place.clone());
                None
            }
        }
    }

    fn missing(&mut self, path: &TreePath, error: &FileError, place: Place) {
        let mut diagnostic = Diagnostic::error(file_code(error), error.to_string()).at(place);
        if matches!(error, FileError::Missing(_)) {
            let siblings = self.files.list(&path.parent(), false).unwrap_or_default();
            diagnostic.hint = nearest(path.file_name(), siblings.iter().map(TreePath::file_name))
                .map(|near| format!("did you mean `{}`?", path.parent().child(near)));
        }
        self.unresolved.push(Unresolved {
            diagnostic,
            within: None,
        });
    }

    fn file(
        &mut self,
        value: &Value,
        place: Place,
        input: impl FnOnce(TreePath, Place) -> TemplateInput,
    ) {
        match self.existing(value, &place) {
            Some((path, FileKind::File)) => self.inputs.push(input(path, place)),
            Some((path, _)) => self.faults.push(
                Diagnostic::error(
                    "wrong-file-kind",
                    format!("`{path}` is a directory, expected a file"),
                )
                .at(place)
                .hint("a variable at the end of the path may be empty"),
            ),
            None => {}
        }
    }

    /// A file, a directory with all that is in it, or a glob.
    fn any(&mut self, value: &Value, place: Place, role: InputRole, globs: bool) {
        let text = value.as_text();
        if text.as_deref() == Some("") {
            return;
        }
        if globs
            && let Some(text) = &text
            && text.contains(['*', '?', '['])
        {
            self.glob(text, place, role);
            return;
        }
        match self.existing(value, &place) {
            Some((path, FileKind::File)) => {
                self.inputs.push(TemplateInput::new(path, role, place));
            }
            Some((path, _)) => self.directory(&path, &place, role, |_| None),
            None => {}
        }
    }

    fn glob(&mut self, text: &str, place: Place, role: InputRole) {
        // The folder before the first wildcard is looked through; the rest is matched.
        let wild = text.find(['*', '?', '[']).unwrap_or(text.len());
        let folder = text[..wild]
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let base = if folder.is_empty() { "." } else { folder };
        let base = match paths::resolve(&TreePath::root(), base) {
            Ok(base) => base,
            Err(problem) => return self.problem(&problem, place),
        };
        let pattern = text[folder.len()..].trim_start_matches('/');
        // What a glob finds may be a directory, whose files are found by the pattern and anything below it.
        let matchers = glob(pattern).and_then(|own| Ok((own, glob(&format!("{pattern}/**"))?)));
        let (own, below) = match matchers {
            Ok(matchers) => matchers,
            Err(message) => {
                self.faults
                    .push(Diagnostic::error("invalid-glob", message).at(place));
                return;
            }
        };
        let files = self.files.list(&base, true).unwrap_or_default();
        let mut found = false;
        for file in files {
            let matches = file
                .strip_prefix(&base)
                .is_some_and(|name| own.is_match(name) || below.is_match(name));
            if matches {
                found = true;
                self.inputs
                    .push(TemplateInput::new(file, role, place.clone()));
            }
        }
        if !found {
            self.unresolved.push(Unresolved {
                diagnostic: Diagnostic::error(
                    "missing-file",
                    format!("nothing matches `{}`", text.replace(CWD, ".")),
                )
                .at(place),
                within: Some(base),
            });
        }
    }

    fn directory(
        &mut self,
        path: &TreePath,
        place: &Place,
        role: InputRole,
        uploaded_to: impl Fn(&str) -> Option<String>,
    ) {
        match self.files.list(path, true) {
            Ok(files) => {
                for file in files {
                    let uploaded_to = file.strip_prefix(path).and_then(&uploaded_to);
                    self.inputs.push(TemplateInput {
                        uploaded_to,
                        ..TemplateInput::new(file, role, place.clone())
                    });
                }
            }
            Err(error) => self.missing(path, &error, place.clone()),
        }
    }

    /// A playbook, and the folder it stands in: roles, variables and files are found relative to it.
    fn playbook(&mut self, value: &Value, place: Place) {
        let Some((path, kind)) = self.existing(value, &place) else {
            return;
        };
        if kind != FileKind::File {
            return self.directory(&path, &place, InputRole::Configuration, |_| None);
        }
        let folder = path.parent();
        if !folder.is_root() {
            return self.directory(&folder, &place, InputRole::Configuration, |_| None);
        }
        self.inputs.push(TemplateInput::new(
            path,
            InputRole::Configuration,
            place.clone(),
        ));
        for name in [
            "roles",
            "group_vars",
            "host_vars",
            "library",
            "files",
            "templates",
            "vars",
            "tasks",
            "handlers",
            "module_utils",
        ] {
            let folder = folder.child(name);
            if self.files.kind(&folder) == Ok(FileKind::Directory) {
                self.directory(&folder, &place, InputRole::Configuration, |_| None);
            }
        }
    }

    /// Something that may be a file of the repository, a URL, or a file of the build machine's own.
    fn elsewhere(&mut self, value: &Value, place: &Place) {
        let Some(text) = value.as_text() else {
            return;
        };
        let text = text
            .strip_prefix("file://")
            .or_else(|| text.strip_prefix("file:"))
            .unwrap_or(&text);
        if text.contains("://") || text.is_empty() {
            return;
        }
        let Ok(path) = paths::resolve(&TreePath::root(), text) else {
            return;
        };
        match self.files.kind(&path) {
            Ok(FileKind::File) => self.inputs.push(TemplateInput::new(
                path,
                InputRole::Configuration,
                place.clone(),
            )),
            Ok(_) if !path.is_root() => {
                self.directory(&path, place, InputRole::Configuration, |_| None);
            }
            _ => {}
        }
    }

    /// An attribute that is not known to name files: those that it happens to name count.
    fn mentions(&mut self, evaluator: &Evaluator<'_>, field: &Field<'_>) {
        let directories = kinds::sounds_like_directory(&field.name);
        self.mentioned(evaluator, field.node, &field.value, directories);
    }

    fn mentioned(
        &mut self,
        evaluator: &Evaluator<'_>,
        node: &Node,
        value: &Value,
        directories: bool,
    ) {
        match value {
            Value::String(text) => {
                if text.len() > 1024 || !text.contains(['/', '.']) {
                    return;
                }
                let whole = Some(&**text);
                // As in `--extra-vars=@vars.yml` and `NAME=path`.
                let after_sign = text.rsplit_once('@').map(|(_, rest)| rest);
                let after_equals = text.split_once('=').map(|(_, rest)| rest);
                for text in [whole, after_sign, after_equals].into_iter().flatten() {
                    self.mention(evaluator, node, text, directories);
                }
            }
            Value::List(list) => {
                for item in &list.items {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Map(map) => {
                for item in map.items.values() {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Unknown(residual) => {
                for item in &residual.of {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn mention(&mut self, evaluator: &Evaluator<'_>, node: &Node, text: &str, directories: bool) {
        let inside = text.starts_with(CWD);
        if text.contains(|c: char| c.is_whitespace())
            || text.contains("://")
            || (text.starts_with('/') && !inside)
        {
            return;
        }
        let Ok(path) = paths::resolve(&TreePath::root(), text) else {
            return;
        };
        if path.is_root() {
            return;
        }
        let place = || evaluator.place(node.file, node.span);
        match self.files.kind(&path) {
            Ok(FileKind::File) => {
                self.inputs
                    .push(TemplateInput::new(path, InputRole::Mentioned, place()));
            }
            Ok(FileKind::Directory) if directories || inside => {
                self.directory(&path, &place(), InputRole::Mentioned, |_| None);
            }
            _ => {}
        }
    }

    fn inline(&mut self, evaluator: &Evaluator<'_>, about: About<'_>, field: &Field<'_>) {
        let mut text = String::new();
        match &field.value {
            Value::List(list) => {
                for line in &list.items {
                    write_known(&mut text, line);
                    text.push('\n');
                }
            }
            other => {
                write_known(&mut text, other);
                text.push('\n');
            }
        }
        self.inline.push(InlineScript {
            at: evaluator.place(field.node.file, field.node.span),
            text,
            shell: match about.of {
                "powershell" => Shell::PowerShell,
                "windows-shell" => Shell::Batch,
                _ => Shell::Bash,
            },
            local: about.local,
        });
    }

    /// What the `file` provisioner uploads.
    fn uploads(&mut self, evaluator: &Evaluator<'_>, body: &Resolved<'_>) {
        match body.get("direction").map(Value::as_text) {
            Some(Some(direction)) if *direction == *"download" => return,
            _ => {}
        }
        let generated = body.get("generated").and_then(Value::as_bool) == Some(true);
        let destination = body.get("destination").and_then(Value::as_text);
        for field in &body.fields {
            let Some(Kind::Upload { list }) = field.kind else {
                continue;
            };
            if field.value == Value::Null {
                continue;
            }
            for (value, place) in self.items(evaluator, field, list).unwrap_or_default() {
                if !list && value.as_text().as_deref() == Some("") {
                    continue;
                }
                if generated && !self.stands(&value) {
                    continue;
                }
                self.upload(&value, place, destination.as_deref());
            }
        }
    }

    /// Whether something of the tree stands at a path.
    fn stands(&self, value: &Value) -> bool {
        value
            .as_text()
            .and_then(|text| paths::resolve(&TreePath::root(), &text).ok())
            .is_some_and(|path| self.files.kind(&path).is_ok())
    }

    fn upload(&mut self, value: &Value, place: Place, destination: Option<&str>) {
        let Some((path, kind)) = self.existing(value, &place) else {
            return;
        };
        if kind == FileKind::File {
            let uploaded_to = destination.map(|destination| {
                if destination.ends_with('/') {
                    format!("{destination}{}", path.file_name())
                } else {
                    destination.to_owned()
                }
            });
            self.inputs.push(TemplateInput {
                uploaded_to,
                ..TemplateInput::new(path, InputRole::Upload, place)
            });
            return;
        }
        // As rsync has it: without a trailing slash the directory itself arrives, with one what is in it.
        let slash = value.as_text().is_some_and(|text| text.ends_with('/'));
        let base = destination.map(|destination| {
            let destination = destination.trim_end_matches('/');
            if slash || path.is_root() {
                destination.to_owned()
            } else {
                format!("{destination}/{}", path.file_name())
            }
        });
        self.directory(&path, &place, InputRole::Upload, |name| {
            base.as_ref().map(|base| format!("{base}/{name}"))
        });
    }
}

/// A field's items with their places, or its one value with its.
fn loose(evaluator: &Evaluator<'_>, field: &Field<'_>) -> Vec<(Value, Place)> {
    let whole = evaluator.place(field.node.file, field.node.span);
    let Value::List(list) = &field.value else {
        return vec![(field.value.clone(), whole)];
    };
    let nodes = match &field.node.expr {
        Expr::List(nodes) if nodes.len() == list.items.len() => Some(nodes),
        _ => None,
    };
    list.items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let place = nodes.map_or_else(
                || whole.clone(),
                |nodes| evaluator.place(nodes[at].file, nodes[at].span),
            );
            (item.clone(), place)
        })
        .collect()
}

/// The folder that a path with an unknown part must be in, if its beginning is known.
pub(super) fn known_folder(base: &TreePath, value: &Value) -> Option<TreePath> {
    let Value::Unknown(residual) = value else {
        return None;
    };
    if &*residual.what != "text" {
        return None;
    }
    let start = residual.of.first()?.as_text()?;
    // What follows could hold `..`: whoever widens to the folder takes that upon them.
    let (folder, _) = start.rsplit_once('/')?;
    paths::resolve(base, folder).ok()
}

fn write_known(text: &mut String, value: &Value) {
    match value {
        Value::Unknown(residual) if &*residual.what == "text" => {
            for part in &residual.of {
                write_known(text, part);
            }
        }
        Value::Unknown(_) => text.push_str(PLACEHOLDER),
        other => text.push_str(other.as_text().as_deref().unwrap_or_default()),
    }
}
