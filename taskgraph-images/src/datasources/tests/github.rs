//! GitHub's releases and commits.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Table, source, told};
use crate::datasources::{
    Bases, Services, Source, SourceErrorKind, Tokens, ancestry, fill_digests, is_ancestor, releases,
};
use crate::http::{Client, Pace};
use crate::versions::Ancestry;

const LIST: &str = "https://github.example.org/repos/example/tool/releases?per_page=100";

fn tool() -> Source {
    source(json!({"github-releases": {
        "repository": "example/tool",
        "tag-prefix": "v",
        "assets": {"worker": "worker-linux-amd64", "archive": "tool-{version}-*.tar.gz"},
    }}))
}

fn asset(name: &str, digest: &Value) -> Value {
    json!({
        "name": name, "state": "uploaded", "size": 7, "digest": digest,
        "url": format!("https://github.example.org/assets/{name}"),
        "browser_download_url": format!("https://example.org/{name}"),
        "updated_at": "2026-05-01T10:05:00Z",
    })
}

fn release(tag: &str, assets: &Value) -> Value {
    json!({
        "tag_name": tag, "name": tag, "draft": false, "prerelease": false, "body": "notes",
        "created_at": "2026-05-01T09:00:00Z", "published_at": "2026-05-01T10:00:00Z",
        "html_url": format!("https://example.org/{tag}"), "assets": assets,
    })
}

fn sha(letter: &str) -> Value {
    json!(format!("sha256:{}", letter.repeat(64)))
}

#[test]
fn tags_that_go_on_after_the_version() {
    let tags = [
        "v2.54.0.windows.1",
        "v2.54.0.windows.2",
        "v2.53.0",
        "2.52.0.windows.1",
    ];
    let list: Vec<Value> = tags
        .iter()
        .map(|tag| release(tag, &json!([asset("Git-2.54.0-64-bit.exe", &sha("a"))])))
        .collect();
    let table = Table::new().json(LIST, &json!(list));
    let git = source(json!({"github-releases": {
        "repository": "example/tool", "tag-prefix": "v", "tag-suffix": ".windows.1",
        "assets": {"amd64": "Git-{version}-64-bit.exe"},
    }}));
    insta::assert_snapshot!(told(table.releases(&git, &["amd64"])), @"2.54.0 2026-05-01T10:05:00.000Z amd64=aaaa…");
}

#[test]
fn releases_with_pages_drafts_and_assets() {
    let whole = |version: &str| {
        let archive = asset(&format!("tool-{version}-linux.tar.gz"), &sha("a"));
        json!([asset("worker-linux-amd64", &sha("B")), archive])
    };
    let mut draft = release("v3.0.0", &whole("3.0.0"));
    draft["draft"] = json!(true);
    let mut candidate = release("v2.1.0-rc.1", &whole("2.1.0-rc.1"));
    candidate["prerelease"] = json!(true);
    let mut uploading = whole("1.9.0");
    uploading[0]["state"] = json!("open");
    let mut twice = whole("1.8.0");
    twice[0]["name"] = json!("tool-1.8.0-darwin.tar.gz");
    let mut replaced = whole("1.6.0");
    replaced[1]["updated_at"] = json!("2026-05-19T00:00:00Z");
    let old = json!([
        asset("worker-linux-amd64", &Value::Null),
        asset("tool-1.7.0-linux.tar.gz", &sha("a"))
    ]);
    let next = "https://github.example.org/repositories/7/releases?per_page=100&page=2";
    let table = Table::new()
        .answer(
            LIST,
            200,
            &[(
                "link",
                &format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\""),
            )],
            json!([
                draft,
                candidate,
                release("v2.0.0", &whole("2.0.0")),
                release("other-9.9.9", &json!([]))
            ])
            .to_string()
            .as_bytes(),
        )
        .json(
            next,
            &json!([
                release("v1.9.0", &uploading),
                release("v1.8.0", &twice),
                release("v1.7.0", &old),
                release("v1.6.0", &replaced),
            ]),
        );
    insta::assert_snapshot!(told(table.releases(&tool(), &["worker"])), @r"
    2.1.0-rc.1 2026-05-01T10:05:00.000Z prerelease archive=aaaa… worker=bbbb…
    2.0.0 2026-05-01T10:05:00.000Z archive=aaaa… worker=bbbb…
    1.9.0 2026-05-01T10:05:00.000Z archive=aaaa… lacks asset `worker-linux-amd64`
    1.8.0 2026-05-01T10:00:00.000Z lacks one asset `tool-{version}-*.tar.gz` of several, asset `worker-linux-amd64`
    1.7.0 2026-05-01T10:05:00.000Z archive=aaaa…
    1.6.0 2026-05-19T00:00:00.000Z archive=aaaa… worker=bbbb…
    ");
    let asked = table.asked.borrow();
    assert_eq!(asked.len(), 2);
    for request in asked.iter() {
        assert_eq!(request.authorization.as_deref(), Some("Bearer not-a-token"));
        assert!(!format!("{request:?}").contains("not-a-token"));
    }
}

