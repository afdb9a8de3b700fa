# Records what is in the image: image.json stays on it for the checks, sbom.json is downloaded.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$machine = Get-CimInstance -ClassName Win32_OperatingSystem
$revision = (Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -Name 'UBR').UBR

$image = [ordered]@{
    name        = Get-RequiredEnvironment -Name 'IMAGE_NAME'
    arch        = Get-RequiredEnvironment -Name 'IMAGE_ARCH'
    level       = Get-RequiredEnvironment -Name 'IMAGE_LEVEL'
    provider    = Get-RequiredEnvironment -Name 'WORKER_PROVIDER'
    taskcluster = Get-RequiredEnvironment -Name 'VERSION_TASKCLUSTER'
    system      = $machine.Caption
    build       = "$($machine.Version).$revision"
}
$record = 'C:\ProgramData\WorkerImage'
$null = New-Item -Path $record -ItemType Directory -Force
Write-TextFile -Path "$record\image.json" -Text (($image | ConvertTo-Json) + "`n")

$programs = foreach ($key in @(
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*',
        'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\*'
    )) {
    foreach ($entry in @(Get-ItemProperty -Path $key -ErrorAction SilentlyContinue)) {
        # Not every entry has every value, and strict mode refuses to read an absent one.
        $name = $entry.PSObject.Properties['DisplayName']
        if ($null -eq $name -or [string]::IsNullOrWhiteSpace($name.Value)) {
            continue
        }
        $version = $entry.PSObject.Properties['DisplayVersion']
        $publisher = $entry.PSObject.Properties['Publisher']
        [ordered]@{
            name      = $name.Value
            version   = if ($null -eq $version) { '' } else { $version.Value }
            publisher = if ($null -eq $publisher) { '' } else { $publisher.Value }
        }
    }
}
$hotfixes = foreach ($fix in @(Get-CimInstance -ClassName Win32_QuickFixEngineering)) {
    [ordered]@{ id = $fix.HotFixID; kind = $fix.Description }
}
$binaries = foreach ($path in @(
        'C:\generic-worker\generic-worker.exe',
        'C:\generic-worker\livelog.exe',
        'C:\generic-worker\taskcluster-proxy.exe',
        'C:\worker-runner\start-worker.exe'
    )) {
    [ordered]@{ path = $path; sha256 = (Get-FileHash -Path $path -Algorithm SHA256).Hash.ToLowerInvariant() }
}
# Sorted and without a time, so that two builds of the same content record the same bytes.
$sbom = [ordered]@{
    image    = $image
    programs = @($programs | Sort-Object -Property { $_.name }, { $_.version })
    hotfixes = @($hotfixes | Sort-Object -Property { $_.id })
    binaries = @($binaries)
}
Write-TextFile -Path 'C:\ImageBuild\sbom.json' -Text (($sbom | ConvertTo-Json -Depth 5) + "`n")
