//! Strangers' text, as bad as it comes.

use proptest::prelude::*;

use crate::datasources::{escape, escape_line};

#[test]
fn attacks() {
    let attacks = [
        "ping @mozilla/all and foo@example.org",
        "closes #1, fixes example/tool#2, see GH-3 and BUG-4",
        "<!-- image-bump --> and --> <!-- upgrade:taskcluster",
        "`<!-- image-bump -->` in code",
        "<img src=x onerror=alert(1)> <details> &lt;b&gt; &#64;all",
        "![x](https://example.org/pixel.png \"t\") [text](https://example.org) [a][b]",
        "https://example.org/#1 www.example.org mailto:x@example.org",
        "[b]: https://example.org\n[^1]: note",
        "# Title\n\n===\n\n---\n| a | b |\n|---|---|",
        "* one\n+ two\n   - @three\n1. four\n- [ ] five",
        "/taskcluster publish",
        "@\u{200b}all #\u{200d}1 \u{202e}evil\u{0}",
        "back\\@all \\`@all` `a`@all `` `x` ``@y```z`` @w",
        "```\n@all --> <!-- x\n```\n@after",
        "~~~html\n```\n@all",
        "**bold** _it_ ~~no~~ $x$ > quote",
    ];
    let told: Vec<String> = attacks.iter().map(|text| escape(text, 1000)).collect();
    insta::assert_snapshot!(told.join("\n--\n"), @r"
    ping `@mozilla/all` and `foo@example.org`
    --
    closes `#1`, fixes `example/tool#2`, see `GH-3` and `BUG-4`
    --
    &lt;\!-- image-bump --&gt; and --&gt; &lt;\!-- upgrade:taskcluster
    --
    `<! -- image-bump -- >` in code
    --
    &lt;img src=x onerror=alert(1)&gt; &lt;details&gt; &amp;lt;b&amp;gt; `&#64;all`
    --
    x (`https://example.org/pixel.png`) text (`https://example.org`) \[a\]\[b\]
    --
    `https://example.org/#1` `www.example.org` `mailto:x@example.org`
    --
    \[b\]: `https://example.org`
    \[^1\]: note
    --
    **Title**

    \===

    \---
    \| a \| b \|
    \|---\|---\|
    --
    - one
    - two
    - `@three`
    1\. four
    - \[ \] five
    --
    `/taskcluster` publish
    --
    `@all` `#1` evil
    --
    `back\@all` \\`@all` `a` `@all` `` `x` `` `@y`&#96;&#96;&#96;z&#96;&#96; `@w`
    --
    ```
    @all -- > <! -- x
    ```

    `@after`
    --
    ````
    ```
    @all
    ````
    --
    \*\*bold\*\* \_it\_ \~\~no\~\~ \$x\$ &gt; quote
    ");
}

#[test]
fn lines() {
    assert_eq!(
        escape_line("a\n# b | @c|d\n<!--", 100),
        "a `#` b ¦ `@c¦d` &lt;\\!--"
    );
    assert_eq!(escape_line("- x", 100), "\\- x");
    assert_eq!(
        escape_line("some words that are long", 16),
        "some words that…"
    );
    assert_eq!(escape_line("1.2.3 1. x", 100), "1.2.3 1. x");
    assert_eq!(escape_line("1. x", 100), "1\\. x");
}

#[test]
fn what_is_cut_is_said() {
    let text = "word ".repeat(1000);
    let cut = escape(&text, 200);
    assert!(cut.chars().count() <= 200);
    assert!(
        cut.ends_with("more characters are left out here.)*"),
        "{cut}"
    );
    // A block of code is closed where it is cut.
    let cut = escape(&format!("```\n{}", "@all\n".repeat(1000)), 300);
    assert_eq!(active(&cut), None, "{cut}");
    assert!(escape(&"`".repeat(100_000), 500).chars().count() <= 500);
    assert_eq!(escape("some text", 3), "");
    assert_eq!(escape("", 3), "");
}

