# Makes a directory that only SYSTEM and administrators can enter: task users must not read what is in it.
function Set-PrivateDirectory {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Path
    )

    $null = New-Item -Path $Path -ItemType Directory -Force
    # Well-known SIDs, because the names of the accounts are localised.
    Invoke-Native -Path 'icacls.exe' -Arguments @(
        "`"$Path`"", '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/Q'
    )
}

function Add-MachinePath {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Directory
    )

    $current = [Environment]::GetEnvironmentVariable('Path', 'Machine')
    $entries = @($current -split ';' | Where-Object { $_ -ne '' })
    if ($entries -contains $Directory) {
        return
    }
    $entries += $Directory
    [Environment]::SetEnvironmentVariable('Path', ($entries -join ';'), 'Machine')
    Write-Step "added $Directory to the machine's PATH"
}

# UTF-8 without a byte-order mark and with `\n`: worker-runner reads nothing else.
function Write-TextFile {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Path,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string] $Text
    )

    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    [IO.File]::WriteAllText($Path, $Text.Replace("`r`n", "`n"), $encoding)
    Write-Step "wrote $Path"
}
