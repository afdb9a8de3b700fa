# Downloads a file and refuses it unless its SHA-256 is the pinned one.
#
# The file gets its name only after the check, so nothing unverified can be run by mistake.
function Get-VerifiedFile {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('^https://')]
        [string] $Url,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('^[0-9a-fA-F]{64}$')]
        [string] $Sha256,

        [Parameter(Mandatory = $true)]
        [string] $Destination
    )

    $partial = "$Destination.partial"
    $parent = Split-Path -Path $Destination -Parent
    $null = New-Item -Path $parent -ItemType Directory -Force

    Invoke-WithRetry -What "download of $Url" -Action {
        Invoke-WebRequest -Uri $Url -OutFile $partial -UseBasicParsing -TimeoutSec 600
        $actual = (Get-FileHash -Path $partial -Algorithm SHA256).Hash
        if ($actual -ne $Sha256) {
            Remove-Item -Path $partial -Force
            throw "SHA-256 is $($actual.ToLowerInvariant()), the pin says $($Sha256.ToLowerInvariant())"
        }
    }
    Move-Item -Path $partial -Destination $Destination -Force
    Write-Step "verified $Destination"
}

# For what a vendor signs but publishes no checksum of: the signature must be valid and the signer exact.
function Assert-PublisherSignature {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Path,

        # The common name of the signing certificate.
        [Parameter(Mandatory = $true)]
        [string] $Publisher
    )

    $signature = Get-AuthenticodeSignature -FilePath $Path
    if ($signature.Status -ne 'Valid') {
        throw "the signature of ``$Path`` is $($signature.Status), not valid"
    }
    $name = $signature.SignerCertificate.GetNameInfo('SimpleName', $false)
    if ($name -ne $Publisher) {
        throw "``$Path`` is signed by ``$name``, expected ``$Publisher``"
    }
    Write-Step "signature of $Path is from $name"
}
