//! The format's name, tasks for images of other formats, and images that cannot be resolved.

use taskgraph_images::tree::TreePath;

use crate::support::Repo;

use super::support::{Repository, SETTINGS, checkout};

#[test]
fn with_settings_images_have_tasks() {
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", SETTINGS)],
    );
    let tasks = repo.run(&["graph", "full", "--format", "json"]).json();
    let task = &tasks["verify-win11-64-azure"]["task"];
    assert_eq!(task["workerType"], "candidate");
    let build = &tasks["build-win11-64-azure"]["task"];
    assert_eq!(build["payload"]["maxRunTime"], 3 * 60 * 60);
    assert_eq!(
        build["payload"]["command"][1],
        serde_json::json!(["./taskgraph-images", "build", "win11-64@azure"])
    );
    let scopes = build["scopes"].to_string();
    assert!(scopes.contains("azure"), "{scopes}");
    let labels = repo
        .run(&["preview", "--all", "--event", "push", "--format", "json"])
        .json();
    let labels: Vec<&str> = labels["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["label"].as_str().unwrap())
        .filter(|label| label.starts_with("publish"))
        .collect();
    assert_eq!(
        labels,
        [
            "publish-trusted-win2022-azure",
            "publish-win11-64-azure",
            "publish-win11-a64-builder-azure",
            "publish-worker-win2022-azure"
        ]
    );
}

#[test]
fn without_settings_nothing_says_where_tasks_run() {
    let repo = checkout(Repository::builders(), &[]);
    let graph = repo.run(&["graph", "full"]);
    assert_eq!(graph.code, Some(1));
    assert!(
        graph
            .stderr
            .contains("`taskgraph-images.yml` does not exist"),
        "{}",
        graph.stderr
    );
    let preview = repo.run(&["preview", "--all"]);
    assert_eq!(preview.code, Some(0));
    assert!(
        preview.stderr.contains("nothing says where tasks run"),
        "{}",
        preview.stderr
    );
}

#[test]
fn settings_name_the_format() {
    let recipe = taskgraph_images::formats::shipped_text("worker-images").unwrap();
    let own = recipe.replace("name: worker-images", "name: ours");
    let settings = format!("{SETTINGS}recipe: ci/recipe.yml\n");
    let repo = checkout(
        Repository::templates(),
        &[("taskgraph-images.yml", &settings), ("ci/recipe.yml", &own)],
    );
    let formats = |document: &serde_json::Value| document["images"][0]["format"].clone();
    let images = repo.run(&["images", "--format", "json"]).json();
    assert_eq!(formats(&images), "ours");
    repo.replace(
        "ci/recipe.yml",
        "reason: the module that runs Packer",
        "reason: it runs Packer",
    );
    repo.expect(&[]);
    repo.replace(
        "ci/recipe.yml",
        "\"{{ yaml.sharedimage.gallery_name }}\"",
        "ours",
    );
    repo.expect(&[
        "trusted-win2022: build verify publish",
        "win11-64: build verify publish",
        "win11-a64-builder: build verify publish",
    ]);
    let explained = repo.run(&["affected", "--base", "start", "--explain", "ci/recipe.yml"]);
    assert!(
        explained.stdout.contains("goes into 9 images"),
        "{}",
        explained.stdout
    );
    repo.replace(
        "ci/recipe.yml",
        "when: yaml.sharedimage",
        "when: yaml.sharedimage +",
    );
    let broken = repo.run(&["images"]);
    assert_eq!(broken.code, Some(1));
    insta::assert_snapshot!("broken_recipe", broken.stderr);
    repo.write(
        "taskgraph-images.yml",
        format!("{SETTINGS}format: worker-image\n"),
    );
    let unknown = repo.run(&["images"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("did you mean `worker-images`?"),
        "{}",
        unknown.stderr
    );
    repo.write(
        "taskgraph-images.yml",
        format!("{SETTINGS}format: worker-images\n"),
    );
    let images = repo.run(&["images", "--format", "json"]).json();
    assert_eq!(formats(&images), "worker-images");
}

#[test]
fn what_cannot_be_resolved_is_named_and_hides_nothing() {
    let repo = checkout(Repository::builders(), &[]);
    repo.replace("builders/linux_google.yaml", "- agent", "- agents");
    repo.append("scripts/base/01-install.sh", "true\n");
    let affected = repo.run(&["affected", "--base", "HEAD", "--format", "json"]);
    assert_eq!(affected.code, Some(1), "{}", affected.stderr);
    assert!(
        affected.stderr.contains("scripts/agents"),
        "{}",
        affected.stderr
    );
    let document = affected.json();
    let names = |list: &str| -> Vec<String> {
        let list = document[list].as_array().unwrap().iter();
        list.map(|image| image["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("images"), ["linux-google-arm"]);
    assert_eq!(names("unresolved"), ["linux-google"]);
    let images = repo.run(&["images", "--format", "json"]);
    assert_eq!(images.code, Some(1));
    assert_eq!(images.json()["images"].as_array().unwrap().len(), 3);
    for strict in [["preview", "--all"], ["graph", "full"]] {
        assert_eq!(repo.run(&strict).code, Some(1), "{strict:?}");
    }
    let template = repo.run(&["packer-template", "linux_google"]);
    assert_eq!(template.code, Some(1), "{}", template.stderr);
    let template = repo.run(&["packer-template", "old/linux_aws"]);
    assert_eq!(template.json()["builders"][0]["type"], "amazon-ebs");
}

#[test]
fn recipes_have_a_schema() {
    let repo = Repo::empty(&[]);
    let schema = repo.run(&["schema", "recipe"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in taskgraph_images::formats::shipped_names() {
        let text = taskgraph_images::formats::shipped_text(name).unwrap();
        let node =
            taskgraph_images::yaml::read(&TreePath::from_git(name), text.as_bytes()).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&node.to_json())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
    }
    let wrong = serde_json::json!({"name": "x", "builder": {}});
    assert!(!validator.is_valid(&wrong));
}
