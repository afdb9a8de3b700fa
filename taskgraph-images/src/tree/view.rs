//! [`Tree`] and [`View`]: a tree at one moment, and reading through it with links followed and every look noted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use super::directory::{ContentId, Directory, Entry, Mode, Objects};
use super::{FileError, FileKind, Files, TreePath};

/// The largest file that is read whole. Larger ones are no scripts, and git hosts refuse most of them.
pub const MAX_FILE: u64 = 100 * 1024 * 1024;

/// How many links may follow one another, as on Linux.
const MAX_LINKS: usize = 40;

/// How many entries one listing may reach through links. Folders that link to one another show the same files by
/// ever more names.
const MAX_LINKED: usize = 10_000;

/// The files of a repository at one moment. Cheap to clone; shares what it has read with its clones.
#[derive(Debug, Clone)]
pub struct Tree(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    root: Arc<Directory>,
    objects: Arc<dyn Objects>,
    found: RwLock<HashMap<TreePath, Trail, foldhash::fast::RandomState>>,
    lost: OnceLock<FileError>,
}

/// What a path leads to, and by which links: also where it leads nowhere.
#[derive(Debug, Clone)]
struct Trail {
    result: Result<Found, FileError>,
    links: Arc<[TreePath]>,
    /// Where the last link led.
    end: TreePath,
}

/// What a path leads to once links are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it really stands.
    pub path: TreePath,
    /// What it is there; never a link.
    pub mode: Mode,
    /// Its content's identity; of a directory, meaningless.
    pub id: ContentId,
    /// The links that were followed, in order.
    pub links: Arc<[TreePath]>,
}

impl Tree {
    pub(super) fn new(name: &str, root: Arc<Directory>, objects: Arc<dyn Objects>) -> Self {
        Self(Arc::new(Inner {
            name: name.to_owned(),
            root,
            objects,
            found: RwLock::default(),
            lost: OnceLock::new(),
        }))
    }

    /// What the tree is, in words: a commit's id, `index`, `work tree`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn root(&self) -> &Arc<Directory> {
        &self.0.root
    }

    pub(super) fn objects(&self) -> &dyn Objects {
        &*self.0.objects
    }

    /// The content of a blob.
    ///
    /// # Errors
    /// When the repository does not hold it.
    pub fn blob(&self, id: ContentId, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        self.0
            .objects
            .blob(id, path)
            .inspect_err(|error| self.note_lost(error))
    }

    fn note_lost(&self, error: &FileError) {
        if matches!(error, FileError::Unreadable(..)) {
            let _ = self.0.lost.set(error.clone());
        }
    }

    /// The first thing that somebody asked for and that the repository does not hold, as in a partial clone. Whatever
    /// was worked out from the tree is then worth nothing.
    pub fn lost(&self) -> Option<&FileError> {
        self.0.lost.get()
    }

    /// Follows a path to what it means.
    ///
    /// # Errors
    /// When nothing stands there, or a link on the way cannot be followed.
    pub fn find(&self, path: &TreePath) -> Result<Found, FileError> {
        self.trail(path).result
    }

    fn trail(&self, path: &TreePath) -> Trail {
        if let Some(trail) = self.0.found.read().expect("no writer panics").get(path) {
            return trail.clone();
        }
        let (mut links, mut end) = (Vec::new(), path.clone());
        let result = self
            .follow(path, &mut links, &mut end)
            .inspect_err(|error| self.note_lost(error));
        let links: Arc<[TreePath]> = links.into();
        let trail = Trail {
            result: result.map(|(path, mode, id)| Found {
                path,
                mode,
                id,
                links: links.clone(),
            }),
            links,
            end,
        };
        self.0
            .found
            .write()
            .expect("no reader panics")
            .insert(path.clone(), trail.clone());
        trail
    }

    /// Follows `asked`; notes the links on the way, and in `wanted` where the last of them led.
    fn follow(
        &self,
        asked: &TreePath,
        links: &mut Vec<TreePath>,
        wanted: &mut TreePath,
    ) -> Result<(TreePath, Mode, ContentId), FileError> {
        'restart: loop {
            let mut directory = self.root();
            let mut at = TreePath::root();
            let whole = wanted.clone();
            let mut parts = whole.components().peekable();
            if parts.peek().is_none() {
                return Ok((at, Mode::Directory, ContentId::new(&[])));
            }
            while let Some(part) = parts.next() {
                let entry = directory
                    .entry(part)
                    .ok_or_else(|| FileError::Missing(asked.clone()))?;
                let here = at.child(part);
                match entry.mode {
                    Mode::Link => {
                        links.push(here.clone());
                        if links.len() > MAX_LINKS {
                            return Err(FileError::LinkLoop(links[0].clone()));
                        }
                        *wanted = self.target(entry, &at, &here, parts)?;
                        continue 'restart;
                    }
                    mode if parts.peek().is_none() => {
                        return Ok((here, mode, entry.id));
                    }
                    Mode::Directory => directory = Directory::below(self.objects(), entry, &here)?,
                    Mode::Submodule => return Err(FileError::InSubmodule(asked.clone(), here)),
                    Mode::File | Mode::Executable => return Err(FileError::Missing(asked.clone())),
                }
                at = here;
            }
        }
    }

    /// Where the link `entry` in `directory` leads, with the rest of the path after it.
    fn target<'a>(
        &self,
        entry: &Entry,
        directory: &TreePath,
        link: &TreePath,
        rest: impl Iterator<Item = &'a str>,
    ) -> Result<TreePath, FileError> {
        let target = self.blob(entry.id, link)?;
        let target = String::from_utf8_lossy(&target);
        let escapes = || FileError::LinkEscapes(link.clone(), target.to_string());
        let mut path = directory.join(&target).map_err(|_| escapes())?;
        for part in rest {
            path = path.child(part);
        }
        Ok(path)
    }

    fn directory(&self, found: &Found) -> Result<&Arc<Directory>, FileError> {
        let mut directory = self.root();
        let mut at = TreePath::root();
        for part in found.path.components() {
            at = at.child(part);
            let entry = directory
                .entry(part)
                .ok_or_else(|| FileError::Missing(at.clone()))?;
            directory = Directory::below(self.objects(), entry, &at)
                .inspect_err(|error| self.note_lost(error))?;
        }
        Ok(directory)
    }
}

