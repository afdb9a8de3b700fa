//! From the times of a job to the patterns of a hook: six fields (second, minute, hour, day, month, weekday) in UTC.
//!
//! Before: `{weekday: Tuesday, hour: 4, minute: 0}`. After: `0 0 4 * * 2`.

use regex::Regex;

use super::jobs::{Job, Time, When};
use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::Spanned;

/// The patterns of a job for a project; none if it is started by hand only.
pub(super) fn patterns(job: &Job, project: &str, faults: &mut Vec<Diagnostic>) -> Vec<String> {
    let times = match &job.when {
        When::Times(times) => times,
        When::ByProject(branches) => match choose(branches, project) {
            Ok(times) => times,
            Err((message, place)) => {
                let place = place.unwrap_or_else(|| job.name.place.clone());
                faults.push(Diagnostic::error("by-project", message).at(place));
                return Vec::new();
            }
        },
    };
    let mut patterns = Vec::new();
    for time in times {
        if time.value.day.is_some() && time.value.weekday.is_some() {
            faults.push(
                Diagnostic::error(
                    "day-and-weekday",
                    "a hook fires on such a day or on such a weekday, never on days that are both",
                )
                .at(time.place.clone())
                .hint("leave out `day` or `weekday`"),
            );
            continue;
        }
        let pattern = pattern(&time.value);
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

fn pattern(time: &Time) -> String {
    let any = |field: Option<String>| field.unwrap_or_else(|| "*".to_owned());
    // build-decision looks four times an hour.
    let minute = time
        .minute
        .map_or_else(|| "0,15,30,45".to_owned(), |minute| minute.to_string());
    let [hour, day] = [time.hour, time.day].map(|field| any(field.map(|field| field.to_string())));
    let weekday = any(time.weekday.map(|day| day.to_string()));
    format!("0 {minute} {hour} {day} * {weekday}")
}

/// The branch of a project, as Taskgraph chooses: its name, else the one pattern that matches all of it, else `default`.
fn choose<'a>(
    branches: &'a [(Spanned<String>, Vec<Spanned<Time>>)],
    project: &str,
) -> Result<&'a [Spanned<Time>], (String, Option<Place>)> {
    let named = |name: &str| branches.iter().find(|(key, _)| key.value == name);
    if let Some((_, times)) = named(project) {
        return Ok(times);
    }
    let mut matching = Vec::new();
    for (key, times) in branches.iter().filter(|(key, _)| key.value != "default") {
        match Regex::new(&format!("^(?:{})$", key.value)) {
            Ok(pattern) if pattern.is_match(project) => matching.push((key, times)),
            Ok(_) => {}
            Err(_) => {
                let message = format!("`{}` is no pattern", key.value);
                return Err((message, Some(key.place.clone())));
            }
        }
    }
    match &matching[..] {
        [] => named("default").map(|(_, times)| &**times).ok_or_else(|| {
            let message =
                format!("no branch is for the project `{project}`, and there is no `default`");
            (message, branches.first().map(|(key, _)| key.place.clone()))
        }),
        [(_, times)] => Ok(times),
        [_, (second, _), ..] => {
            let message = format!("more than one branch is for the project `{project}`");
            Err((message, Some(second.place.clone())))
        }
    }
}
