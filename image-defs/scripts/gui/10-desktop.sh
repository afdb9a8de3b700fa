#!/usr/bin/env bash
# GNOME on Wayland, fonts and sound, as the graphical tests expect them.

. "$(dirname "$0")/../lib/apt.sh"

require_root
apt_install \
    dbus-user-session \
    dconf-cli \
    fonts-dejavu \
    fonts-noto-color-emoji \
    gdm3 \
    gnome-session \
    gnome-shell \
    libgl1-mesa-dri \
    pipewire \
    pipewire-pulse \
    wireplumber \
    xwayland \
    yaru-theme-icon

# vkms, the virtual display, is among the extra modules of the cloud kernels.
apt_install "linux-modules-extra-$(uname -r)"
