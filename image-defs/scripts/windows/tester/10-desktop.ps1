# A quiet desktop: whatever pops up over the program under test fails the test.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$explorer = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\Explorer'
Set-RegistryValue -Key $explorer -Name 'DisableNotificationCenter' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\CloudContent' -Name 'DisableWindowsConsumerFeatures' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Dsh' -Name 'AllowNewsAndInterests' -Value 0
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsCopilot' -Name 'TurnOffWindowsCopilot' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\Personalization' -Name 'NoLockScreen' -Value 1
Set-RegistryValue -Key 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\OneDrive' -Name 'DisableFileSyncNGSC' -Value 1

# Task users are made from the default profile, so their settings go into its hive.
Invoke-Native -Path 'reg.exe' -Arguments @('load', 'HKLM\DefaultUser', 'C:\Users\Default\NTUSER.DAT')
try {
    $user = 'HKLM:\DefaultUser'
    Set-RegistryValue -Key "$user\Control Panel\Desktop" -Name 'ScreenSaveActive' -Value '0' -Type 'String'
    Set-RegistryValue -Key "$user\Control Panel\Desktop" -Name 'ForegroundLockTimeout' -Value 0
    Set-RegistryValue -Key "$user\Software\Microsoft\Windows\CurrentVersion\PushNotifications" -Name 'ToastEnabled' -Value 0
    Set-RegistryValue -Key "$user\Software\Microsoft\Windows\CurrentVersion\ContentDeliveryManager" -Name 'SubscribedContentEnabled' -Value 0
    # The shortcut for sticky keys opens a dialogue when a test sends shift five times.
    Set-RegistryValue -Key "$user\Control Panel\Accessibility\StickyKeys" -Name 'Flags' -Value '506' -Type 'String'
}
finally {
    # An open handle of the provider keeps the hive loaded.
    [GC]::Collect()
    [GC]::WaitForPendingFinalizers()
    Invoke-WithRetry -What 'unloading of the default profile' -Action {
        Invoke-Native -Path 'reg.exe' -Arguments @('unload', 'HKLM\DefaultUser')
    }
}
