# Keeps the virus scanner out of what tasks write, where the policy of the image allows it.
#
# DEFENDER is `exclusions` (the scanner runs, but not over task directories: trusted images) or
# `off` (no real-time scanning at all: test images, whose timings it would spoil).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$mode = Get-RequiredEnvironment -Name 'DEFENDER'
if ($mode -notin @('exclusions', 'off')) {
    throw "``DEFENDER`` is ``$mode``, expected ``exclusions`` or ``off``"
}

# Server Core images may come without the feature.
if ($null -eq (Get-Command -Name 'Set-MpPreference' -ErrorAction SilentlyContinue)) {
    Write-Step 'Microsoft Defender is not on this image'
    return
}

$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows Defender'
foreach ($path in @('C:\task', 'C:\caches', 'C:\downloads')) {
    Set-RegistryValue -Key "$policy\Exclusions\Paths" -Name $path -Value '0' -Type 'String'
}
Set-RegistryValue -Key "$policy\Exclusions" -Name 'Exclusions_Paths' -Value 1

# Samples of unreleased builds must not leave the machine, whatever else the policy is.
Set-RegistryValue -Key "$policy\Spynet" -Name 'SubmitSamplesConsent' -Value 2
Set-RegistryValue -Key "$policy\Spynet" -Name 'SpynetReporting' -Value 0
Disable-TaskIfPresent -TaskPath @('\Microsoft\Windows\Windows Defender\')

if ($mode -eq 'off') {
    # Policy keys, not Set-MpPreference: they hold over generalisation and where tamper protection is on,
    # which the cloud's images have off.
    Set-RegistryValue -Key "$policy\Real-Time Protection" -Name 'DisableRealtimeMonitoring' -Value 1
    Set-RegistryValue -Key "$policy\Real-Time Protection" -Name 'DisableBehaviorMonitoring' -Value 1
    Set-RegistryValue -Key "$policy\Real-Time Protection" -Name 'DisableOnAccessProtection' -Value 1
    Set-RegistryValue -Key "$policy\Real-Time Protection" -Name 'DisableScanOnRealtimeEnable' -Value 1
}
Write-Step "Microsoft Defender: $mode"
