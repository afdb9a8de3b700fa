//! Levels of providers, projects and images, as far as their names tell them.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Level;

/// What a word of a name says. Level 2 has no images of its own: like level 1, it is not trusted.
const WORDS: &[(&str, Level)] = &[
    ("level1", Level::One),
    ("level2", Level::One),
    ("l1", Level::One),
    ("untrusted", Level::One),
    ("level3", Level::Three),
    ("l3", Level::Three),
    ("trusted", Level::Three),
];

/// The levels of providers: by declaration, or else by name.
#[derive(Debug, Clone, Default)]
pub struct Levels(BTreeMap<String, Level>);

impl Levels {
    /// The levels that somebody declares.
    pub fn new(declared: BTreeMap<String, Level>) -> Self {
        Self(declared)
    }

    /// The level of a provider.
    pub fn of(&self, provider: &str) -> Option<Level> {
        self.0.get(provider).copied().or_else(|| level_in(provider))
    }
}

/// The level that a name says, by whole words between its `-`, `_` and other signs: `level1`, `level2`, `l1` and
/// `untrusted` are level 1, `level3`, `l3` and `trusted` are level 3, and so are `level-1` and `level-3`. A name that
/// says both says neither.
pub fn level_in(name: &str) -> Option<Level> {
    let words: Vec<&str> = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .collect();
    let single = words.iter().filter_map(|word| {
        WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, level)| *level)
    });
    let pairs = words.windows(2).filter_map(|pair| match pair {
        [level, "1" | "2"] if level.eq_ignore_ascii_case("level") => Some(Level::One),
        [level, "3"] if level.eq_ignore_ascii_case("level") => Some(Level::Three),
        _ => None,
    });
    let mut said: Vec<Level> = single.chain(pairs).collect();
    said.sort_unstable();
    said.dedup();
    match said[..] {
        [level] => Some(level),
        _ => None,
    }
}

/// The level that the name of a group of pools ends in: `gecko-3`.
pub fn level_of_group(group: &str) -> Option<Level> {
    match group.rsplit_once('-')?.1 {
        "1" | "2" => Some(Level::One),
        "3" => Some(Level::Three),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_whole_words() {
        for (name, level) in [
            ("example-level1-gcp", Some(Level::One)),
            ("example-level2-gcp", Some(Level::One)),
            ("example-level3-gcp", Some(Level::Three)),
            ("azure_trusted", Some(Level::Three)),
            ("azure_untrusted", Some(Level::One)),
            ("Trusted_win2022", Some(Level::Three)),
            ("gw-l1-gui", Some(Level::One)),
            ("workers.level-3", Some(Level::Three)),
            ("trusted-l1", None),
            ("entrusted", None),
            ("azure-example", None),
            ("", None),
        ] {
            assert_eq!(level_in(name), level, "{name}");
        }
        assert_eq!(level_of_group("gecko-3"), Some(Level::Three));
        assert_eq!(level_of_group("gecko-t"), None);
    }
}