/// What a forge would act upon, by a reader of its own: what is outside of code, and comments anywhere.
fn active(markdown: &str) -> Option<String> {
    for comment in ["<!--", "-->", "--!>"] {
        if markdown.contains(comment) {
            return Some(comment.to_owned());
        }
    }
    let mut fence: Option<usize> = None;
    let mut text = String::new();
    for line in markdown.lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(open) if ticks >= open && ticks == line.len() => fence = None,
            Some(_) => {}
            None if ticks >= 3 && ticks == line.len() => fence = Some(ticks),
            None => {
                text += line;
                text.push('\n');
            }
        }
    }
    if fence.is_some() {
        return Some("an open fence".to_owned());
    }
    let mut outside = String::new();
    let bytes: Vec<char> = text.chars().collect();
    let run = |from: usize| bytes[from..].iter().take_while(|c| **c == '`').count();
    let mut place = 0;
    while place < bytes.len() {
        if bytes[place] == '\\' {
            // The next character is only itself.
            place += 2;
            outside.push(' ');
        } else if bytes[place] == '`' {
            let length = run(place);
            let mut end = place + length;
            while end < bytes.len() && run(end) != length {
                end += run(end).max(1);
            }
            if end >= bytes.len() {
                return Some("an open code span".to_owned());
            }
            place = end + length;
            outside.push(' ');
        } else {
            outside.push(bytes[place]);
            place += 1;
        }
    }
    let outside = outside
        .replace("&#96;", "'")
        .replace("&lt;", "x")
        .replace("&gt;", "x")
        .replace("&amp;", "x");
    let words = [
        "@", "#", "://", "www.", "<", ">", "[", "]", "&", "|", "_", "~", "$", "mailto:",
    ];
    let found = words
        .iter()
        .find(|word| outside.to_lowercase().contains(**word));
    let starts = outside
        .lines()
        .find(|line| line.starts_with(['/', '=', '+']));
    found
        .map(|word| (*word).to_owned())
        .or_else(|| starts.map(str::to_owned))
}

#[test]
fn the_reader_sees_what_is_active() {
    for text in [
        "@a",
        "`a` #1",
        "``a` @b",
        "```\nx",
        "`<!--`",
        "<b>",
        "[x](y)",
        "a\n/command",
        "\\\\@a",
    ] {
        assert!(active(text).is_some(), "{text}");
    }
    for text in ["`@a`", "```\n#1\n```", "\\[x\\]", "plain **words**"] {
        assert_eq!(active(text), None, "{text}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let parts = proptest::sample::select(vec![
        "@all",
        "#1",
        "closes #2",
        "GH-3",
        "`",
        "``",
        "```",
        "~~~",
        "\n",
        "\n\n",
        " ",
        "    ",
        "<!--",
        "-->",
        "--!>",
        "-",
        "<",
        ">",
        "!",
        "[x](y)",
        "![",
        "](",
        ")",
        "[",
        "]",
        "\\",
        "\\`",
        "https://x.example",
        "www.x",
        "|",
        "* ",
        "# ",
        "1. ",
        "= ",
        "/cmd",
        "&#64;x",
        "é",
        "\u{200b}",
        "\r",
        "\u{2028}",
        "word",
        "a-1",
        "**",
        "_",
        "<b>",
        "$",
    ]);
    proptest::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_comes_is_harmless(text in prop_oneof![hostile(), "\\PC{0,60}"], limit in 0..400_usize) {
        let whole = escape(&text, 100_000);
        prop_assert_eq!(active(&whole), None, "{}", whole);
        let cut = escape(&text, limit);
        prop_assert!(cut.chars().count() <= limit);
        prop_assert_eq!(active(&cut), None, "{}", cut);
        let line = escape_line(&text, limit);
        prop_assert!(!line.contains('\n') && !line.contains('|'));
        prop_assert!(line.chars().count() <= limit);
        prop_assert_eq!(active(&line), None, "{}", line);
    }
}
