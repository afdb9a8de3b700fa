//! Machines that checks run on. Scripts stand in for QEMU and SSH, and keep what they are told; `.ci/real-images` starts real
//! ones.

use super::*;

/// What stands in for the programs that start a machine and talk to it, by their names.
const PROGRAMS: [(&str, &str); 5] = [
    (
        "qemu",
        r#"#!/bin/bash
here=$(dirname "$0")
printf '%s\n' "$@" >"$here/qemu.log"
[ ! -f "$here/qemu-fails" ] || { cat "$here/qemu-fails" >&2; exit 1; }
for word; do
    case "$word" in
        file:*) echo "it boots" >"${word#file:}" ;;
        if=pflash,unit=1,*) echo "changed" >>"${word##*file=}" ;;
        *file.dir=*) cp -r "${word##*file.dir=}" "$here/seed" ;;
    esac
done
exec sleep 100
"#,
    ),
    ("qemu-img", "#!/bin/sh\nfor last; do :; done\n"),
    (
        "ssh-keygen",
        "#!/bin/sh\nfor last; do :; done\necho 'ssh-ed25519 AAAA verify' >\"$last.pub\"\n",
    ),
    (
        "ssh",
        r#"#!/bin/bash
here=$(dirname "$0")
for last; do :; done
until [ -f "$here/seed/user-data" ]; do sleep 0.05; [ ! -f "$here/qemu-fails" ] || exit 255; done
case "$last" in
    *-EncodedCommand*)
        last="$(base64 -d <<<"${last##* }" | iconv -f UTF-16LE -t UTF-8)"
        ;;
esac
printf '%s\n' "$last" >>"$here/ssh.log"
case "$last" in
    *10-a*) echo "checked" ;;
    *20-b*) echo "broken"; exit 3 ;;
esac
"#,
    ),
    (
        "scp",
        "#!/bin/bash\nhere=$(dirname \"$0\")\nfor last; do :; done\necho \"scp ${last#*:}\" >>\"$here/ssh.log\"\n",
    ),
];

/// A definition of another machine, in YAML's own order.
fn image(case: &Case, more: &str) {
    let text = format!(
        "extends: [disk]\n{more}\nverify:\n  method: boot\n  worker: builder\n  max-run-time: 5 minutes\n"
    );
    case.repo.write("image-defs/images/machine.yml", text);
}

