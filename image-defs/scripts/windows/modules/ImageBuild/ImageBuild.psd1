@{
    RootModule        = 'ImageBuild.psm1'
    ModuleVersion     = '1.0.0'
    GUID              = '6c0c7a0e-5d4b-4c55-9f0e-3f3b7a1d2e94'
    Author            = 'Release Engineering'
    Description       = 'What every Windows provisioning script of the fleet shares: logging, verified downloads, processes, registry, services.'
    PowerShellVersion = '5.1'
    FunctionsToExport = @(
        'Write-Step'
        'Get-RequiredEnvironment'
        'Invoke-WithRetry'
        'Invoke-Native'
        'Get-VerifiedFile'
        'Assert-PublisherSignature'
        'Set-RegistryValue'
        'Disable-ServiceIfPresent'
        'Disable-TaskIfPresent'
        'Set-PrivateDirectory'
        'Add-MachinePath'
        'Write-TextFile'
    )
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
