# Level 1 only: people may borrow a machine and look at it over remote desktop.
#
# The worker opens a session for one task at a time; the firewall of the cloud decides who gets through.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$server = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server'
Set-RegistryValue -Key $server -Name 'fDenyTSConnections' -Value 0
Set-RegistryValue -Key "$server\WinStations\RDP-Tcp" -Name 'UserAuthentication' -Value 1
Enable-NetFirewallRule -Group '@FirewallAPI.dll,-28752'
