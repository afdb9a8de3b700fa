# Runs in a task on the candidate: the way in that the build used is closed.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$listening = @([Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners())
foreach ($port in @(5985, 5986)) {
    if (@($listening | Where-Object { $_.Port -eq $port }).Count -gt 0) {
        Write-Host "FAIL: something listens on port $port (WinRM)"
        exit 1
    }
}
if (Test-Path -Path 'C:\ImageBuild') {
    Write-Host 'FAIL: C:\ImageBuild is left from the build'
    exit 1
}
Write-Host 'ok: WinRM is closed and the build is cleaned up'
exit 0
