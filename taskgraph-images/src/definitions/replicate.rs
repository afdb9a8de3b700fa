//! What a definition says of tasks that are replicated, checked against its other words and the settings.

use std::collections::BTreeSet;

use taskgraph_images_transforms::{
    AttributeValue, Duration, Level, Os, Replicate, ReplicateSource, VerifyMethod, WorkerAlias,
};

use super::config::Config;
use super::written::{self, Attribute, Verify};
use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::{Node, OneOrMany, Spanned};

const EXAMPLE: &str =
    "`replicate: {pool: ALIAS, from: [{index: PATH, scheduler: NAME-level-3, kinds: [test]}]}`";

/// The tasks that a verify section replicates; `None` if it replicates none, or when there are faults.
pub(super) fn checked(
    verify: Option<&Verify>,
    node: Option<&Node>,
    os: Option<Os>,
    config: Option<&Config>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Replicate> {
    let (verify, node) = (verify?, node?);
    let place = |key: &str| node.get(key).unwrap_or(node).place();
    let Some(replicate) = &verify.replicate else {
        if verify.method.0 == VerifyMethod::Replicate {
            let message =
                "the method `replicate` needs the key `replicate`: which tasks, and where";
            let fault = Diagnostic::error("missing-key", message).at(place("method"));
            faults.push(fault.hint(EXAMPLE));
        }
        return None;
    };
    let before = faults.len();
    let mut bad = |at: Place, message: &str, hint: &str| {
        faults.push(Diagnostic::error("bad-value", message).at(at).hint(hint));
    };
    if verify.method.0 != VerifyMethod::Replicate {
        let message = format!("the method `{}` replicates no tasks", verify.method.0);
        bad(
            place("replicate"),
            &message,
            "remove it, or let `method` be `replicate`",
        );
    }
    if let Some(check) = verify.checks.first() {
        bad(
            check.place.clone(),
            "the method `replicate` runs no checks: tasks of other projects take their place",
            "remove `checks` with `checks: null`, or take another method",
        );
    }
    if let Some(config) = config {
        let aliases = &config.project.workers;
        let own = aliases.get(&verify.worker.value.0);
        if let Some(pool) = aliases.get(&replicate.pool.value.0) {
            of_pool(pool, own, os, &replicate.pool.place, &mut bad);
        }
    }
    if replicate.from.is_empty() {
        let from = node.get("replicate").unwrap_or(node);
        let at = from.get("from").unwrap_or(from).place();
        bad(at, "nothing says whose tasks are replicated", EXAMPLE);
    }
    let mut seen = BTreeSet::new();
    for source in &replicate.from {
        if !seen.insert(&source.index.value.0) {
            bad(
                source.index.place.clone(),
                "the same decision stands here twice",
                "put what is selected of it together",
            );
        }
        of_source(source, &mut bad);
    }
    patterns(&replicate.drop_scopes, &mut bad);
    let at_most = replicate.at_most.as_ref().map_or(Replicate::USUAL, |most| {
        let count = usize::try_from(most.value).unwrap_or(usize::MAX);
        if !(1..=Replicate::MOST).contains(&count) {
            let message = format!("expected 1 to {}", Replicate::MOST);
            bad(
                most.place.clone(),
                &message,
                "each of them takes a machine of the candidate",
            );
        }
        count
    });
    (faults.len() == before).then(|| Replicate {
        pool: replicate.pool.value.0.clone(),
        from: replicate.from.iter().map(source).collect(),
        at_most,
        max_run_time: replicate
            .max_run_time
            .as_ref()
            .map_or(Duration::hours(1), |time| time.0),
        drop_scopes: texts(&replicate.drop_scopes),
    })
}

/// The pool is one that can run the image, and not the one on which the verify task waits.
fn of_pool(
    pool: &WorkerAlias,
    own: Option<&WorkerAlias>,
    os: Option<Os>,
    place: &Place,
    bad: &mut impl FnMut(Place, &str, &str),
) {
    if let Some(os) = os.filter(|os| *os != pool.os) {
        let message = format!("the pool is one of {}, and the image is of {os}", pool.os);
        bad(
            place.clone(),
            &message,
            "name the alias of the pool that runs the candidate",
        );
    }
    let same =
        |level: &Level| own.is_some_and(|own| own.task_queue(*level) == pool.task_queue(*level));
    if Level::ALL.iter().any(same) {
        bad(
            place.clone(),
            "the verify task itself runs on this pool, and would wait for tasks that wait for its machine",
            "let `worker` name another pool: it only waits there",
        );
    }
}

fn of_source(source: &written::ReplicateSource, bad: &mut impl FnMut(Place, &str, &str)) {
    let scheduler = &source.scheduler.value;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=38).contains(&scheduler.len()) || !scheduler.bytes().all(legal) {
        let message =
            format!("{scheduler:?} is no scheduler: expected 1 to 38 letters, digits, `-` and `_`");
        bad(
            source.scheduler.place.clone(),
            &message,
            "it is `schedulerId` of the decision task, `TRUST-DOMAIN-level-3` as a rule",
        );
    }
    let (kinds, ran_on) = (listed(&source.kinds), listed(&source.ran_on));
    patterns(kinds, bad);
    patterns(ran_on, bad);
    patterns(listed(&source.except), bad);
    if kinds.is_empty() && ran_on.is_empty() && source.attributes.is_empty() {
        bad(
            source.index.place.clone(),
            "all tasks of the decision are selected",
            "select some by `kinds`, `attributes` or `ran-on`",
        );
    }
}

/// The values as they stand, however they were written.
fn listed<T>(values: &OneOrMany<T>) -> &[T] {
    match values {
        OneOrMany::One(value) => std::slice::from_ref(value),
        OneOrMany::Many(values) => values,
        OneOrMany::None => &[],
    }
}

fn patterns(patterns: &[Spanned<String>], bad: &mut impl FnMut(Place, &str, &str)) {
    for pattern in patterns.iter().filter(|pattern| pattern.value.is_empty()) {
        bad(
            pattern.place.clone(),
            "the pattern is empty, and matches nothing",
            "`*` matches everything",
        );
    }
}

fn source(written: &written::ReplicateSource) -> ReplicateSource {
    let values = |values: &OneOrMany<Spanned<Attribute>>| {
        listed(values)
            .iter()
            .map(|value| AttributeValue::from(value.value.clone()).to_string())
            .collect()
    };
    ReplicateSource {
        index: written.index.value.0.clone(),
        scheduler: written.scheduler.value.clone(),
        kinds: texts(listed(&written.kinds)),
        attributes: written
            .attributes
            .iter()
            .map(|(name, wanted)| (name.clone(), values(wanted)))
            .collect(),
        ran_on: texts(listed(&written.ran_on)),
        except: texts(listed(&written.except)),
    }
}

fn texts(list: &[Spanned<String>]) -> Vec<String> {
    list.iter().map(|text| text.value.clone()).collect()
}
