# Runs in a task on the candidate: the task's user is nobody special and cannot read the worker's secrets.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object -TypeName Security.Principal.WindowsPrincipal -ArgumentList $identity
if ($identity.IsSystem -or $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Write-Host "FAIL: the task runs as $($identity.Name), with administrator's rights"
    exit 1
}
$private = @(
    'C:\worker-runner\generic-worker-config.yml',
    'C:\worker-runner\start-worker-cache.json',
    'C:\worker-runner\keys\ed25519.key'
)
foreach ($path in $private) {
    try {
        $stream = [IO.File]::OpenRead($path)
        $stream.Dispose()
    }
    catch [UnauthorizedAccessException] {
        continue
    }
    catch [IO.IOException] {
        # Not found, as a user without rights to the folder may be told.
        continue
    }
    Write-Host "FAIL: $($identity.Name) can read $path"
    exit 1
}
try {
    [IO.File]::WriteAllText('C:\generic-worker\probe.txt', 'probe')
}
catch [UnauthorizedAccessException] {
    Write-Host "ok: $($identity.Name) is an ordinary user"
    exit 0
}
Write-Host "FAIL: $($identity.Name) can write to C:\generic-worker"
exit 1
