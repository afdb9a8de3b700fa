# Windows Update cannot start by itself.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

foreach ($name in @('wuauserv', 'UsoSvc')) {
    $service = Get-Service -Name $name -ErrorAction SilentlyContinue
    if ($null -ne $service -and $service.StartType -ne 'Disabled') {
        Write-Host "FAIL: the service $name has the start type $($service.StartType), expected Disabled"
        exit 1
    }
}
$policy = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU' -ErrorAction SilentlyContinue
if ($null -eq $policy -or $policy.NoAutoUpdate -ne 1) {
    Write-Host 'FAIL: the policy NoAutoUpdate is not 1'
    exit 1
}
Write-Host 'ok: updates are off'
exit 0
