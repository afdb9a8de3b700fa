//! Says where the index will hold a task's result, and where it may hold one already.
//!
//! Before: the digest `d…` of the build of `a@aws`, in a push at level 1.
//! After: the routes `index.td.cache.level-1.images.v1.a-aws.hash.d…`, `….latest` and `….pushdate.…`, and the
//! optimization `index-search: [td.cache.level-3.….hash.d…, td.cache.level-1.….hash.d…]`.
//!
//! A pull request writes below `td.cache.pr` only, in a namespace of its own; level 3 reads level 3 only. What is
//! published also gets routes by name: `index.td.v2.<project>.{latest,revision.<sha>,pushdate.<date>}.images.a-aws`.
//! A validate task has no result, so it is not indexed, and nothing takes its place.

use super::Origin;
use crate::definition::{IndexPath, Kind, Level, MaintenanceKind, ProjectConfig};
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;
use crate::shape::sha256_hex;
use crate::task::{CachedTask, Optimization, Task};

/// What sort of result a kind of task has, in the index. The version changes when the digest's meaning does.
pub(crate) const fn cache_type(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Validate => None,
        Kind::Build => Some("images.v1"),
        Kind::Verify => Some("image-verifications.v1"),
        Kind::Publish => Some("image-publications.v1"),
    }
}

/// Some text as one word of an index path: what is not legal there is percent-encoded.
pub(crate) fn word(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            word.push(byte.into());
        } else {
            word.push_str(&format!("%{byte:02X}"));
        }
    }
    word
}

/// What the paths of a pull request start with, after the prefix: its number, or else its ref's digest.
pub(crate) fn pull_request_namespace(parameters: &Parameters) -> String {
    match parameters.pull_request_number {
        Some(number) => format!("cache.pr.{number}"),
        None => format!("cache.pr.ref-{}", &sha256_hex(&parameters.head_ref)[..16]),
    }
}

/// Whether the prefix of cache paths is not itself a place in somebody's namespace, such as `td.cache.level-3` or
/// `td.cache.pr`: what is below it could be another level's to write. Nor does it look like one.
pub(crate) fn prefix_is_plain(config: &ProjectConfig) -> bool {
    !config
        .index_prefix
        .as_str()
        .split('.')
        .any(|word| matches!(word, "cache" | "v2") || word.starts_with("level-"))
}

pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let (config, parameters) = (origin.run.config, origin.run.parameters);
    let Some(cached) = task.cached_task().cloned() else {
        return Ok(());
    };
    let hash = |namespace: &str| {
        path(
            config,
            namespace,
            &cached,
            &format!("hash.{}", cached.digest),
        )
    };

    let mut search = Vec::new();
    let mut routes = Vec::new();
    search.push(hash("cache.level-3")?);
    if parameters.level == Level::One {
        search.push(hash("cache.level-1")?);
    }
    if parameters.is_pull_request() {
        let own = hash(&pull_request_namespace(parameters))?;
        routes.push(own.clone());
        search.push(own);
    } else {
        let namespace = format!("cache.level-{}", parameters.level);
        routes.push(hash(&namespace)?);
        routes.push(path(config, &namespace, &cached, "latest")?);
        routes.push(path(
            config,
            &namespace,
            &cached,
            &format!("pushdate.{}", parameters.build_date_long()),
        )?);
    }
    if origin.kind == Kind::Publish {
        routes.extend(by_name(config, parameters, &cached.name)?);
    }
    task.optimization = Some(Optimization::IndexSearch(search));
    task.task
        .routes
        .extend(routes.iter().map(|path| format!("index.{path}")));
    Ok(())
}

/// The namespace in which level 3 indexes what it has published: below it is one namespace for each image, by its
/// [slug](crate::ImageId::slug), and below that `hash.<digest>`.
///
/// # Errors
/// When the settings' prefix is too long to be one.
pub fn publications(config: &ProjectConfig) -> Result<IndexPath, crate::definition::TextError> {
    let r#type = cache_type(Kind::Publish).unwrap_or_default();
    IndexPath::new(&format!("{}.cache.level-3.{}", config.index_prefix, r#type))
}

fn path(
    config: &ProjectConfig,
    namespace: &str,
    cached: &CachedTask,
    rest: &str,
) -> Result<IndexPath, TransformErrorKind> {
    let CachedTask { r#type, name, .. } = cached;
    IndexPath::new(&format!(
        "{}.{namespace}.{}.{name}.{rest}",
        config.index_prefix, r#type
    ))
    .map_err(TransformErrorKind::Index)
}

fn by_name(
    config: &ProjectConfig,
    parameters: &Parameters,
    slug: &str,
) -> Result<Vec<IndexPath>, TransformErrorKind> {
    let project = word(&parameters.project);
    [
        "latest".to_owned(),
        format!("revision.{}", word(&parameters.head_rev)),
        format!("pushdate.{}", parameters.build_date_long()),
    ]
    .iter()
    .map(|which| {
        IndexPath::new(&format!(
            "{}.v2.{project}.{which}.images.{slug}",
            config.trust_domain
        ))
        .map_err(TransformErrorKind::Index)
    })
    .collect()
}

/// Where the newest task about the fleet is found, by its kind: beside what is published, and not below `cache`, since it
/// takes nothing's place.
pub(crate) fn maintenance(
    kind: MaintenanceKind,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Result<IndexPath, TransformErrorKind> {
    let project = word(&parameters.project);
    IndexPath::new(&format!(
        "{}.v2.{project}.latest.maintenance.{kind}",
        config.trust_domain
    ))
    .map_err(TransformErrorKind::Index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn words_hold_only_what_is_legal() {
        assert_eq!(word("worker-images"), "worker-images");
        assert_eq!(word("a.b/ç%"), "a%2Eb%2F%C3%A7%25");
    }

    #[test]
    fn each_pull_request_is_apart() {
        let mut parameters = testing::pull_request();
        assert_eq!(pull_request_namespace(&parameters), "cache.pr.7");
        parameters.pull_request_number = None;
        let one = pull_request_namespace(&parameters);
        parameters.head_ref = "other".to_owned();
        assert_ne!(one, pull_request_namespace(&parameters));
        assert_eq!(one.len(), "cache.pr.ref-".len() + 16);
    }

    #[test]
    fn level_3_reads_level_3_only() {
        let paths = |parameters| {
            let graph = testing::graph(&parameters);
            let Some(Optimization::IndexSearch(paths)) =
                graph.tasks().next().unwrap().optimization.clone()
            else {
                unreachable!()
            };
            paths
                .iter()
                .map(|path| path.as_str().split(".images").next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(paths(testing::push(Level::Three)), ["td.cache.level-3"]);
        assert_eq!(
            paths(testing::push(Level::One)),
            ["td.cache.level-3", "td.cache.level-1"]
        );
        assert_eq!(
            paths(testing::pull_request()),
            ["td.cache.level-3", "td.cache.level-1", "td.cache.pr.7"]
        );
    }
}
