using module ./m.psm1
. $PSScriptRoot/lib/d.ps1
. (Join-Path $PSScriptRoot 'lib' 'd.ps1')
Import-Module "$PSScriptRoot\modules\X" -Force
Get-ChildItem $PSScriptRoot/lib/*.ps1 | ForEach-Object { . $_.FullName }
& "$PSScriptRoot/run.ps1" -File a.ps1
<# taskgraph-images: not-an-input a block #>
@'
. ./not-read.ps1
'@
