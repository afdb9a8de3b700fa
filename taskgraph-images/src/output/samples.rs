//! Hand-made previews that the tests of the output formats share.

use taskgraph_images_transforms::{ImageId, Kind, Level};

use super::StepJson;
use super::affected::ReasonJson;
use super::preview::{Event, ImageJson, PreviewJson, TaskJson};
use crate::affected::{ImageChange, ReasonKind};
use crate::tree::Change;

/// A path that tries to leave every place it can be put in.
pub(super) const HOSTILE: &str =
    "image-defs/</script><img src=x onerror=alert(1)>\"'&`]\u{2028}\u{2029}--><!--.sh";

fn id(text: &str) -> ImageId {
    text.parse().unwrap()
}

fn task(image: &str, kind: Kind, affected: bool, dependencies: &[(&str, Kind)]) -> TaskJson {
    TaskJson {
        label: id(image).label(kind),
        image: id(image),
        kind,
        affected,
        task_queue_id: "taskgraph-images-1/image-builder".to_owned(),
        dependencies: dependencies
            .iter()
            .map(|(image, kind)| id(image).label(*kind))
            .collect(),
    }
}

/// Nothing is affected.
pub(super) fn nothing() -> PreviewJson {
    PreviewJson {
        version: super::VERSION,
        event: Event::Push,
        level: Level::Three,
        base: "1111111111111111111111111111111111111111".to_owned(),
        head: "work tree".to_owned(),
        how: "the merge base with main".to_owned(),
        total: 14,
        images: Vec::new(),
        tasks: Vec::new(),
        unclaimed: Vec::new(),
    }
}

/// A parent that is only needed, a child that changed, and a removed image.
pub(super) fn small() -> PreviewJson {
    let reason = ReasonJson {
        kind: ReasonKind::Input,
        path: Some(HOSTILE.to_owned()),
        change: Some(Change::Modified),
        key: None,
        via: vec![StepJson {
            from: "build-gui-google".to_owned(),
            how: "script",
            to: HOSTILE.to_owned(),
            at: Some("image-defs/images/gui.yml:12".to_owned()),
        }],
    };
    PreviewJson {
        images: vec![
            ImageJson {
                id: id("gui@google"),
                change: ImageChange::Changed,
                tasks: vec![Kind::Build, Kind::Verify, Kind::Publish],
                parent: Some(id("base@google")),
                definition: "image-defs/images/gui.yml".to_owned(),
                reasons: vec![reason],
            },
            ImageJson {
                id: id("old@aws"),
                change: ImageChange::Removed,
                tasks: Vec::new(),
                parent: None,
                definition: "image-defs/images/old.yml".to_owned(),
                reasons: vec![ReasonJson {
                    kind: ReasonKind::Removed,
                    path: Some("image-defs/images/old.yml".to_owned()),
                    change: None,
                    key: None,
                    via: Vec::new(),
                }],
            },
        ],
        tasks: vec![
            task("base@google", Kind::Build, false, &[]),
            task(
                "gui@google",
                Kind::Build,
                true,
                &[("base@google", Kind::Build)],
            ),
            task(
                "gui@google",
                Kind::Verify,
                true,
                &[("gui@google", Kind::Build)],
            ),
            task(
                "gui@google",
                Kind::Publish,
                true,
                &[("gui@google", Kind::Build), ("gui@google", Kind::Verify)],
            ),
        ],
        unclaimed: vec!["image-defs/scripts/left-over.sh".to_owned()],
        ..nothing()
    }
}

/// So many images of one chain after another, each with a build and a verify task.
pub(super) fn many(images: usize) -> PreviewJson {
    let tasks = (0..images).flat_map(|number| {
        let image = format!("image-{number:04}@aws");
        [
            task(&image, Kind::Build, true, &[]),
            task(&image, Kind::Verify, true, &[(&image, Kind::Build)]),
        ]
    });
    PreviewJson {
        total: images,
        tasks: tasks.collect(),
        ..nothing()
    }
}
