# Level 1: each machine makes its own chain-of-trust key at first boot.
#
# Such a key vouches for nothing beyond its machine, which is all that level 1 promises.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

Write-TextFile -Path 'C:\worker-runner\signing-key-policy.txt' -Text "machine`n"
