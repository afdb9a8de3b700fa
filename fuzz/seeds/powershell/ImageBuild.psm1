# The parts are dot-sourced one by one rather than by a wildcard, so that a stray file never becomes code.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Windows PowerShell 5.1 still offers TLS 1.0 first on some base images.
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
# The progress bar makes downloads over WinRM many times slower.
$ProgressPreference = 'SilentlyContinue'

. "$PSScriptRoot\parts\Log.ps1"
. "$PSScriptRoot\parts\Environment.ps1"
. "$PSScriptRoot\parts\Native.ps1"
. "$PSScriptRoot\parts\Download.ps1"
. "$PSScriptRoot\parts\Registry.ps1"
. "$PSScriptRoot\parts\Service.ps1"
. "$PSScriptRoot\parts\Path.ps1"
