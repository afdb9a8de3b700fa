//! [`choose`]: which format a tree has: the settings name it, or a recipe recognises the tree.

use std::sync::{Arc, OnceLock};

use super::recipe::{SHIPPED_COUNT, shipped_path};
use super::{NATIVE, Recipe, exists, shipped_names, shipped_text};
use crate::definitions::{Layout, read};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::tree::{FileError, Look, Tree, TreePath, View};
use crate::yaml::{Node, Value};

/// The settings of a repository whose definitions a recipe reads.
const SETTINGS: &str = "taskgraph-images.yml";

/// The format of a tree.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Where its files stand.
    pub(crate) layout: Layout,
    /// How definitions are read; natively if absent.
    pub(crate) recipe: Option<Arc<Recipe>>,
    /// Where the recipe stands, if it is the repository's own.
    pub(crate) path: Option<TreePath>,
    /// What was looked at to know.
    pub(crate) looks: Vec<Look>,
    /// Why it is not known. Nothing of the tree can be read then.
    pub(crate) faults: Vec<Diagnostic>,
}

impl Choice {
    /// The format's name.
    pub(crate) fn name(&self) -> &str {
        self.recipe.as_ref().map_or(NATIVE, |recipe| &recipe.name)
    }
}

/// Finds out the format of a tree.
pub(crate) fn choose(tree: &Tree, layout: &Layout) -> Choice {
    let view = View::new(tree);
    let native = Layout::at(layout.root.clone());
    let own = TreePath::from_git(SETTINGS);
    let beside = Layout {
        settings: Some(own.clone()),
        ..native.clone()
    };
    let mut faults = Vec::new();
    let mut path = None;
    let (layout, recipe) = if exists(&view, &native.config()) {
        let recipe = named(&view, &native.config(), &mut path, &mut faults).unwrap_or_default();
        (native, recipe)
    } else if exists(&view, &own) {
        let recipe = named(&view, &own, &mut path, &mut faults).unwrap_or_else(|| {
            detected(&view).or_else(|| {
                let message =
                    "the settings name no format, and no recipe recognises the repository";
                faults.push(
                    Diagnostic::error("no-format", message)
                        .at(Place::file(own.clone()))
                        .hint(format!("name one under `format`: {}", known())),
                );
                None
            })
        });
        (beside, recipe)
    } else {
        match detected(&view) {
            Some(recipe) => (beside, Some(recipe)),
            None => (native, None),
        }
    };
    Choice {
        layout,
        recipe,
        path,
        looks: view.into_looks(),
        faults,
    }
}

fn known() -> String {
    let names: Vec<String> = std::iter::once(NATIVE)
        .chain(shipped_names())
        .map(|name| format!("`{name}`"))
        .collect();
    names.join(", ")
}

/// The recipe that the settings name; `None` when they name nothing, an inner `None` for the native format.
fn named(
    view: &View<'_>,
    settings: &TreePath,
    recipe: &mut Option<TreePath>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Option<Arc<Recipe>>> {
    // What is wrong with the settings is told when they are read as such.
    let settings = read(view, settings).ok().flatten()?;
    let text = |node: &Node| match &node.value {
        Value::Scalar(text, _) if !node.is_null() => Some(text.to_string()),
        _ => None,
    };
    if let Some(node) = settings.get("recipe") {
        let file = TreePath::parse(&text(node)?).ok()?;
        *recipe = Some(file.clone());
        return Some(from_tree(view, &file, node, faults));
    }
    let node = settings.get("format")?;
    let name = text(node)?;
    if name == NATIVE {
        return Some(None);
    }
    match shipped(&name) {
        Some(recipe) => Some(Some(recipe)),
        None => {
            let fault = Diagnostic::error("unknown-format", format!("there is no format `{name}`"))
                .at(node.place());
            let names = std::iter::once(NATIVE).chain(shipped_names());
            faults.push(match nearest(&name, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!(
                    "formats: {}; a recipe of your own is named under `recipe`",
                    known()
                )),
            });
            Some(None)
        }
    }
}

fn from_tree(
    view: &View<'_>,
    file: &TreePath,
    node: &Node,
    faults: &mut Vec<Diagnostic>,
) -> Option<Arc<Recipe>> {
    use crate::tree::Files as _;
    match view.read(file) {
        Ok(content) => match Recipe::read(file, &content) {
            Ok(recipe) => Some(Arc::new(recipe)),
            Err(more) => {
                faults.extend(more);
                None
            }
        },
        Err(error) => {
            let code = match error {
                FileError::Missing(_) => "missing-file",
                _ => "unreadable",
            };
            faults.push(Diagnostic::error(code, error.to_string()).at(node.place()));
            None
        }
    }
}

/// A recipe that comes with the program, read once.
pub(super) fn shipped(name: &str) -> Option<Arc<Recipe>> {
    static READ: [OnceLock<Arc<Recipe>>; SHIPPED_COUNT] =
        [const { OnceLock::new() }; SHIPPED_COUNT];
    let at = shipped_names().position(|known| known == name)?;
    let recipe = READ[at].get_or_init(|| {
        let text = shipped_text(name).unwrap_or_default();
        let recipe = Recipe::read(&shipped_path(name), text.as_bytes());
        Arc::new(recipe.expect("a test reads every recipe that comes with the program"))
    });
    Some(recipe.clone())
}

/// The first recipe that recognises the tree.
fn detected(view: &View<'_>) -> Option<Arc<Recipe>> {
    shipped_names()
        .filter_map(shipped)
        .find(|recipe| recipe.fits(view))
}
