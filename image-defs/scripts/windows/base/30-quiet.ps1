# Background work that makes test timings noisy and that no task needs.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

Disable-ServiceIfPresent -Name @(
    'DiagTrack',
    'MapsBroker',
    'SysMain',
    'WSearch',
    'defragsvc'
)
Disable-TaskIfPresent -TaskPath @(
    '\Microsoft\Windows\Application Experience\',
    '\Microsoft\Windows\Customer Experience Improvement Program\',
    '\Microsoft\Windows\Defrag\',
    '\Microsoft\Windows\DiskCleanup\',
    '\Microsoft\Windows\Maintenance Services\'
)
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\Maintenance' -Name 'MaintenanceDisabled' -Value 1
