//! Shell scripts.

mod command;
mod filter;
mod lex;
mod substitution;
mod walk;
mod word;

use super::environment::Environment;
use super::{Analysis, Language, Unreadable, parse};

/// The files that a shell script reads.
///
/// # Errors
/// When parsing it takes too many steps.
pub(super) fn analyse(text: &str) -> Result<Analysis, Unreadable> {
    if !filter::may_refer(text) {
        return Ok(Analysis::default());
    }
    let tree = parse::parse(Language::Shell, text)?;
    let mut walk = walk::Walk::new(text, Environment::new(None));
    walk.run(&tree);
    if walk.has_functions {
        // Functions run later than they are read: read again, knowing how the script ends.
        let end = walk.environment;
        walk = walk::Walk::new(text, Environment::new(Some(end)));
        walk.run(&tree);
    }
    Ok(walk.finish(tree.root_node().has_error()))
}
