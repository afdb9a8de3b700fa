//! [`Guest`]: what the system on a disk is told at its start so that one may log in, and what is said to it over SSH.
//!
//! Linux is set up by cloud-init, Windows by cloudbase-init; both read the same two files. What is said to Windows is
//! PowerShell, encoded: so it is the same whether its SSH server hands it to `cmd.exe` or to PowerShell.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use taskgraph_images_transforms::Os;

use super::{ACCOUNT, FOLDER};

/// Where they go on Windows: below the account's own folder.
const WINDOWS_FOLDER: &str = "image-verify";

/// The system on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest(pub Os);

impl Guest {
    /// What it is told of the machine: an id that no other has, so that it takes it for a new one.
    pub fn meta_data(self, id: &str) -> String {
        match self.0 {
            Os::Linux => format!("instance-id: {id}\nlocal-hostname: verify\n"),
            // Under another name Windows would start again.
            Os::Windows => format!("instance-id: {id}\n"),
        }
    }

    /// What it does at its start: one account, with one key, for as long as the machine runs.
    pub fn user_data(self, key: &str) -> String {
        let key = key.trim();
        match self.0 {
            Os::Linux => format!(
                "#cloud-config\nusers:\n  - name: {ACCOUNT}\n    shell: /bin/bash\n    lock_passwd: true\n    \
                 sudo: ALL=(ALL) NOPASSWD:ALL\n    ssh_authorized_keys:\n      - {key}\nssh_pwauth: false\n",
            ),
            Os::Windows => windows_account(key),
        }
    }

    /// How long it may take until it lets somebody in. Emulated ones are slow, and Windows sets itself up first.
    pub const fn patience(self) -> Duration {
        match self.0 {
            Os::Linux => Duration::from_secs(15 * 60),
            Os::Windows => Duration::from_secs(45 * 60),
        }
    }

    /// What succeeds as soon as one may log in.
    pub const fn knock(self) -> &'static str {
        "exit 0"
    }

    /// What ends when it is wholly set up, and fails if that failed; none where that is so once one may log in.
    pub const fn is_set_up(self) -> Option<&'static str> {
        match self.0 {
            // 2: it is done, with warnings.
            Os::Linux => Some(
                "said=$(cloud-init status --wait --long); [ $? -ne 1 ] || { echo \"$said\"; false; }",
            ),
            Os::Windows => None,
        }
    }

    /// Where files are copied to, as `scp` names it.
    pub const fn folder(self) -> &'static str {
        match self.0 {
            Os::Linux => FOLDER,
            Os::Windows => WINDOWS_FOLDER,
        }
    }

    /// The command that makes the folder.
    pub fn make_folder(self) -> String {
        match self.0 {
            Os::Linux => format!("sudo install -d -o {ACCOUNT} {FOLDER}"),
            Os::Windows => powershell(&format!(
                "New-Item -ItemType Directory -Force -Path {} | Out-Null",
                windows_folder()
            )),
        }
    }

    /// The command that runs a check: as root or administrator, with the layout of the repository around it.
    pub fn check(self, path: &str) -> String {
        match self.0 {
            Os::Linux => {
                let path = shlex::try_quote(path).expect("git allows no NUL in a path");
                format!("cd {FOLDER} && sudo bash {path}")
            }
            Os::Windows => powershell(&windows_check(path)),
        }
    }

    /// The command that ends the machine.
    pub const fn shut_down(self) -> &'static str {
        match self.0 {
            Os::Linux => "sudo systemctl poweroff",
            Os::Windows => "shutdown /s /f /t 0",
        }
    }
}

