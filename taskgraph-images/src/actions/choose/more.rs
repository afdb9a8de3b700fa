//! What is asked for by its name: tasks of the graph, images, the plan of a clean-up.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Kind, Label, MaintenanceKind, Task};

use super::creation::{create_unless, fleets};
use super::{ActionError, Creation, Work};
use crate::actions::input::Input;
use crate::actions::subject::Subject;
use crate::decision::request::Selector;
use crate::decision::target::unknown;

pub(super) fn add(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let mut fresh = BTreeMap::new();
    let mut errors = Vec::new();
    for text in &input.tasks {
        let label = Label::new(text).ok();
        match label.filter(|label| subject.candidates.contains_key(label)) {
            Some(label) if subject.full.get(&label).is_none() => {
                errors.push(ActionError::Withheld(label));
            }
            Some(label) => {
                fresh.insert(label, "it was asked for".to_owned());
            }
            None => errors.push(match fleets(subject, text) {
                Some(label) => ActionError::Maintenance(label),
                None => ActionError::UnknownLabel {
                    label: text.clone(),
                    near: subject
                        .full
                        .tasks()
                        .map(|task| (strsim::jaro_winkler(task.label.as_str(), text), &task.label))
                        .filter(|(score, _)| *score > 0.85)
                        .max_by(|(a, _), (b, _)| a.total_cmp(b))
                        .map(|(_, label)| label.to_string()),
                },
            }),
        }
    }
    create_unless(errors, fresh, input.times, subject)
}

pub(super) fn rebuild(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let mut errors = Vec::new();
    let mut selectors: Vec<Selector> = Vec::new();
    for text in &input.images {
        match Selector::of_word(text) {
            Some(selector) => selectors.push(selector),
            None => errors.push(ActionError::NoImage(text.clone())),
        }
    }
    errors.extend(
        unknown(&subject.candidates, &selectors)
            .into_iter()
            .map(Into::into),
    );
    let withheld = subject.candidates.iter().filter(|(label, image)| {
        **label == image.label(Kind::Build)
            && subject.full.get(label).is_none()
            && selectors.iter().any(|selector| selector.selects(image))
    });
    errors.extend(withheld.map(|(label, _)| ActionError::Withheld(label.clone())));
    let asked = |task: &Task| {
        let image = task.image();
        image.is_some_and(|image| selectors.iter().any(|selector| selector.selects(image)))
    };
    let builds = subject
        .full
        .tasks()
        .filter(|task| task.kind == Kind::Build && asked(task))
        .map(|task| &task.label);
    let dependents = subject.full.dependents_closure(builds).unwrap_or_default();
    let fresh = dependents
        .iter()
        .filter_map(|label| subject.full.get(label))
        .filter(|task| task.kind != Kind::Publish)
        .filter_map(|task| {
            let reason = match (asked(task), input.children) {
                (true, _) => "the image is rebuilt",
                (false, true) => "an image that it is built on is rebuilt",
                (false, false) => return None,
            };
            Some((task.label.clone(), reason.to_owned()))
        })
        .collect();
    create_unless(errors, fresh, 1, subject)
}

/// The one task that carries out a plan. It needs no other, and nothing takes its place.
pub(super) fn apply_cleanup(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let plan = input.plan().ok_or_else(|| vec![ActionError::NoPlan])?;
    let kind = MaintenanceKind::CleanupApply;
    let task = subject.full.get(&kind.label());
    let task = task.ok_or_else(|| vec![ActionError::NoMaintenance(kind)])?;
    let reason = format!("the plan of `{}` was reviewed: {}", plan.task, plan.sha256);
    let fresh = BTreeMap::from([(task.label.clone(), reason)]);
    Ok(Work::Create(Creation::new(fresh, BTreeMap::new(), 1)))
}
