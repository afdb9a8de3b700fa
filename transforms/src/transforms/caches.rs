//! Names caches so that no two levels, and no pull request and push, share one.
//!
//! Before: `caches: [{name: downloads, path: cache}]`.
//! After: the cache `td-level-3-downloads`; for a pull request `td-level-1-pr-downloads`.

use crate::definition::ProjectConfig;
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;

/// What the names of all caches of a run start with.
pub(crate) fn prefix(config: &ProjectConfig, parameters: &Parameters) -> String {
    let apart = if parameters.is_pull_request() {
        "pr-"
    } else {
        ""
    };
    format!("{}-level-{}-{apart}", config.trust_domain, parameters.level)
}

/// The whole name of a cache.
pub(crate) fn name(
    own: &str,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Result<String, TransformErrorKind> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if own.is_empty() || own.starts_with("pr-") || !own.bytes().all(legal) {
        return Err(TransformErrorKind::Cache(own.to_owned()));
    }
    Ok(format!("{}{own}", prefix(config, parameters)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Level;
    use crate::testing;

    #[test]
    fn no_pull_request_shares_a_pushs_cache() {
        let config = testing::config();
        assert_eq!(
            name("git", &config, &testing::push(Level::Three)).unwrap(),
            "td-level-3-git"
        );
        assert_eq!(
            name("git", &config, &testing::push(Level::One)).unwrap(),
            "td-level-1-git"
        );
        assert_eq!(
            name("git", &config, &testing::pull_request()).unwrap(),
            "td-level-1-pr-git"
        );
        for own in ["pr-git", "", "../x", "a b", "a*"] {
            assert!(
                name(own, &config, &testing::push(Level::One)).is_err(),
                "{own:?}"
            );
        }
    }
}
