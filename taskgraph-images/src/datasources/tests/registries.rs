//! Crates, Python projects, npm's packages, Debian's packages.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{Table, source, told};

#[test]
fn crates() {
    let line = |name: &str, vers: &str, yanked: bool, more: &str| {
        let cksum = "d".repeat(64);
        format!(
            r#"{{"name":"{name}","vers":"{vers}","deps":[],"cksum":"{cksum}","features":{{}},"yanked":{yanked}{more}}}"#
        )
    };
    let crates = |name: &str| {
        source(json!({"crates": {"index": "https://index.example.org/", "name": name}}))
    };
    let lines = [
        line("Tool-x", "1.0.0", false, ""),
        line("Tool-x", "1.1.0", true, ""),
        line(
            "Tool-x",
            "2.0.0-rc.1",
            false,
            r#","pubtime":"2026-05-01T00:00:00Z","v":2"#,
        ),
        String::new(),
    ];
    let at = |url: &str, body: &str| Table::new().bytes(url, body.as_bytes());
    let url = "https://index.example.org/to/ol/tool-x";
    insta::assert_snapshot!(told(at(url, &lines.join("\n")).releases(&crates("Tool-x"), &["crate"])), @r"
    2.0.0-rc.1 2026-05-01T00:00:00.000Z crate=dddd…
    1.1.0 withdrawn crate=dddd…
    1.0.0 crate=dddd…
    ");
    for (name, path) in [
        ("a", "1/a"),
        ("ab", "2/ab"),
        ("abc", "3/a/abc"),
        ("abcd", "ab/cd/abcd"),
    ] {
        let table = at(
            &format!("https://index.example.org/{path}"),
            &line(name, "1.0.0", false, ""),
        );
        assert_eq!(
            table.releases(&crates(name), &[]).unwrap().len(),
            1,
            "{name}"
        );
    }
    let cut = lines.join("\n");
    insta::assert_snapshot!(
        [
            at(url, &cut[..300]).told(&crates("tool-x")),
            at(url, &line("other", "1.0.0", false, "")).told(&crates("tool-x")),
            at(url, &lines[0].replace(&"d".repeat(64), "md5")).told(&crates("tool-x")),
            Table::new().told(&crates("tool-x")),
        ]
        .join("\n"),
        @r"
    error: crates of `tool-x`: an answer that cannot be read: GET https://index.example.org/to/ol/tool-x: line 3: EOF while parsing an object at line 1 column 7
    error: crates of `tool-x`: GET https://index.example.org/to/ol/tool-x: it is about `other`
    error: crates of `tool-x`: an answer that cannot be read: GET https://index.example.org/to/ol/tool-x: the checksum of `1.0.0` is no SHA-256
    error: crates of `tool-x`: GET https://index.example.org/to/ol/tool-x: status 404: Not Found
    "
    );
}

#[test]
fn python_projects() {
    let file = |name: &str, day: u32, yanked: bool| {
        json!({
            "filename": name, "url": format!("https://files.example.org/{name}"), "yanked": yanked,
            "yanked_reason": null, "packagetype": "sdist", "digests": {"md5": "x", "sha256": "e".repeat(64)},
            "upload_time": "2026-05-01T00:00:00", "upload_time_iso_8601": format!("2026-05-{day:02}T00:00:00.123456Z"),
        })
    };
    let table = Table::new().json(
        "https://index.example.org/pypi/tool/json",
        &json!({"info": {"version": "1.10.0"}, "urls": [], "releases": {
            "1.9.0": [file("tool-1.9.0.tar.gz", 1, true), file("tool-1.9.0-py3-none-any.whl", 1, true)],
            "1.10.0": [file("tool-1.10.0.tar.gz", 2, false), file("tool-1.10.0-py3-none-any.whl", 3, false)],
            "1.10.0.post1": [file("tool-1.10.0.post1.tar.gz", 4, false)],
            "1.11rc1": [file("tool-1.11rc1.tar.gz", 5, false)],
            "1.11.dev3": [],
        }}),
    );
    let tool = source(json!({"pypi": {
        "index": "https://index.example.org/pypi", "name": "tool", "assets": {"wheel": "tool-{version}-*.whl"},
    }}));
    insta::assert_snapshot!(table.told(&tool), @r"
    1.10.0 2026-05-03T00:00:00.123Z wheel=eeee…
    1.10.0.post1 2026-05-04T00:00:00.123Z lacks file `tool-{version}-*.whl`
    1.11.dev3 prerelease lacks files, file `tool-{version}-*.whl`
    1.11rc1 2026-05-05T00:00:00.123Z prerelease lacks file `tool-{version}-*.whl`
    1.9.0 2026-05-01T00:00:00.123Z withdrawn lacks file `tool-{version}-*.whl`
    ");
}

#[test]
fn packages_of_npm() {
    let dist = |version: &str| {
        json!({"dist": {
            "tarball": format!("https://registry.example.org/tool-{version}.tgz"), "shasum": "x", "integrity": "sha512-x",
        }})
    };
    let mut deprecated = dist("1.0.0");
    deprecated["deprecated"] = json!("use 2");
    let mut again = dist("1.1.0");
    again["deprecated"] = json!("");
    let table = Table::new().json(
        "https://registry.example.org/@example%2Ftool",
        &json!({
            "name": "@example/tool", "dist-tags": {"latest": "1.1.0"},
            "versions": {"1.0.0": deprecated, "1.1.0": again, "2.0.0-beta.1": {"dist": {}}},
            "time": {"created": "2026-01-01T00:00:00.000Z", "1.0.0": "2026-05-01T00:00:00.000Z", "1.1.0": "soon",
                     "unpublished": {"by": "x"}},
        }),
    );
    let tool = source(
        json!({"npm": {"registry": "https://registry.example.org", "name": "@example/tool"}}),
    );
    insta::assert_snapshot!(told(table.releases(&tool, &["tarball"])), @r"
    1.0.0 2026-05-01T00:00:00.000Z withdrawn
    1.1.0
    2.0.0-beta.1 lacks tarball
    ");
}

const PACKAGES: &str =
    "https://mirror.example.org/debian/dists/noble-updates/main/binary-amd64/Packages";

fn debian() -> crate::datasources::Source {
    source(json!({"debian": {
        "mirror": "https://mirror.example.org/debian/", "suite": "noble-updates", "component": "main",
        "arch": "amd64", "package": "tool",
    }}))
}

fn packages() -> String {
    let stanza = |package: &str, version: &str, sha256: &str| {
        format!(
            "Package: {package}\nVersion: {version}\nDescription: x\n more: of it\n Package: tool\n\
             Filename: pool/t/{package}_{version}.deb\nSize: 5\nSHA256: {sha256}\n"
        )
    };
    [
        stanza("other", "9", &"f".repeat(64)),
        stanza("tool", "1:2.0~rc1-3", &"F".repeat(64)),
        stanza("tool", "1:2.0-1", ""),
        stanza("tool-extra", "9", &"f".repeat(64)),
    ]
    .join("\n")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packages_of_debian() {
    let packed = Table::new().bytes(&format!("{PACKAGES}.gz"), &gzip(packages().as_bytes()));
    insta::assert_snapshot!(told(packed.releases(&debian(), &["deb"])), @r"
    1:2.0~rc1-3 deb=ffff…
    1:2.0-1 lacks package with a SHA-256
    ");
    let plain = Table::new().bytes(PACKAGES, packages().as_bytes());
    assert_eq!(plain.told(&debian()), packed.told(&debian()));
    assert_eq!(Table::new().bytes(PACKAGES, b"").told(&debian()), "");
    // What breaks off, and what is none.
    let bytes = gzip(packages().as_bytes());
    let url = format!("{PACKAGES}.gz");
    let broken = Table::new()
        .bytes(&url, &bytes[..bytes.len() - 12])
        .told(&debian());
    assert!(broken.contains("it cannot be unpacked"), "{broken}");
    let none = Table::new().bytes(&url, b"<html>").told(&debian());
    assert!(none.contains("it cannot be unpacked"), "{none}");
    let down = Table::new().answer(&url, 500, &[], b"{}").told(&debian());
    assert!(down.contains("status 500"), "{down}");
}

#[test]
fn a_bomb_is_not_unpacked() {
    // 300 MiB of zeros in 300 KiB.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..300 {
        encoder.write_all(&zeros).unwrap();
    }
    let table = Table::new().bytes(&format!("{PACKAGES}.gz"), &encoder.finish().unwrap());
    let told = table.told(&debian());
    assert!(
        told.ends_with("it is larger than 256 MiB when it is unpacked"),
        "{told}"
    );
}
