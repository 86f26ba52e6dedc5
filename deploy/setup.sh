# The shared body of demo.sh and test.sh: read by them, not run. POSIX sh.
#
# prepare demo|test   makes .venv beside this folder ready; says what it does on stderr; quick when nothing changed.
#
# Needs: a Python >= 3.11 and, where something is missing, apt (as root or through sudo).

root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv
sbin=$PATH:/usr/sbin:/usr/local/sbin # Debian keeps servers off an ordinary user's PATH
apt_from= # options of apt-get that say where packages come from, where not from the machine's own sources

say() { printf '%s\n' "edge-hub: $*" >&2; }
fail() { say "$*"; exit 1; }
has() { PATH=$sbin command -v "$1" >/dev/null 2>&1; }

# --- what apt has to bring -------------------------------------------------------------------------------------------

# as_root COMMAND…: run it as root, or fail at once where that is impossible (never wait for a password without a terminal).
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif ! has sudo; then return 1
    elif [ -t 0 ]; then sudo "$@"
    else sudo -n "$@"
    fi
}

# apt_install PACKAGE…: 0 when they are there afterwards. A busy package manager is waited for, an old list refreshed.
apt_install() {
    has apt-get || return 1
    as_root true 2>/dev/null || return 1
    say "installing with apt: $*"
    had_mosquitto=$(has mosquitto && echo yes || echo no)
    install="env DEBIAN_FRONTEND=noninteractive apt-get $apt_from install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300"
    as_root $install "$@" >&2 || {
        say "the package list may be old: refreshing it"
        as_root apt-get $apt_from update -q -o DPkg::Lock::Timeout=300 >&2 || true
        as_root $install "$@" >&2 || return 1
    }
    if [ "$had_mosquitto" = no ] && has mosquitto && [ -d /run/systemd/system ]; then
        say "Debian would now keep a broker of its own on port 1883; nothing here uses it, so it is switched off again"
        say "  (to have it: systemctl enable --now mosquitto)"
        as_root systemctl disable --now mosquitto >&2 || true
    fi
}

has_cjk_font() {
    if has fc-list; then [ -n "$(PATH=$sbin fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]
    else ls /usr/share/fonts/truetype/wqy /usr/share/fonts/opentype/noto/*CJK* >/dev/null 2>&1
    fi
}

# browser: one without a window takes a third less of the tests' time; where there is none, the whole one serves.
browser() {
    has chromium-headless-shell && return 0
    has apt-cache && [ -n "$(apt-cache policy chromium-headless-shell 2>/dev/null)" ] &&
        apt_install chromium-headless-shell && return 0
    has chromium || has chromium-browser || missing="$missing chromium"
}

# server PROGRAM PACKAGE WHAT: a server for tests that are skipped where there is none.
server() {
    has "$1" && return 0
    has apt-cache && [ -n "$(apt-cache policy "$2" 2>/dev/null)" ] && apt_install "$2" || {
        say "no $2 here: the tests of $3 are skipped"
        return 0
    }
    if [ -d /run/systemd/system ]; then
        say "Debian would now keep a $2 of its own; nothing here uses it, so it is switched off again"
        as_root systemctl disable --now "$2" >&2 || true
    fi
}

has_rtsp() {
    /usr/bin/python3 -c 'import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GstRtspServer' >/dev/null 2>&1 && [ -n "$(ls /usr/lib/*/gstreamer-1.0/libgstx264.so 2>/dev/null)" ]
}

# rtsp_cameras: a server of RTSP for the tests of cameras, which are skipped where there is none.
rtsp_cameras() {
    has_rtsp && return 0
    plugins=gstreamer1.0-plugins
    apt_install gir1.2-gst-rtsp-server-1.0 python3-gi $plugins-base $plugins-good $plugins-bad $plugins-ugly && has_rtsp ||
        say "no RTSP server of GStreamer here: the tests against RTSP cameras are skipped"
}

# has_opencv_libraries: whether OpenCV can be loaded, without which no camera is looked at.
has_opencv_libraries() {
    known=$(PATH=$sbin ldconfig -p 2>/dev/null) || return 0
    for library in libGL.so.1 libgthread-2.0.so.0 libSM.so.6 libXext.so.6; do
        case $known in *"$library"*) ;; *) return 1 ;; esac
    done
}

