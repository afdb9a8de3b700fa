//! Input that nobody would write.

use proptest::prelude::*;

use crate::scripts::{LONGEST_SCRIPT, Language, Unreadable, analyse};

const LANGUAGES: [Language; 2] = [Language::Shell, Language::PowerShell];

#[test]
fn bounds() {
    for language in LANGUAGES {
        let long = vec![b'a'; LONGEST_SCRIPT + 1];
        assert_eq!(
            analyse(language, &long),
            Err(Unreadable::TooLong(LONGEST_SCRIPT + 1))
        );
        assert_eq!(analyse(language, b"\xFF\xFE.\0 \0"), Err(Unreadable::Utf16));
        assert_eq!(analyse(language, b". ./a\0"), Err(Unreadable::Binary));
        let latin = analyse(language, b"# caf\xE9\n. ./a.ps1").unwrap();
        assert_eq!(latin.references[0].span.start, 9);
    }
}

#[test]
fn nesting() {
    for language in LANGUAGES {
        for open in [
            "(", "{", "[", "$(", "${", "\"$(", "`", "'", "\"", "if ", "@(", ". $(", "a=$(. ", "@{",
            "<#", "[[",
        ] {
            let mut text = ". ./a.ps1\n".to_owned();
            text.push_str(&open.repeat(20_000));
            // An answer, whichever; not a crash or a wait.
            let _ = analyse(language, text.as_bytes());
        }
        let balanced = format!(". {}./a{}", "$(echo ".repeat(5_000), ")".repeat(5_000));
        let _ = analyse(language, balanced.as_bytes());
    }
}

/// The grammar's own code looks letters up by their number.
#[test]
fn letters_of_any_number() {
    for letter in [
        "\u{e9}",
        "\u{ff}",
        "\u{100}",
        "\u{7ff}",
        "\u{800}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
    ] {
        for start in ["{", "{1", "{1..", "{1..2", "${", "$", "<<", "[", "\\"] {
            let text = format!("echo {start}{letter}}}\n. ./{letter}/{letter}a.sh\n");
            let analysis = analyse(Language::Shell, text.as_bytes()).unwrap();
            if start.starts_with('{') {
                assert!(!analysis.has_syntax_error, "{text}");
                assert_eq!(
                    analysis.references[0].text,
                    format!("./{letter}/{letter}a.sh")
                );
            }
        }
    }
}

#[test]
fn many_values() {
    let mut text = "X=a\n".to_owned();
    for _ in 0..200 {
        text.push_str("if x; then X=$X$X{a,b}; fi\n");
    }
    text.push_str(". ./$X");
    let analysis = analyse(Language::Shell, text.as_bytes()).unwrap();
    assert!(!analysis.references.is_empty());
}

#[test]
fn garbage() {
    let mut state: u32 = 1;
    let alphabet = b". $(){}[]\"'`\\/|&;<>#\n\tabc0*?~=-,@%!sourceif";
    let text: Vec<u8> = (0..LONGEST_SCRIPT)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            alphabet[(state >> 16) as usize % alphabet.len()]
        })
        .collect();
    for language in LANGUAGES {
        let _ = analyse(language, &text);
    }
}

/// Text made of the pieces that the analysers look for.
fn script() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            ". ",
            "source ",
            "\n",
            "$(",
            ")",
            "${",
            "}",
            "\"",
            "'",
            "`",
            "dirname ",
            "$0",
            "cd ",
            "pwd",
            "&& ",
            "|",
            "{",
            "(",
            "for f in ",
            "; do ",
            "; done",
            "X=",
            "$X",
            "./x.sh",
            "/",
            "*",
            "[",
            "]",
            "<<E\n",
            "E\n",
            "# ",
            "\\",
            "é",
            "$PSScriptRoot",
            "Join-Path ",
            "foreach ($x in ",
            "@(",
            "% ",
            "$_",
            ".FullName",
            "[IO.Path]::Combine(",
            ",",
            "-f ",
            "# shellcheck source=",
            "# taskgraph-images: not-an-input ",
            "%/*",
            ":-",
            "\r\n",
            "\u{FEFF}",
            "@'\n",
            "\n'@",
            "& ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn spans_hold(text in script()) {
        for language in LANGUAGES {
            if let Ok(analysis) = analyse(language, text.as_bytes()) {
                for reference in &analysis.references {
                    prop_assert_eq!(text.get(reference.span.range()), Some(reference.text.as_str()));
                }
                for fault in &analysis.faults {
                    prop_assert!(text.get(fault.span.range()).is_some());
                }
                prop_assert!(analysis.references.is_sorted_by_key(|reference| reference.span));
            }
        }
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for language in LANGUAGES {
            let _ = analyse(language, &bytes);
        }
    }
}
