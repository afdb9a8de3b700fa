//! [`Parameters`]: what is known of the event that a graph is made for, under Taskgraph's names.

use serde::Serialize;

use crate::definition::{Level, MaintenanceKind, ReviewedPlan};

/// The parameters that tasks depend on. They come from the decision task's own definition, never from the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// The branch or tag that the change is compared to.
    pub base_ref: String,
    /// The repository of the base.
    pub base_repository: String,
    /// The revision that the change is compared to.
    pub base_rev: String,
    /// When the push happened, in seconds since 1970: ranks index entries, so that an old push never wins.
    pub build_date: i64,
    /// The branch or tag of the head.
    pub head_ref: String,
    /// The repository of the head.
    pub head_repository: String,
    /// The revision of the head.
    pub head_rev: String,
    /// The level of the run.
    pub level: Level,
    /// The build date as `%Y%m%d%H%M%S` in UTC.
    pub moz_build_date: String,
    /// Who caused the event.
    pub owner: String,
    /// The plan of a clean-up that the action was asked to carry out; no parameter of a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<ReviewedPlan>,
    /// The project's name.
    pub project: String,
    /// The number of the pull request, when the event is about one.
    pub pull_request_number: Option<u64>,
    /// When the push happened, in seconds since 1970.
    pub pushdate: i64,
    /// The push's number in Treeherder; `0` where there is none.
    pub pushlog_id: String,
    /// `git`.
    pub repository_type: String,
    /// The event, such as `github-push`, `github-pull-request`, `cron` or `action`.
    pub tasks_for: String,
}

impl Parameters {
    /// Parameters of a push to a branch, with no base and no dates.
    pub fn new(level: Level, project: &str, head_repository: &str, head_rev: &str) -> Self {
        Self {
            base_ref: String::new(),
            base_repository: head_repository.to_owned(),
            base_rev: String::new(),
            build_date: 0,
            head_ref: String::new(),
            head_repository: head_repository.to_owned(),
            head_rev: head_rev.to_owned(),
            level,
            moz_build_date: String::new(),
            owner: String::new(),
            plan: None,
            project: project.to_owned(),
            pull_request_number: None,
            pushdate: 0,
            pushlog_id: "0".to_owned(),
            repository_type: "git".to_owned(),
            tasks_for: "github-push".to_owned(),
        }
    }

    /// Whether the event lets anybody choose the code that runs: a pull request, or a comment on one.
    pub fn is_pull_request(&self) -> bool {
        self.tasks_for.starts_with("github-pull-request")
            || self.tasks_for.starts_with("github-issue-comment")
            || self.tasks_for.starts_with("pr-")
            || self.pull_request_number.is_some()
    }

    /// Whether a stranger chose the code that runs, or may have: a comment runs what the pull request holds by then.
    ///
    /// Such a run gets no credentials: see [`withheld`](crate::withheld).
    pub fn is_untrusted(&self) -> bool {
        self.tasks_for.starts_with("github-pull-request-untrusted")
            || self.tasks_for.starts_with("github-issue-comment")
    }

    /// Whether the run may hold tasks about the fleet: at level 3, by a cron job or by an action, and by nothing that
    /// somebody else may choose the code of.
    pub fn maintains(&self) -> bool {
        self.level == Level::Three
            && matches!(self.tasks_for.as_str(), "cron" | "action")
            && !self.is_pull_request()
    }

    /// Whether the run may hold the task about the fleet of a kind. The one that deletes images is in the run of its own
    /// action only, which names a plan.
    pub fn may_hold(&self, kind: MaintenanceKind) -> bool {
        let is_asked = kind.is_scheduled() || (self.tasks_for == "action" && self.plan.is_some());
        self.maintains() && is_asked
    }

    /// The build date as `%Y.%m.%d.%Y%m%d%H%M%S` in UTC, as index paths name it.
    pub(crate) fn build_date_long(&self) -> String {
        let (days, seconds) = (
            self.build_date.div_euclid(86_400),
            self.build_date.rem_euclid(86_400),
        );
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!(
            "{year:04}.{month:02}.{day:02}.{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"
        )
    }
}

/// The proleptic Gregorian date of a number of days since 1970-01-01.
///
/// Years start in March here, so that the leap day is a year's last and months have a regular length.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_the_calendars() {
        let date = |build_date| {
            Parameters {
                build_date,
                ..Parameters::new(Level::One, "p", "r", "c")
            }
            .build_date_long()
        };
        assert_eq!(date(0), "1970.01.01.19700101000000");
        assert_eq!(date(951_826_154), "2000.02.29.20000229120914");
        assert_eq!(date(1_767_225_599), "2025.12.31.20251231235959");
        assert_eq!(date(-1), "1969.12.31.19691231235959");
    }

    #[test]
    fn comments_count_as_pull_requests_of_strangers() {
        for (tasks_for, pull_request, untrusted) in [
            ("github-push", false, false),
            ("github-pull-request", true, false),
            ("github-pull-request-untrusted", true, true),
            ("github-issue-comment", true, true),
            ("pr-action", true, false),
            ("cron", false, false),
        ] {
            let parameters = Parameters {
                tasks_for: tasks_for.to_owned(),
                ..Parameters::new(Level::One, "p", "r", "c")
            };
            assert_eq!(parameters.is_pull_request(), pull_request, "{tasks_for}");
            assert_eq!(parameters.is_untrusted(), untrusted, "{tasks_for}");
        }
    }
}
