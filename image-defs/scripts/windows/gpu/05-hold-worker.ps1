# The parent image starts a worker at boot; while a child is built on it, none may.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

Stop-ScheduledTask -TaskName 'worker-runner'
$null = Disable-ScheduledTask -TaskName 'worker-runner'
foreach ($name in @('generic-worker', 'start-worker')) {
    Stop-Process -Name $name -Force -ErrorAction SilentlyContinue
}
# What it may have cached or made here belongs to this machine, not to the image.
foreach ($path in @('C:\worker-runner\start-worker-cache.json', 'C:\worker-runner\generic-worker-config.yml', 'C:\worker-runner\keys\*')) {
    Remove-Item -Path $path -Force -ErrorAction SilentlyContinue
}
Write-Step 'the worker of the parent image is held'