# programs demo|test: brings the programs that are no Python packages.
programs() {
    missing=
    has mosquitto && has mosquitto_passwd || missing="$missing mosquitto"
    has mosquitto_pub || missing="$missing mosquitto-clients"
    has_opencv_libraries || missing="$missing $(. "$root/deploy/packages.sh"; opencv_packages)"
    if [ "$1" = test ]; then
        browser
        has_cjk_font || missing="$missing fonts-wqy-zenhei"
        has openssl || missing="$missing openssl"
    fi
    if [ "$1" = test ]; then
        server victoria-metrics victoria-metrics "a real data centre"
        server influxd influxdb "the dashboard's queries"
        server upsd nut-server "a real UPS server"
        rtsp_cameras
        has rclone || apt_install rclone || say "no rclone here: the tests of copies of backups are skipped"
    fi
    [ -n "$missing" ] || return 0
    apt_install $missing && return 0
    [ "$1" = demo ] || fail "the tests need what apt could not install here:$missing (as root: apt-get install$missing)"
}

# --- Python ----------------------------------------------------------------------------------------------------------

version_ok='import sys; raise SystemExit(sys.version_info < (3, 11))'

# find_python: prints the first Python >= 3.11 that can make virtual environments.
find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if has "$name" && PATH=$sbin "$name" -c "$version_ok" >/dev/null 2>&1 &&
            PATH=$sbin "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            PATH=$sbin command -v "$name"
            return 0
        fi
    done
    return 1
}

python_or_apt() {
    find_python && return 0
    apt_install python3 python3-venv >&2 || true
    find_python || fail "no Python >= 3.11 with venv and ensurepip (on Debian, as root: apt-get install python3 python3-venv)"
}

pip_into() { # pip_into PYTHON ARGUMENTS…
    into=$1; shift
    "$venv/bin/python" -m pip --python "$into" --disable-pip-version-check --no-input -q "$@" >&2
}

# digest: changes when anything does that the environment was made from.
digest() {
    {
        printf '%s\n' "$root" "$(has mosquitto && echo mosquitto)"
        cd "$root"
        cat requirements*.txt pyproject.toml hatch_build.py edge/__init__.py web/assets/*.* deploy/setup.sh
        find web -name '*.po' | LC_ALL=C sort | while IFS= read -r file; do cat "$file"; done
    } | sha256sum | cut -d ' ' -f 1
}

# build_hub editable|standard DIR: the hub's wheel into DIR. What builds it lives in a second environment that is thrown
# away, so that the hub's own holds only hashed packages that it runs with.
build_hub() {
    say "building: browser files, translations, the edge-hub command"
    "$venv/bin/python" -m venv --without-pip "$2/builder"
    builder=$2/builder/bin/python
    pip_into "$builder" install --require-hashes -r "$root/requirements-build.txt"
    cd "$root"
    lend_node='import hatch_build, pathlib; print(*hatch_build.node_requirement(pathlib.Path(".")))'
    if [ -n "$("$builder" -B -c "$lend_node")" ]; then
        say "no npm on node >= 20 here: lending one to the build (60 MB)"
        pip_into "$builder" install --require-hashes -r "$root/requirements-node.txt"
    fi
    "$builder" -B -m hatchling build -t "wheel:$1" -d "$2" >/dev/null
    cd - >/dev/null
    rm -rf "$2/builder"
}

# install_hub: an editable install.
install_hub() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM
    build_hub editable "$scratch"
    pip_into "$venv/bin/python" install --no-deps --no-index --force-reinstall "$scratch"/*.whl
    rm -rf "$scratch"
    trap - EXIT HUP INT TERM
}

# environment_is_sound: .venv runs, and stands where it was made (its commands name their interpreter by full path).
environment_is_sound() {
    "$venv/bin/python" -c "$version_ok; import pip" 2>/dev/null || return 1
    read -r first <"$venv/bin/pip" || return 1
    case $first in "#!$venv/bin/"*) return 0 ;; *) return 1 ;; esac
}

prepare() {
    kind=$1
    programs "$kind"
    wanted=$(digest)
    for done in "$kind" test; do # what the tests need includes what the demo needs
        stamp=$venv/.edge-hub-$done
        if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c "$version_ok" 2>/dev/null; then
            return 0
        fi
    done
    rm -f "$venv/.edge-hub-demo" "$venv/.edge-hub-test"
    if ! environment_is_sound; then
        python=$(python_or_apt) || exit 1
        say "making .venv with $python"
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    requirements=$root/requirements.txt
    [ "$kind" = demo ] || requirements=$root/requirements-test.txt
    if [ "$kind" = demo ] && ! has mosquitto; then requirements=$root/requirements-demo.txt; fi
    say "installing Python packages: $(basename "$requirements")"
    pip_into "$venv/bin/python" install --require-hashes -r "$requirements"
    install_hub
    printf '%s\n' "$wanted" >"$venv/.edge-hub-$kind"
    say "ready"
}
