# The driver sees the card.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$smi = "$env:SystemRoot\System32\nvidia-smi.exe"
if (-not (Test-Path -Path $smi)) {
    Write-Host "FAIL: $smi is missing: the driver is not installed"
    exit 1
}
$cards = @(& $smi --query-gpu=name,driver_version --format=csv,noheader)
if ($LASTEXITCODE -ne 0 -or $cards.Count -eq 0) {
    Write-Host "FAIL: nvidia-smi ended with exit code $LASTEXITCODE and named $($cards.Count) cards"
    exit 1
}
Write-Host "ok: $($cards -join '; ')"
exit 0
