# Client and server editions, and amd64 and arm64, do not have the same services: an absent one is no fault.
function Disable-ServiceIfPresent {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $Name
    )

    foreach ($one in $Name) {
        $service = Get-Service -Name $one -ErrorAction SilentlyContinue
        if ($null -eq $service) {
            Write-Step "service $one is not on this image"
            continue
        }
        # The registry, because Set-Service is refused for protected services even to SYSTEM.
        try {
            Set-RegistryValue -Key "HKLM:\SYSTEM\CurrentControlSet\Services\$one" -Name 'Start' -Value 4
        }
        catch [System.Security.SecurityException], [System.UnauthorizedAccessException] {
            # A few belong to TrustedInstaller. The checks say which ones have to be off.
            Write-Step "service $one is protected and stays as it is"
            continue
        }
        if ($service.CanStop) {
            Stop-Service -Name $one -Force -ErrorAction SilentlyContinue
        }
        Write-Step "service $one is disabled"
    }
}

function Disable-TaskIfPresent {
    [CmdletBinding()]
    param(
        # Folders of the task scheduler, with both backslashes.
        [Parameter(Mandatory = $true)]
        [string[]] $TaskPath
    )

    foreach ($one in $TaskPath) {
        $tasks = @(Get-ScheduledTask -TaskPath $one -ErrorAction SilentlyContinue)
        foreach ($task in $tasks) {
            # Some belong to TrustedInstaller; what cannot be disabled is harmless and is reported.
            $result = Disable-ScheduledTask -InputObject $task -ErrorAction SilentlyContinue
            if ($null -eq $result) {
                Write-Step "could not disable the scheduled task $one$($task.TaskName)"
            }
            else {
                Write-Step "disabled the scheduled task $one$($task.TaskName)"
            }
        }
    }
}
