# The worker is on the image, in the version that the image says, and runs on this processor.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$image = Get-Content -Path 'C:\ProgramData\WorkerImage\image.json' -Raw | ConvertFrom-Json
$programs = @('generic-worker', 'livelog', 'taskcluster-proxy')
foreach ($name in $programs) {
    $path = "C:\generic-worker\$name.exe"
    if (-not (Test-Path -Path $path)) {
        Write-Host "FAIL: $path is missing"
        exit 1
    }
}

$said = (& 'C:\generic-worker\generic-worker.exe' --short-version | Out-String).Trim()
if ($LASTEXITCODE -ne 0) {
    Write-Host "FAIL: generic-worker --short-version ended with exit code $LASTEXITCODE"
    exit 1
}
if ($said -ne $image.taskcluster) {
    Write-Host "FAIL: generic-worker is version $said, the image was made for $($image.taskcluster)"
    exit 1
}
Write-Host "ok: generic-worker $said"
exit 0
