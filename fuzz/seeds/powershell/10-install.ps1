# Installs generic-worker (multiuser), worker-runner, the Taskcluster proxy and livelog at the
# pinned version, each checked against its pinned SHA-256.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$version = Get-RequiredEnvironment -Name 'VERSION_TASKCLUSTER'
$arch = Get-RequiredEnvironment -Name 'IMAGE_ARCH'
$release = "https://github.com/taskcluster/taskcluster/releases/download/v$version"

# What is in here runs as SYSTEM or holds credentials: not for task users.
Set-PrivateDirectory -Path 'C:\worker-runner'
# Task users run the proxy and livelog through the worker, so they may read and run, but not write, here.
$null = New-Item -Path 'C:\generic-worker' -ItemType Directory -Force

$files = @(
    @{ Asset = "generic-worker-multiuser-windows-$arch"; Sum = 'SHA256_GENERIC_WORKER'; To = 'C:\generic-worker\generic-worker.exe' }
    @{ Asset = "livelog-windows-$arch"; Sum = 'SHA256_LIVELOG'; To = 'C:\generic-worker\livelog.exe' }
    @{ Asset = "taskcluster-proxy-windows-$arch"; Sum = 'SHA256_TASKCLUSTER_PROXY'; To = 'C:\generic-worker\taskcluster-proxy.exe' }
    @{ Asset = "start-worker-windows-$arch"; Sum = 'SHA256_START_WORKER'; To = 'C:\worker-runner\start-worker.exe' }
)
foreach ($file in $files) {
    Get-VerifiedFile -Url "$release/$($file.Asset)" -Sha256 (Get-RequiredEnvironment -Name $file.Sum) -Destination $file.To
}
Invoke-Native -Path 'icacls.exe' -Arguments @(
    'C:\generic-worker', '/inheritance:r', '/grant:r',
    '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '*S-1-5-32-545:(OI)(CI)RX', '/Q'
)

# A binary for the wrong architecture passes its checksum and fails only on the worker.
Invoke-Native -Path 'C:\generic-worker\generic-worker.exe' -Arguments @('--version')
Invoke-Native -Path 'C:\worker-runner\start-worker.exe' -Arguments @('--version')
