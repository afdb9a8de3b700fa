//! Files in, resolved images or faults out.

use std::fmt::Write as _;

use super::{Layout, Loader, read_settings};
use crate::output::Locator;
use crate::tree::{MemoryTree, Tree, View};

const CONFIG: &str = "
trust-domain: example
owner: owner@example.org
workers:
  aliases:
    linux: {provisioner: '{{trust-domain}}-{{level}}', worker-type: builder, implementation: generic-worker, os: linux}
    candidates: {provisioner: example-1, worker-type: candidates, implementation: generic-worker, os: linux}
    windows: {provisioner: example-1, worker-type: windows, implementation: generic-worker, os: windows}
";

/// A definition with everything that must be there.
const BASE: &str = "
cloud: google
os: linux
builder: {task: {}}
build: {worker: linux}
";

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = MemoryTree::new([("image-defs/config.yml", CONFIG)]);
    for (path, text) in files {
        tree = tree.file(&format!("image-defs/{path}"), text);
    }
    tree.tree()
}

/// What the definitions resolve to: one line an image with the keys asked for, or the faults.
fn check(files: &[(&str, &str)], keys: &[&str]) -> String {
    let tree = tree(files);
    let layout = Layout::default();
    let (config, pins, mut faults) = read_settings(&View::new(&tree), &layout, true);
    let loader = Loader::new(&tree, &layout, config.as_ref(), &pins);
    let paths = loader.files(&View::new(&tree)).unwrap();
    let loaded = crate::formats::load(&loader, &paths, &|_| None);
    faults.extend(loader.fragment_faults(&View::new(&tree)));
    let mut text = String::new();
    for file in &loaded {
        faults.extend(file.faults.iter().cloned());
        for image in &file.images {
            let value = serde_json::to_value(&*image.definition).unwrap();
            let shown: Vec<String> = keys
                .iter()
                .map(|key| {
                    let pointer = format!("/{}", key.replace('.', "/"));
                    format!("{key}={}", value.pointer(&pointer).unwrap_or_default())
                })
                .collect();
            let _ = writeln!(text, "{} {}", image.definition.id, shown.join(" "));
        }
    }
    faults.sort();
    faults.dedup();
    let locate = Locator::new([&tree]);
    for fault in faults {
        let place = fault
            .place
            .map_or_else(String::new, |place| locate.line(&place));
        let hint = fault
            .hint
            .map_or_else(String::new, |hint| format!(" ({hint})"));
        let _ = writeln!(text, "{place}: {}: {}{hint}", fault.code, fault.message);
    }
    text
}

