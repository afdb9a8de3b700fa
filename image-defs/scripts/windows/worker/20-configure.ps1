# Writes worker-runner's configuration. Credentials and what differs between pools come from
# the worker manager and the secrets service at run time; nothing of that is in the image.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$provider = Get-RequiredEnvironment -Name 'WORKER_PROVIDER'

# generic-worker runs as a child of worker-runner (`path`), which needs no service wrapper. The service that
# `generic-worker install service` makes is for workers without worker-runner, says Taskcluster's manual.
$runner = @"
provider:
  providerType: $provider
worker:
  implementation: generic-worker
  path: C:\generic-worker\generic-worker.exe
  configPath: C:\worker-runner\generic-worker-config.yml
cacheOverRestarts: C:\worker-runner\start-worker-cache.json
workerConfig:
  ed25519SigningKeyLocation: C:\worker-runner\keys\ed25519.key
  livelogExecutable: C:\generic-worker\livelog.exe
  livelogExposePort: 60023
  taskclusterProxyExecutable: C:\generic-worker\taskcluster-proxy.exe
  taskclusterProxyPort: 80
  tasksDir: C:\task
  cachesDir: C:\caches
  downloadsDir: C:\downloads
"@
Write-TextFile -Path 'C:\worker-runner\runner.yml' -Text ($runner + "`n")
Set-PrivateDirectory -Path 'C:\worker-runner\keys'

# Old tasks reach the proxy as http://taskcluster, new ones through TASKCLUSTER_PROXY_URL.
Add-Content -Path 'C:\Windows\System32\drivers\etc\hosts' -Value "`r`n127.0.0.1 taskcluster" -Encoding Ascii
