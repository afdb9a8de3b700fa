//! Each attack, with the tests that hold it off.

use std::path::Path;

/// Each attack, and the tests that show what becomes of it.
const ATTACKS: [(&str, &[&str]); 20] = [
    (
        "paths that leave the repository",
        &[
            "paths_that_leave_the_repository",
            "what_is_listed_may_be_edited",
        ],
    ),
    (
        "links that leave it",
        &["links_that_cannot_be_followed", "links_are_not_followed"],
    ),
    (
        "YAML that explodes, or is read in two ways",
        &[
            "aliases_that_explode",
            "bounds_what_aliases_make",
            "duplicate_keys",
            "what_is_ambiguous",
            "a_project_that_explodes_keeps_no_other",
        ],
    ),
    (
        "values of other types than they seem",
        &[
            "keeps_text_that_json_would_change",
            "every_value_in_every_style_is_read_as_its_text",
        ],
    ),
    (
        "commands in names of branches",
        &[
            "names_of_branches_are_never_acted_upon",
            "what_outsiders_choose_reaches_the_environment_only",
            "names_of_branches_are_gits_and_no_shells",
        ],
    ),
    (
        "templates in values",
        &[
            "what_the_file_escapes_stays_escaped",
            "refuses_hostile_templates",
        ],
    ),
    (
        "scopes by definition",
        &["it_holds_what_it_is_given", "no_image_changes_a_repository"],
    ),
    (
        "levels that are claimed",
        &[
            "a_level_is_proven_also_where_nothing_is_created",
            "a_task_about_the_fleet_is_refused_where_it_must_not_be",
            "level_3_is_for_one_repository_and_branch",
        ],
    ),
    (
        "poisoned index paths",
        &[
            "level_3_trusts_level_3",
            "the_index_is_only_a_name",
            "what_is_forged_in_the_index_reaches_no_pool",
            "a_plan_goes_on_from_the_one_before",
        ],
    ),
    (
        "inputs that no digest covers",
        &[
            "digests_and_reachability_agree",
            "a_file_becomes_executable",
        ],
    ),
    (
        "shared caches",
        &["it_is_apart", "what_deletes_images_is_its_actions"],
    ),
    (
        "artifacts of others",
        &[
            "what_was_verified_is_published",
            "the_plan_is_that_of_a_task_that_planned_at_level_3",
            "what_is_forged_in_the_index_reaches_no_pool",
        ],
    ),
    (
        "comments that publish",
        &["comments_count_as_pull_requests_of_strangers"],
    ),
    (
        "poisoned releases",
        &[
            "attacks",
            "nothing_goes_backwards",
            "an_asset_that_was_replaced_stops_the_source",
            "hostile_tags_are_only_text",
            "a_hostile_release_is_only_text",
        ],
    ),
    (
        "a robot that is led elsewhere",
        &[
            "nothing_that_decides_what_runs_is_touched",
            "only_scalars_at_allowed_paths_change",
            "a_repository_without_a_token_gets_no_proposal",
        ],
    ),
    (
        "a robot's branch at level 3, or its token elsewhere",
        &[
            "no_branch_runs_at_level_3",
            "tokens_are_for_one_repository",
            "a_token_is_modest",
        ],
    ),
    (
        "decisions that are made again",
        &[
            "an_older_decision_lowers_nothing",
            "a_plan_is_looked_at_again_when_it_is_carried_out",
        ],
    ),
    (
        "commits of forks",
        &[
            "a_commit_of_a_fork_is_on_no_branch",
            "commits_of_a_branch_by_their_whole_ids",
        ],
    ),
    (
        "an inventory that was emptied",
        &[
            "not_knowing_is_no_reason_to_delete",
            "branches_that_may_be_live_keep_images",
            "nothing_is_planned_while_nothing_is_published",
        ],
    ),
    (
        "secrets in logs and artifacts",
        &[
            "no_token_is_shown",
            "tokens_go_to_their_host_alone",
            "nothing_secret_is_shown",
            "a_release_goes_from_its_pin_to_a_project",
        ],
    ),
];

#[test]
fn every_attack_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for folder in [
        "taskgraph-images/src",
        "transforms/src",
        "tests/integration",
    ] {
        read(&root.join(folder), &mut sources);
    }
    for (attack, tests) in ATTACKS {
        for test in tests {
            assert!(sources.contains(&format!("fn {test}(")), "{attack}: {test}");
        }
    }
}

fn read(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &std::fs::read_to_string(path).unwrap();
        }
    }
}
