# Makes the image small and takes out what belongs to the machine that built it.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

# Only now may a boot start the worker: the next one is that of an instance.
$null = Enable-ScheduledTask -TaskName 'worker-runner'

Invoke-Native -Path 'dism.exe' -Arguments @('/Online', '/Cleanup-Image', '/StartComponentCleanup', '/ResetBase', '/Quiet')
Clear-DnsClientCache
foreach ($path in @('C:\Windows\Temp\*', 'C:\Windows\SoftwareDistribution\Download\*', 'C:\Windows\Logs\CBS\*')) {
    # Files of running services are in use and stay; Packer's own are needed until the build ends.
    Remove-Item -Path $path -Exclude 'packer-*', 'script-*' -Recurse -Force -ErrorAction SilentlyContinue
}
foreach ($log in @('Application', 'Security', 'System', 'Setup')) {
    Invoke-Native -Path 'wevtutil.exe' -Arguments @('clear-log', $log)
}
$history = 'C:\Windows\System32\config\systemprofile\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine'
Remove-Item -Path $history -Recurse -Force -ErrorAction SilentlyContinue

# Packer came in by WinRM. Nobody else may: the service is disabled from the next boot on, which leaves the
# session of the build alive. An image built on this one opens it again by its user data.
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Services\WinRM' -Name 'Start' -Value 4

# The module is loaded already, so its folder can go; nothing of the build stays but image.json.
Remove-Item -Path 'C:\ImageBuild' -Recurse -Force
Write-Step 'cleaned'
