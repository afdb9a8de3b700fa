//! Temporary.
use crate::tree::{FileError, Files, TreePath};
/// Glob.
#[derive(Debug, Clone)]
pub struct Glob { text: String, matcher: globset::GlobMatcher }
impl Glob {
    /// Parse.
    pub fn parse(text: &str) -> Result<Self, String> {
        TreePath::parse(text).map_err(|e| e.to_string())?;
        let glob = globset::GlobBuilder::new(text).literal_separator(true).build().map_err(|e| e.to_string())?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
    /// Literal.
    pub fn is_literal(&self) -> bool { !self.text.contains(['*', '?', '[', '{']) }
    /// Matches.
    pub fn matches(&self, path: &TreePath) -> bool { self.matcher.is_match(path.as_str()) }
    /// Expand.
    pub fn expand(&self, files: &dyn Files) -> Result<Vec<TreePath>, FileError> {
        let cut = self.text.find(['*', '?', '[', '{']).unwrap_or(self.text.len());
        let folder = self.text[..cut].rsplit_once('/').map_or("", |(f, _)| f);
        let folder = TreePath::parse(folder).expect("checked");
        let recursive = self.text[cut..].contains('/') || self.text.contains("**");
        Ok(files.list(&folder, recursive)?.into_iter().filter(|p| self.matches(p)).collect())
    }
}
