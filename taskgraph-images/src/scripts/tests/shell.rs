//! Shell.

use insta::assert_snapshot;

use super::show;
use crate::scripts::Language;

fn sh(text: &str) -> String {
    show(Language::Shell, text)
}

#[test]
fn sources() {
    assert_snapshot!(sh(". ./lib.sh"), @"");
    assert_snapshot!(sh("source lib.sh argument"), @"");
    assert_snapshot!(sh("if true; then . a; elif b; then . c; else . d; fi"), @"");
    assert_snapshot!(sh("[ -f x.sh ] && . x.sh"), @"");
    assert_snapshot!(sh("command . ./x\nbuiltin source -- ./y\n! . ./z || exit 1"), @"");
    assert_snapshot!(sh("load() { . ./a; }\nfunction other { ( . ./b ) }\nload"), @"");
    assert_snapshot!(sh("case $1 in a) . ./q.sh;; *) . ./r.sh ;; esac"), @"");
    assert_snapshot!(sh("source \\\n  ./x.sh  # comment\n\tA=1 . './y'\"z\"\\ w"), @"");
    assert_snapshot!(sh(". ./a.sh\r\n. ./b.sh\r\n"), @"");
    assert_snapshot!(sh(". ../../lib/./x//y.sh"), @"");
}

#[test]
fn looks_alike() {
    for text in [
        "# . ./x.sh",
        "find . -name '*.sh'\nls .\ncp a .",
        "cat <<EOF\n. ./x.sh\nsource ./y.sh\nEOF",
        "echo '. ./x.sh'\necho \"\n. ./y.sh\n\"",
        "resource ./x\nsources=./x\nsource=./x",
        "tar -C . x",
        "eval \"$(curl https://example.org/x)\"\ncurl https://example.org/x | bash -s -- a",
        ". <(curl https://example.org/x)",
        "bash -c '. ./x'\nbash -ec \"x\"\npython3 -m pip install x",
        "command -v ./x.sh",
        ". /dev/stdin",
        "\"$0\" again\ncd \"$(dirname \"$0\")\"\nsource \"$0\"",
    ] {
        assert_eq!(sh(text), "", "{text}");
    }
}

#[test]
fn script_folder() {
    for folder in [
        r#""$(dirname "$0")""#,
        r#"$(dirname $0)"#,
        r#""`dirname "$0"`""#,
        r#""$(dirname -- "${BASH_SOURCE[0]}")""#,
        r#""${BASH_SOURCE%/*}""#,
        r#"${0%/*}"#,
        r#""$(cd "$(dirname "$0")" && pwd)""#,
        r#""$(cd -P "$(dirname "$0")" >/dev/null 2>&1 && pwd -P)""#,
        r#""$(CDPATH= cd -- "$(dirname -- "$0")" > /dev/null; pwd)""#,
        r#""$( cd "$( dirname "${BASH_SOURCE[0]}" )" &> /dev/null && pwd )""#,
        r#""$(unset CDPATH; cd "${BASH_SOURCE%/*}" || exit; pwd)""#,
        r#""$(dirname "$(readlink -f "$0")")""#,
        r#""$(realpath "$(dirname "${BASH_SOURCE[0]:-$0}")")""#,
        r#""$(dirname "$(readlink -f "$0" || echo "$0")")""#,
    ] {
        assert_eq!(sh(&format!(". {folder}/lib.sh")), "source ./lib.sh\n", "{folder}");
        assert_eq!(sh(&format!("D={folder}\n. \"$D/lib.sh\"")), "source ./lib.sh\n", "{folder}");
        assert_eq!(
            sh(&format!("readonly D={folder}\nexport E=\"${{D}}/..\"\nf() {{ local G=$E/x; . ${{G}}/lib.sh; }}")),
            "source ./../x/lib.sh\n",
            "{folder}"
        );
    }
}

#[test]
fn variables() {
    assert_snapshot!(sh("D=$(cd \"$(dirname \"$0\")/..\" && pwd)\nE=$(dirname \"$D\")\n. $E/x\n. ${D%/*}/y\n. $(dirname $D/z/w)/v"), @"");
    assert_snapshot!(sh("D=${D:-$(dirname \"$0\")}\n. $D/x"), @"");
    assert_snapshot!(sh(": \"${D:=$(dirname \"$0\")}\"\n. $D/x"), @"");
    assert_snapshot!(sh(". ${HELPERS:-\"/etc/helpers\"}/x.sh"), @"");
    assert_snapshot!(sh(". \"$DIR/x\"\n. $1\n. ./x-`uname`.sh"), @"");
    assert_snapshot!(sh("D=a\nif x; then D=b; fi\n. ./$D"), @"");
    assert_snapshot!(sh("D=a\nD=b\n. ./$D"), @"");
    assert_snapshot!(sh("f() { . \"$D/x\"; }\nD=$(dirname $0)\nf"), @"");
    assert_snapshot!(sh("S=$0\nwhile [ -h \"$S\" ]; do S=$(readlink \"$S\"); done\n. $(dirname \"$S\")/x"), @"");
    assert_snapshot!(sh("T=$(mktemp -d)\n. $T/x\nbash \"$T/y\"\ncd $T\n. ./z"), @"");
    assert_snapshot!(sh("R=$(git rev-parse --show-toplevel)\n. $R/x/y.sh"), @"");
    assert_snapshot!(sh("F=lib; F+=-more\n. ./$F.sh"), @"");
    assert_snapshot!(sh(". ~/x\n. $HOME/.profile\n. /etc/os-release"), @"");
    assert_snapshot!(sh("read -r X\n. ./$X"), @"");
    assert_snapshot!(sh("N=x.sh.in\n. ./${N%.in}\n. ./${N##*.}"), @"");
}

