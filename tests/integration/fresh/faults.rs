//! What is said of wrong input.

use super::{example, run};
use crate::support::Repo;

#[test]
fn bad_input_says_what_is_wrong() {
    let repo = Repo::new();
    let (folder, manifests) = (example("ci-config"), example("manifests"));
    let mut text = String::new();
    repo.write("image-defs/proposals.yml", "upgrade: {github: images}\n");
    text += &run(&repo, &["upgrade", "--check", "--out", "x"], &[]).block();
    let cases: &[&[&str]] = &[
        &[
            "pools",
            "update",
            "--config",
            &folder,
            "--manifests",
            &manifests,
        ],
        &["pools", "check"],
        &["pools", "check", "--config", "nowhere"],
        &["pools", "check", "--config", &folder, "--today", "tomorrow"],
        &[
            "pools",
            "generate",
            "--config",
            &folder,
            "--template",
            "example-1/none",
            "--group",
            "g",
        ],
        &["projects", "plan", "nobody", "--config", &folder],
        &["cleanup"],
        &[
            "revoke",
            "none",
            "--config",
            &folder,
            "--manifests",
            &manifests,
        ],
    ];
    repo.write("image-defs/proposals.yml", "{}\n");
    for arguments in cases {
        text += &format!("\n$ {}\n", arguments[..2.min(arguments.len())].join(" "));
        text += &run(&repo, arguments, &[]).block();
    }
    let text = text.replace(&folder, "[CONFIG]");
    insta::assert_snapshot!(text, @"
    exit 0
    --- stdout
    PIN     FROM     TO             AGE  IMAGES
    driver  570      no-datasource  -    -
    worker  105.0.0  no-datasource  -    -
    $ pools update
    exit 2
    --- stderr
    error: no entry of the configuration repository is mapped to an image
    hint: say in `pools.yml` which image each entry is
    $ pools check
    exit 2
    --- stderr
    error: there is no configuration repository
    hint: name a clone of it with `--config`, or its address in `proposals.yml`
    $ pools check
    exit 3
    --- stderr
    error: `nowhere`: No such file or directory (os error 2)
    $ pools check
    exit 2
    --- stderr
    error: `tomorrow` is no day such as 2026-11-26
    $ pools generate
    exit 2
    --- stderr
    error: there is no pool `example-1/none` to be the template
    hint: name one by its id
    $ projects plan
    exit 2
    --- stderr
    error: `docs/examples/fresh/ci-config/projects.yml` has no project `nobody`
    $ cleanup
    exit 2
    --- stderr
    error: nothing says what to clean up
    hint: name a task with `--task`, or use `cleanup plan`
    $ revoke none
    exit 2
    --- stderr
    10 images published of 3 definitions
    error: nothing that is published is named by `none`
    ");
}
