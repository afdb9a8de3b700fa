//! PowerShell.

use insta::assert_snapshot;

use super::show;
use crate::scripts::Language;

fn ps(text: &str) -> String {
    show(Language::PowerShell, text)
}

#[test]
fn sources() {
    assert_snapshot!(ps(". \"$PSScriptRoot\\x.ps1\"\n. .\\y.ps1\n. '.\\z w.ps1'\n. $PSScriptRoot\\v.ps1\n. $PSScriptRoot/u.ps1"), @"
    source ./x.ps1
    source ./y.ps1 or //y.ps1
    source ./z w.ps1 or //z w.ps1
    source ./v.ps1
    source ./u.ps1
    ");
    assert_snapshot!(ps("& \"$PSScriptRoot/x.ps1\" -a b\n& (Join-Path $PSScriptRoot 'y.ps1')\n.\\z.ps1 -q"), @"
    run ./x.ps1
    run ./y.ps1
    run ./z.ps1 or //z.ps1
    ");
    assert_snapshot!(ps(". (Join-Path -Path (Join-Path $PSScriptRoot ..) -ChildPath \"lib\\c.ps1\")\n. (join-path $psscriptroot a b.ps1)"), @"
    source ./../lib/c.ps1
    source ./a/b.ps1
    ");
    assert_snapshot!(ps(". \"$($PSScriptRoot)\\a.ps1\"\n. ($PSScriptRoot + '\\b.ps1')\n. \"${PSScriptRoot}\\c.ps1\"\n. ('{0}\\d.ps1' -f $PSScriptRoot)"), @"
    source ./a.ps1
    source ./b.ps1
    source ./c.ps1
    source ./d.ps1
    ");
    assert_snapshot!(ps("if ($x) { . ./a.ps1 } else { . ./b.ps1 }\ntry { . ./c.ps1 } catch {}\nfunction F { . ./d.ps1 }\r\n. ./e.ps1\r\n"), @"
    source ./a.ps1 or //a.ps1
    source ./b.ps1 or //b.ps1
    source ./c.ps1 or //c.ps1
    source ./d.ps1 or //d.ps1
    source ./e.ps1 or //e.ps1
    ");
    assert_snapshot!(ps("\u{FEFF}. ./a.ps1"), @"source ./a.ps1 or //a.ps1");
    assert_snapshot!(ps(". \"C:\\x\\y.ps1\"\n. $env:ProgramFiles\\z.ps1\n. \"$env:windir\\a.ps1\"\n. \"${env:ProgramFiles(x86)}\\b.ps1\""), @"
    source image C:/x/y.ps1
    source image $env:ProgramFiles/z.ps1
    source image $env:windir/a.ps1
    source image $env:ProgramFiles(x86)/b.ps1
    ");
    assert_snapshot!(ps("powershell.exe -ExecutionPolicy Bypass -File \"$PSScriptRoot\\k.ps1\" -x\npwsh -Command '. ./x.ps1'"), @"run ./k.ps1");
}

#[test]
fn looks_alike() {
    for text in [
        "# . ./x.ps1\n<#\n. ./y.ps1\n#>",
        "Write-Host '. ./x.ps1'\n@'\n. ./y.ps1\n'@\n@\"\n. ./z.ps1\n\"@",
        "& { Get-Process }\n. { $x = 1 }\n& git clone x.ps1\n& $tool x\n& 'choco' install",
        "iex ((New-Object Net.WebClient).DownloadString('https://example.org/install.ps1'))",
        "$PSScriptRoot\nSet-Location $PSScriptRoot\nJoin-Path $PSScriptRoot 'lib.ps1' | Out-Null",
        "using namespace System.IO # .ps1",
        "Test-Path \"$PSScriptRoot\\x\"; New-Item \"$PSScriptRoot\\y\"; Write-Host \"$PSScriptRoot\\z\"",
    ] {
        assert_eq!(ps(text), "", "{text}");
    }
}

#[test]
fn script_folder() {
    for folder in [
        "$PSScriptRoot",
        "Split-Path -Parent $MyInvocation.MyCommand.Path",
        "Split-Path $MyInvocation.MyCommand.Definition -Parent",
        "Split-Path -Path $PSCommandPath",
        "(Split-Path -Parent -Path $PSCommandPath)",
        "(Get-Item $PSCommandPath).DirectoryName",
        "[System.IO.Path]::GetDirectoryName($MyInvocation.MyCommand.Path)",
        "(Resolve-Path $PSScriptRoot).Path",
        "\"$PSScriptRoot\"",
        "$PSCommandPath | Split-Path -Parent",
    ] {
        assert_eq!(
            ps(&format!("$here = {folder}\n. \"$here\\lib.ps1\"")),
            "source ./lib.ps1\n",
            "{folder}"
        );
        assert_eq!(
            ps(&format!(
                "[string]$script:Here = {folder}\nfunction F {{\n  . (Join-Path $HERE 'lib.ps1')\n}}"
            )),
            "source ./lib.ps1\n",
            "{folder}"
        );
    }
}

#[test]
fn variables() {
    assert_snapshot!(ps("$p = \"$PSScriptRoot\\..\\lib\"\n$q = Split-Path $p\n. $p\\a.ps1\n. \"$q\\b.ps1\""), @"
    source ./../lib/a.ps1
    source ./../b.ps1
    ");
    assert_snapshot!(ps("param([string]$Path = \"$PSScriptRoot\\x.ps1\", $Other)\n. $Path\n. $Other\n. $args[0]"), @"
    source ./x.ps1
    source unresolved: `$other` is a parameter
    source unresolved: `$args` holds the arguments
    ");
    assert_snapshot!(ps("if ($a) { $f = 'a' } else { $f = 'b' }\n. \".\\$f.ps1\""), @"
    source ./a.ps1 or //a.ps1
    source ./b.ps1 or //b.ps1
    ");
    assert_snapshot!(ps(". $nothing\n. \"$(Get-Random).ps1\"\n& \"$unknown\\x.ps1\"\n& $unknown"), @"
    source unresolved: `$nothing` is not assigned in the script
    source unresolved: the output of `get-random` is not known
    run unresolved: `$unknown` is not assigned in the script
    ");
    assert_snapshot!(ps("$p = [IO.Path]::Combine($PSScriptRoot, 'a', \"b.ps1\")\n. $p"), @"source ./a/b.ps1");
    assert_snapshot!(ps("$t = New-TemporaryFile\n. $t\n$u = [IO.Path]::GetTempPath() + 'x.ps1'\n. $u"), @"");
    assert_snapshot!(ps("Set-Location $PSScriptRoot\n. .\\x.ps1\nPush-Location C:\\tmp\n. .\\y.ps1\nPop-Location\n. .\\z.ps1"), @"
    source ./x.ps1
    source image C:/tmp/y.ps1
    source ./z.ps1
    ");
}

#[test]
fn modules() {
    assert_snapshot!(ps("Import-Module \"$PSScriptRoot\\Mod\\Mod.psm1\" -Force\nipmo -Name ./a, b\nImport-Module Pester -MinimumVersion 5\nimport-module $PSScriptRoot/M.psm1"), @"
    import ./Mod/Mod.psm1
    import ./a or //a
    import module b
    import module Pester
    import ./M.psm1
    ");
    assert_snapshot!(ps("using module ./x.psm1\nusing module .\\Foo\nusing module Bar"), @"
    import ./x.psm1 or //x.psm1
    import ./Foo or //Foo
    import module Bar
    ");
    assert_snapshot!(ps("Import-Module \"C:\\Modules\\B.psd1\"\nImport-Module $env:ChocolateyInstall\\helpers\\c.psm1\nforeach ($m in 'a', 'b') { Import-Module -Name $m -PassThru }"), @"
    import image C:/Modules/B.psd1
    import image $env:ChocolateyInstall/helpers/c.psm1
    import module a
    import module b
    ");
}

#[test]
fn loops_and_globs() {
    assert_snapshot!(ps("Get-ChildItem \"$PSScriptRoot\\lib\\*.ps1\" | ForEach-Object { . $_.FullName }"), @"
    mention ./lib matching *.ps1
    source ./lib matching *.ps1
    ");
    assert_snapshot!(ps("foreach ($f in gci $PSScriptRoot/lib/*.ps1) { . $f }"), @"
    mention ./lib matching *.ps1
    source ./lib matching *.ps1
    ");
    assert_snapshot!(ps("foreach ($f in (Get-ChildItem -Path $PSScriptRoot -Filter *.ps1 -Recurse | Where-Object { $_.Name -ne 'x' } | Sort-Object)) { . $f.FullName }"), @"
    mention ./ matching **/*.ps1
    source ./ matching **/*.ps1
    ");
    assert_snapshot!(ps("$public  = @(Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath 'Public/*.ps1') -Recurse -ErrorAction Stop)\n$private = @(gci -Path (Join-Path $PSScriptRoot 'Private/*.ps1'))\nforeach ($import in @($public + $private)) {\n  . $import.FullName\n}"), @"
    mention ./Public matching **/*.ps1
    mention ./Private matching *.ps1
    source ./Public matching **/*.ps1
    source ./Private matching *.ps1
    ");
    assert_snapshot!(ps("'a', 'b' | % { . \"$PSScriptRoot\\$_.ps1\" }"), @"
    source ./a.ps1
    source ./b.ps1
    ");
    assert_snapshot!(ps("dir $PSScriptRoot\\lib -File | % { . \"$PSScriptRoot\\lib\\$($_.Name)\" }"), @"
    syntax error
    mention ./lib matching *
    source ./lib matching *
    ");
}

#[test]
fn mentions() {
    assert_snapshot!(ps("Copy-Item \"$PSScriptRoot\\files\\*\" C:\\ -Recurse\n$x = Get-Content (Join-Path $PSScriptRoot 'c.json') | ConvertFrom-Json\n[IO.File]::ReadAllText(\"$PSScriptRoot\\t.txt\", 'utf8')"), @"
    mention ./files matching *
    mention ./c.json
    mention ./t.txt
    ");
}

#[test]
fn manifest() {
    assert_snapshot!(ps("# A module.\n@{\n  RootModule = 'M.psm1' # '\n  NestedModules = @('a.psm1', \"b\")\n  ScriptsToProcess = '.\\i.ps1'\n  RequiredModules = @('Pester')\n  FileList = @()\n}"), @"
    import ./M.psm1
    import ./a.psm1
    import ./b
    source ./i.ps1
    ");
    assert_snapshot!(ps("$x = @{ RootModule = 'M.psm1' }"), @"");
}

#[test]
fn waivers() {
    assert_snapshot!(ps("# taskgraph-images: not-an-input installed by Chocolatey\n. $nothing\n. $other # taskgraph-images: not-an-input because"), @"
    source waived: installed by Chocolatey
    source waived: because
    ");
}

#[test]
fn broken() {
    assert_snapshot!(ps("if ($x) {\n. ./a.ps1\n)\n. ./b.ps1\nImport-Module ./c.psm1\n"), @"
    syntax error
    source ./a.ps1 or //a.ps1
    source ./b.ps1 or //b.ps1
    import ./c.psm1 or //c.psm1
    ");
}

#[test]
fn paths_of_three_parts() {
    for command in [
        "Join-Path $PSScriptRoot lib x.ps1",
        "Join-Path -Path $PSScriptRoot lib x.ps1",
        "Join-Path -Path $PSScriptRoot -ChildPath 'lib' 'x.ps1'",
        "Join-Path $PSScriptRoot lib -AdditionalChildPath 'x.ps1'",
        "Join-Path -ChildPath lib $PSScriptRoot x.ps1",
    ] {
        assert_eq!(
            ps(&format!(". ({command})")),
            "source ./lib/x.ps1\n",
            "{command}"
        );
    }
    assert_snapshot!(ps(". (Join-Path $PSScriptRoot a -AdditionalChildPath b,'c.ps1')"), @"source ./a/b/c.ps1");
}

#[test]
fn abbreviated_switches() {
    assert_snapshot!(ps("gci -rec $PSScriptRoot\\lib -Filter *.ps1 | % { . $_.FullName }"), @"
    mention ./lib matching **/*.ps1
    source ./lib matching **/*.ps1
    ");
    assert_snapshot!(ps("gci \"$PSScriptRoot\\lib\" -Depth 2 -Filter *.ps1 | % { . $_.FullName }"), @"
    mention ./lib matching **/*.ps1
    source ./lib matching **/*.ps1
    ");
    assert_snapshot!(ps("powershell -nop -noexit .\\x.ps1"), @"run ./x.ps1 or //x.ps1");
}

#[test]
fn code_given_as_text() {
    assert_snapshot!(ps("Start-Process powershell -ArgumentList \"-NoProfile -File `\"$PSScriptRoot\\x.ps1`\" -a\" -Wait"), @"mention ./x.ps1");
    assert_snapshot!(ps("Invoke-Expression \"& '$PSScriptRoot\\x.ps1' -b\""), @"mention ./x.ps1");
}
