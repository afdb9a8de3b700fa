# Values reach a script through the environment only, so that none is ever pasted into code.
function Get-RequiredEnvironment {
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Name
    )

    $value = [Environment]::GetEnvironmentVariable($Name)
    if ([string]::IsNullOrWhiteSpace($value)) {
        throw "the environment variable ``$Name`` is not set: the Packer template has to pass it"
    }
    return $value
}
