# Level 3 only: refuses an image that has anything of a build in it that a trusted worker must not inherit.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$faults = @()
foreach ($path in @('C:\worker-runner\keys\*', 'C:\worker-runner\start-worker-cache.json', 'C:\worker-runner\generic-worker-config.yml')) {
    if (Test-Path -Path $path) {
        $faults += "``$path`` exists"
    }
}
$winlogon = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
if ($null -ne $winlogon.PSObject.Properties['DefaultPassword']) {
    $faults += 'Winlogon keeps a password'
}
# `packer` and the administrator made by the cloud go when the image is generalised; nobody else may be there.
$known = @('packer', 'Administrator', 'Guest', 'DefaultAccount', 'WDAGUtilityAccount')
foreach ($user in @(Get-LocalUser)) {
    if ($known -notcontains $user.Name) {
        $faults += "there is a user ``$($user.Name)``"
    }
}
if ($faults.Count -gt 0) {
    throw "not fit to be trusted: $($faults -join '; ')"
}
Write-Step 'the audit found nothing'
