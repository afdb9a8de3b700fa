# Switches Windows Update off: images are replaced, never patched in place, and an update in
# the middle of a task changes what the task measures.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
Set-RegistryValue -Key $policy -Name 'DoNotConnectToWindowsUpdateInternetLocations' -Value 1
Set-RegistryValue -Key "$policy\AU" -Name 'NoAutoUpdate' -Value 1
Set-RegistryValue -Key "$policy\AU" -Name 'NoAutoRebootWithLoggedOnUsers' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\WindowsStore' -Name 'AutoDownload' -Value 2

Disable-ServiceIfPresent -Name @(
    'wuauserv',
    'UsoSvc',
    'WaaSMedicSvc',
    'edgeupdate',
    'edgeupdatem'
)
Disable-TaskIfPresent -TaskPath @(
    '\Microsoft\Windows\UpdateOrchestrator\',
    '\Microsoft\Windows\WindowsUpdate\'
)
