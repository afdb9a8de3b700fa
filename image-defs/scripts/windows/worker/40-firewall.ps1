# Opens what livelog needs and nothing else.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$null = New-NetFirewallRule -Name 'worker-livelog-get' -DisplayName 'Taskcluster livelog (GET)' `
    -Direction Inbound -Protocol TCP -LocalPort 60023 -Action Allow -Profile Any `
    -Program 'C:\generic-worker\livelog.exe'
# Logs are put from this machine only, so the port for PUT stays closed to others.
Write-Step 'firewall rules are set'
