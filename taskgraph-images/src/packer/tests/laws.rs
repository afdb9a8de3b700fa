//! What holds for every template: layout does not matter, and only what applies to a source does.

use super::{UBUNTU, fingerprint, ubuntu};

proptest::proptest! {
    /// What nobody means anything by leaves no trace in the fingerprint.
    #[test]
    fn layout_does_not_matter(noise in proptest::collection::vec(0usize..6, 12)) {
        let base = fingerprint(&ubuntu_ready(UBUNTU), "t.pkr.hcl", "googlecompute.ubuntu");
        let mut noisy = String::new();
        let mut noise = noise.into_iter().cycle();
        for line in UBUNTU.lines() {
            noisy.push_str(line);
            noisy.push('\n');
            match noise.next() {
                Some(0) => noisy.push('\n'),
                Some(1) => noisy.push_str("  # a comment\n"),
                Some(2) => noisy.push_str("\t/* another */\n"),
                Some(3) => noisy.push_str("// \"${unbalanced\n"),
                _ => {}
            }
        }
        let changed = fingerprint(&ubuntu_ready(&noisy), "t.pkr.hcl", "googlecompute.ubuntu");
        proptest::prop_assert_eq!(base, changed);
    }

    /// What applies to another source leaves no trace; what applies to this one does.
    #[test]
    fn only_what_applies_matters(text in "[a-z0-9 /.-]{0,20}") {
        let edit = |from: &str, to: &str| {
            let edited = UBUNTU.replace(from, to);
            assert_ne!(edited, UBUNTU, "the text must be there");
            let tree = ubuntu_ready(&edited);
            fingerprint(&tree, "t.pkr.hcl", "googlecompute.ubuntu")
        };
        let base = fingerprint(&ubuntu_ready(UBUNTU), "t.pkr.hcl", "googlecompute.ubuntu");
        let other = format!("edited{text}");
        for (from, to) in [
            ("image-defs/scripts/missing.sh", other.clone()),
            ("us-east-1", other.clone()),
            (">= 1.3", other.clone()),
            ("\"x\"", format!("\"{other}\"")),
        ] {
            proptest::prop_assert_eq!(&base, &edit(from, &to), "{}", from);
        }
        for from in ["-v1", "us-central1-a", "mkdir -p", "manifest.json", "~> 1", "cot-", "releng"] {
            proptest::prop_assert_ne!(&base, &edit(from, &other), "{}", from);
        }
    }
}

/// The fixture's template with a default for `scripts`, in the files that it names.
fn ubuntu_ready(template: &str) -> Vec<(&'static str, &'static str)> {
    let ready = template.replace(
        "variable \"scripts\" { type = list(string) }",
        "variable \"scripts\" { default = [] }",
    );
    let mut tree = ubuntu();
    tree.remove(0);
    // Leaked: a test's few kilobytes live as long as the test.
    tree.push(("t.pkr.hcl", Box::leak(ready.into_boxed_str())));
    tree.push(("user-data.yml", ""));
    tree
}