/// A look into the tree that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    /// What stands at this path, if anything.
    Path(TreePath),
    /// Which entries this directory has.
    Entries(TreePath),
    /// Which entries this directory and all below it have.
    AllBelow(TreePath),
}

impl Look {
    /// Whether a change of what stands at `changed` can change the answer.
    pub fn sees(&self, changed: &TreePath) -> bool {
        match self {
            // An ancestor that became a link or a file takes the path with it.
            Self::Path(path) => path.is_within(changed),
            Self::Entries(directory) => {
                directory.is_within(changed) || changed.parent() == *directory
            }
            Self::AllBelow(directory) => {
                directory.is_within(changed) || changed.is_within(directory)
            }
        }
    }
}

/// Reads through a tree, follows links, and notes every look, so that the answer need not be worked out again for
/// another tree that differs elsewhere.
#[derive(Debug)]
pub struct View<'a> {
    tree: &'a Tree,
    looks: RefCell<Vec<Look>>,
}

impl<'a> View<'a> {
    /// A view that has noted nothing yet.
    pub fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            looks: RefCell::default(),
        }
    }

    /// The tree.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// Follows a path to what it means.
    ///
    /// # Errors
    /// When nothing stands there, or a link on the way cannot be followed.
    pub fn find(&self, path: &TreePath) -> Result<Found, FileError> {
        let trail = self.tree.trail(path);
        let mut looks = self.looks.borrow_mut();
        looks.push(Look::Path(path.clone()));
        if !trail.links.is_empty() {
            looks.extend(trail.links.iter().cloned().map(Look::Path));
            looks.push(Look::Path(trail.end));
        }
        // The submodule is all that is known of what lies in it.
        if let Err(FileError::InSubmodule(_, submodule)) = &trail.result {
            looks.push(Look::Path(submodule.clone()));
        }
        trail.result
    }

    /// What `parse` makes of the content of the file at `path`. It must be a function of the two: where a history is
    /// walked ([`Repository::keep`](super::Repository::keep)), the same content is parsed once.
    ///
    /// # Errors
    /// When it is no file, or cannot be read.
    pub fn parse<T: Send + Sync + 'static>(
        &self,
        path: &TreePath,
        parse: impl FnOnce(&[u8]) -> T,
    ) -> Result<Arc<T>, FileError> {
        let id = self.content(path)?;
        let kept = self.tree.objects().kept();
        if let Some(value) = kept.and_then(|kept| kept.get(path, id)) {
            return Ok(value);
        }
        let value = Arc::new(parse(&self.tree.blob(id, path)?));
        if let Some(kept) = kept {
            kept.put(path, id, &value);
        }
        Ok(value)
    }

    /// The identity of the content of the file at `path`.
    fn content(&self, path: &TreePath) -> Result<ContentId, FileError> {
        let found = self.find(path)?;
        match found.mode {
            Mode::Directory | Mode::Submodule => Err(FileError::NotAFile(path.clone())),
            _ => Ok(found.id),
        }
    }

    /// Everything that was looked at, each once, in order.
    pub fn into_looks(self) -> Vec<Look> {
        let mut looks = self.looks.into_inner();
        looks.sort_unstable();
        looks.dedup();
        looks
    }

    fn walk(
        &self,
        directory: &Arc<Directory>,
        at: &TreePath,
        walk: &mut Walk,
    ) -> Result<(), FileError> {
        for entry in &directory.entries {
            let path = at.child(&entry.name);
            if walk.above.len() > 1 {
                walk.linked += 1;
                if walk.linked > MAX_LINKED {
                    return Err(FileError::TooManyLinked(walk.top.clone(), MAX_LINKED));
                }
            }
            match entry.mode {
                Mode::Directory if walk.recursive => {
                    let below = Directory::below(self.tree.objects(), entry, &path)
                        .inspect_err(|error| self.tree.note_lost(error))?;
                    self.walk(below, &path, walk)?;
                }
                Mode::Directory => {}
                Mode::Link => match self.find(&path) {
                    Ok(found) if found.mode == Mode::Directory => {
                        // A link to a directory that is being walked would never end; what it shows is listed already.
                        if walk.recursive
                            && !walk
                                .above
                                .iter()
                                .any(|walked| walked.is_within(&found.path))
                        {
                            walk.above.push(found.path.clone());
                            self.looks
                                .borrow_mut()
                                .push(Look::AllBelow(found.path.clone()));
                            self.walk(self.tree.directory(&found)?, &path, walk)?;
                            walk.above.pop();
                        }
                    }
                    // One that leads nowhere is listed; whoever reads it gets the reason.
                    _ => walk.files.push(path),
                },
                Mode::File | Mode::Executable | Mode::Submodule => walk.files.push(path),
            }
        }
        Ok(())
    }
}

