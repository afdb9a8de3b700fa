//! `projects`: the issue that says how they stand.

use fake_github::{Repository, Server};

use super::{ci_config, example, run};
use crate::support::Repo;

#[test]
fn an_issue_says_how_all_projects_stand() {
    let repo = Repo::new();
    let config = ci_config();
    let github = Server::start();
    for name in ["example/images", "example-owner/example-site"] {
        let mut repository = Repository::new(name);
        repository.push("main", "Somebody", &[("README.md", "Words.\n")]);
        github.add(repository);
    }
    repo.write(
        "image-defs/proposals.yml",
        "projects:\n  except: {example-app: 'later | <b>'}\n  dashboard: {github: example/images, labels: [images]}\n",
    );
    let folder = config.path.to_str().unwrap().to_owned();
    let places = ["pools.yml", "manifests", "checkouts", "graphs"].map(example);
    let common = [
        "--config",
        &folder,
        "--mapping",
        &places[0],
        "--manifests",
        &places[1],
        "--checkouts",
        &places[2],
        "--graphs",
        &places[3],
    ];
    let variables = [
        ("GITHUB_TOKEN", "not-a-token"),
        ("TASKGRAPH_IMAGES_GITHUB_API", github.address()),
    ];
    let propose = |more: &[&str]| {
        let arguments = [&["projects", "propose"][..], &common, more].concat();
        let mut ran = run(&repo, &arguments, &variables);
        ran.stdout = ran.stdout.replace(&places[2], "[CHECKOUTS]");
        ran
    };
    // What is only planned writes nothing, and a dry run says it.
    let plan = [&["projects", "plan"][..], &common].concat();
    assert_eq!(run(&repo, &plan, &variables).code, Some(0));
    insta::assert_snapshot!(propose(&["--dry-run"]).stdout.lines().last().unwrap().replace(github.address(), "[GITHUB]"), @"dashboard	would call: POST [GITHUB]/repos/example/images/issues (Projects and their images)	Projects and their images");
    let some = propose(&["example-site"]);
    assert!(some.stderr.contains("leaves it as it is"), "{some:?}");
    assert_eq!(github.writes(), [""; 0]);

    let ran = propose(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.stdout, @"
    blocked	example-app	
    		left alone: later | <b>
    up-to-date	example-site	
    blocked	example-old	
    		there is no `[CHECKOUTS]/example-old`
    dashboard	opened https://example.org/example/images/issues/1	Projects and their images
    ");
    assert_eq!(github.writes(), ["POST /repos/example/images/issues"]);
    let text = github
        .with("example/images", |images| images.issues[0].body.clone())
        .replace(&places[2].replace('_', "\\_"), "[CHECKOUTS]");
    insta::assert_snapshot!(text.replace('\u{200b}', "␣"), @r"
    <!-- taskgraph-images-dashboard: projects -->

    Which projects could use newer images, and what was proposed to them. A program writes this, and writes over what is edited here.

    2 blocked, 1 up-to-date

    | project | state | moves | notes |
    | --- | --- | --- | --- |
    | example-app | blocked |  | left alone: later \| &lt;b&gt; |
    | example-old | blocked |  | there is no \`[CHECKOUTS]/example-old\` |
    | example-site | up-to-date |  |  |
    ");

    // As a file.
    let dry = propose(&["--out", "../patches", "--dry-run"]);
    assert!(
        dry.stdout
            .ends_with("would call: write ../patches/dashboard.md\tProjects and their images\n"),
        "{dry:?}"
    );
    assert!(!repo.beside("patches").exists());
    let ran = propose(&["--out", "../patches"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let page = std::fs::read_to_string(repo.beside("patches").join("dashboard.md")).unwrap();
    assert!(page.contains("| example-site | up-to-date |"), "{page}");
}
