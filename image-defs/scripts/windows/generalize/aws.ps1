# The last step on AWS: EC2Launch v2 resets itself, generalises and shuts the machine down;
# Packer waits for that (`disable_stop_instance`) and registers the AMI.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$launch = "$env:ProgramFiles\Amazon\EC2Launch\EC2Launch.exe"
if (-not (Test-Path -Path $launch)) {
    throw "``$launch`` is missing: the base image is not one of Amazon's with EC2Launch v2"
}
foreach ($arguments in @('reset --block --clean', 'sysprep --clean --shutdown')) {
    $process = Start-Process -FilePath $launch -ArgumentList $arguments -Wait -PassThru
    if ($process.ExitCode -ne 0) {
        throw "``EC2Launch $arguments`` ended with exit code $($process.ExitCode)"
    }
}