/// Builds the machine's image and verifies it.
fn verify(case: &Case, qemu: &str, arguments: &[&str]) -> Ran {
    done(&case.run(&["build", "machine"], &[]));
    let _ = std::fs::remove_dir_all(case.kept());
    case.keep();
    let programs = case.repo.beside("programs");
    let _ = std::fs::remove_dir_all(&programs);
    std::fs::create_dir(&programs).unwrap();
    for (name, text) in PROGRAMS {
        let name = if name == "qemu" { qemu } else { name };
        let path = programs.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    if case.home.join("qemu-fails").exists() {
        std::fs::copy(case.home.join("qemu-fails"), programs.join("qemu-fails")).unwrap();
    }
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let firmware = case.repo.beside("firmware").to_string_lossy().into_owned();
    let mut all = vec!["verify", "machine"];
    all.extend(arguments);
    let own = [
        ("PATH", path.as_str()),
        ("TASKGRAPH_IMAGES_FIRMWARE", &firmware),
    ];
    case.run(&all, &own)
}

/// What a program was told, without what differs from run to run.
fn told(case: &Case, name: &str) -> String {
    let text = std::fs::read_to_string(case.repo.beside("programs").join(name)).unwrap();
    let beside = case.repo.beside("").to_string_lossy().into_owned();
    let lines = text.lines().map(|line| {
        let line = line.replace(&beside, "");
        // A folder of its own for each run, and a free port.
        let mut parts = line.split('/').map(|part| {
            if part.starts_with(".verify-") {
                ".verify"
            } else {
                part
            }
        });
        let line = parts.by_ref().collect::<Vec<_>>().join("/");
        match line.split_once("hostfwd=tcp:127.0.0.1:") {
            Some((before, after)) => format!(
                "{before}hostfwd=tcp:127.0.0.1:[port]{}",
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            ),
            None => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Firmware as packages describe it.
fn firmware(case: &Case, architecture: &str, machine: &str) {
    let folder = case.repo.beside("firmware");
    std::fs::create_dir_all(&folder).unwrap();
    let (code, variables) = (folder.join("code.fd"), folder.join("variables.fd"));
    std::fs::write(&code, "code").unwrap();
    std::fs::write(&variables, "new").unwrap();
    let descriptor = serde_json::json!({
        "interface-types": ["uefi"],
        "mapping": {
            "device": "flash",
            "executable": {"filename": code, "format": "raw"},
            "nvram-template": {"filename": variables, "format": "raw"},
        },
        "targets": [{"architecture": architecture, "machines": [machine]}],
        "features": ["verbose-static"],
    });
    std::fs::write(folder.join("60-x.json"), descriptor.to_string()).unwrap();
}

#[test]
fn linux_on_arm64() {
    let case = Case::new();
    image(&case, "arch: arm64");
    case.repo.append(
        "image-defs/images/machine.yml",
        "  checks: [image-defs/checks/*.sh]\n",
    );
    let ran = verify(&case, "qemu-system-aarch64", &["--accelerator", "tcg"]);
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(
        ran.stderr.contains("no UEFI for machines of arm64")
            && ran.stderr.contains("`qemu-efi-aarch64`"),
        "{}",
        ran.stderr
    );

    firmware(&case, "aarch64", "virt-*");
    let ran = verify(&case, "qemu-system-aarch64", &["--accelerator", "tcg"]);
    done(&ran);
    assert_eq!(
        case.left("verification/verification.json")["checks"][0]["output"],
        "checked\n"
    );
    insta::assert_snapshot!(told(&case, "qemu.log"), @"
    -machine
    virt,accel=tcg
    -cpu
    max,pauth-impdef=on
    -m
    2048
    -smp
    2
    -display
    none
    -monitor
    none
    -serial
    file:artifacts/.verify/console.txt
    -drive
    if=pflash,unit=0,format=raw,readonly=on,file=firmware/code.fd
    -drive
    if=pflash,unit=1,format=raw,file=artifacts/.verify/variables
    -no-reboot
    -drive
    if=virtio,format=qcow2,file=artifacts/.verify/overlay.qcow2
    -drive
    if=virtio,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=artifacts/.verify/seed
    -device
    virtio-rng-pci
    -netdev
    user,id=net,hostfwd=tcp:127.0.0.1:[port]-:22
    -device
    virtio-net-pci,netdev=net,romfile=
    ");
    insta::assert_snapshot!(told(&case, "ssh.log"), @r#"
    exit 0
    said=$(cloud-init status --wait --long); [ $? -ne 1 ] || { echo "$said"; false; }
    sudo install -d -o verify /run/image-verify
    scp /run/image-verify/
    cd /run/image-verify && sudo bash image-defs/checks/10-a.sh
    sudo systemctl poweroff
    "#);
    // The package's own variables are as they were.
    let variables = case.repo.beside("firmware").join("variables.fd");
    assert_eq!(std::fs::read_to_string(variables).unwrap(), "new");
    let console = case
        .repo
        .beside("artifacts")
        .join("verification/console.txt");
    assert_eq!(std::fs::read_to_string(console).unwrap(), "it boots\n");
}

#[test]
fn windows() {
    let case = Case::new();
    case.repo.write("image-defs/scripts/10-a.ps1", "exit 0\n");
    case.repo.write("image-defs/checks/10-a.ps1", "exit 0\n");
    case.repo.write("image-defs/checks/20-b.ps1", "exit 3\n");
    image(&case, "os: windows");
    case.repo.append(
        "image-defs/images/machine.yml",
        "  machine: {firmware: uefi, memory: 4096, processors: 4}\n  checks: [image-defs/checks/*.ps1]\n",
    );
    firmware(&case, "x86_64", "pc-q35-*");
    let ran = verify(&case, "qemu-system-x86_64", &["--accelerator", "tcg"]);
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(
        ran.stderr
            .contains("`machine@qemu` fails `image-defs/checks/20-b.ps1`"),
        "{}",
        ran.stderr
    );
    insta::assert_snapshot!(told(&case, "qemu.log"), @"
    -machine
    q35,accel=tcg
    -cpu
    max
    -m
    4096
    -smp
    4
    -display
    none
    -monitor
    none
    -serial
    file:artifacts/.verify/console.txt
    -drive
    if=pflash,unit=0,format=raw,readonly=on,file=firmware/code.fd
    -drive
    if=pflash,unit=1,format=raw,file=artifacts/.verify/variables
    -drive
    if=ide,format=qcow2,file=artifacts/.verify/overlay.qcow2
    -drive
    if=ide,format=raw,snapshot=on,file.driver=vvfat,file.label=CIDATA,file.dir=artifacts/.verify/seed
    -netdev
    user,id=net,hostfwd=tcp:127.0.0.1:[port]-:22
    -device
    e1000e,netdev=net,romfile=
    ");
    insta::assert_snapshot!(told(&case, "ssh.log"), @"
    exit 0
    $ProgressPreference = 'SilentlyContinue'
    New-Item -ItemType Directory -Force -Path (Join-Path $env:USERPROFILE 'image-verify') | Out-Null
    scp image-verify/
    $ProgressPreference = 'SilentlyContinue'
    Set-Location -LiteralPath (Join-Path $env:USERPROFILE 'image-verify')
    powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File 'image-defs/checks/10-a.ps1'
    exit $LASTEXITCODE
    $ProgressPreference = 'SilentlyContinue'
    Set-Location -LiteralPath (Join-Path $env:USERPROFILE 'image-verify')
    powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File 'image-defs/checks/20-b.ps1'
    exit $LASTEXITCODE
    shutdown /s /f /t 0
    ");
    let seed = case.repo.beside("programs").join("seed/user-data");
    let seed = std::fs::read_to_string(seed).unwrap();
    assert!(
        seed.starts_with("#ps1_sysnative\n") && seed.contains("'ssh-ed25519 AAAA verify'"),
        "{seed}"
    );
}

#[test]
fn what_cannot_be_started_is_told() {
    let case = Case::new();
    let checks = "  checks: [image-defs/checks/*.sh]\n";
    let start = |more: &str, arguments: &[&str]| {
        image(&case, more);
        case.repo.append("image-defs/images/machine.yml", checks);
        verify(&case, "qemu-system-x86_64", arguments)
    };
    case.repo.write("image-defs/scripts/10-a.ps1", "exit 0\n");
    let ran = start("os: windows\narch: arm64", &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.block());
    insta::assert_snapshot!(ran.stderr, @"
    verifies machine@qemu of fN1SbArXTPSVFNUvaOlinQ by `boot`: machine.qcow2
    error: `boot` starts disks of Linux, and of Windows on amd64, and `machine@qemu` is none
    hint: verify it by `pool`: on machines that are started from the candidate
    ");
    let other = if cfg!(target_arch = "x86_64") {
        "arm64"
    } else {
        "amd64"
    };
    let ran = start(&format!("arch: {other}"), &["--accelerator", "kvm"]);
    assert_eq!(ran.code, Some(2), "{}", ran.block());
    assert!(
        ran.stderr
            .contains(&format!("KVM starts no machine of {other} on this one")),
        "{}",
        ran.stderr
    );

    let fails = case.home.join("qemu-fails");
    std::fs::write(&fails, "qemu-system-x86_64: no such machine\n").unwrap();
    let ran = start("", &["--accelerator", "tcg"]);
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(ran.stderr.contains("no such machine"), "{}", ran.stderr);
}
