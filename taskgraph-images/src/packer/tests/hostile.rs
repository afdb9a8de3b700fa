//! Templates that nobody would write.

use std::fmt::Write as _;

use serde_json::json;

use super::show;

#[test]
fn refuses_hostile_templates() {
    let deep = |open: &str, close: &str| {
        format!(
            "source \"null\" \"x\" {{\n  a = {}1{}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n",
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let mut doubling = String::from("locals {\n  l0 = \"xxxxxxxxxxxxxxxx\"\n  m0 = [1]\n");
    for at in 1..60 {
        let _ = writeln!(
            doubling,
            "  l{at} = \"${{local.l{0}}}${{local.l{0}}}\"",
            at - 1
        );
        let _ = writeln!(doubling, "  m{at} = [local.m{0}, local.m{0}]", at - 1);
    }
    let uses = |what: &str| {
        format!(
            "source \"null\" \"x\" {{\n  a = {what}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n"
        )
    };
    let mut chain = String::from("locals {\n  l0 = 1\n");
    for at in 1..5000 {
        let _ = writeln!(chain, "  l{at} = local.l{}", at - 1);
    }
    for (text, expect) in [
        (deep("[", "]"), "packer-syntax"),
        (deep("(", ")"), "packer-syntax"),
        (deep("{ a = ", " }"), "packer-syntax"),
        (deep("\"${", "}\""), "packer-syntax"),
        (deep("!", ""), "packer-syntax"),
        (deep("1 + ", ""), "packer-syntax"),
        (deep("f(", ")"), "packer-syntax"),
        (deep("true ? 1 : ", ""), "packer-syntax"),
        (
            format!("{doubling}}}\n{}", uses("local.l59")),
            "template-too-large",
        ),
        (
            format!("{doubling}}}\n{}", uses("local.m59")),
            "template-too-large",
        ),
        (
            format!("{chain}}}\n{}", uses("local.l4999")),
            "template-too-deep",
        ),
        (uses("range(1000000000)"), "template-too-large"),
        (
            uses("setproduct(range(1000), range(1000), range(1000))"),
            "template-too-large",
        ),
        (
            uses("[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]"),
            "template-too-large",
        ),
        (uses("templatefile(\"x.tpl\", {})"), "template-too-deep"),
        (format!("# {}", "x".repeat(2 << 20)), "template-too-large"),
    ] {
        let shown = show(
            &[
                ("t.pkr.hcl", &text),
                ("x.tpl", "${templatefile(\"x.tpl\", {})}"),
            ],
            "t.pkr.hcl",
            "null.x",
            json!({}),
        );
        assert!(
            shown.starts_with(expect),
            "{expect}: {}",
            &shown[..shown.len().min(300)]
        );
    }
}

#[test]
fn bounds_what_follows_a_name_and_nested_json() {
    for operator in [".b", "[0]", "[*]", ".*"] {
        let text = format!(
            "source \"null\" \"x\" {{\n  a = build.a{}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n",
            operator.repeat(100_000)
        );
        let shown = show(&[("t.pkr.hcl", &text)], "t.pkr.hcl", "null.x", json!({}));
        assert!(shown.starts_with("template-too-deep"), "{operator}");
    }
    let deep = format!(
        "{{\"locals\": {{\"a\": {}{}}}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let shown = show(&[("t.pkr.json", &deep)], "t.pkr.json", "null.x", json!({}));
    assert!(shown.starts_with("packer-syntax: not valid JSON: recursion limit"));
}
