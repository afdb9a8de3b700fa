# Runs the uploaded checks inside the build, all of them, and fails if any did.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$checks = @(Get-ChildItem -Path 'C:\ImageBuild\checks' -Filter '*.ps1' | Sort-Object -Property Name)
if ($checks.Count -eq 0) {
    throw 'there are no checks in `C:\ImageBuild\checks`'
}
$failed = @()
foreach ($check in $checks) {
    Write-Step "check $($check.Name)"
    $process = Start-Process -FilePath 'powershell.exe' -Wait -PassThru -NoNewWindow `
        -ArgumentList "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$($check.FullName)`""
    if ($process.ExitCode -ne 0) {
        $failed += $check.Name
    }
}
if ($failed.Count -gt 0) {
    throw "$($failed.Count) of $($checks.Count) checks failed: $($failed -join ', ')"
}
