//! `preview --format html`: one page with the graph, a search and every reason, that needs nothing but itself.
//!
//! The page is static: style, script and skeleton are files beside this one, the preview goes in as a block of JSON,
//! and the script builds the rest out of elements and text. A strict content security policy in the page allows just
//! that style and that script, so a page opened from an artifact or an e-mail can load nothing, send nothing, and run
//! nothing that a name or a path of a repository might bring along.

use sha2::{Digest as _, Sha256};

use super::preview::PreviewJson;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// One module, in this order: each part uses those before it.
const SCRIPT: &str = concat!(
    include_str!("model.js"),
    include_str!("list.js"),
    include_str!("graph.js"),
    include_str!("details.js"),
    include_str!("page.js"),
);

/// The page of a preview. The same preview gives the same bytes.
pub fn page(preview: &PreviewJson) -> String {
    let data = data(preview);
    let policy = policy();
    let mut page =
        String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + data.len() + policy.len());
    let mut rest = PAGE;
    // One pass from front to back, so that a mark inside of what goes in is never taken for one of the page's.
    for (mark, text) in [
        ("@POLICY@", &*policy),
        ("@STYLE@", STYLE),
        ("@DATA@", &*data),
        ("@SCRIPT@", SCRIPT),
    ] {
        let (before, after) = rest
            .split_once(mark)
            .expect("the page has every mark once, in this order");
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page + rest
}

/// Nothing may be loaded, sent or run but the style and the script of the page; text never becomes markup.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        source_hash(SCRIPT),
        source_hash(STYLE)
    )
}

fn source_hash(source: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(source)))
}

/// The preview as JSON that means the same to a JSON reader and nothing to an HTML reader: all these characters can
/// stand only inside of strings, where an escape is as good.
fn data(preview: &PreviewJson) -> String {
    let json =
        serde_json::to_string(preview).expect("the published types are maps, lists and text");
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// RFC 4648 with padding, as a policy's hashes are written. Too little to take a library for.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            if digit <= chunk.len() {
                text.push(char::from(
                    ALPHABET[(word >> (18 - 6 * digit) & 63) as usize],
                ));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples::{HOSTILE, nothing, small};

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("\u{ff}\u{3f}", "w78/"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn the_same_preview_gives_the_same_bytes() {
        assert_eq!(page(&small()), page(&small()));
    }

    #[test]
    fn the_data_stands_in_the_page_once_and_means_the_same() {
        let page = page(&small());
        let data = data(&small());
        assert_eq!(page.matches(&data).count(), 1);
        let read: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read, serde_json::to_value(small()).unwrap());
        assert_eq!(read["images"][0]["reasons"][0]["path"], HOSTILE);
    }

    #[test]
    fn no_name_breaks_out_of_the_data() {
        let page = page(&small());
        assert_eq!(
            page.matches("</script>").count(),
            PAGE.matches("</script>").count()
        );
        assert!(!page.contains("<img"));
        assert!(!data(&small()).contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    }

    #[test]
    fn marks_of_the_page_inside_of_data_stay_data() {
        let mut preview = nothing();
        preview.unclaimed = vec!["@SCRIPT@ @DATA@ @STYLE@ @POLICY@".to_owned()];
        let page = page(&preview);
        assert!(page.contains(&preview.unclaimed[0]));
        assert_eq!(page.matches(SCRIPT).count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_but_itself() {
        let page = page(&small());
        for outside in [
            "src=\"",
            "<link",
            "@import",
            "url(",
            "http:",
            "https:",
            "fetch(",
            "XMLHttpRequest",
        ] {
            let found = page
                .replace("http://www.w3.org/2000/svg", "")
                .contains(outside);
            assert!(!found, "the page names `{outside}`");
        }
        for unsafe_use in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(
                !SCRIPT.contains(unsafe_use),
                "the script uses `{unsafe_use}`"
            );
        }
    }

    #[test]
    fn the_policy_allows_exactly_the_style_and_script() {
        let page = page(&nothing());
        for (open, source) in [("<style>", STYLE), ("<script type=\"module\">", SCRIPT)] {
            let (_, after) = page.split_once(open).unwrap();
            assert!(after.starts_with(source));
            assert!(after[source.len()..].starts_with("</"));
            assert!(page.contains(&source_hash(source)));
        }
        assert!(!page.contains("unsafe-"));
    }
}