/// A script for cloudbase-init. Windows' SSH server reads keys of administrators from one file, and only if nobody else may
/// write it.
fn windows_account(key: &str) -> String {
    format!(
        "\
#ps1_sysnative
$ErrorActionPreference = 'Stop'
$bytes = New-Object byte[] 24
[Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
$password = ConvertTo-SecureString -AsPlainText -Force ('aA1!' + [Convert]::ToBase64String($bytes))
New-LocalUser -Name '{ACCOUNT}' -Password $password | Out-Null
Add-LocalGroupMember -SID 'S-1-5-32-544' -Member '{ACCOUNT}'
$keys = Join-Path $env:ProgramData 'ssh\\administrators_authorized_keys'
Add-Content -LiteralPath $keys -Encoding Ascii -Value @('', '{key}')
icacls.exe $keys /inheritance:r /grant '*S-1-5-32-544:F' /grant '*S-1-5-18:F' | Out-Null
exit $LASTEXITCODE
"
    )
}

fn windows_folder() -> String {
    format!("(Join-Path $env:USERPROFILE '{WINDOWS_FOLDER}')")
}

fn windows_check(path: &str) -> String {
    // There a quotation mark in quoted text is written twice.
    let path = path.replace('\'', "''");
    format!(
        "Set-Location -LiteralPath {}\npowershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File '{path}'\n\
         exit $LASTEXITCODE",
        windows_folder()
    )
}

/// A script as one command of words that no shell changes.
fn powershell(script: &str) -> String {
    // Else what it shows of its progress comes as XML.
    let script = format!("$ProgressPreference = 'SilentlyContinue'\n{script}");
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!(
        "powershell.exe -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand {}",
        STANDARD.encode(bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Guest = Guest(Os::Linux);
    const WINDOWS: Guest = Guest(Os::Windows);

    /// What an encoded command says.
    fn decoded(command: &str) -> String {
        let (words, encoded) = command.rsplit_once(' ').unwrap();
        let bytes = STANDARD.decode(encoded).unwrap();
        let units: Vec<u16> = bytes
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        format!("{words}\n{}", String::from_utf16(&units).unwrap())
    }

    #[test]
    fn a_check_is_one_word() {
        assert_eq!(
            LINUX.check("image-defs/checks/$(id)'.sh"),
            "cd /run/image-verify && sudo bash 'image-defs/checks/$(id)'\"'.sh\""
        );
        insta::assert_snapshot!(decoded(&WINDOWS.check("image-defs/checks/$(id)'.ps1")), @"
        powershell.exe -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand
        $ProgressPreference = 'SilentlyContinue'
        Set-Location -LiteralPath (Join-Path $env:USERPROFILE 'image-verify')
        powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File 'image-defs/checks/$(id)''.ps1'
        exit $LASTEXITCODE
        ");
        insta::assert_snapshot!(decoded(&WINDOWS.make_folder()), @"
        powershell.exe -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand
        $ProgressPreference = 'SilentlyContinue'
        New-Item -ItemType Directory -Force -Path (Join-Path $env:USERPROFILE 'image-verify') | Out-Null
        ");
    }

    #[test]
    fn seeds() {
        insta::assert_snapshot!(LINUX.meta_data("verify-1"), @"
        instance-id: verify-1
        local-hostname: verify
        ");
        insta::assert_snapshot!(LINUX.user_data("ssh-ed25519 AAAA verify\n"), @"
        #cloud-config
        users:
          - name: verify
            shell: /bin/bash
            lock_passwd: true
            sudo: ALL=(ALL) NOPASSWD:ALL
            ssh_authorized_keys:
              - ssh-ed25519 AAAA verify
        ssh_pwauth: false
        ");
        insta::assert_snapshot!(WINDOWS.meta_data("verify-1"), @"instance-id: verify-1");
        insta::assert_snapshot!(WINDOWS.user_data("ssh-ed25519 AAAA verify\n"), @r"
        #ps1_sysnative
        $ErrorActionPreference = 'Stop'
        $bytes = New-Object byte[] 24
        [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
        $password = ConvertTo-SecureString -AsPlainText -Force ('aA1!' + [Convert]::ToBase64String($bytes))
        New-LocalUser -Name 'verify' -Password $password | Out-Null
        Add-LocalGroupMember -SID 'S-1-5-32-544' -Member 'verify'
        $keys = Join-Path $env:ProgramData 'ssh\administrators_authorized_keys'
        Add-Content -LiteralPath $keys -Encoding Ascii -Value @('', 'ssh-ed25519 AAAA verify')
        icacls.exe $keys /inheritance:r /grant '*S-1-5-32-544:F' /grant '*S-1-5-18:F' | Out-Null
        exit $LASTEXITCODE
        ");
    }
}
