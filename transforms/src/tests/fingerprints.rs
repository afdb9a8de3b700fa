//! What moves a payload's fingerprint, and what does not.

use crate::definition::*;
use crate::shape::{Fingerprints, payload_fingerprint};
use crate::templates::KindTemplates;
use crate::testing;

fn fingerprint(
    image: &ImageDefinition,
    config: &ProjectConfig,
    templates: &KindTemplates,
) -> String {
    payload_fingerprint(Kind::Build, image, config, templates).unwrap()
}

#[test]
fn names_and_limits_do_not_move_it() {
    let (config, templates) = (testing::config(), KindTemplates::embedded());
    let image = testing::image("a", "linux-builder");
    let before = fingerprint(&image, &config, &templates);

    let mut other = testing::image("b", "linux-builder");
    other.description = "Other words".to_owned();
    other.owner = "else@example.org".to_owned();
    other.level = Some(Level::One);
    other.build.max_run_time = Duration::hours(9);
    other.build.retries = None;
    other.attributes.clear();
    assert_eq!(fingerprint(&other, &config, &templates), before);

    let mut config = config;
    config.tasks.expires = ByLevel::same(Duration::days(3));
    config.tasks.priority = ByLevel::same(Priority::High);
    let alias = config.workers.get_mut("linux-builder").unwrap();
    alias.worker_type = ByLevel::same(WorkerType::new("another").unwrap());
    assert_eq!(fingerprint(&image, &config, &templates), before);
}

#[test]
fn what_runs_moves_it() {
    let (config, templates) = (testing::config(), KindTemplates::embedded());
    let image = testing::image("a", "linux-builder");
    let mut all = vec![fingerprint(&image, &config, &templates)];

    all.push(fingerprint(
        &testing::image("a", "containers"),
        &config,
        &templates,
    ));
    all.push(fingerprint(
        &testing::image("a", "windows-builder"),
        &config,
        &templates,
    ));
    all.push(payload_fingerprint(Kind::Verify, &image, &config, &templates).unwrap());
    let mut other = image.clone();
    other.parent = Some("base@google".parse().unwrap());
    all.push(fingerprint(&other, &config, &templates));
    let mut other = image.clone();
    other.build.secrets.clear();
    all.push(fingerprint(&other, &config, &templates));
    let mut other = config.clone();
    let sha256 = Digest::new(&"a".repeat(64)).unwrap();
    let file = ToolFile {
        url: "https://example.org/tool".to_owned(),
        sha256,
    };
    other.tool.insert("linux-amd64".parse().unwrap(), file);
    all.push(fingerprint(&image, &other, &templates));
    let yaml = include_str!("../kinds/build.yml").replace("retry: [4, 75]", "retry: [4]");
    let changed = templates.with_override(Kind::Build, &yaml).unwrap();
    all.push(fingerprint(&image, &config, &changed));

    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len(), "{all:#?}");
    assert!(all.iter().all(|hex| Digest::new(hex).is_ok()));
}

#[test]
fn a_comment_in_a_template_does_not_move_it() {
    let (config, image) = (testing::config(), testing::image("a", "linux-builder"));
    let templates = KindTemplates::embedded();
    let yaml = format!("# A comment.\n{}", include_str!("../kinds/build.yml"));
    let commented = templates.clone().with_override(Kind::Build, &yaml).unwrap();
    assert_eq!(
        fingerprint(&image, &config, &templates),
        fingerprint(&image, &config, &commented)
    );
}

#[test]
fn a_shape_is_rendered_once() {
    let (config, templates) = (testing::config(), KindTemplates::embedded());
    let mut fingerprints = Fingerprints::new(&config, &templates);
    let images: Vec<_> = (0..500)
        .map(|number| testing::image(&format!("i{number}"), "linux-builder"))
        .collect();
    for image in &images {
        fingerprints.of(Kind::Build, image).unwrap();
        fingerprints.of(Kind::Verify, image).unwrap();
    }
    assert_eq!(fingerprints.shapes(), 2);
}
