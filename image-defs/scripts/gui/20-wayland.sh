#!/usr/bin/env bash
# A Wayland session on a virtual display: no X11 fallback, no screen lock, one monitor of a known size.

. "$(dirname "$0")/../lib/common.sh"

require_root

install_file gui/modules.conf /etc/modules-load.d/90-gui.conf
install_file gui/monitors.xml /etc/xdg/monitors.xml
install_file gui/gdm-custom.conf /etc/gdm3/custom.conf
install_file gui/dconf-profile /etc/dconf/profile/user
install_file gui/dconf-settings /etc/dconf/db/local.d/00-worker
install_file gui/worker-graphical.conf /etc/systemd/system/worker.service.d/90-graphical.conf

# udev marks the virtual display as one that mutter must ignore: the only one that there is.
sed '/platform-vkms/d' /usr/lib/udev/rules.d/61-mutter.rules >/etc/udev/rules.d/61-mutter.rules

dconf update
systemctl daemon-reload
systemctl set-default graphical.target
