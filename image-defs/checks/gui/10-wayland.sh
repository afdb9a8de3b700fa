#!/usr/bin/env bash
# A Wayland session on the virtual display is what a task gets.

. "$(dirname "$0")/../lib/check.sh"

expect "the default target" graphical.target "$(systemctl get-default)"
expect "gdm.service" active "$(systemctl is-active gdm.service || true)"
if lsmod | grep -q '^vkms '; then
    ok "module vkms is loaded"
else
    bad "module vkms is not loaded: there is no display"
fi
if grep -qx 'XorgEnable=false' /etc/gdm3/custom.conf; then
    ok "no X11 fallback"
else
    bad "/etc/gdm3/custom.conf allows X11"
fi
for command in gnome-shell Xwayland pipewire; do
    command -v "$command" >/dev/null || bad "no command $command"
done
finish
