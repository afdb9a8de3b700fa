# Runs in a task on the candidate that has the Taskcluster proxy: it answers.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$url = $env:TASKCLUSTER_PROXY_URL
if ([string]::IsNullOrWhiteSpace($url)) {
    Write-Host 'skipped: the task has no Taskcluster proxy'
    exit 0
}
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
try {
    $answer = Invoke-WebRequest -Uri "$url/api/queue/v1/ping" -UseBasicParsing -TimeoutSec 60
}
catch {
    Write-Host "FAIL: $url does not answer: $($_.Exception.Message)"
    exit 1
}
Write-Host "ok: the proxy answered $($answer.StatusCode)"
exit 0
