//! [`Facts`]: what the code that renders templates does, as its text tells, and whether the recipe knows all of it.

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::formats::recipe::{Fact, Tool};
use crate::glob::Glob;
use crate::hex::hex;
use crate::tree::{Files as _, TreePath, View};
use crate::yaml::Spanned;

/// What is known of the code.
#[derive(Default)]
pub(super) struct Facts {
    /// The facts by their names.
    pub(super) facts: Json,
    /// Files of which the recipe does not know what they do.
    pub(super) unknown: Vec<TreePath>,
}

/// Looks at the code. What cannot be read says nothing and is not known.
pub(super) fn facts(tool: Option<&Tool>, view: &View<'_>) -> Facts {
    let Some(tool) = tool else {
        return Facts::default();
    };
    let unknown = files(&tool.code, view)
        .into_iter()
        .filter(|file| {
            let content = view.read(file);
            !content.is_ok_and(|content| is_known(tool, &content))
        })
        .collect();
    let texts: Vec<String> = files(&tool.text, view)
        .iter()
        .filter_map(|file| view.read(file).ok())
        .map(|content| String::from_utf8_lossy(&content).into_owned())
        .collect();
    let facts: Map<String, Json> = tool
        .facts
        .iter()
        .map(|(name, fact)| (name.clone(), value(fact, &texts)))
        .collect();
    Facts {
        facts: Json::Object(facts),
        unknown,
    }
}

fn files(globs: &[Spanned<String>], view: &View<'_>) -> Vec<TreePath> {
    let mut files: Vec<TreePath> = globs
        .iter()
        // The recipe's globs were checked when it was read.
        .filter_map(|glob| Glob::parse(&glob.value).ok()?.expand(view).ok())
        .flatten()
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

fn is_known(tool: &Tool, content: &[u8]) -> bool {
    let digest = hex(&Sha256::digest(content));
    tool.known
        .iter()
        .any(|known| digest.starts_with(&known.value))
}

fn value(fact: &Fact, texts: &[String]) -> Json {
    let some = |part: &String| texts.iter().any(|text| text.contains(part));
    if let Some(holds) = &fact.holds {
        return Json::Bool(some(holds));
    }
    if let Some(lacks) = &fact.lacks {
        return Json::Bool(!texts.is_empty() && !some(lacks));
    }
    let found = fact
        .captures
        .as_ref()
        .and_then(|pattern| texts.iter().find_map(|text| pattern.0.captures(text)));
    found
        .and_then(|found| Some(Json::from(found.get(1)?.as_str())))
        .unwrap_or_default()
}
