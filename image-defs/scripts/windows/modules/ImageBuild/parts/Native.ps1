# `$ErrorActionPreference` does not apply to programs: their exit codes have to be looked at.
function Invoke-Native {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Path,

        [string[]] $Arguments = @(),

        # 3010 means success with a restart pending, as most installers report it.
        [int[]] $SuccessCodes = @(0, 3010)
    )

    Write-Step "running $Path $($Arguments -join ' ')"
    $start = @{
        FilePath    = $Path
        Wait        = $true
        PassThru    = $true
        NoNewWindow = $true
    }
    if ($Arguments.Count -gt 0) {
        $start['ArgumentList'] = $Arguments
    }
    $process = Start-Process @start
    if ($SuccessCodes -notcontains $process.ExitCode) {
        throw "``$Path`` ended with exit code $($process.ExitCode), expected one of $($SuccessCodes -join ', ')"
    }
}

function Invoke-WithRetry {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [scriptblock] $Action,

        [Parameter(Mandatory = $true)]
        [string] $What,

        [ValidateRange(1, 20)]
        [int] $Attempts = 5,

        [ValidateRange(0, 300)]
        [int] $DelaySeconds = 5
    )

    for ($attempt = 1; $attempt -le $Attempts; $attempt++) {
        try {
            & $Action
            return
        }
        catch {
            if ($attempt -eq $Attempts) {
                throw "$What failed $Attempts times, last: $($_.Exception.Message)"
            }
            $delay = $DelaySeconds * [Math]::Pow(2, $attempt - 1)
            Write-Step "$What failed (attempt $attempt of $Attempts), again in $delay s: $($_.Exception.Message)"
            Start-Sleep -Seconds $delay
        }
    }
}
