//! Taskcluster's notes, by audience.

use crate::datasources::{Release, WORKER_DEPLOYERS, notes, render};
use crate::versions::Scheme;

const BODY: &str = "\
### GENERAL

▶ [patch]
For everybody.

### WORKER-DEPLOYERS

▶ [MAJOR] [#8115](https://example.org/issues/8115)
Worker: `runTask` is gone, says @somebody. Closes #1.

```
### USERS
# not a heading
```

#### Details

* a

▶ [minor]
More.

### USERS

▶ [minor]
For users. <!-- marker -->
";

fn release(version: &str, notes: &str) -> Release {
    Release {
        notes: Some(notes.replace('\n', "\r\n")),
        ..Release::new(version)
    }
}

fn some() -> Vec<Release> {
    vec![
        release("v107.0.0", BODY),
        release("v106.0.0", BODY),
        release("v105.1.0", "### GENERAL\n\nNothing for workers.\n"),
        release("v105.0.1", "### worker-deployers\n\n▶ [patch]\nSmall.\n"),
        release("v105.0.0", BODY),
        Release::new("v105.0.2"),
        release("nightly", BODY),
    ]
}

#[test]
fn the_part_for_an_audience() {
    let found = notes(
        &some(),
        Scheme::Semver,
        "105.0.0",
        "v106.0.0",
        WORKER_DEPLOYERS,
    );
    let versions: Vec<(&str, bool)> = found
        .iter()
        .map(|note| (note.version.as_str(), note.is_major))
        .collect();
    assert_eq!(versions, [("v106.0.0", true), ("v105.0.1", false)]);
    insta::assert_snapshot!(found[0].text, @r"
    ▶ [MAJOR] [#8115](https://example.org/issues/8115)
    Worker: `runTask` is gone, says @somebody. Closes #1.

    ```
    ### USERS
    # not a heading
    ```

    #### Details

    * a

    ▶ [minor]
    More.
    ");
    insta::assert_snapshot!(render(&found, 10_000), @r"
    **v106.0.0** (major)

    ▶ \[MAJOR\] `#8115` (`https://example.org/issues/8115`)
    Worker: `runTask` is gone, says `@somebody`. Closes `#1`.

    ```
    ### USERS
    # not a heading
    ```

    **Details**

    - a

    ▶ \[minor\]
    More.

    **v105.0.1**

    ▶ \[patch\]
    Small.
    ");
    assert_eq!(
        notes(
            &some(),
            Scheme::Semver,
            "latest",
            "106.0.0",
            WORKER_DEPLOYERS
        ),
        []
    );
    assert_eq!(render(&[], 100), "");
}

#[test]
fn many_notes_are_cut() {
    let releases: Vec<Release> = (1..60)
        .map(|minor| {
            let text = format!("### WORKER-DEPLOYERS\n{}", "Some words of it.\n".repeat(20));
            release(&format!("1.{minor}.0"), &text)
        })
        .collect();
    let found = notes(
        &releases,
        Scheme::Semver,
        "1.0.0",
        "2.0.0",
        WORKER_DEPLOYERS,
    );
    assert_eq!(found.len(), 59);
    for limit in [1000, 3000, 6000] {
        let rendered = render(&found, limit);
        assert!(rendered.chars().count() <= limit, "{limit}");
        assert!(rendered.starts_with("**1.59.0**"), "{limit}");
        assert!(
            rendered.ends_with("more releases are left out here.)*"),
            "{limit}"
        );
    }
}
