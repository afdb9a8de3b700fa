# Starts worker-runner as SYSTEM at every boot, by a task of the task scheduler.
#
# The worker reboots between tasks, so this is what brings it back; start-worker is no Windows
# service itself, and the scheduler saves a wrapper from outside.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

Copy-Item -Path 'C:\ImageBuild\files\start-worker.ps1' -Destination 'C:\worker-runner\start-worker.ps1' -Force

$action = New-ScheduledTaskAction -Execute 'C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe' `
    -Argument '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File C:\worker-runner\start-worker.ps1' `
    -WorkingDirectory 'C:\worker-runner'
$trigger = New-ScheduledTaskTrigger -AtStartup
# The multiuser worker asks for the tokens of its task users, which only LocalSystem may.
$principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
# The defaults would stop the worker after three days and run it, and so all tasks, at low priority.
$settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 4 `
    -MultipleInstances IgnoreNew -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 1) `
    -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -StartWhenAvailable

# Disabled until the image is finished: the reboots of the build must not start a worker.
$settings.Enabled = $false
$null = Register-ScheduledTask -TaskName 'worker-runner' -Action $action -Trigger $trigger -Principal $principal `
    -Settings $settings -Description 'Runs the Taskcluster worker runner' -Force
Write-Step 'registered the scheduled task worker-runner, disabled'
