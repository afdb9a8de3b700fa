//! [`Row`]: how a project stands, and all of them as a table for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::output::markdown::plain;

/// How a project stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name.
    pub project: String,
    /// How it stands.
    pub state: State,
    /// What moves: from → to.
    pub moves: Vec<String>,
    /// What somebody has to do, or why nothing was done.
    pub notes: Vec<String>,
    /// What became of the proposal, and where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// Where people see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a project stands, what somebody should look at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It could not be looked at.
    Failed,
    /// Nothing can be done for it here.
    Blocked,
    /// Somebody has to move it by hand.
    ByHand,
    /// A person has taken its proposal on.
    Frozen,
    /// Newer pools are to be had, and proposed or to be proposed.
    Pending,
    /// People do not want what was proposed.
    Declined,
    /// It uses the newest.
    UpToDate,
}

impl State {
    /// All of them, in this order.
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::Blocked,
        Self::ByHand,
        Self::Frozen,
        Self::Pending,
        Self::Declined,
        Self::UpToDate,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::ByHand => "by-hand",
            Self::Frozen => "frozen",
            Self::Pending => "pending",
            Self::Declined => "declined",
            Self::UpToDate => "up-to-date",
        }
    }
}

/// A line a project, and one for each note, whatever lines the texts have themselves.
pub fn text(rows: &[Row]) -> String {
    let line = |text: &str| -> String {
        text.chars()
            .map(|sign| if sign.is_control() { ' ' } else { sign })
            .collect()
    };
    let mut text = String::new();
    for row in rows {
        text += &format!(
            "{}\t{}\t{}\n",
            row.state.as_str(),
            line(&row.project),
            line(&row.moves.join(", "))
        );
        for note in &row.notes {
            text += &format!("\t\t{}\n", line(note));
        }
    }
    text
}

/// How many projects stand how.
pub fn counts(rows: &[Row]) -> String {
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.state).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(state, count)| format!("{count} {}", state.as_str()))
        .collect();
    counts.join(", ")
}

/// How many projects stand how, and a table: the states in their order, projects by name. Every text is only text there.
pub fn markdown(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No project is looked at.\n".to_owned();
    }
    let mut text = format!("{}\n", counts(rows));
    text += "\n| project | state | moves | notes |\n| --- | --- | --- | --- |\n";
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| (row.state, &row.project));
    for row in rows {
        let cell = |texts: Vec<String>| texts.join("<br>");
        let escaped = |texts: &[String]| texts.iter().map(|text| plain(text)).collect();
        let mut notes = Vec::new();
        match (&row.url, &row.proposal) {
            (Some(url), _) if is_link(url) => notes.push(format!("[proposal]({url})")),
            (_, Some(words)) => notes.push(plain(words)),
            _ => {}
        }
        notes.extend::<Vec<String>>(escaped(&row.notes));
        text += &format!(
            "| {} | {} | {} | {} |\n",
            plain(&row.project),
            row.state.as_str(),
            cell(escaped(&row.moves)),
            cell(notes)
        );
    }
    text
}

/// Whether an address can stand in a link as it is.
fn is_link(url: &str) -> bool {
    url.starts_with("https://")
        && url
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:#?&=%+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_holds_text_only() {
        let row = |project: &str, state, notes: &[&str]| Row {
            project: project.to_owned(),
            state,
            moves: vec!["a → b".to_owned()],
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            proposal: None,
            url: None,
        };
        let mut rows = vec![
            row("site", State::UpToDate, &[]),
            row(
                "app",
                State::Blocked,
                &["a | b\n# <img> @everyone", "[x](https://example.org) #1"],
            ),
            row("b`|`", State::Failed, &[]),
        ];
        rows[0].proposal = Some("opened https://example.org/example/site/pull/1".to_owned());
        rows[0].url = Some("https://example.org/example/site/pull/1".to_owned());
        rows[1].url = Some("https://example.org/)[x](y".to_owned());
        insta::assert_snapshot!(markdown(&rows).replace('\u{200b}', "␣"), @r"
    1 failed, 1 blocked, 1 up-to-date

    | project | state | moves | notes |
    | --- | --- | --- | --- |
    | b\`\|\` | failed | a → b |  |
    | app | blocked | a → b | a \| b \# &lt;img&gt; @␣everyone<br>\[x\]\(https:␣//example.org\) \#1 |
    | site | up-to-date | a → b | [proposal](https://example.org/example/site/pull/1) |
    ");
        insta::assert_snapshot!(text(&rows), @"
    up-to-date	site	a → b
    blocked	app	a → b
    		a | b # <img> @everyone
    		[x](https://example.org) #1
    failed	b`|`	a → b
    ");
        insta::assert_snapshot!(markdown(&[]), @"No project is looked at.");
        let mut words: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), State::ALL.len());
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
