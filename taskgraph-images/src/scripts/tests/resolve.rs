//! References looked up in a tree.

use insta::assert_snapshot;

use crate::scripts::{analyse, language, resolve};
use crate::tree::{Files as _, MemoryTree, TreePath};

/// What the script at `path` reads.
fn reads(tree: &MemoryTree, path: &str) -> String {
    let path = TreePath::parse(path).unwrap();
    let content = tree.read(&path).unwrap();
    let analysis = analyse(language(&path, &content).unwrap(), &content).unwrap();
    let lines: Vec<String> = analysis
        .references
        .iter()
        .map(|reference| match resolve(tree, &path, reference) {
            Ok(resolution) => format!("{resolution:?}"),
            Err(error) => format!("error: {error}"),
        })
        .collect();
    lines.join("\n")
}

#[test]
fn shell() {
    let tree = MemoryTree::new([
        (
            "s/a.sh",
            "D=$(dirname \"$0\")\n. $D/lib.sh\n. ./lib.sh\n. ./root.sh\n. ./none.sh\n. $D/../../out.sh\n./configure\n$D/gone.sh\nfor f in $D/d/*.sh; do . $f; done\ncp -r $D/files $D/d/* /x; tar xf $D/made.tar\n. /etc/x\n. $D/d",
        ),
        ("s/lib.sh", ""),
        ("lib.sh", ""),
        ("root.sh", ""),
        ("s/d/b.sh", ""),
        ("s/d/.hidden.sh", ""),
        ("s/d/deep/c.sh", ""),
        ("s/files/x/y", ""),
    ]);
    assert_snapshot!(reads(&tree, "s/a.sh"), @r#"
    Files(["s/lib.sh"])
    Files(["lib.sh", "s/lib.sh"])
    Files(["root.sh"])
    Missing(["s/none.sh", "none.sh"])
    Unresolved("the path leads out of the repository")
    Absent
    Missing(["s/gone.sh"])
    Listing { folders: ["s/d"], files: ["s/d/b.sh"] }
    Listing { folders: ["s/files"], files: ["s/files/x/y"] }
    Listing { folders: ["s/d"], files: ["s/d/b.sh", "s/d/deep/c.sh"] }
    Absent
    OnImage { path: "/etc/x", glob: false }
    Missing(["s/d"])
    "#);
}

#[test]
fn modules() {
    let tree = MemoryTree::new([
        (
            "m/a.ps1",
            "Import-Module $PSScriptRoot\\Foo\nImport-Module $PSScriptRoot\\Foo\\Foo.psd1\nusing module ./Bar\nImport-Module ./Baz\nImport-Module Pester\nGet-ChildItem $PSScriptRoot -Recurse -Filter *.psm1 | % { . $_ }",
        ),
        ("m/Foo/Foo.psd1", "@{ RootModule = 'Foo.psm1' }"),
        ("m/Foo/Foo.psm1", ""),
        ("m/Bar.psm1", ""),
    ]);
    assert_snapshot!(reads(&tree, "m/a.ps1"), @r#"
    Files(["m/Foo/Foo.psd1"])
    Files(["m/Foo/Foo.psd1"])
    Files(["m/Bar.psm1"])
    Missing(["m/Baz", "Baz"])
    Module("Pester")
    Listing { folders: ["m"], files: ["m/Bar.psm1", "m/Foo/Foo.psm1"] }
    Listing { folders: ["m"], files: ["m/Bar.psm1", "m/Foo/Foo.psm1"] }
    "#);
    assert_snapshot!(reads(&tree, "m/Foo/Foo.psd1"), @r#"Files(["m/Foo/Foo.psm1"])"#);
}

#[test]
fn languages() {
    let of = |path: &str, content: &str| {
        language(&TreePath::parse(path).unwrap(), content.as_bytes())
            .map(|language| format!("{language:?}"))
    };
    assert_eq!(of("a.sh", "").as_deref(), Some("Shell"));
    assert_eq!(of("A.PS1", "").as_deref(), Some("PowerShell"));
    assert_eq!(
        of("a", "#!/usr/bin/env -S FOO=1 bash -e\n").as_deref(),
        Some("Shell")
    );
    assert_eq!(of("a", "#! /bin/sh").as_deref(), Some("Shell"));
    assert_eq!(of("a", "#!/usr/bin/pwsh").as_deref(), Some("PowerShell"));
    assert_eq!(of("a", "#!/usr/bin/python3"), None);
    assert_eq!(of("a.txt", "x"), None);
}
