function Set-RegistryValue {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Key,

        [Parameter(Mandatory = $true)]
        [string] $Name,

        [Parameter(Mandatory = $true)]
        [object] $Value,

        [ValidateSet('DWord', 'QWord', 'String', 'ExpandString', 'MultiString')]
        [string] $Type = 'DWord'
    )

    if (-not (Test-Path -Path $Key)) {
        $null = New-Item -Path $Key -Force
    }
    $null = New-ItemProperty -Path $Key -Name $Name -Value $Value -PropertyType $Type -Force
    Write-Step "set $Key\$Name to $Value"
}