#[test]
fn loops_and_globs() {
    assert_snapshot!(sh("for f in \"$(dirname \"$0\")\"/lib.d/*.sh; do [ -r \"$f\" ] && . \"$f\"; done"), @"");
    assert_snapshot!(sh("for f in a.sh b.sh; do . ./$f; done"), @"");
    assert_snapshot!(sh("for f in ./{a,b}.sh x{1..2}; do . $f; done"), @"");
    assert_snapshot!(sh("A=(a.sh\n  b.sh)\nA+=(c.sh)\nfor f in \"${A[@]}\"; do . ./$f; done"), @"");
    assert_snapshot!(sh("find . | while read -r f; do . \"$f\"; done"), @"");
    assert_snapshot!(sh("for h in ${D:-/etc/helpers}/*.sh; do\n . $h;\ndone"), @"");
    assert_snapshot!(sh("for f; do . $f; done"), @"");
    assert_snapshot!(sh(". ./*.d/a[1]?{b}.sh"), @"");
}

#[test]
fn working_directory() {
    assert_snapshot!(sh("cd \"$(dirname \"$0\")\"\n. ./x\n./y.sh\ncd ..\n. ./z"), @"");
    assert_snapshot!(sh("(cd /opt && . ./x)\n. ./y"), @"");
    assert_snapshot!(sh("cd /opt || exit 1\n. ./x"), @"");
    assert_snapshot!(sh("cd \"$WHERE\"\n. ./x\n./configure\nbash y.sh"), @"");
    assert_snapshot!(sh("if a; then cd sub; fi\n. ./x"), @"");
    assert_snapshot!(sh("pushd $(dirname $0)/a\n. ./x\npopd\n. ./y"), @"");
    assert_snapshot!(sh("f() { . ./x; }\ncd \"${0%/*}\"\nf"), @"");
    assert_snapshot!(sh("cd \"${0%/*}\"\n. \"$PWD/x\"\n. $(pwd)/y"), @"");
}

#[test]
fn runs() {
    assert_snapshot!(sh("bash \"$(dirname \"$0\")/x.sh\" a\nsh ./y.sh\nbash -eux -o pipefail z.sh"), @"");
    assert_snapshot!(sh("D=$(dirname $0)\n\"$D/x.sh\" a && exec $D/y.sh\nsudo -E -u root \"$D\"/z"), @"");
    assert_snapshot!(sh("env A=1 python3 \"${0%/*}/x.py\" --flag\ntimeout -k 5 10m bash $INSTALLER"), @"");
    assert_snapshot!(sh("/opt/bin/tool x\nscripts/build.sh"), @"");
    assert_snapshot!(sh("\"$CC\" x\n$SOMETHING/bin/y"), @"");
}

#[test]
fn mentions() {
    assert_snapshot!(sh("D=$(dirname \"$0\")\ncp -r \"$D/files\" /etc\ninstall \"$D\"/conf/*.conf x\nsed x < \"$D/template\" > \"$D/out\""), @"");
    assert_snapshot!(sh("D=$(dirname \"$0\")\nexport CONFIG=$D/c.yml\ncurl --data=@\"$D/x\" --file=\"$D/y\""), @"");
    assert_eq!(sh("D=$(dirname \"$0\")\necho \"$D/x\"; mkdir -p \"$D/y\"; cd \"$D/z\"; ls $D\n[ -f $D/q ]"), "");
}

#[test]
fn shellcheck() {
    assert_snapshot!(sh("# shellcheck source=lib/x.sh disable=SC1090\n. \"$A\"\n. \"$B\""), @"");
    assert_snapshot!(sh("# shellcheck source=/dev/null\nsource \"$A\""), @"");
    assert_snapshot!(sh("true\n# shellcheck source=./x.sh\nif a; then . \"$A\"; fi"), @"");
    assert_snapshot!(sh("#!/bin/sh\n# shellcheck source-path=SCRIPTDIR/../lib\ntrue\n. \"$HERE/x.sh\"\n. y.sh"), @"");
    assert_snapshot!(sh("# shellcheck disable=SC1090\n. \"$A\""), @"");
}

#[test]
fn waivers() {
    assert_snapshot!(sh(". \"$A\" # taskgraph-images: not-an-input written by the cloud agent\n. $B"), @"");
    assert_snapshot!(sh("# taskgraph-images: not-an-input made by make\n# more\n. \"$A\"\n. $B"), @"");
    assert_snapshot!(sh("# taskgraph-images: not-an-input\n. \"$A\""), @"");
    assert_snapshot!(sh("# taskgraph-images: not-input x\n. ./a"), @"");
    assert_snapshot!(sh("# taskgraph-images: not-an-input nothing is here\ntrue"), @"");
}

#[test]
fn broken() {
    assert_snapshot!(sh("if true; then\n. ./a\n)\n. ./b\n"), @"");
    assert_snapshot!(sh("foo() {\n  . ./a\n  source ./b"), @"");
}
