# What the hub needs of Debian: read by install.sh and bundle.sh, not run. POSIX sh.
#
# hub_packages [ROOT]: prints their names for the system below ROOT. OpenCV, which looks at cameras, loads the last four.
hub_packages() {
    glib=libglib2.0-0
    [ "$(. "${1-}/etc/os-release" && printf %s "${VERSION_ID-0}")" -lt 13 ] 2>/dev/null || glib=libglib2.0-0t64
    printf %s "python3 python3-venv mosquitto openssl chrony libgl1 $glib libsm6 libxext6"
}
