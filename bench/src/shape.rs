//! [`Synthetic`]: what uses what, and so what a change affects.

use std::collections::BTreeSet;

/// How many images lie between an image and the one that has no parent, at most.
const DEPTH: usize = 4;

/// The families of images: each has a fragment and a source of the template.
pub(crate) const FAMILIES: usize = 8;

/// A fleet that nobody needs.
#[derive(Debug)]
pub struct Synthetic {
    /// The images.
    pub images: Vec<Image>,
    /// The scripts that they share.
    pub scripts: Vec<Script>,
}

/// An image.
#[derive(Debug)]
pub struct Image {
    /// Its family.
    pub family: usize,
    /// The image that it is built on, which comes before it and has the same cloud.
    pub parent: Option<usize>,
    /// The scripts that it runs.
    pub scripts: Vec<usize>,
}

/// A script.
#[derive(Debug)]
pub struct Script {
    /// The scripts that it sources, which come after it.
    pub sources: Vec<usize>,
}

impl Synthetic {
    /// Decides what `size` images use.
    pub fn new(size: usize) -> Self {
        let mut random = Random(size as u64);
        let count = (size / 10).max(20);
        let scripts = (0..count)
            .map(|at| {
                let mut sources = BTreeSet::new();
                if at + 1 < count && random.below(3) == 0 {
                    for _ in 0..=random.below(2) {
                        sources.insert(at + 1 + random.below(count - at - 1));
                    }
                }
                Script {
                    sources: sources.into_iter().collect(),
                }
            })
            .collect();
        let mut images: Vec<Image> = Vec::with_capacity(size);
        let mut depth: Vec<usize> = Vec::with_capacity(size);
        for at in 0..size {
            let family = random.below(FAMILIES);
            let mut parent = None;
            if at > 0 && random.below(2) == 0 {
                let candidate = random.below(at);
                if depth[candidate] < DEPTH && cloud(images[candidate].family) == cloud(family) {
                    parent = Some(candidate);
                }
            }
            depth.push(parent.map_or(0, |parent| depth[parent] + 1));
            let wanted = 8 + random.below(5);
            let mut used = BTreeSet::new();
            while used.len() < wanted {
                used.insert(random.below(count));
            }
            images.push(Image {
                family,
                parent,
                scripts: used.into_iter().collect(),
            });
        }
        Self { images, scripts }
    }

    /// The images that a change of each script affects.
    fn affected(&self, script: usize) -> BTreeSet<usize> {
        let mut changed = vec![false; self.scripts.len()];
        changed[script] = true;
        for at in (0..script).rev() {
            changed[at] = self.scripts[at].sources.iter().any(|below| changed[*below]);
        }
        let mut affected = BTreeSet::new();
        for (at, image) in self.images.iter().enumerate() {
            if image.scripts.iter().any(|script| changed[*script])
                || image
                    .parent
                    .is_some_and(|parent| affected.contains(&parent))
            {
                affected.insert(at);
            }
        }
        affected
    }

    /// The script of median use, whose change the last commit is.
    pub fn median(&self) -> usize {
        let mut uses: Vec<(usize, usize)> = (0..self.scripts.len())
            .map(|script| (self.affected(script).len(), script))
            .collect();
        uses.sort_unstable();
        uses[uses.len() / 2].1
    }

    /// The labels of the tasks that the last commit affects, sorted.
    pub fn labels(&self) -> BTreeSet<String> {
        self.affected(self.median())
            .into_iter()
            .flat_map(|at| {
                let cloud = cloud(self.images[at].family);
                ["build", "verify", "publish"]
                    .map(|kind| format!("{kind}-{}-{cloud}", image_name(at)))
            })
            .collect()
    }
}

/// An image's name.
pub(crate) fn image_name(at: usize) -> String {
    format!("image-{at:05}")
}

/// A family's cloud.
pub(crate) fn cloud(family: usize) -> &'static str {
    ["google", "aws", "azure"][family % 3]
}

/// Numbers that look random and are the same everywhere (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_size_same_shape() {
        let (one, two) = (Synthetic::new(100), Synthetic::new(100));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        assert!(one.labels().len() >= 3);
        assert!(one.labels().len() < 300);
    }
}
