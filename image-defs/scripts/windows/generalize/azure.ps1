# The last step on Azure: generalises the machine; Packer then captures it.
#
# The module is gone by now (finish/clean.ps1), so this script uses nothing of it.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# An image that is captured before the guest agents are up never provisions.
$deadline = [DateTime]::UtcNow.AddMinutes(10)
foreach ($agent in @('RdAgent', 'WindowsAzureGuestAgent')) {
    while ((Get-Service -Name $agent).Status -ne 'Running') {
        if ([DateTime]::UtcNow -gt $deadline) {
            throw "the service ``$agent`` did not start within 10 minutes"
        }
        Start-Sleep -Seconds 5
    }
}

$sysprep = "$env:SystemRoot\System32\Sysprep"
Remove-Item -Path "$sysprep\unattend.xml" -Force -ErrorAction SilentlyContinue
$process = Start-Process -FilePath "$sysprep\Sysprep.exe" -ArgumentList '/oobe /generalize /mode:vm /quiet /quit' -Wait -PassThru
if ($process.ExitCode -ne 0) {
    throw "sysprep ended with exit code $($process.ExitCode), see $sysprep\Panther\setupact.log"
}

$wanted = 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'
$deadline = [DateTime]::UtcNow.AddMinutes(15)
while ($true) {
    $state = (Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State').ImageState
    if ($state -eq $wanted) {
        break
    }
    if ([DateTime]::UtcNow -gt $deadline) {
        throw "the image is still ``$state`` after 15 minutes, expected ``$wanted``"
    }
    Start-Sleep -Seconds 10
}
Write-Host "generalised: $state"
