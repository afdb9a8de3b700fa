# What builds need beyond the base: symbolic links without elevation and fast small files.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

# Developer mode lets task users make symbolic links.
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\AppModelUnlock' `
    -Name 'AllowDevelopmentWithoutDevLicense' -Value 1

# A checkout has hundreds of thousands of small files: no 8.3 names, no last-access times.
Invoke-Native -Path 'fsutil.exe' -Arguments @('behavior', 'set', 'disable8dot3', '1')
Invoke-Native -Path 'fsutil.exe' -Arguments @('behavior', 'set', 'disablelastaccess', '1')

# Parallel links use more desktop heap than non-interactive sessions get.
$subsystems = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\SubSystems'
$windows = (Get-ItemProperty -Path $subsystems -Name 'Windows').Windows
$larger = $windows -replace 'SharedSection=(\d+),(\d+),\d+', 'SharedSection=$1,$2,8192'
Set-RegistryValue -Key $subsystems -Name 'Windows' -Value $larger -Type 'ExpandString'
