//! Published JSON documents: the keys that scripts rely on.

use serde_json::Value;

use crate::support::Repo;

/// The keys of a value and of all that it holds, by path; lists by their items.
fn shape(value: &Value, at: &str, into: &mut std::collections::BTreeMap<String, &'static str>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    };
    if !at.is_empty() {
        into.insert(at.to_owned(), kind);
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| shape(item, &format!("{at}[]"), into)),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, below)| shape(below, &format!("{at}.{key}"), into)),
        _ => {}
    }
}

fn shapes(value: &Value) -> String {
    let mut all = std::collections::BTreeMap::new();
    shape(value, "", &mut all);
    all.iter()
        .map(|(path, kind)| format!("{path} {kind}\n"))
        .collect()
}

#[test]
fn images() {
    let repo = Repo::new();
    let document = repo.run(&["images", "--format", "json"]).json();
    assert_eq!(document["version"], 1);
    insta::assert_snapshot!(shapes(&document), @"
    .images list
    .images[] map
    .images[].cloud string
    .images[].definition string
    .images[].digests map
    .images[].digests.build string
    .images[].digests.publish string
    .images[].digests.verify string
    .images[].format string
    .images[].inputs list
    .images[].inputs[] map
    .images[].inputs[].counts string
    .images[].inputs[].kinds list
    .images[].inputs[].kinds[] string
    .images[].inputs[].path string
    .images[].inputs[].via list
    .images[].inputs[].via[] map
    .images[].inputs[].via[].at string
    .images[].inputs[].via[].from string
    .images[].inputs[].via[].how string
    .images[].inputs[].via[].to string
    .images[].name string
    .images[].parent null
    .version number
    ");
    let base = &document["images"][0];
    assert_eq!(
        (&base["name"], &base["cloud"]),
        (&"base".into(), &"google".into())
    );
    let util = base["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|input| input["path"] == "image-defs/scripts/lib/util.sh")
        .unwrap();
    insta::assert_json_snapshot!(util, @r#"
    {
      "path": "image-defs/scripts/lib/util.sh",
      "kinds": [
        "build"
      ],
      "counts": "bytes",
      "via": [
        {
          "from": "build-base-google",
          "how": "script",
          "to": "image-defs/scripts/common.sh",
          "at": "image-defs/images/base.yml:2"
        },
        {
          "from": "image-defs/scripts/common.sh",
          "how": "sourced-by",
          "to": "image-defs/scripts/lib/util.sh",
          "at": "image-defs/scripts/common.sh:3"
        }
      ]
    }
    "#);
    // `child` has its parent's inputs by its parent.
    let child = &document["images"][2];
    assert_eq!(child["parent"], "base@google");
}

#[test]
fn affected() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/lib/util.sh", "# more\n");
    repo.replace("image-defs/pins.yml", "570", "580");
    repo.write(
        "image-defs/images/added.yml",
        "extends: [task]\nscripts: [image-defs/scripts/child.sh]\n",
    );
    repo.remove("image-defs/images/gui.yml")
        .write("image-defs/unused.txt", "x\n")
        .commit();
    let document = repo
        .run(&[
            "affected", "--base", "start", "--head", "HEAD", "--format", "json",
        ])
        .json();
    assert_eq!(document["base"], repo.git(&["rev-parse", "start"]));
    assert_eq!(document["head"], repo.git(&["rev-parse", "HEAD"]));
    insta::assert_snapshot!(shapes(&document), @"
    .base string
    .head string
    .images list
    .images[] map
    .images[].change string
    .images[].cloud string
    .images[].name string
    .images[].reasons list
    .images[].reasons[] map
    .images[].reasons[].change string
    .images[].reasons[].key string
    .images[].reasons[].kind string
    .images[].reasons[].path string
    .images[].reasons[].via list
    .images[].reasons[].via[] map
    .images[].reasons[].via[].at string
    .images[].reasons[].via[].from string
    .images[].reasons[].via[].how string
    .images[].reasons[].via[].to string
    .images[].tasks list
    .images[].tasks[] string
    .unclaimed list
    .unclaimed[] string
    .unresolved list
    .version number
    ");
    insta::assert_json_snapshot!(document["images"], @r#"
    [
      {
        "name": "added",
        "cloud": "google",
        "change": "new",
        "tasks": [
          "build"
        ],
        "reasons": [
          {
            "kind": "new",
            "path": "image-defs/images/added.yml",
            "via": []
          }
        ]
      },
      {
        "name": "base",
        "cloud": "google",
        "change": "changed",
        "tasks": [
          "build",
          "verify",
          "publish"
        ],
        "reasons": [
          {
            "kind": "input",
            "path": "image-defs/scripts/lib/util.sh",
            "change": "modified",
            "via": [
              {
                "from": "build-base-google",
                "how": "script",
                "to": "image-defs/scripts/common.sh",
                "at": "image-defs/images/base.yml:2"
              },
              {
                "from": "image-defs/scripts/common.sh",
                "how": "sourced-by",
                "to": "image-defs/scripts/lib/util.sh",
                "at": "image-defs/scripts/common.sh:3"
              }
            ]
          }
        ]
      },
      {
        "name": "child",
        "cloud": "google",
        "change": "changed",
        "tasks": [
          "build"
        ],
        "reasons": [
          {
            "kind": "parent",
            "path": "image-defs/scripts/lib/util.sh",
            "change": "modified",
            "via": [
              {
                "from": "build-child-google",
                "how": "parent",
                "to": "build-base-google",
                "at": "image-defs/images/child.yml:2"
              },
              {
                "from": "build-base-google",
                "how": "script",
                "to": "image-defs/scripts/common.sh",
                "at": "image-defs/images/base.yml:2"
              },
              {
                "from": "image-defs/scripts/common.sh",
                "how": "sourced-by",
                "to": "image-defs/scripts/lib/util.sh",
                "at": "image-defs/scripts/common.sh:3"
              }
            ]
          }
        ]
      },
      {
        "name": "gui",
        "cloud": "google",
        "change": "removed",
        "tasks": [],
        "reasons": [
          {
            "kind": "removed",
            "path": "image-defs/images/gui.yml",
            "via": []
          }
        ]
      },
      {
        "name": "packed-b",
        "cloud": "google",
        "change": "changed",
        "tasks": [
          "build"
        ],
        "reasons": [
          {
            "kind": "pin",
            "path": "image-defs/pins.yml",
            "change": "modified",
            "key": "driver",
            "via": [
              {
                "from": "build-packed-b-google",
                "how": "values",
                "to": "values of build-packed-b-google",
                "at": "image-defs/images/packed-b.yml"
              }
            ]
          }
        ]
      }
    ]
    "#);
    insta::assert_json_snapshot!(document["unclaimed"], @r#"
    [
      "image-defs/unused.txt"
    ]
    "#);
    let labels = repo
        .run(&[
            "affected", "--base", "start", "--head", "HEAD", "--format", "labels",
        ])
        .stdout;
    insta::assert_snapshot!(labels, @"
    build-added-google
    build-base-google
    verify-base-google
    publish-base-google
    build-child-google
    build-packed-b-google
    ");
}

#[test]
fn explanations() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/lib/util.sh", "# more\n");
    repo.append("image-defs/pins.yml", "# A comment.\n");
    let explain = |what: &str| {
        repo.run(&["affected", "--base", "HEAD", "--explain", what])
            .block()
    };
    insta::assert_snapshot!(explain("child"), @"
    exit 0
    --- stdout
    child@google is affected: build
      image-defs/scripts/lib/util.sh modified
        build-child-google ─ parent → build-base-google (image-defs/images/child.yml:2)
        build-base-google ─ script → image-defs/scripts/common.sh (image-defs/images/base.yml:2)
        image-defs/scripts/common.sh ─ sourced-by → image-defs/scripts/lib/util.sh (image-defs/scripts/common.sh:3)
    ");
    insta::assert_snapshot!(explain("packed-a@google"), @"
    exit 0
    --- stdout
    packed-a@google is not affected: what changed in these files does not count for it
      image-defs/pins.yml
    ");
    insta::assert_snapshot!(explain("image-defs/scripts/child.sh"), @"
    exit 0
    --- stdout
    image-defs/scripts/child.sh goes into 1 image
    child@google: build
        build-child-google ─ script → image-defs/scripts/child.sh (image-defs/images/child.yml:3)
    ");
    insta::assert_snapshot!(explain("image-defs/pins.yml"), @"
    exit 0
    --- stdout
    image-defs/pins.yml changed and goes into 2 images; only the values that images resolve to count
    packed-a@google: build
        build-packed-a-google ─ pin → image-defs/pins.yml (image-defs/pins.yml:2)
    packed-b@google: build
        build-packed-b-google ─ pin → image-defs/pins.yml (image-defs/pins.yml:3)
    ");
    insta::assert_snapshot!(explain("README.md"), @"
    exit 0
    --- stdout
    README.md goes into no image
    ");
    insta::assert_snapshot!(explain("gone"), @"
    exit 2
    --- stderr
    error: `gone` is neither an image nor a path, at the head or at the base
    hint: `taskgraph-images images` lists the images and their files
    ");
    insta::assert_snapshot!(explain("../outside"), @"
    exit 2
    --- stderr
    error: `../outside` leaves the repository
    ");
}

#[test]
fn digests() {
    let repo = Repo::new();
    insta::assert_snapshot!(repo.run(&["digest", "base"]).block(), @"
    exit 0
    --- stdout
    [64]  build-base-google
    [64]  verify-base-google
    [64]  publish-base-google
    ");
    insta::assert_snapshot!(repo.run(&["digest", "bsae"]).block(), @"
    exit 2
    --- stderr
    error: there is no image `bsae`
    hint: did you mean `base`?
    ");
    let document = repo.run(&["images", "--format", "json"]).json();
    let build = repo
        .run(&["digest", "base@google", "--kind", "build"])
        .stdout;
    assert_eq!(document["images"][0]["digests"]["build"], build.trim());
}

#[test]
fn previews_are_the_same_each_time() {
    let repo = Repo::new();
    for format in ["tree", "table", "json", "tasks", "dot", "mermaid"] {
        let run = || repo.run(&["preview", "--all", "--format", format]);
        let first = run();
        assert_eq!(first.code, Some(0), "{format}: {}", first.block());
        assert!(!first.stdout.is_empty(), "{format}");
        assert_eq!(first.stdout, run().stdout, "{format}");
    }
}
