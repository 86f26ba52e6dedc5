# What the hub needs of Debian: read by install.sh, bundle.sh and setup.sh, not run. POSIX sh.
#
# hub_packages [ROOT]: prints their names for the system below ROOT.
hub_packages() {
    printf %s "python3 python3-venv mosquitto openssl chrony rclone $(opencv_packages "${1-}")"
}

# opencv_packages [ROOT]: prints what OpenCV, which looks at cameras, loads.
opencv_packages() {
    glib=libglib2.0-0
    [ "$(. "${1-}/etc/os-release" && printf %s "${VERSION_ID-0}")" -lt 13 ] 2>/dev/null || glib=libglib2.0-0t64
    printf %s "libgl1 $glib libsm6 libxext6"
}
