# Git and 7-Zip start.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$tools = @(
    @{ Path = 'C:\Program Files\Git\cmd\git.exe'; Arguments = @('--version'); Want = '^git version \d' }
    @{ Path = 'C:\Program Files\7-Zip\7z.exe'; Arguments = @('i'); Want = '7-Zip \d' }
)
foreach ($tool in $tools) {
    if (-not (Test-Path -Path $tool.Path)) {
        Write-Host "FAIL: $($tool.Path) is missing"
        exit 1
    }
    $arguments = $tool.Arguments
    $said = (& $tool.Path @arguments | Out-String).Trim()
    if ($LASTEXITCODE -ne 0 -or $said -notmatch $tool.Want) {
        Write-Host "FAIL: $($tool.Path) ended with exit code $LASTEXITCODE and said: $said"
        exit 1
    }
}
Write-Host 'ok: git and 7-Zip start'
exit 0
