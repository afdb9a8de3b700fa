# Level 3: the chain-of-trust key comes from the pool's secret, never from the machine.
#
# worker-runner writes it at start from the files of the secret worker-pool:<workerPoolId>. If the
# secret lacks it the worker must not start: artifacts signed by another key look trusted.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

Write-TextFile -Path 'C:\worker-runner\signing-key-policy.txt' -Text "secret`n"
if (@(Get-ChildItem -Path 'C:\worker-runner\keys' -Force).Count -ne 0) {
    throw 'there is a key in `C:\worker-runner\keys`: a trusted image must not contain one'
}