#[test]
fn fragments_merge_in_order() {
    let fragments = [
        ("fragments/common.yml", BASE),
        (
            "fragments/a.yml",
            "extends: common\nscripts: [a]\ndescription: from a\npublish: {worker: linux, family: a, labels: {x: '1', y: '1'}}",
        ),
        (
            "fragments/b.yml",
            "extends: common\nscripts+: [b]\npublish: {family: b, labels: {y: '2', z: null}}",
        ),
    ];
    let with = |text: &'static str| [fragments.as_slice(), &[("images/i.yml", text)]].concat();
    let keys = ["scripts", "description", "publish.family", "publish.labels"];
    // Later wins; lists under `key+` are appended; the file itself wins over all.
    insta::assert_snapshot!(check(&with("extends: [a, b]\nscripts+: [i]"), &keys), @r#"i@google scripts=["a","b","i"] description="from a" publish.family="b" publish.labels={"x":"1","y":"2"}"#);
    // A list is replaced, and null removes.
    insta::assert_snapshot!(check(&with("extends: [a, b]\nscripts: [i]\ndescription: null\npublish: {labels: {x: null}}"), &keys), @r#"i@google scripts=["i"] description="" publish.family="b" publish.labels={"y":"2"}"#);
    // `common` is applied once, where it is first reached: `a` is not undone by it.
    insta::assert_snapshot!(check(&with("extends: [b, a]"), &keys), @r#"i@google scripts=["a"] description="from a" publish.family="a" publish.labels={"x":"1","y":"1"}"#);
}

#[test]
fn variants_are_combinations() {
    let definition = "
extends: base
name: i-{{arch}}-l{{level}}-{{flavour}}
cloud: {by-flavour: {small: google, default: aws}}
variants:
  axes: {level: [1, 3], arch: [amd64, arm64], flavour: [small, big]}
  except: [{level: 3, arch: arm64}, {flavour: big, level: 3}]
publish:
  worker: linux
  family: {by-level: {1: open, 3: {by-arch: {'a.*64': trusted, arm64: no}}}}
  regions: {by-cloud: {google: [us], aws: [us, eu]}}
";
    let files = [("fragments/base.yml", BASE), ("images/i.yml", definition)];
    insta::assert_snapshot!(
        check(&files, &["arch", "level", "attributes", "publish.family", "publish.regions"]),
        @r#"
    i-amd64-l1-small@google arch="amd64" level=1 attributes={"flavour":"small"} publish.family="open" publish.regions=["us"]
    i-amd64-l3-small@google arch="amd64" level=3 attributes={"flavour":"small"} publish.family="trusted" publish.regions=["us"]
    i-amd64-l1-big@aws arch="amd64" level=1 attributes={"flavour":"big"} publish.family="open" publish.regions=["us","eu"]
    i-arm64-l1-small@google arch="arm64" level=1 attributes={"flavour":"small"} publish.family="open" publish.regions=["us"]
    i-arm64-l1-big@aws arch="arm64" level=1 attributes={"flavour":"big"} publish.family="open" publish.regions=["us","eu"]
    "#
    );
}

#[test]
fn lists_that_are_chosen_can_be_appended_to() {
    let files = [
        ("fragments/base.yml", BASE),
        (
            "fragments/scripts.yml",
            "scripts: {by-arch: {amd64: [x86], default: [other]}}",
        ),
        (
            "images/i.yml",
            "extends: [base, scripts]\nscripts+: {by-cloud: {google: [g], aws: [a]}}",
        ),
    ];
    insta::assert_snapshot!(check(&files, &["scripts"]), @r#"i@google scripts=["x86","g"]"#);
}

#[test]
fn templates_see_attributes_and_pins() {
    let pins = "pins: {tc: {value: 105.10, sha256: {gw-linux: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}}";
    let image = "
extends: base
name: '{{definition}}-x'
description: '{{name}} on {{cloud}} with {{pins.tc.value}} {{trust-domain}} & <b>'
scripts: ['{{pins.tc.sha256.gw-linux}}']
";
    let files = [
        ("fragments/base.yml", BASE),
        ("pins.yml", pins),
        ("images/i.yml", image),
    ];
    insta::assert_snapshot!(check(&files, &["description", "scripts"]), @r#"i-x@google description="i-x on google with 105.10 example & <b>" scripts=["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]"#);
}

#[test]
fn variables_keep_their_types_and_text() {
    let image = "
extends: base
builder: {task: null, packer: {template: t.pkr.hcl, source: a.b, variables: {n: 60, s: '60', b: true, l: [1, x], v: 105.0.0}}}
";
    let files = [("fragments/base.yml", BASE), ("images/i.yml", image)];
    insta::assert_snapshot!(check(&files, &["builder.packer.variables"]), @r#"i@google builder.packer.variables={"b":true,"l":[1,"x"],"n":60,"s":"60","v":"105.0.0"}"#);
    let image = "extends: base\nbuilder: {task: null, packer: {template: t, source: a.b, variables: {v: 24.10, w: [1e3]}}}";
    insta::assert_snapshot!(check(&[("fragments/base.yml", BASE), ("images/i.yml", image)], &[]), @"
    image-defs/images/i.yml:2: ambiguous-number: `24.10` is a number whose text would change (quote it to keep the text)
    image-defs/images/i.yml:2: ambiguous-number: `1e3` is a number whose text would change (quote it to keep the text)
    ");
}

#[test]
fn every_fault_of_a_file_is_reported() {
    let image = "
cloud: gogle
os: 3
arch: amd46
level: 2
builder: {packer: {template: ../../x, source: s, variable: {}}, container: {}}
scripts: one
build: {wroker: linux, retries: 50, max-run-time: soon}
verify: {method: reboot, checks: [a], worker: linux}
unknown: {}
extends: nothing
";
    insta::assert_snapshot!(check(&[("images/i.yml", image)], &[]), @r#"
    image-defs/images/i.yml:2: bad-value: unknown cloud `gogle`, expected one of `google`, `aws`, `azure`, `qemu`, `container` (did you mean `google`?)
    image-defs/images/i.yml:3: bad-value: unknown operating system `3`, expected one of `linux`, `windows`
    image-defs/images/i.yml:4: bad-value: unknown architecture `amd46`, expected one of `amd64`, `arm64` (did you mean `amd64`?)
    image-defs/images/i.yml:5: bad-value: "2" is no level: expected 1 or 3 (did you mean `1`?)
    image-defs/images/i.yml:6: path: `../../x` leaves the repository
    image-defs/images/i.yml:6: unknown-key: the key `variable` is not known here (did you mean `variables`?)
    image-defs/images/i.yml:7: wrong-type: expected a list, found a string
    image-defs/images/i.yml:8: unknown-key: the key `wroker` is not known here (did you mean `worker`?)
    image-defs/images/i.yml:8: bad-value: "soon" is no length of time: expected a whole number and a unit, such as `30 minutes`, `2 hours`, `28 days`, `1 month` or `1 year`
    image-defs/images/i.yml:9: bad-value: unknown verify method `reboot`, expected one of `boot`, `in-build`, `pool`, `container`, `replicate` (did you mean `boot`?)
    image-defs/images/i.yml:10: unknown-key: the key `unknown` is not known here (known keys: extends, name, description, owner, variants, cloud, os, arch, level, attributes, parent, builder, scripts, inputs, waivers, uploads, build, verify, publish, max-age, treeherder)
    image-defs/images/i.yml:11: unknown-fragment: there is no fragment `nothing` (fragments stand in `image-defs/fragments`: )
    "#);
}

#[test]
fn what_is_replicated_is_checked() {
    let check = |verify: &str| {
        let image = format!("extends: base\nverify: {{{verify}}}\n");
        check(
            &[("fragments/base.yml", BASE), ("images/i.yml", &image)],
            &["verify.replicate"],
        )
    };
    let from = "{index: gecko.v2.latest, scheduler: gecko-level-3, kinds: test}";
    let of = |more: &str| {
        format!("method: replicate, worker: linux, replicate: {{pool: candidates, {more}}}")
    };
    insta::assert_snapshot!(check(&of(&format!("from: [{from}]"))), @r#"i@google verify.replicate={"pool":"candidates","from":[{"index":"gecko.v2.latest","scheduler":"gecko-level-3","kinds":["test"],"attributes":{},"ran-on":[],"except":[]}],"at-most":50,"max-run-time":"1 hour","drop-scopes":[]}"#);
    insta::assert_snapshot!(check(&of("at-most: 3, drop-scopes: ['a:*'], max-run-time: 5 minutes, from: [{index: a.b, scheduler: s, attributes: {x: [1, true, 'y*'], z: 2}, ran-on: [p/*], except: q}]")), @r#"i@google verify.replicate={"pool":"candidates","from":[{"index":"a.b","scheduler":"s","kinds":[],"attributes":{"x":["1","true","y*"],"z":["2"]},"ran-on":["p/*"],"except":["q"]}],"at-most":3,"max-run-time":"5 minutes","drop-scopes":["a:*"]}"#);
    insta::assert_snapshot!(check("method: replicate, worker: linux"), @"image-defs/images/i.yml:2: missing-key: the method `replicate` needs the key `replicate`: which tasks, and where (`replicate: {pool: ALIAS, from: [{index: PATH, scheduler: NAME-level-3, kinds: [test]}]}`)");
    insta::assert_snapshot!(check("method: pool, worker: linux, replicate: {pool: linux, from: []}"), @"
    image-defs/images/i.yml:2: bad-value: the method `pool` replicates no tasks (remove it, or let `method` be `replicate`)
    image-defs/images/i.yml:2: bad-value: the verify task itself runs on this pool, and would wait for tasks that wait for its machine (let `worker` name another pool: it only waits there)
    image-defs/images/i.yml:2: bad-value: nothing says whose tasks are replicated (`replicate: {pool: ALIAS, from: [{index: PATH, scheduler: NAME-level-3, kinds: [test]}]}`)
    ");
    insta::assert_snapshot!(check(&format!("checks: [a.sh], {}", of("at-most: 501, drop-scopes: [''], from: [{index: a.b, scheduler: 'x y'}, {index: a.b, scheduler: s, kinds: ''}]"))), @r#"
    image-defs/images/i.yml:2: bad-value: the method `replicate` runs no checks: tasks of other projects take their place (remove `checks` with `checks: null`, or take another method)
    image-defs/images/i.yml:2: bad-value: expected 1 to 500 (each of them takes a machine of the candidate)
    image-defs/images/i.yml:2: bad-value: the pattern is empty, and matches nothing (`*` matches everything)
    image-defs/images/i.yml:2: bad-value: all tasks of the decision are selected (select some by `kinds`, `attributes` or `ran-on`)
    image-defs/images/i.yml:2: bad-value: "x y" is no scheduler: expected 1 to 38 letters, digits, `-` and `_` (it is `schedulerId` of the decision task, `TRUST-DOMAIN-level-3` as a rule)
    image-defs/images/i.yml:2: bad-value: the same decision stands here twice (put what is selected of it together)
    image-defs/images/i.yml:2: bad-value: the pattern is empty, and matches nothing (`*` matches everything)
    "#);
    insta::assert_snapshot!(check(&of(&format!("from: [{from}]")).replace("candidates", "linux")), @"image-defs/images/i.yml:2: bad-value: the verify task itself runs on this pool, and would wait for tasks that wait for its machine (let `worker` name another pool: it only waits there)");
    insta::assert_snapshot!(check(&of(&format!("from: [{from}]")).replace("candidates", "windows")), @"image-defs/images/i.yml:2: bad-value: the pool is one of windows, and the image is of linux (name the alias of the pool that runs the candidate)");
    insta::assert_snapshot!(check(&of(&format!("from: [{from}]")).replace("candidates", "candidate")), @"image-defs/images/i.yml:2: unknown-worker: there is no worker alias `candidate` (did you mean `candidates`?)");
    insta::assert_snapshot!(check(&of("at-most: few, form: [], from: [{index: a..b, kinds: [{}]}]")), @r#"
    image-defs/images/i.yml:2: wrong-type: expected an integer, found a string
    image-defs/images/i.yml:2: unknown-key: the key `form` is not known here (did you mean `from`?)
    image-defs/images/i.yml:2: bad-value: "a..b" is no index path: expected words of letters, digits and `_!~*'()%-` joined by `.`, at most 243 characters
    image-defs/images/i.yml:2: wrong-type: expected a string, found a map
    "#);
}

#[test]
fn faults_in_branches_that_nothing_chooses_are_found() {
    let image = "
extends: base
arch: {by-level: {1: amd64, 3: am64}}
level: 1
publish: {by-cloud: {aws: {wroker: x}, google: {worker: linux}}}
";
    let files = [
        ("fragments/base.yml", BASE),
        ("images/i.yml", image),
        ("fragments/unused.yml", "extnds: base"),
    ];
    insta::assert_snapshot!(check(&files, &["arch"]), @"
    image-defs/fragments/unused.yml:1: unknown-key: the key `extnds` is not known here (did you mean `extends`?)
    image-defs/images/i.yml:3: bad-value: unknown architecture `am64`, expected one of `amd64`, `arm64` (did you mean `amd64`?)
    image-defs/images/i.yml:5: unknown-key: the key `wroker` is not known here (did you mean `worker`?)
    ");
}

#[test]
fn what_cannot_be_resolved_is_said() {
    let one = |image: &'static str| {
        check(
            &[("fragments/base.yml", BASE), ("images/i.yml", image)],
            &[],
        )
    };
    insta::assert_snapshot!(one("extends: base\ndescription: '{{pins.tc.value}}'"), @"image-defs/images/i.yml:2: unknown-name: there is no `tc` in `pins` (nothing is known there)");
    insta::assert_snapshot!(one("extends: base\ndescription: '{{nmae}}'"), @"image-defs/images/i.yml:2: unknown-name: there is no `nmae` (did you mean `name`?)");
    insta::assert_snapshot!(one("extends: base\ndescription: {by-lvel: {1: a}}"), @"image-defs/images/i.yml:2: unknown-attribute: the image has no attribute `lvel` (its attributes: arch, cloud, os)");
    insta::assert_snapshot!(one("extends: base\nlevel: 1\ndescription: {by-level: {3: a}}"), @"image-defs/images/i.yml:3: no-choice: nothing here is for `level` `1` (choices: 3; `default` stands for all others)");
    insta::assert_snapshot!(one("extends: base\ndescription: {by-arch: {'amd.*': a, 'a.*64': b}}"), @"image-defs/images/i.yml:2: two-choices: two patterns match `arch` `amd64` (name `amd64` itself, or make the patterns exclude one another)");
    insta::assert_snapshot!(one("extends: bsae"), @"image-defs/images/i.yml:1: unknown-fragment: there is no fragment `bsae` (did you mean `base`?)");
    insta::assert_snapshot!(one("extends: ../../secret"), @"image-defs/images/i.yml:1: unknown-fragment: there is no fragment `../../secret` (fragments stand in `image-defs/fragments`: base)");
    insta::assert_snapshot!(one("extends: base\nbuild: {worker: lunix}"), @"image-defs/images/i.yml:2: unknown-worker: there is no worker alias `lunix` (did you mean `linux`?)");
    insta::assert_snapshot!(one("extends: base\nname: Not_A_Name"), @r#"image-defs/images/i.yml:2: bad-value: "Not_A_Name" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`"#);
    insta::assert_snapshot!(one("extends: base\nparent: x@moon"), @"image-defs/images/i.yml:2: bad-value: unknown cloud `moon`, expected one of `google`, `aws`, `azure`, `qemu`, `container`");
    insta::assert_snapshot!(one("extends: base\nvariants: {axes: {level: [1, 3]}, except: [{level: 2}]}\nname: i{{level}}"), @"
    i1@google 
    i3@google 
    image-defs/images/i.yml:2: no-combination: no combination has `level: 2` (`except` names axes and values as `axes` does)
    ");
    insta::assert_snapshot!(one("{}"), @"
    image-defs/images/i.yml: missing-key: the key `cloud` is missing (set it here, in a fragment, or as an axis of `variants`)
    image-defs/images/i.yml: missing-key: the key `os` is missing (set it here, in a fragment, or as an axis of `variants`)
    image-defs/images/i.yml:1: missing-key: the key `build` is missing
    image-defs/images/i.yml:1: missing-key: the key `builder` is missing
    ");
    insta::assert_snapshot!(one("- a"), @"image-defs/images/i.yml:1: wrong-type: expected a map, found a list");
}

#[test]
fn machines_that_verify() {
    let one = |more: &str| {
        let image = format!("extends: base\n{more}");
        let files = [("fragments/base.yml", BASE), ("images/i.yml", &*image)];
        check(&files, &["verify.machine"])
    };
    insta::assert_snapshot!(one("verify: {method: boot, worker: linux}"), @r#"i@google verify.machine={"firmware":"bios","memory":2048,"processors":2}"#);
    insta::assert_snapshot!(one("arch: arm64\nverify: {method: boot, worker: linux, machine: {memory: 8192}}"), @r#"i@google verify.machine={"firmware":"uefi","memory":8192,"processors":2}"#);
    insta::assert_snapshot!(one("verify: {method: boot, worker: linux, machine: {firmware: uefi, processors: 8}}"), @r#"i@google verify.machine={"firmware":"uefi","memory":2048,"processors":8}"#);
    insta::assert_snapshot!(one("arch: arm64\nverify:\n  method: pool\n  worker: linux\n  machine:\n    firmware: bios\n    memory: 64\n    processors: 0\n"), @"
    image-defs/images/i.yml:7: bad-value: `pool` starts no machine, so there is none to describe (leave `machine` out, or verify by `boot`)
    image-defs/images/i.yml:7: bad-value: machines of arm64 have no BIOS (leave it out: they start by UEFI)
    image-defs/images/i.yml:8: bad-value: expected 128 to 1048576
    image-defs/images/i.yml:9: bad-value: expected 1 to 255
    ");
    insta::assert_snapshot!(one("verify: {method: boot, worker: linux, machine: {firmware: efi, memory: lots, cores: 1}}"), @"
    image-defs/images/i.yml:2: bad-value: unknown firmware `efi`, expected one of `bios`, `uefi` (did you mean `uefi`?)
    image-defs/images/i.yml:2: wrong-type: expected an integer, found a string
    image-defs/images/i.yml:2: unknown-key: the key `cores` is not known here (known keys: firmware, memory, processors)
    ");
}

#[test]
fn fragments_that_extend_one_another_are_shown_whole() {
    let files = [
        ("fragments/a.yml", "extends: b"),
        ("fragments/b.yml", "extends: c"),
        ("fragments/c.yml", "extends: a"),
        ("images/i.yml", "extends: a"),
    ];
    insta::assert_snapshot!(check(&files, &[]), @"image-defs/fragments/c.yml:1: cycle: fragments extend one another: `image-defs/fragments/a.yml` → `image-defs/fragments/b.yml` → `image-defs/fragments/c.yml` → `image-defs/fragments/a.yml`");
}

#[test]
fn settings_say_what_is_wrong() {
    let config = "trust-domain: Not A Domain\nworkers: {aliases: {x: {provisioner: p, worker-type: T, implementation: docker, os: linux}}}";
    let tree = MemoryTree::new([("image-defs/config.yml", config)]).tree();
    let (_, _, faults) = read_settings(&View::new(&tree), &Layout::default(), true);
    let text: Vec<String> = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.code, fault.message))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    bad-value: "Not A Domain" is no trust domain: expected a lower case letter, then at most 29 lower case letters, digits and `-`, not ending in `-`, without `-level-`
    bad-value: "T" is no worker type: expected a lower case letter, then at most 37 lower case letters, digits and `-`, not ending in `-`
    bad-value: unknown worker implementation `docker`, expected one of `generic-worker`, `docker-worker`
    "#);
    let empty = MemoryTree::default().tree();
    let (_, _, faults) = read_settings(&View::new(&empty), &Layout::default(), true);
    assert_eq!(faults[0].code, "no-config");
}
