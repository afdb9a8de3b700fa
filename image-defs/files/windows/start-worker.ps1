# Starts worker-runner on an instance of the image. Runs as SYSTEM at every boot, from C:\worker-runner.
#
# It does what worker-runner cannot: waits until Windows is set up, and sees to the signing key.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = 'C:\worker-runner'
$log = "$root\worker-runner.log"
if ((Test-Path -Path $log) -and (Get-Item -Path $log).Length -gt (20 * 1024 * 1024)) {
    Move-Item -Path $log -Destination "$log.old" -Force
}

function Write-WorkerLog {
    param([Parameter(Mandatory = $true)] [string] $Message)
    $time = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
    Add-Content -Path $log -Value "$time $Message" -Encoding UTF8
}

function Wait-Until {
    param(
        [Parameter(Mandatory = $true)] [scriptblock] $Condition,
        [Parameter(Mandatory = $true)] [string] $What,
        [int] $Minutes = 20
    )
    $deadline = [DateTime]::UtcNow.AddMinutes($Minutes)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -gt $deadline) {
            throw "waited $Minutes minutes for $What"
        }
        Start-Sleep -Seconds 2
    }
}

try {
    # The first boot of an instance runs the specialise pass and boots again: no worker in between.
    Wait-Until -What 'the end of Windows setup' -Condition {
        $setup = Get-ItemProperty -Path 'HKLM:\SYSTEM\Setup'
        $setup.SystemSetupInProgress -eq 0 -and $setup.OOBEInProgress -eq 0
    }

    # Left from the build: it could not close its own way in. The WinRM service itself is disabled.
    Remove-NetFirewallRule -Name 'packer-winrm' -ErrorAction SilentlyContinue

    if ((Get-Content -Path "$root\runner.yml" -Raw) -match 'providerType: azure') {
        # On Azure the guest agent delivers the pool's configuration, some time after boot.
        Wait-Until -What "Azure's custom data" -Condition { Test-Path -Path 'C:\AzureData\CustomData.bin' }
    }

    $key = "$root\keys\ed25519.key"
    $policy = (Get-Content -Path "$root\signing-key-policy.txt" -Raw).Trim()
    switch ($policy) {
        'machine' {
            if (-not (Test-Path -Path $key)) {
                $public = & 'C:\generic-worker\generic-worker.exe' new-ed25519-keypair --file $key
                if ($LASTEXITCODE -ne 0) {
                    throw "generic-worker could not make a signing key, exit code $LASTEXITCODE"
                }
                Write-WorkerLog -Message "made this machine's signing key, public part $public"
            }
        }
        'secret' {
            # worker-runner writes the key from the pool's secret, and generic-worker refuses to start without it.
            Write-WorkerLog -Message 'the signing key comes from the secret of the worker pool'
        }
        default { throw "the signing key policy is ``$policy``, expected ``machine`` or ``secret``" }
    }

    Write-WorkerLog -Message 'starting worker-runner'
    Set-Location -Path $root
    # Go programs log to standard error, which Windows PowerShell would take for a fault of this script, and
    # re-encode: cmd.exe redirects bytes.
    $process = Start-Process -FilePath 'C:\Windows\System32\cmd.exe' -Wait -PassThru -NoNewWindow `
        -ArgumentList "/d /c `"$root\start-worker.exe $root\runner.yml >> $log 2>&1`""
    Write-WorkerLog -Message "worker-runner ended with exit code $($process.ExitCode)"
    exit $process.ExitCode
}
catch {
    Write-WorkerLog -Message "failed: $($_.Exception.Message)"
    exit 1
}
