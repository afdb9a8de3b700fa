//! Files of the repository that the program can write itself, kept up to date: the command reference of the guide,
//! and the JSON schemas beside the definitions.
//!
//! Each test compares; with `TASKGRAPH_IMAGES_REGENERATE=1` in the environment it writes the file first.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use serde_json::Value;

use super::{Cli, schema};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_up_to_date(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("TASKGRAPH_IMAGES_REGENERATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "`{path}` is not what the program says now; run \
         `TASKGRAPH_IMAGES_REGENERATE=1 cargo test -p taskgraph-images --bin taskgraph-images reference`"
    );
}

/// The help of a command and of those below it, long form, as one section each.
fn help(command: &mut clap::Command, path: &str, text: &mut String) {
    let path = match path {
        "" => command.get_name().to_owned(),
        _ => format!("{path} {}", command.get_name()),
    };
    // Wrapped for a page, without the machine's own values.
    let words = command
        .clone()
        .bin_name(&path)
        .term_width(100)
        .render_long_help()
        .to_string();
    let words: String = words
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    let _ = write!(
        text,
        "\n## `{path}`\n\n```text\n{}\n```\n",
        words.trim_end()
    );
    for below in command.get_subcommands_mut() {
        if below.get_name() != "help" {
            help(below, &path, text);
        }
    }
}

/// The same command, whose help does not show what the environment holds.
fn without_environment(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| argument.hide_env_values(true))
        .mut_subcommands(without_environment)
}

#[test]
fn the_command_reference_is_up_to_date() {
    let mut text = "# Commands\n\nWhat `--help` prints, for every command. This page is generated; a test keeps it up \
                    to date.\n"
        .to_owned();
    let mut command = Cli::command();
    // Built first, so that global arguments stand below every command, too.
    command.build();
    let mut command = without_environment(command);
    help(&mut command, "", &mut text);
    is_up_to_date("docs/src/commands.md", &text);
}

#[test]
fn the_schemas_are_up_to_date() {
    for file in schema::File::ALL {
        is_up_to_date(
            &format!("image-defs/schema/{file}.json"),
            &schema::text(file),
        );
    }
    is_up_to_date(
        "docs/src/manifest.schema.json",
        &schema::text(schema::File::Manifest),
    );
}

/// What editors underline must be wrong: the schemas take every file of the fleet and of the starting tree.
#[test]
fn the_schemas_take_every_file() {
    for tree in ["image-defs", "taskgraph-images/src/init"] {
        let tree = root().join(tree);
        for file in schema::File::ALL {
            let schema: Value = serde_json::from_str(&schema::text(file)).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let files = match file {
                schema::File::Image => {
                    [yaml(&tree.join("images")), yaml(&tree.join("fragments"))].concat()
                }
                other => vec![tree.join(format!("{other}.yml"))],
            };
            assert!(!files.is_empty());
            for path in files {
                let text = fs::read_to_string(&path).unwrap();
                let value: Value = serde_yaml::from_str(&text).unwrap();
                let faults: Vec<String> = validator
                    .iter_errors(&value)
                    .map(|fault| format!("{}: {fault}", fault.instance_path()))
                    .collect();
                assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
            }
        }
    }
}

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(yaml(&path));
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            files.push(path);
        }
    }
    files
}
