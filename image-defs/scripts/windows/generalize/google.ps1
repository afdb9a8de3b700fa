# The last step on Google Cloud: GCESysprep generalises; Packer stops the machine itself.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$gcesysprep = "$env:ProgramFiles\Google\Compute Engine\sysprep\gcesysprep.bat"
if (-not (Test-Path -Path $gcesysprep)) {
    throw "``$gcesysprep`` is missing: the base image is not one of Google's"
}
$process = Start-Process -FilePath $gcesysprep -ArgumentList '-NoShutdown' -Wait -PassThru
if ($process.ExitCode -ne 0) {
    throw "GCESysprep ended with exit code $($process.ExitCode)"
}
