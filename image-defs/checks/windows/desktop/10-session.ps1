# Tests see a desktop: an interactive session with a usable screen.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not [Environment]::UserInteractive) {
    Write-Host 'FAIL: the task is not in an interactive session'
    exit 1
}
Add-Type -AssemblyName 'System.Windows.Forms'
$bounds = [Windows.Forms.Screen]::PrimaryScreen.Bounds
if ($bounds.Width -lt 1024 -or $bounds.Height -lt 768) {
    Write-Host "FAIL: the screen is $($bounds.Width)x$($bounds.Height), expected at least 1024x768"
    exit 1
}
$saver = Get-ItemProperty -Path 'HKCU:\Control Panel\Desktop' -Name 'ScreenSaveActive' -ErrorAction SilentlyContinue
if ($null -ne $saver -and $saver.ScreenSaveActive -ne '0') {
    Write-Host 'FAIL: the screen saver is on for the task user'
    exit 1
}
Write-Host "ok: a desktop of $($bounds.Width)x$($bounds.Height)"
exit 0
