//! Text of others in command lines: read back by the shells themselves, or by what is known of them.

use proptest::prelude::*;

use super::attack::hostile;
use crate::definition::*;
use crate::payload::Payload;
use crate::templates::KindTemplates;
use crate::testing;

/// The payload of an image's build with some description, by a template with this command, for a pull request with
/// some branch.
fn payload(worker: &str, command: &[&str], description: &str, branch: &str) -> Option<Payload> {
    let yaml = serde_json::json!({"description": "x", "command": command}).to_string();
    let templates = KindTemplates::embedded()
        .with_override(Kind::Build, &yaml)
        .unwrap();
    let mut image = testing::image("a", worker);
    image.description = description.to_owned();
    image.verify = None;
    let mut parameters = testing::pull_request();
    parameters.head_ref = branch.to_owned();
    let images = [image];
    let tasks = testing::tasks(&images);
    let graph = crate::full_task_graph(&tasks, &testing::config(), &parameters, &templates).ok()?;
    graph.tasks().next().map(|task| task.task.payload.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// A template that asks for a shell gets each value through as one word.
    #[cfg(unix)]
    #[test]
    fn a_shell_sees_the_words_that_were_meant(description in hostile(), branch in hostile()) {
        let line = "printf '%s\\0' {{sh description}} {{sh run.head_ref}} end";
        let payload = payload("linux-builder", &["sh", "-c", line], &description, &branch);
        // No shell takes a NUL, and neither does a task.
        if description.contains('\0') || branch.contains('\0') {
            prop_assert_eq!(payload, None);
            return Ok(());
        }
        let Some(Payload::GenericWorkerPosix(payload)) = payload else {
            return Err(TestCaseError::fail("there is no task"));
        };
        let command = &payload.command[1];
        let ran = std::process::Command::new(&command[0]).args(&command[1..]).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let words: Vec<&str> = said.split_terminator('\0').collect();
        prop_assert_eq!(words, [description.trim(), branch.as_str(), "end"]);
    }

    /// Without a shell, a word is what it is, whatever it holds.
    #[test]
    fn an_argument_is_never_split(description in hostile(), branch in hostile()) {
        let command = ["{{tool}}", "{{description}}", "{{run.head_ref}}", "end"];
        for worker in ["linux-builder", "containers"] {
            let words = match payload(worker, &command, &description, &branch) {
                Some(Payload::GenericWorkerPosix(payload)) => payload.command[1][1..].to_vec(),
                Some(Payload::DockerWorker(payload)) => payload.command[1..].to_vec(),
                _ => {
                    prop_assert!(description.contains('\0') || branch.contains('\0'));
                    continue;
                }
            };
            prop_assert_eq!(words, [description.trim(), branch.as_str(), "end"]);
        }
    }

    /// A line of a batch file holds the words that were meant, and nothing that cmd.exe acts on.
    #[test]
    fn a_batch_line_splits_back(description in hostile(), branch in hostile()) {
        let command = ["{{tool}}", "{{description}}", "{{run.head_ref}}", "end"];
        let legal = |text: &str| !text.contains(['\0', '\r', '\n']);
        match payload("windows-builder", &command, &description, &branch) {
            Some(Payload::GenericWorkerWindows(payload)) => {
                let words = batch_words(&payload.command[0]).map_err(TestCaseError::fail)?;
                prop_assert_eq!(&words[1..], [description.trim(), branch.as_str(), "end"]);
            }
            _ => prop_assert!(!legal(description.trim()) || !legal(&branch)),
        }
    }
}

/// The words that a program sees of a line of a batch file: first cmd.exe reads it, then Microsoft's C runtime.
fn batch_words(line: &str) -> Result<Vec<String>, String> {
    // cmd.exe: `%%` is one `%`, a single one would be a variable; outside of quotes these characters act.
    let mut passed = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '%' if letters.peek() == Some(&'%') => {
                letters.next();
            }
            '%' => return Err(format!("a variable is expanded in {line}")),
            '"' => quoted = !quoted,
            '&' | '|' | '<' | '>' | '^' | '(' | ')' | '\r' | '\n' if !quoted => {
                return Err(format!("{letter:?} acts in {line}"));
            }
            _ => {}
        }
        passed.push(letter);
    }
    // The runtime: 2n backslashes before a quote are n, `""` inside quotes is a quote.
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let letters: Vec<char> = passed.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        if letter == '\\' {
            let count = letters[at..]
                .iter()
                .take_while(|next| **next == '\\')
                .count();
            at += count;
            let before_quote = letters.get(at) == Some(&'"');
            let kept = if before_quote { count / 2 } else { count };
            word.get_or_insert_default().push_str(&"\\".repeat(kept));
            if before_quote && count % 2 == 1 {
                word.get_or_insert_default().push('"');
                at += 1;
            }
            continue;
        }
        match letter {
            '"' if quoted && letters.get(at + 1) == Some(&'"') => {
                word.get_or_insert_default().push('"');
                at += 1;
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
        at += 1;
    }
    words.extend(word);
    Ok(words)
}

#[test]
fn the_readers_of_batch_lines_are_not_blind() {
    assert_eq!(
        batch_words(r#"a.exe "b c" "say ""hi""" "%%x%%" "d\\" e\f"#).unwrap(),
        ["a.exe", "b c", "say \"hi\"", "%x%", "d\\", "e\\f"]
    );
    for line in ["a %x%", "a & b", "a \"b\" > c"] {
        assert!(batch_words(line).is_err(), "{line}");
    }
}
