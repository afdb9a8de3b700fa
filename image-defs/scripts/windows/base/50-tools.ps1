# Git and 7-Zip: the two tools that every task may count on.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module 'C:\ImageBuild\modules\ImageBuild' -Force

$arch = Get-RequiredEnvironment -Name 'IMAGE_ARCH'
$downloads = 'C:\ImageBuild\downloads'

$gitVersion = Get-RequiredEnvironment -Name 'VERSION_GIT'
$gitArch = switch ($arch) {
    'amd64' { '64-bit' }
    'arm64' { 'arm64' }
    default { throw "there is no Git for Windows for ``$arch``" }
}
$git = "$downloads\git-setup.exe"
Get-VerifiedFile -Destination $git -Sha256 (Get-RequiredEnvironment -Name 'SHA256_GIT') `
    -Url "https://github.com/git-for-windows/git/releases/download/v$gitVersion.windows.1/Git-$gitVersion-$gitArch.exe"
Invoke-Native -Path $git -Arguments @(
    '/VERYSILENT', '/NORESTART', '/NOCANCEL', '/SP-', '/SUPPRESSMSGBOXES',
    # Line endings as they are in the repository, and no credential manager to wait for a person.
    '/COMPONENTS=""', '/o:CRLFOption=CRLFCommitAsIs', '/o:PathOption=Cmd', '/o:UseCredentialManager=Disabled'
)
$gitExe = 'C:\Program Files\Git\cmd\git.exe'
Invoke-Native -Path $gitExe -Arguments @('config', '--system', 'core.longpaths', 'true')
Invoke-Native -Path $gitExe -Arguments @('config', '--system', 'credential.interactive', 'false')
Invoke-Native -Path $gitExe -Arguments @('config', '--system', 'gc.auto', '0')

$zipVersion = Get-RequiredEnvironment -Name 'VERSION_SEVENZIP'
$zipArch = if ($arch -eq 'amd64') { 'x64' } else { $arch }
$zip = "$downloads\7z-setup.exe"
Get-VerifiedFile -Destination $zip -Sha256 (Get-RequiredEnvironment -Name 'SHA256_SEVENZIP') `
    -Url "https://github.com/ip7z/7zip/releases/download/$zipVersion/7z$($zipVersion.Replace('.', ''))-$zipArch.exe"
Invoke-Native -Path $zip -Arguments @('/S')
Add-MachinePath -Directory 'C:\Program Files\7-Zip'
