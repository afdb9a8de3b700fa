//! Shell.

use insta::assert_snapshot;

use super::show;
use crate::scripts::Language;

fn sh(text: &str) -> String {
    show(Language::Shell, text)
}

#[test]
fn sources() {
    assert_snapshot!(sh(". ./lib.sh"), @"source ./lib.sh or //lib.sh");
    assert_snapshot!(sh("source lib.sh argument"), @"source ./lib.sh or //lib.sh");
    assert_snapshot!(sh("if true; then . a; elif b; then . c; else . d; fi"), @"
    source ./a or //a
    source ./c or //c
    source ./d or //d
    ");
    assert_snapshot!(sh("[ -f x.sh ] && . x.sh"), @"source ./x.sh or //x.sh");
    assert_snapshot!(sh("command . ./x\nbuiltin source -- ./y\n! . ./z || exit 1"), @"
    source ./x or //x
    source ./y or //y
    source ./z or //z
    ");
    assert_snapshot!(sh("load() { . ./a; }\nfunction other { ( . ./b ) }\nload"), @"
    syntax error
    source ./a or //a
    source ./b or //b
    ");
    assert_snapshot!(sh("case $1 in a) . ./q.sh;; *) . ./r.sh ;; esac"), @"
    source ./q.sh or //q.sh
    source ./r.sh or //r.sh
    ");
    assert_snapshot!(sh("source \\\n  ./x.sh  # comment\n\tA=1 . './y'\"z\"\\ w"), @"
    source ./x.sh or //x.sh
    source ./yz w or //yz w
    ");
    assert_snapshot!(sh(". ./a.sh\r\n. ./b.sh\r\n"), @"
    source ./a.sh or //a.sh
    source ./b.sh or //b.sh
    ");
    assert_snapshot!(sh(". ../../lib/./x//y.sh"), @"source ./../../lib/x/y.sh or //../../lib/x/y.sh");
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
        assert_eq!(
            sh(&format!(". {folder}/lib.sh")),
            "source ./lib.sh\n",
            "{folder}"
        );
        assert_eq!(
            sh(&format!("D={folder}\n. \"$D/lib.sh\"")),
            "source ./lib.sh\n",
            "{folder}"
        );
        assert_eq!(
            sh(&format!(
                "readonly D={folder}\nexport E=\"${{D}}/..\"\nf() {{ local G=$E/x; . ${{G}}/lib.sh; }}"
            )),
            "source ./../x/lib.sh\n",
            "{folder}"
        );
    }
}

#[test]
fn variables() {
    assert_snapshot!(sh("D=$(cd \"$(dirname \"$0\")/..\" && pwd)\nE=$(dirname \"$D\")\n. $E/x\n. ${D%/*}/y\n. $(dirname $D/z/w)/v"), @"
    source ./../../x
    source ./../../y
    source ./../z/v
    ");
    assert_snapshot!(sh("D=${D:-$(dirname \"$0\")}\n. $D/x"), @"source ./x");
    assert_snapshot!(sh(": \"${D:=$(dirname \"$0\")}\"\n. $D/x"), @"source ./x");
    assert_snapshot!(sh(". ${HELPERS:-\"/etc/helpers\"}/x.sh"), @"source image /etc/helpers/x.sh");
    assert_snapshot!(sh(". \"$DIR/x\"\n. $1\n. ./x-`uname`.sh"), @"
    source unresolved: `$DIR` is not assigned in the script
    source unresolved: `$1` is an argument
    source unresolved: the output of `uname` is not known
    ");
    assert_snapshot!(sh("D=a\nif x; then D=b; fi\n. ./$D"), @"
    source ./a or //a
    source ./b or //b
    ");
    assert_snapshot!(sh("D=a\nD=b\n. ./$D"), @"source ./b or //b");
    assert_snapshot!(sh("f() { . \"$D/x\"; }\nD=$(dirname $0)\nf"), @"source ./x");
    assert_snapshot!(sh("S=$0\nwhile [ -h \"$S\" ]; do S=$(readlink \"$S\"); done\n. $(dirname \"$S\")/x"), @"source ./x");
    assert_snapshot!(sh("T=$(mktemp -d)\n. $T/x\nbash \"$T/y\"\ncd $T\n. ./z"), @"");
    assert_snapshot!(sh("R=$(git rev-parse --show-toplevel)\n. $R/x/y.sh"), @"source //x/y.sh");
    assert_snapshot!(sh("F=lib; F+=-more\n. ./$F.sh"), @"source ./lib-more.sh or //lib-more.sh");
    assert_snapshot!(sh(". ~/x\n. $HOME/.profile\n. /etc/os-release"), @"
    source image ~/x
    source image ~/.profile
    source image /etc/os-release
    ");
    assert_snapshot!(sh("read -r X\n. ./$X"), @"source unresolved: `$X` is read while the script runs");
    assert_snapshot!(sh("N=x.sh.in\n. ./${N%.in}\n. ./${N##*.}"), @"
    source ./x.sh or //x.sh
    source unresolved: `${N##*.}` is not evaluated
    ");
}

#[test]
fn loops_and_globs() {
    assert_snapshot!(sh("for f in \"$(dirname \"$0\")\"/lib.d/*.sh; do [ -r \"$f\" ] && . \"$f\"; done"), @"source ./lib.d matching *.sh");
    assert_snapshot!(sh("for f in a.sh b.sh; do . ./$f; done"), @"
    source ./a.sh or //a.sh
    source ./b.sh or //b.sh
    ");
    assert_snapshot!(sh("for f in ./{a,b}.sh x{1..2}; do . $f; done"), @"
    source ./a.sh or //a.sh
    source ./b.sh or //b.sh
    source ./x1 or //x1
    source ./x2 or //x2
    ");
    assert_snapshot!(sh("A=(a.sh\n  b.sh)\nA+=(c.sh)\nfor f in \"${A[@]}\"; do . ./$f; done"), @"
    source ./a.sh or //a.sh
    source ./b.sh or //b.sh
    source ./c.sh or //c.sh
    ");
    assert_snapshot!(sh("find . | while read -r f; do . \"$f\"; done"), @"source unresolved: `$f` is read while the script runs");
    assert_snapshot!(sh("for h in ${D:-/etc/helpers}/*.sh; do\n . $h;\ndone"), @"source image /etc/helpers/*.sh (glob)");
    assert_snapshot!(sh("for f; do . $f; done"), @"source unresolved: `$@` holds the arguments");
    assert_snapshot!(sh(". ./*.d/a[1]?{b}.sh"), @r"source ./ or // matching *.d/a[1]?\{b\}.sh");
}

#[test]
fn working_directory() {
    assert_snapshot!(sh("cd \"$(dirname \"$0\")\"\n. ./x\n./y.sh\ncd ..\n. ./z"), @"
    source ./x
    run ./y.sh
    source ./../z
    ");
    assert_snapshot!(sh("(cd /opt && . ./x)\n. ./y"), @"
    source image /opt/x
    source ./y or //y
    ");
    assert_snapshot!(sh("cd /opt || exit 1\n. ./x"), @"source image /opt/x");
    assert_snapshot!(sh("cd \"$WHERE\"\n. ./x\n./configure\nbash y.sh"), @"
    source unresolved: `$WHERE` is not assigned in the script
    run unresolved: `$WHERE` is not assigned in the script
    ");
    assert_snapshot!(sh("if a; then cd sub; fi\n. ./x"), @"source ./x or //x or ./sub/x or //sub/x");
    assert_snapshot!(sh("pushd $(dirname $0)/a\n. ./x\npopd\n. ./y"), @"
    source ./a/x
    source ./y or //y
    ");
    assert_snapshot!(sh("f() { . ./x; }\ncd \"${0%/*}\"\nf"), @"source ./x or //x");
    assert_snapshot!(sh("cd \"${0%/*}\"\n. \"$PWD/x\"\n. $(pwd)/y"), @"
    source ./x
    source ./y
    ");
}

#[test]
fn runs() {
    assert_snapshot!(sh("bash \"$(dirname \"$0\")/x.sh\" a\nsh ./y.sh\nbash -eux -o pipefail z.sh"), @"
    run ./x.sh
    run ./y.sh or //y.sh
    run ./z.sh or //z.sh
    ");
    assert_snapshot!(sh("D=$(dirname $0)\n\"$D/x.sh\" a && exec $D/y.sh\nsudo -E -u root \"$D\"/z"), @"
    run ./x.sh
    run ./y.sh
    run ./z
    ");
    assert_snapshot!(sh("env A=1 python3 \"${0%/*}/x.py\" --flag\ntimeout -k 5 10m bash $INSTALLER"), @"
    run ./x.py
    run unresolved: `$INSTALLER` is not assigned in the script
    ");
    assert_snapshot!(sh("/opt/bin/tool x\nscripts/build.sh"), @"
    run image /opt/bin/tool
    run ./scripts/build.sh or //scripts/build.sh
    ");
    assert_snapshot!(sh("\"$CC\" x\n$SOMETHING/bin/y"), @"");
}

#[test]
fn mentions() {
    assert_snapshot!(sh("D=$(dirname \"$0\")\ncp -r \"$D/files\" /etc\ninstall \"$D\"/conf/*.conf x\nsed x < \"$D/template\" > \"$D/out\""), @"
    mention ./files
    mention ./conf matching *.conf
    mention ./template
    ");
    assert_snapshot!(sh("D=$(dirname \"$0\")\nexport CONFIG=$D/c.yml\ncurl --data=@\"$D/x\" --file=\"$D/y\""), @"
    mention ./c.yml
    mention ./x
    mention ./y
    ");
    assert_eq!(
        sh(
            "D=$(dirname \"$0\")\necho \"$D/x\"; mkdir -p \"$D/y\"; cd \"$D/z\"; ls $D\n[ -f $D/q ]"
        ),
        ""
    );
}

#[test]
fn shellcheck() {
    assert_snapshot!(sh("# shellcheck source=lib/x.sh disable=SC1090\n. \"$A\"\n. \"$B\""), @"
    source ./lib/x.sh or //lib/x.sh
    source unresolved: `$B` is not assigned in the script
    ");
    assert_snapshot!(sh("# shellcheck source=/dev/null\nsource \"$A\""), @"source waived: ShellCheck is told to follow nothing here");
    assert_snapshot!(sh("true\n# shellcheck source=./x.sh\nif a; then . \"$A\"; fi"), @"source ./x.sh or //x.sh");
    assert_snapshot!(sh("#!/bin/sh\n# shellcheck source-path=SCRIPTDIR/../lib\ntrue\n. \"$HERE/x.sh\"\n. y.sh"), @"
    source ./../lib/x.sh
    source ./../lib/y.sh
    ");
    assert_snapshot!(sh("# shellcheck disable=SC1090\n. \"$A\""), @"source unresolved: `$A` is not assigned in the script");
}

#[test]
fn waivers() {
    assert_snapshot!(sh(". \"$A\" # taskgraph-images: not-an-input written by the cloud agent\n. $B"), @"
    source waived: written by the cloud agent
    source unresolved: `$B` is not assigned in the script
    ");
    assert_snapshot!(sh("# taskgraph-images: not-an-input made by make\n# more\n. \"$A\"\n. $B"), @"
    source waived: made by make
    source unresolved: `$B` is not assigned in the script
    ");
    assert_snapshot!(sh("# taskgraph-images: not-an-input\n. \"$A\""), @"
    source unresolved: `taskgraph-images: not-an-input` beside it gives no reason
    fault: `taskgraph-images: not-an-input` needs a reason after it
    ");
    assert_snapshot!(sh("# taskgraph-images: not-input x\n. ./a"), @"
    source ./a or //a
    fault: `taskgraph-images: not-input` is not known; `taskgraph-images: not-an-input REASON` is
    ");
    assert_snapshot!(sh("# taskgraph-images: not-an-input nothing is here\ntrue"), @"fault: it waives nothing: no reference is found on its line or the next");
}

#[test]
fn broken() {
    assert_snapshot!(sh("if true; then\n. ./a\n)\n. ./b\n"), @"
    syntax error
    source ./a or //a
    source ./b or //b
    ");
    assert_snapshot!(sh("foo() {\n  . ./a\n  source ./b"), @"
    syntax error
    source ./a or //a
    source ./b or //b
    ");
}

#[test]
fn commands_in_short_variables() {
    assert_snapshot!(sh("B=./scripts/x.sh\n$B"), @"run ./scripts/x.sh or //scripts/x.sh");
    assert_snapshot!(sh("S=.\n\"$S\" ./lib.sh"), @"source ./lib.sh or //lib.sh");
}

#[test]
fn code_given_as_text() {
    assert_snapshot!(sh("D=$(dirname \"$0\")\nsudo -u w bash -c \"A=1 '$D/x.sh' --flag=$D/y.yml\""), @"
    mention ./x.sh
    mention ./y.yml
    ");
}

#[test]
fn scripts_as_input() {
    assert_snapshot!(sh("bash < ./x.sh\nbash -s -- a < \"$(dirname \"$0\")/y.sh\"\nbash -c z < ./z"), @"
    run ./x.sh or //x.sh
    run ./y.sh
    ");
}

#[test]
fn lists_in_a_variable() {
    assert_snapshot!(sh("L='a b'\nfor l in $L; do . \"${0%/*}/$l.sh\"; done"), @"
    source ./a.sh
    source ./b.sh
    ");
    assert_snapshot!(sh("L='d/*.sh'\nfor l in $L; do . ./$l; done"), @"source ./d or //d matching *.sh");
    assert_snapshot!(sh("L='a b'\nfor l in \"$L\"; do . ./$l; done"), @"source ./a b or //a b");
}