/// A listing under way.
struct Walk {
    top: TreePath,
    recursive: bool,
    /// The directory asked for, and those that links led to on the way here.
    above: Vec<TreePath>,
    /// Entries that were reached through links.
    linked: usize,
    files: Vec<TreePath>,
}

impl Files for View<'_> {
    fn kind(&self, path: &TreePath) -> Result<FileKind, FileError> {
        Ok(match self.find(path)?.mode {
            Mode::Directory => FileKind::Directory,
            Mode::Submodule => FileKind::Submodule,
            _ => FileKind::File,
        })
    }

    fn read(&self, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        self.tree.blob(self.content(path)?, path)
    }

    fn list(&self, path: &TreePath, recursive: bool) -> Result<Vec<TreePath>, FileError> {
        let found = self.find(path)?;
        match found.mode {
            Mode::Directory => {}
            Mode::Submodule => return Err(FileError::InSubmodule(path.clone(), found.path)),
            _ => return Err(FileError::NotADirectory(path.clone())),
        }
        let look = if recursive {
            Look::AllBelow
        } else {
            Look::Entries
        };
        self.looks.borrow_mut().push(look(found.path.clone()));
        let mut walk = Walk {
            top: path.clone(),
            recursive,
            above: vec![found.path.clone()],
            linked: 0,
            files: Vec::new(),
        };
        self.walk(self.tree.directory(&found)?, path, &mut walk)?;
        walk.files.sort_unstable();
        Ok(walk.files)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryTree;
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    fn linked() -> Tree {
        MemoryTree::new([("lib/a.sh", "a"), ("lib/b.sh", "b")])
            .entry("img/lib", Mode::Link, b"../lib")
            .entry("img/one.sh", Mode::Link, b"lib/a.sh")
            .entry("img/out.sh", Mode::Link, b"../../etc/passwd")
            .entry("img/self", Mode::Link, b"self")
            .entry("sub", Mode::Submodule, b"0123")
            .tree()
    }

    #[test]
    fn follows_links_inside_the_tree() {
        let tree = linked();
        let view = View::new(&tree);
        assert_eq!(&*view.read(&path("img/one.sh")).unwrap(), b"a");
        let found = tree.find(&path("img/one.sh")).unwrap();
        assert_eq!(found.path, path("lib/a.sh"));
        assert_eq!(&*found.links, [path("img/one.sh"), path("img/lib")]);
        assert_eq!(
            view.list(&path("img/lib"), false).unwrap(),
            [path("img/lib/a.sh"), path("img/lib/b.sh")]
        );
    }

    #[test]
    fn refuses_what_cannot_be_followed() {
        let tree = linked();
        let errors: Vec<String> = ["img/out.sh", "img/self", "sub/x", "lib/a.sh/x", "none"]
            .into_iter()
            .map(|text| tree.find(&path(text)).unwrap_err().to_string())
            .collect();
        insta::assert_snapshot!(errors.join("\n"), @r"
        the symbolic link `img/out.sh` leads out of the repository, to `../../etc/passwd`
        the symbolic link `img/self` leads back to itself
        `sub/x` lies in the submodule `sub`, whose files are not in this repository
        `lib/a.sh/x` does not exist
        `none` does not exist
        ");
    }

    #[test]
    fn looks_see_what_matters() {
        let tree = linked();
        let view = View::new(&tree);
        view.read(&path("img/one.sh")).unwrap();
        view.list(&path("lib"), true).unwrap();
        let looks = view.into_looks();
        let seen = |text: &str| looks.iter().any(|look| look.sees(&path(text)));
        assert!(
            seen("lib/a.sh")
                && seen("img/lib")
                && seen("lib/new/file")
                && seen("img")
                && seen("lib")
        );
        assert!(!seen("img/out.sh") && !seen("sub") && !seen("library"));
    }
}
