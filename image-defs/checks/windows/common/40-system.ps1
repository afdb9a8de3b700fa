# Settings that tasks rely on: UTC, long paths, no auto-logon left from the build.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if ([TimeZoneInfo]::Local.Id -ne 'UTC') {
    Write-Host "FAIL: the time zone is $([TimeZoneInfo]::Local.Id), expected UTC"
    exit 1
}
$system = Get-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem'
if ($system.LongPathsEnabled -ne 1) {
    Write-Host 'FAIL: long paths are off'
    exit 1
}
$winlogon = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
$user = $winlogon.PSObject.Properties['DefaultUserName']
if ($null -ne $user -and $user.Value -in @('packer', 'Administrator')) {
    Write-Host "FAIL: auto-logon of the build's user $($user.Value) is left"
    exit 1
}
Write-Host 'ok: system settings'
exit 0
