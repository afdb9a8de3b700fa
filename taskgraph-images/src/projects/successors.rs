//! [`Successors`]: which worker pool takes another one's place, because its image is newer.

use std::collections::BTreeMap;

/// Which worker pool takes another one's place, by the older one's id, `provisioner/worker-type`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Successors(pub BTreeMap<String, Successor>);

/// The pool that takes another one's place. The provisioner stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Successor {
    /// Its worker type.
    pub worker_type: String,
    /// Its image, in words for people.
    pub image: String,
}

impl Successors {
    /// The successor of a worker type whose provisioner is written with words to be filled in, such as `images-{level}`:
    /// nothing if no pool of that name has one.
    ///
    /// # Errors
    /// When the pools that this may mean move apart, or only some of them have a successor.
    pub fn of<'a>(
        &'a self,
        provisioner: &str,
        worker_type: &str,
        pools: &dyn Fn(&str) -> bool,
    ) -> Result<Option<&'a Successor>, String> {
        let mut found: Option<(&str, &Successor)> = None;
        for (pool, successor) in &self.0 {
            let Some((other, r#type)) = pool.split_once('/') else {
                continue;
            };
            if r#type != worker_type || !fits(provisioner, other) {
                continue;
            }
            match found {
                Some((first, known)) if known.worker_type != successor.worker_type => {
                    return Err(format!(
                        "`{first}` moves to `{}`, and `{pool}` to `{}`",
                        known.worker_type, successor.worker_type
                    ));
                }
                _ => found = Some((pool, successor)),
            }
            let next = format!("{other}/{}", successor.worker_type);
            if !pools(&next) {
                return Err(format!(
                    "`{pool}` would move to `{next}`, and there is no such pool"
                ));
            }
        }
        Ok(found.map(|(_, successor)| successor))
    }
}

/// Whether a provisioner is one that a text with words to be filled in may mean. An empty text may mean any.
pub(super) fn fits(pattern: &str, provisioner: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let mut rest = provisioner;
    let mut first = true;
    let mut parts = pattern;
    loop {
        let (fixed, after) = match parts.find('{') {
            Some(at) => {
                let end = parts[at..]
                    .find('}')
                    .map_or(parts.len(), |end| at + end + 1);
                (&parts[..at], Some(&parts[end..]))
            }
            None => (parts, None),
        };
        let at = match (first, after) {
            (true, _) if !rest.starts_with(fixed) => return false,
            (true, _) => 0,
            (false, None) if rest.ends_with(fixed) => rest.len() - fixed.len(),
            (false, _) => match rest.find(fixed) {
                Some(at) => at,
                None => return false,
            },
        };
        rest = &rest[at + fixed.len()..];
        match after {
            Some(after) => parts = after,
            None => return rest.is_empty(),
        }
        first = false;
    }
}
