//! JSON documents by pointers.

use serde_json::{Value, json};

use super::{Table, source};

const URL: &str = "https://example.org/index.json";

fn told(document: &Value, mut settings: Value) -> String {
    settings["url"] = json!(URL);
    Table::new()
        .json(URL, document)
        .told(&source(json!({"json": settings})))
}

#[test]
fn lists_and_maps() {
    let list = json!([
        {"version": "v20.1.0", "date": "2026-05-03", "lts": false, "sha": {"x64": "A".repeat(64)}},
        {"version": "v20.0.0", "date": 1_777_593_600, "gone": "security", "sha": {"x64": format!("sha256:{}", "b".repeat(64))}},
        {"version": 20_260_501, "sha": {}},
    ]);
    insta::assert_snapshot!(
        told(&list, json!({
            "versions": "/*/version", "dates": "/*/date", "withdrawn": "/*/gone", "digests": {"x64": "/*/sha/x64"},
        })),
        @r"
    v20.1.0 2026-05-03T00:00:00.000Z x64=aaaa…
    v20.0.0 2026-05-01T00:00:00.000Z withdrawn x64=bbbb…
    20260501 lacks SHA-256 of `x64`
    "
    );
    let map = json!({"a/b": {"1.0": {"at": "2026-05-01T00:00:00Z", "beta": true}, "1.1": {"at": "soon"}}});
    insta::assert_snapshot!(
        told(&map, json!({"versions": "/a~1b/*#", "dates": "/a~1b/*/at", "prereleases": "/a~1b/*/beta"})),
        @r"
    1.0 2026-05-01T00:00:00.000Z prerelease
    1.1
    "
    );
    let nested = json!({"lines": [{"all": ["1.0", "1.1"], "day": "2026-05-01"}, {"all": ["2.0"], "day": "20260502"}]});
    insta::assert_snapshot!(
        told(&nested, json!({"versions": "/lines/*/all/*", "dates": "/lines/*/day"})),
        @r"
    1.0 2026-05-01T00:00:00.000Z
    1.1 2026-05-01T00:00:00.000Z
    2.0 2026-05-02T00:00:00.000Z
    "
    );
    assert_eq!(
        told(&json!({"latest": "3.2"}), json!({"versions": "/latest"})),
        "3.2\n"
    );
}

#[test]
fn what_is_no_version_there() {
    insta::assert_snapshot!(
        [
            // Written as a number, 24.10 is 24.1.
            told(&json!([24.10]), json!({"versions": "/*"})),
            told(&json!({"releases": []}), json!({"versions": "/releases/*"})),
            told(&json!([{"version": null}]), json!({"versions": "/*/version"})),
            told(&json!("text"), json!({"versions": "/a/b"})),
        ]
        .join("\n"),
        @r"
    error: json of `https://example.org/index.json`: an answer that cannot be read: `/*` leads to 24.1, which is no text
    error: json of `https://example.org/index.json`: an answer that cannot be read: there is nothing at `/releases/*`
    error: json of `https://example.org/index.json`: an answer that cannot be read: `/*/version` leads to null, which is no text
    error: json of `https://example.org/index.json`: an answer that cannot be read: there is nothing at `/a/b`
    "
    );
}
