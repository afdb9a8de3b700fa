//! Commits of everyday work on a synthetic repository: what `replay` walks.

use std::collections::BTreeMap;

use crate::files;
use crate::history::{definition_path, script_path};
use crate::shape::{FAMILIES, Random, Synthetic};

/// A commit: its message, a file, and the file's new content.
pub(crate) struct Edit {
    pub(crate) message: String,
    pub(crate) path: String,
    pub(crate) content: String,
}

impl Synthetic {
    /// So many commits after the last one. Of twenty, nine change what no image is made of, five a shared script, two a
    /// definition, one a fragment's comment, one a pin; and one makes a definition faulty, the next sound again.
    pub(crate) fn edits(&self, count: usize) -> impl Iterator<Item = Edit> + '_ {
        let mut random = Random(count as u64);
        let mut pins = files::pins();
        let mut appended: BTreeMap<usize, usize> = BTreeMap::new();
        (0..count).map(move |at| match at % 20 {
            0 | 2 | 4 | 6 | 8 | 10 | 12 | 14 | 16 => Edit {
                message: format!("Note {at}"),
                path: format!("docs/note-{}.md", at % 100),
                content: format!("Note {at}.\n"),
            },
            1 | 5 | 9 | 13 | 17 => {
                let script = random.below(self.scripts.len());
                let lines = appended.entry(script).or_default();
                *lines += 1;
                Edit {
                    message: format!("Change {}", files::script_name(script)),
                    path: script_path(script),
                    content: self.script(script) + &"echo more\n".repeat(*lines),
                }
            }
            3 | 7 => {
                let image = random.below(self.images.len());
                Edit {
                    message: format!("Change image {image}"),
                    path: definition_path(image),
                    content: self
                        .definition(image)
                        .replace("disk_size: ", &format!("disk_size: {}", 1 + at % 9)),
                }
            }
            11 => {
                let family = random.below(FAMILIES);
                Edit {
                    message: format!("Comment family {family}"),
                    path: format!("image-defs/fragments/family/f{family}.yml"),
                    content: format!("# Reviewed at {at}.\n{}", files::family(family)),
                }
            }
            15 => {
                let family = random.below(FAMILIES);
                pins = pins.replace(
                    &format!("value: v2026.{family}"),
                    &format!("value: v2026.{family}.{at}"),
                );
                Edit {
                    message: format!("Bump base-{family}"),
                    path: "image-defs/pins.yml".to_owned(),
                    content: pins.clone(),
                }
            }
            _ => Edit {
                message: "Break a definition, or mend it".to_owned(),
                path: definition_path(0),
                content: if at % 20 == 18 {
                    "extends: [nothing]\n".to_owned()
                } else {
                    self.definition(0)
                },
            },
        })
    }
}
