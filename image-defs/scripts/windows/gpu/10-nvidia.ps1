# NVIDIA's data centre driver.
#
# NVIDIA publishes no checksums, so the version is pinned and the signature must be NVIDIA's.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$version = Get-RequiredEnvironment -Name 'VERSION_NVIDIA_DRIVER'
$setup = 'C:\ImageBuild\downloads\nvidia-setup.exe'
$null = New-Item -Path 'C:\ImageBuild\downloads' -ItemType Directory -Force
$url = "https://us.download.nvidia.com/tesla/$version/$version-data-center-tesla-desktop-winserver-2022-2025-dch-international.exe"
Invoke-WithRetry -What "download of $url" -Action {
    Invoke-WebRequest -Uri $url -OutFile $setup -UseBasicParsing -TimeoutSec 1800
}
Assert-PublisherSignature -Path $setup -Publisher 'NVIDIA Corporation'
# 1 is NVIDIA's way of saying that a restart is needed.
Invoke-Native -Path $setup -Arguments @('-s', '-noreboot', '-noeula', '-clean') -SuccessCodes @(0, 1)
