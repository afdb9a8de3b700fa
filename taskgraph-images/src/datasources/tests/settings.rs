//! Sources as they are declared.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Table;
use crate::datasources::{Source, Tokens};

#[test]
fn what_is_wrong_is_said() {
    let wrong = [
        json!("github-releases"),
        json!({"github-releases": {}, "pypi": {}}),
        json!({"github": {"repository": "example/tool"}}),
        json!({"github-releases": {"repo": "example/tool"}}),
        json!({"github-releases": {"assets": {}}}),
        json!({"github-releases": {"repository": "../tool"}}),
        json!({"github-commits": {"repository": "tool", "branch": ""}}),
        json!({"simplestreams": {"url": "https://user:not-a-password@example.org/index.json", "product": "x"}}),
        json!({"crates": {"name": "serde"}}),
        json!({"crates": {"index": "index.example.org", "name": "../serde"}}),
        json!({"npm": {"registry": "https://registry.example.org", "name": "@a/b?x"}}),
        json!({"debian": {"mirror": "ftp://x", "suite": "../..", "component": "main", "arch": "amd64", "package": "x"}}),
        json!({"taskcluster-index": {"path": "a..b", "scheduler-id": "x"}}),
        json!({"json": {"url": "https://example.org", "versions": "a", "dates": "/*/x"}}),
        json!({"aws-images": {"name": "*", "region": "us-west-2"}}),
        json!({"aws-images": {"owner": "self", "name": "a?", "region": "us-west-2"}}),
        json!({"aws-images": {
            "owner": "amazon", "name": "a*", "region": "x.example.org/", "regions": ["us-west-2", ""],
        }}),
        json!({"aws-ssm": {"path": "/x", "region": "US-WEST-2"}}),
    ];
    let mut told = String::new();
    for value in wrong {
        let _ = writeln!(told, "{}", Source::from_json(value).unwrap_err());
    }
    insta::assert_snapshot!(told, @r#"
    expected one source with its settings, such as `{github-releases: {repository: example/tool}}`
    expected one source with its settings, such as `{github-releases: {repository: example/tool}}`
    unknown source `github`, expected one of `github-releases`, `github-commits`, `simplestreams`, `google-images`, `azure-marketplace`, `aws-images`, `aws-ssm`, `crates`, `pypi`, `npm`, `debian`, `taskcluster-index`, `json`
    github-releases: unknown field `repo`, expected one of `repository`, `assets`, `tag-prefix`, `tag-suffix`
    github-releases: missing field `repository`
    github-releases: `repository` is "../tool": expected `owner/name`
    github-commits: `repository` is "tool": expected `owner/name`; `branch` is "": expected a name
    simplestreams: `url` holds credentials: tokens are given to the program, never written down; `url` must end in `streams/v1/index.json`
    crates: missing field `index`
    crates: `index` is "index.example.org": expected an address, `https://…`; "../serde" is no name of a package
    npm: "a/b?x" is no name of a package
    debian: `mirror` is "ftp://x": expected an address, `https://…`; `suite` is "../..": expected a name
    taskcluster-index: `path`: "a..b" is no index path: expected words of letters, digits and `_!~*'()%-` joined by `.`, at most 243 characters
    json: "a" is no JSON pointer: expected one such as `/releases/*/version`; "/*/x" has more `*` than `versions`
    aws-images: missing field `owner`
    aws-images: `owner` is `self`: expected the twelve digits of an account, `amazon` or `aws-marketplace`; `name` knows one wildcard, `*`
    aws-images: "x.example.org/" is no region: expected one such as `us-west-2`; "" is no region: expected one such as `us-west-2`
    aws-ssm: "US-WEST-2" is no region: expected one such as `us-west-2`
    "#);
}

#[test]
fn written_as_it_is_read() {
    let sources = [
        json!({"github-releases": {"repository": "example/tool", "assets": {"x": "y"}, "tag-prefix": "v"}}),
        json!({"aws-ssm": {"path": "/aws/service/x", "region": "us-west-2"}}),
        json!({"pypi": {"index": "https://index.example.org/pypi", "name": "tool", "assets": {}}}),
    ];
    for value in sources {
        let source = Source::from_json(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&source).unwrap(), value);
    }
    let schema = schemars::schema_for!(Source).to_value();
    let variants = schema["oneOf"].as_array().unwrap();
    assert_eq!(variants.len(), 13);
    for variant in variants {
        assert!(variant["description"].is_string(), "{variant}");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(
        validator.is_valid(&json!({"crates": {"index": "https://index.example.org", "name": "x"}}))
    );
    assert!(!validator.is_valid(&json!({"crates": {"name": "x"}})));
}

#[test]
fn tokens_go_to_their_host_alone() {
    let tokens = Tokens::default()
        .bearer("api.example.org", "not-a-token")
        .bearer("127.0.0.1:8080", "other");
    let sent = |url: &str| tokens.authorization(url).is_some();
    assert!(sent("https://api.example.org/x"));
    assert!(sent("https://API.example.org:443/x"));
    assert!(sent("http://127.0.0.1:8080/x"));
    for other in [
        "https://api.example.org@example.com/x",
        "https://api.example.org.example.com/x",
        "https://example.com/api.example.org",
        "https://api.example.org:8443/x",
        "http://127.0.0.1:8081",
        "nothing",
    ] {
        assert!(!sent(other), "{other}");
    }
    assert_eq!(
        format!("{tokens:?}"),
        r#"Tokens for ["127.0.0.1:8080", "api.example.org"]"#
    );
}

#[test]
fn a_service_that_is_down_may_be_asked_later() {
    let source: Value = json!({"json": {"url": "https://example.org/down", "versions": "/*"}});
    let error = Table::new()
        .releases(&Source::from_json(source).unwrap(), &[])
        .unwrap_err();
    assert!(error.is_transient());
    insta::assert_snapshot!(error, @r"json of `https://example.org/down`: GET https://example.org/down: no answer: connection refused");
}
