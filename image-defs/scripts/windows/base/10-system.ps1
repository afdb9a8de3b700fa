# Settings of the system that every worker needs: power, paging, time, errors, first run.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

# High performance: a worker that sleeps loses its task.
Invoke-Native -Path 'powercfg.exe' -Arguments @('/setactive', '8c5e7fda-e8bf-4a96-9a85-a6e23a8c635c')
foreach ($setting in @('monitor-timeout-ac', 'disk-timeout-ac', 'standby-timeout-ac', 'hibernate-timeout-ac')) {
    Invoke-Native -Path 'powercfg.exe' -Arguments @('/change', $setting, '0')
}
Invoke-Native -Path 'powercfg.exe' -Arguments @('/hibernate', 'off')

# A page file of fixed size on the system disk: the managed one grows while a task runs out of disk.
$system = Get-CimInstance -ClassName Win32_ComputerSystem
if ($system.AutomaticManagedPagefile) {
    Set-CimInstance -InputObject $system -Property @{ AutomaticManagedPagefile = $false }
}
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management' `
    -Name 'PagingFiles' -Value @('C:\pagefile.sys 8192 8192') -Type 'MultiString'

# UTC, and one time source a cloud: certificates and signed requests depend on the clock.
Set-TimeZone -Id 'UTC'
$timeServer = switch (Get-RequiredEnvironment -Name 'WORKER_PROVIDER') {
    'aws' { '169.254.169.123,0x9' }
    'google' { 'metadata.google.internal,0x9' }
    # Azure's hosts give the time through the integration service; this is for when it is off.
    default { 'time.windows.com,0x9' }
}
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters' -Name 'Type' -Value 'NTP' -Type 'String'
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters' -Name 'NtpServer' -Value $timeServer -Type 'String'
Set-Service -Name 'W32Time' -StartupType Automatic

# Nobody is there to close a dialogue, so no program may open one when it crashes.
$reporting = 'HKLM:\SOFTWARE\Microsoft\Windows\Windows Error Reporting'
Set-RegistryValue -Key $reporting -Name 'Disabled' -Value 1
Set-RegistryValue -Key $reporting -Name 'DontShowUI' -Value 1
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Control\Windows' -Name 'ErrorMode' -Value 2

# Task users are new on every task: no first-run pages and no privacy questions for them.
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\OOBE' -Name 'DisablePrivacyExperience' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'EnableFirstLogonAnimation' -Value 0
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\DataCollection' -Name 'AllowTelemetry' -Value 0

# Build trees are deeper than 260 characters.
Set-RegistryValue -Key 'HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem' -Name 'LongPathsEnabled' -Value 1

# The image carries no auto-logon: the worker makes its own for each task user it creates.
$winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
Set-RegistryValue -Key $winlogon -Name 'AutoAdminLogon' -Value '0' -Type 'String'
foreach ($name in @('DefaultPassword', 'DefaultUserName', 'AutoLogonCount')) {
    Remove-ItemProperty -Path $winlogon -Name $name -ErrorAction SilentlyContinue
}
