//! Whatever stands in a file, the program answers.

use proptest::prelude::*;
use taskgraph_images::affected::Affected;
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::graph::Contents;
use taskgraph_images::tree::{Files as _, TreePath, View, changed_paths};

use super::support::{Repository, takes_over_nothing_that_changed};

/// Which file of a fixture is spoilt, where, and by what.
fn spoilt() -> impl Strategy<Value = (bool, prop::sample::Index, prop::sample::Index, &'static str)>
{
    let junk = prop::sample::select(vec![
        "",
        "\0",
        "\u{feff}",
        "{",
        "}",
        "[",
        ": ",
        "- ",
        "\n",
        "\n\n  ",
        "{{",
        "}}",
        "{%",
        "{% include 'licenses.jinja2' %}",
        "{% for i in range(99999) %}{{ i * 'x' }}{% endfor %}",
        "\"",
        "'",
        "&a *a",
        "!!str ",
        "<<: ",
        "../../..",
        "/etc/passwd",
        "${var.x}",
        "null",
        "~",
        "é",
        "-",
        "\t",
        "#",
        "default",
    ]);
    (
        any::<bool>(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        junk,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever stands in a file, the program answers, and a fleet that is loaded like another is what it is.
    #[test]
    fn no_file_is_too_bad_to_be_read((builders, file, at, junk) in spoilt()) {
        let repository = if builders { Repository::builders() } else { Repository::templates() };
        let tree = repository.files.tree();
        let view = View::new(&tree);
        let files = view.list(&TreePath::root(), true).unwrap();
        let path = file.get(&files);
        let mut text = String::from_utf8(view.read(path).unwrap().to_vec()).unwrap();
        let at = text.floor_char_boundary(at.index(text.len() + 1));
        text.insert_str(at, junk);
        let spoilt = repository.clone().write(path.as_str(), &text);
        let (base, head) = (repository.files.tree(), spoilt.files.tree());
        let contents = Contents::by_id();
        let load = |tree| Snapshot::load(tree, &Layout::default(), &contents);
        let (base, head) = (load(&base).unwrap(), load(&head).unwrap());
        let changes = changed_paths(&base.fleet.tree, &head.fleet.tree).unwrap();
        takes_over_nothing_that_changed(&base, &head, &changes, &contents);
        takes_over_nothing_that_changed(&head, &base, &changes, &contents);
        if head.is_usable() {
            let affected = Affected::compare(base.side(), head.side(), &changes);
            let known = affected.images.len() + affected.unresolved.len();
            prop_assert!(known <= base.fleet.images.len() + head.fleet.images.len());
        }
    }
}
