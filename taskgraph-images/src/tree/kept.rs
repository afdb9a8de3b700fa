//! [`Kept`]: what was made of contents, so that it is not made again when the same content is met in another tree.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{ContentId, TreePath};

/// How many values are kept before those that were not wanted for as many others are let go.
const ROOM: usize = 2048;

/// Values by what they are made of: their type, and the path and content of one file.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Generations>);

type Values = HashMap<(TypeId, TreePath, ContentId), Arc<dyn Any + Send + Sync>>;

#[derive(Debug, Default)]
struct Generations {
    recent: Values,
    /// What `recent` held before it was full: what is wanted again moves back, the rest goes with the next.
    before: Values,
}

impl Kept {
    pub(super) fn get<T: Send + Sync + 'static>(
        &self,
        path: &TreePath,
        content: ContentId,
    ) -> Option<Arc<T>> {
        let key = (TypeId::of::<T>(), path.clone(), content);
        let mut generations = self.0.lock().expect("no holder panics");
        let value = match generations.recent.get(&key) {
            Some(value) => value.clone(),
            None => {
                let value = generations.before.remove(&key)?;
                generations.put(key, value.clone());
                value
            }
        };
        value.downcast().ok()
    }

    pub(super) fn put<T: Send + Sync + 'static>(
        &self,
        path: &TreePath,
        content: ContentId,
        value: &Arc<T>,
    ) {
        let key = (TypeId::of::<T>(), path.clone(), content);
        let mut generations = self.0.lock().expect("no holder panics");
        generations.put(key, value.clone());
    }
}

impl Generations {
    fn put(&mut self, key: (TypeId, TreePath, ContentId), value: Arc<dyn Any + Send + Sync>) {
        if self.recent.len() >= ROOM {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_stays() {
        let kept = Kept::default();
        let path = |at: usize| TreePath::from_git(&format!("file-{at}"));
        let content = ContentId::new(&[1]);
        kept.put(&path(0), content, &Arc::new("first".to_owned()));
        for at in 1..3 * ROOM {
            kept.put(&path(at), content, &Arc::new(at));
            if at % 100 == 0 {
                let first = kept.get::<String>(&path(0), content);
                assert_eq!(first.as_deref().map(String::as_str), Some("first"));
            }
        }
        assert_eq!(kept.get::<usize>(&path(1), content), None);
        assert_eq!(
            kept.get::<usize>(&path(3 * ROOM - 1), content).as_deref(),
            Some(&(3 * ROOM - 1))
        );
        // Another type, or another content, is another value.
        assert_eq!(kept.get::<usize>(&path(0), content), None);
        assert_eq!(kept.get::<String>(&path(0), ContentId::new(&[2])), None);
        let generations = kept.0.lock().unwrap();
        assert!(generations.recent.len() + generations.before.len() <= 2 * ROOM);
    }
}
