#!/usr/bin/env bash
# Makes a bootable disk of Debian's packages: no loop device, no mount, no machine. The disk has an MBR, a FAT file system
# with the loaders, the kernel and its initial file system, and an ext4 file system with everything else. UEFI starts it by
# systemd-boot, a BIOS by SYSLINUX; machines of arm64 have no BIOS.
#
# Needs: mmdebstrap, e2fsprogs, dosfstools, mtools, fdisk, qemu-utils; syslinux for amd64. For another architecture than this
# machine's, the kernel must run its programs by qemu-user-static (binfmt_misc). Packer copies a script before it runs it, so
# this one sources nothing.
set -euo pipefail

: "${IMAGE_NAME:?}" "${DEBIAN_SUITE:?}" "${DEBIAN_ARCH:?}" "${DISK_GIB:?}" "${ARTIFACTS:?}"

# What UEFI starts where nobody has told it of anything else, and how the kernel names the serial port. An emulated timer can be
# late on a busy machine, and a kernel that takes it for a broken one stops.
case "$DEBIAN_ARCH" in
    amd64) loader=x64 serial=ttyS0,115200 besides=" no_timer_check" ;;
    arm64) loader=aa64 serial=ttyAMA0 besides= ;;
    *)
        echo "there is no loader here for $DEBIAN_ARCH: expected amd64 or arm64" >&2
        exit 2
        ;;
esac

# Whatever the builder left open would take the low numbers that mmdebstrap's own pipes need.
for descriptor in 3 4 5 6 7 8 9; do
    eval "exec $descriptor>&-"
done

work="$(mktemp -d)"
# Nothing that is mounted there is gone through.
trap 'rm -rf --one-file-system "$work"' EXIT
# A signal waits for the program that runs: until it has ended nothing may be removed.
trap 'exit 143' HUP INT TERM
root="$work/root"
records="$root/etc/image-build.d"

# Without a mirror of one's own in DEBIAN_MIRROR, packages come from Debian's, with its updates.
#
# cloud-init is how whoever starts the machine says who may log in. Nothing else is set up.
packages=(
    "linux-image-cloud-$DEBIAN_ARCH" systemd-boot-efi systemd-sysv systemd-resolved udev dbus libpam-systemd
    cloud-init cloud-guest-utils openssh-server sudo ca-certificates iproute2 e2fsprogs
)
# mmdebstrap shows this machine's own /dev/shm to what it installs. Where it may, it does so where nobody else sees it: however
# it ends, no mount is left, through which removing its folder would reach this machine.
private=()
if unshare --mount true 2>/dev/null; then
    private=(unshare --mount)
fi
"${private[@]}" mmdebstrap --variant=minbase --architectures="$DEBIAN_ARCH" --include="$(IFS=,; echo "${packages[*]}")" --aptopt='Acquire::Retries "5"' \
    "$DEBIAN_SUITE" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}

cat >"$root/etc/fstab" <<'FSTAB'
LABEL=root / ext4 errors=remount-ro,x-systemd.growfs 0 1
FSTAB
mkdir -p "$root/etc/systemd/network"
cat >"$root/etc/systemd/network/80-any.network" <<'NETWORK'
[Match]
Name=en* eth*

[Network]
DHCP=yes
NETWORK
mkdir -p "$root/etc/cloud/cloud.cfg.d"
cat >"$root/etc/cloud/cloud.cfg.d/90-image.cfg" <<'CLOUD'
network: {config: disabled}
datasource_list: [NoCloud, None]
# There is no other to generate.
locale: C.UTF-8
CLOUD
printf 'localhost\n' >"$root/etc/hostname"
ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service ssh.service

# What makes a machine this machine is made at its first start.
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log "$root"/var/log/apt
cat >"$root/etc/systemd/system/ssh-host-keys.service" <<'UNIT'
[Unit]
Description=Make the SSH host keys of this machine
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=ssh.service
UNIT
chroot "$root" systemctl --quiet enable ssh-host-keys.service

mkdir -p "$records"
printf 'IMAGE_NAME=%s\n' "$IMAGE_NAME" >"$records/image.env"
{
    printf 'image\t%s\t%s\n' "$IMAGE_NAME" "$(chroot "$root" dpkg --print-architecture)"
    distribution="$(sed -n 's/^ID=//p' "$root/etc/os-release")"
    version="$(sed -n 's/^VERSION_ID=//p' "$root/etc/os-release" | tr -d '"')"
    printf 'system\t%s\t%s\n' "$distribution" "${version:-rolling}"
    # shellcheck disable=SC2016 # names of dpkg's fields
    chroot "$root" dpkg-query --show --showformat 'deb\t${binary:Package}\t${Version}\n' | LC_ALL=C sort
} >"$records/sbom.tsv"
cp "$records/sbom.tsv" "$ARTIFACTS/sbom.tsv"

# The kernel that the loader starts. A child image that gets a newer one starts with this one.
boot_mib=128
start_mib=1
disk="$work/disk.raw"
boot="$work/boot.fat"
system="$work/system.ext4"
system_mib=$((DISK_GIB * 1024 - start_mib - boot_mib - 1))

truncate --size "${boot_mib}M" "$boot"
mkfs.vfat -F 32 -n BOOT "$boot" >/dev/null
words="root=LABEL=root rw console=tty0 console=$serial net.ifnames=1$besides"
kernel="$(find "$root/boot" -name 'vmlinuz-*' -printf '%f\n' | sort --version-sort | tail -n 1)"
mcopy -i "$boot" "$root/boot/$kernel" ::/vmlinuz
mcopy -i "$boot" "$root/boot/initrd.img-${kernel#vmlinuz-}" ::/initrd
mmd -i "$boot" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
mcopy -i "$boot" "$root/usr/lib/systemd/boot/efi/systemd-boot$loader.efi" "::/EFI/BOOT/BOOT${loader^^}.EFI"
printf 'title Linux\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$words" | mcopy -i "$boot" - ::/loader/entries/linux.conf
if [[ "$DEBIAN_ARCH" == amd64 ]]; then
    cat >"$work/syslinux.cfg" <<SYSLINUX
DEFAULT linux
PROMPT 0
SERIAL 0 115200
LABEL linux
  LINUX /vmlinuz
  APPEND $words
  INITRD /initrd
SYSLINUX
    mcopy -i "$boot" "$work/syslinux.cfg" ::/syslinux.cfg
    syslinux --install "$boot"
fi

truncate --size "${system_mib}M" "$system"
mke2fs -q -t ext4 -L root -d "$root" "$system"

truncate --size "${DISK_GIB}G" "$disk"
sfdisk --quiet "$disk" <<LAYOUT
label: dos
start=${start_mib}MiB, size=${boot_mib}MiB, type=c, bootable
start=$((start_mib + boot_mib))MiB, size=${system_mib}MiB, type=83
LAYOUT
if [[ "$DEBIAN_ARCH" == amd64 ]]; then
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" conv=notrunc bs=440 count=1 status=none
fi
dd if="$boot" of="$disk" conv=notrunc,sparse bs=1M seek="$start_mib" status=none
dd if="$system" of="$disk" conv=notrunc,sparse bs=1M seek="$((start_mib + boot_mib))" status=none
qemu-img convert -f raw -O qcow2 -c "$disk" "$ARTIFACTS/$IMAGE_NAME.qcow2"