#[test]
fn a_digest_that_is_not_told_is_taken_from_the_asset() {
    let assets = json!([
        asset("worker-linux-amd64", &Value::Null),
        asset("tool-1.0.0-x.tar.gz", &sha("a"))
    ]);
    let table = Table::new()
        .json(LIST, &json!([release("v1.0.0", &assets)]))
        .bytes(
            "https://github.example.org/assets/worker-linux-amd64",
            b"content",
        );
    let tool = tool();
    let mut release = table.releases(&tool, &[]).unwrap().remove(0);
    assert_eq!(release.digests.len(), 1);
    table
        .act(|services| fill_digests(&tool, &mut release, services))
        .unwrap();
    assert_eq!(
        release.digests["worker"],
        "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    );
    assert_eq!(release.digests["archive"], "a".repeat(64));
    // The other one was not downloaded.
    assert_eq!(table.asked().len(), 2);

    let mut release = table.releases(&tool, &[]).unwrap().remove(0);
    let before = release.clone();
    release.downloads.insert(
        "gone".to_owned(),
        "https://github.example.org/assets/gone".to_owned(),
    );
    let error = table
        .act(|services| fill_digests(&tool, &mut release, services))
        .unwrap_err();
    assert_eq!(
        (error.status(), &release.digests),
        (Some(404), &before.digests)
    );
}

#[test]
fn what_is_no_list_of_releases() {
    let told = |body: &str| Table::new().bytes(LIST, body.as_bytes()).told(&tool());
    let elsewhere = Table::new().answer(
        LIST,
        200,
        &[("link", "<https://example.com/2>; rel=\"next\"")],
        b"[]",
    );
    let digest = json!([release(
        "v1.0.0",
        &json!([asset("worker-linux-amd64", &json!("sha256:12"))])
    )]);
    insta::assert_snapshot!(
        [
            told("[{\"tag_name\": \"v1."),
            told("{\"message\": \"moved\"}"),
            told("[{}]"),
            told(&digest.to_string()),
            told("[]"),
            elsewhere.told(&tool()),
            Table::new().told(&tool()),
            super::told(Table::new().releases(&tool(), &["livelog", "worker"])),
        ]
        .join("\n"),
        @r#"
    error: github-releases of `example/tool`: an answer that cannot be read: GET https://github.example.org/repos/example/tool/releases?per_page=100: EOF while parsing a string at line 1 column 18
    error: github-releases of `example/tool`: an answer that cannot be read: GET https://github.example.org/repos/example/tool/releases?per_page=100: invalid type: map, expected a sequence at line 1 column 0
    error: github-releases of `example/tool`: an answer that cannot be read: GET https://github.example.org/repos/example/tool/releases?per_page=100: missing field `tag_name` at line 1 column 3
    error: github-releases of `example/tool`: an answer that cannot be read: the digest of asset "worker-linux-amd64" is no SHA-256: "12"

    error: github-releases of `example/tool`: an answer that cannot be read: GET https://github.example.org/repos/example/tool/releases?per_page=100: its next page is elsewhere: https://example.com/2
    error: github-releases of `example/tool`: GET https://github.example.org/repos/example/tool/releases?per_page=100: status 404: Not Found
    error: github-releases of `example/tool`: the pin has digests of `livelog`, and the assets of its source are: `archive`, `worker`
    "#
    );
}

#[test]
fn hostile_tags_are_only_text() {
    let table = Table::new().json(
        LIST,
        &json!([
            release("v1.0.0`$(id)`", &json!([])),
            release("v*", &json!([asset("anything", &sha("a"))]))
        ]),
    );
    insta::assert_snapshot!(table.told(&tool()), @r"
    1.0.0`$(id)` 2026-05-01T10:00:00.000Z lacks asset `tool-{version}-*.tar.gz`, asset `worker-linux-amd64`
    * 2026-05-01T10:00:00.000Z lacks asset `tool-{version}-*.tar.gz`, asset `worker-linux-amd64`
    ");
}

/// Against a service on loopback, with the network's own client: pages, and a limit that asks for patience.
#[test]
fn a_limit_of_requests_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let next = format!("link: <{base}/page2>; rel=\"next\"");
    let body = |tag: &str| json!([release(tag, &json!([]))]).to_string();
    let answers = [
        (
            "403 Forbidden",
            "retry-after: 0".to_owned(),
            "{\"message\": \"rate limit\"}".to_owned(),
        ),
        ("200 OK", next, body("v2.0.0")),
        ("200 OK", "x-page: 2".to_owned(), body("v1.0.0")),
    ];
    let server = std::thread::spawn(move || {
        for (status, header, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\n{header}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    let client = Client::new(Pace {
        retries: 2,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_secs(1),
        between_writes: Duration::from_millis(1),
        answer: Duration::from_secs(5),
    })
    .unwrap();
    let bases = Bases {
        github: base,
        ..Bases::default()
    };
    let services = Services {
        http: &client,
        bases: &bases,
        tokens: &Tokens::default(),
        aws: None,
        index: None,
        queue: None,
        now: "2026-05-20T00:00:00Z".parse().unwrap(),
    };
    let tool = source(json!({"github-releases": {"repository": "example/tool"}}));
    let found = releases(&tool, &services, &std::collections::BTreeSet::new()).unwrap();
    let versions: Vec<&str> = found
        .iter()
        .map(|release| release.version.as_str())
        .collect();
    assert_eq!(versions, ["v2.0.0", "v1.0.0"]);
    server.join().unwrap();
}

fn commits() -> Source {
    source(json!({"github-commits": {
        "repository": "example/puppet", "branch": "release/1", "path": "data/os",
    }}))
}

fn commit(letter: &str, date: &str) -> Value {
    json!({
        "sha": letter.repeat(40), "html_url": format!("https://example.org/{letter}"),
        "commit": {"message": "Fixes #1", "committer": {"name": "x", "date": date}},
    })
}

#[test]
fn commits_of_a_branch_by_their_whole_ids() {
    let list = "https://github.example.org/repos/example/puppet/commits?sha=release%2F1&per_page=100&path=data%2Fos";
    let table = Table::new().json(
        list,
        &json!([
            commit("b", "2026-05-02T00:00:00Z"),
            commit("a", "2026-05-01T00:00:00Z")
        ]),
    );
    insta::assert_snapshot!(table.told(&commits()), @r"
    bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 2026-05-02T00:00:00.000Z
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 2026-05-01T00:00:00.000Z
    ");
    let mut short = commit("b", "2026-05-02T00:00:00Z");
    short["sha"] = json!("82415f4");
    let table = Table::new().json(list, &json!([short]));
    insta::assert_snapshot!(table.told(&commits()), @r#"error: github-commits of `example/puppet`: an answer that cannot be read: "82415f4" is no id of a commit"#);
}

fn compared(base: &str, head: &str) -> String {
    format!("https://github.example.org/repos/example/puppet/compare/{base}...{head}?per_page=1")
}

#[test]
fn a_commit_of_a_fork_is_on_no_branch() {
    let id = |letter: &str| letter.repeat(40);
    let branch = |letter| compared("release%2F1", &id(letter));
    let table = Table::new()
        .json(
            &branch("a"),
            &json!({"status": "behind", "commits": [], "files": []}),
        )
        .json(&branch("b"), &json!({"status": "identical"}))
        .json(&branch("c"), &json!({"status": "diverged"}))
        .json(&branch("d"), &json!({"status": "ahead"}))
        .json(&branch("f"), &json!({"status": "sideways"}));
    let asked = |commit: &str| table.act(|services| is_ancestor(&commits(), services, commit));
    assert_eq!(
        ["a", "b", "c", "d", "e"].map(|letter| asked(&id(letter)).unwrap()),
        [true, true, false, false, false]
    );
    assert!(matches!(
        asked(&id("f")).unwrap_err().kind,
        SourceErrorKind::Unreadable(_)
    ));
    insta::assert_snapshot!(asked("82415f4").unwrap_err(), @r#"github-commits of `example/puppet`: "82415f4" is no whole id of a commit: write all 40 digits, as fewer may come to mean another commit"#);
    let other = table.act(|services| is_ancestor(&tool(), services, &id("a")));
    insta::assert_snapshot!(other.unwrap_err(), @r"github-releases of `example/tool`: only the source `github-commits` knows the order of commits");
}

#[test]
fn the_order_of_commits_is_asked_for() {
    let id = |letter: &str| letter.repeat(40);
    let current = id("c");
    let to = |letter| compared(&current, &id(letter));
    let table = Table::new()
        .json(&to("f"), &json!({"status": "diverged"}))
        .json(&to("e"), &json!({"status": "ahead"}))
        .json(&to("b"), &json!({"status": "behind"}));
    let ids = ["f", "e", "b", "a"].map(id);
    let ids = ids.each_ref().map(String::as_str);
    let told = table
        .act(|services| ancestry(&commits(), services, &current, &ids))
        .unwrap();
    let expected = [
        (id("b"), Ancestry::Older),
        (id("e"), Ancestry::Newer),
        (id("f"), Ancestry::Apart),
    ];
    assert_eq!(told, expected.into());
    // What follows an older one was not asked.
    assert_eq!(table.asked().len(), 3);
    let gone = table.act(|services| ancestry(&commits(), services, &id("9"), &ids));
    assert_eq!(gone.unwrap_err().status(), Some(404));
}
