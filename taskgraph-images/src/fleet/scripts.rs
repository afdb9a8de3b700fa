//! [`ScriptIndex`]: which script reads which files. Worked out once a script, whoever uses it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

use super::Role;
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::scripts::{self, Language, ReferenceKind, Resolution};
use crate::tree::{Look, TreePath, View};

/// What is known of one script.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The files that it reads.
    pub(crate) reads: Vec<(TreePath, Role, Span)>,
    /// Paths of the machine that it reads: whether one is uploaded is a question to each image.
    pub(crate) on_image: Vec<(String, bool, Span)>,
    /// References that cannot be followed: errors for images that do not waive them.
    pub(crate) unresolved: Vec<Diagnostic>,
    /// What is wrong whoever uses it.
    pub(crate) findings: Vec<Diagnostic>,
    pub(crate) looks: Vec<Look>,
}

/// Scripts by path.
#[derive(Debug, Default)]
pub(crate) struct ScriptIndex {
    scripts: RwLock<HashMap<TreePath, Arc<Script>, foldhash::fast::RandomState>>,
}

impl ScriptIndex {
    /// The script at `path`; `None` when the file there is no script of a known language.
    pub(crate) fn get(&self, view: &View<'_>, path: &TreePath) -> Arc<Script> {
        if let Some(script) = self.scripts.read().expect("no writer panics").get(path) {
            return script.clone();
        }
        let script = Arc::new(analyse(view, path));
        self.scripts
            .write()
            .expect("no writer panics")
            .entry(path.clone())
            .or_insert(script)
            .clone()
    }

    /// The script at `path`, if somebody asked for it before.
    pub(crate) fn known(&self, path: &TreePath) -> Option<Arc<Script>> {
        self.scripts
            .read()
            .expect("no writer panics")
            .get(path)
            .cloned()
    }

    /// All that was looked at to know the scripts.
    pub(super) fn looks(&self) -> Vec<Look> {
        let scripts = self.scripts.read().expect("no writer panics");
        let looks = scripts.values().flat_map(|script| &script.looks);
        looks.cloned().collect()
    }

    /// Whether no change can have altered any of them.
    pub(super) fn are_untouched(&self, untouched: impl Fn(&[Look]) -> bool) -> bool {
        let scripts = self.scripts.read().expect("no writer panics");
        scripts.values().all(|script| untouched(&script.looks))
    }

    /// Takes over what `untouched` says no change can have altered; the rest by name.
    pub(crate) fn like(
        other: &Self,
        untouched: impl Fn(&[Look]) -> bool,
    ) -> (Self, BTreeSet<TreePath>) {
        let mut scripts = other.scripts.read().expect("no writer panics").clone();
        let mut touched = BTreeSet::new();
        scripts.retain(|path, script| {
            let same = untouched(&script.looks);
            if !same {
                touched.insert(path.clone());
            }
            same
        });
        let index = Self {
            scripts: RwLock::new(scripts),
        };
        (index, touched)
    }
}

fn analyse(outer: &View<'_>, path: &TreePath) -> Script {
    let view = View::new(outer.tree());
    let mut script = Script::default();
    read(&view, path, &mut script);
    script.looks = view.into_looks();
    script
}

fn read(view: &View<'_>, path: &TreePath, script: &mut Script) {
    let analysed = view.parse(path, |content| {
        let language = scripts::language(path, content)?;
        Some((language, scripts::analyse(language, content)))
    });
    // Whoever names the file reports that it cannot be read.
    let Ok(analysed) = analysed else { return };
    let Some((language, analysis)) = &*analysed else {
        return;
    };
    let analysis = match analysis {
        Ok(analysis) => analysis,
        Err(error) => {
            script.unresolved.push(
                Diagnostic::error("unreadable-script", error.to_string())
                    .at(Place::file(path.clone()))
                    .hint("waive it under `waivers` and declare what it reads under `inputs`"),
            );
            return;
        }
    };
    let place = |span| Place {
        path: path.clone(),
        span,
    };
    for fault in &analysis.faults {
        script
            .findings
            .push(Diagnostic::warning("comment", fault.message.clone()).at(place(fault.span)));
    }
    // PowerShell's grammar has gaps that good scripts fall into; what is readable around them is read.
    if analysis.has_syntax_error && *language == Language::Shell {
        script.findings.push(
            Diagnostic::warning(
                "script-syntax",
                "parts of the script could not be parsed; references there are not seen",
            )
            .at(Place::file(path.clone())),
        );
    }
    for reference in &analysis.references {
        let role = match reference.kind {
            ReferenceKind::Sourced => Role::SourcedBy,
            ReferenceKind::Imported => Role::ImportedBy,
            ReferenceKind::Run => Role::RunBy,
            ReferenceKind::Mentioned => Role::NamedBy,
        };
        let unresolved = |message: String| {
            Diagnostic::error("unresolved-reference", message).at(place(reference.span)).hint(
                "name the file so that it can be followed, declare it under `inputs` with `in`, waive it under \
                 `waivers`, or write `# taskgraph-images: not-an-input REASON` above it",
            )
        };
        match scripts::resolve(view, path, reference) {
            Ok(Resolution::Files(files) | Resolution::Listing { files, .. }) => {
                // A script that runs itself again reads nothing new.
                script.reads.extend(
                    files
                        .into_iter()
                        .filter(|file| file != path)
                        .map(|file| (file, role, reference.span)),
                );
            }
            Ok(Resolution::OnImage { path, glob }) => {
                script.on_image.push((path, glob, reference.span))
            }
            Ok(Resolution::Module(_) | Resolution::Waived(_) | Resolution::Absent) => {}
            Ok(Resolution::Unresolved(reason)) => {
                script.unresolved.push(unresolved(format!(
                    "`{}` cannot be followed: {reason}",
                    reference.text
                )));
            }
            Ok(Resolution::Missing(places)) => {
                let places: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
                script.unresolved.push(unresolved(format!(
                    "`{}` names no file of the repository; looked for {}",
                    reference.text,
                    places.join(" and ")
                )));
            }
            Err(error) => script
                .unresolved
                .push(unresolved(format!("`{}`: {error}", reference.text))),
        }
    }
}
