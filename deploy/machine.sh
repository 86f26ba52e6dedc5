#!/bin/sh
# What the hub has no right to do itself. Run by edge-hub-requests.service, as root, when the hub has put a file into
# /run/edge-hub: set-time (set the clock) or rest (stop in order before the battery is empty). Nothing else is understood.
set -eu
folder=${EDGE_HUB_REQUESTS:-/run/edge-hub}
trigger=/proc/sysrq-trigger
RESTS=300 # seconds
GIVES_UP=30 # seconds; the hub waits ten for a request to be taken

# said FILE: its first line, at most 64 characters; a request that is no plain file says nothing.
said() { [ -f "$folder/$1" ] && [ ! -L "$folder/$1" ] && head -c 64 "$folder/$1" | head -n 1 || true; }

taken() { rm -f "$folder/$1"; }

# set_time: "<seconds since 1970> <seconds the machine had run>": the time that has passed since is added.
set_time() {
    line=$(said set-time)
    case $line in
    *[!0-9\ ]* | '' | *\ *\ * | \ * | *\  ) echo "set-time: not understood" >&2; return 0 ;;
    *\ *) ;;
    *) echo "set-time: not understood" >&2; return 0 ;;
    esac
    asked=${line%% *}
    [ "${#asked}" -eq 10 ] && [ "${#line}" -le 24 ] || { echo "set-time: no time of this century" >&2; return 0; }
    run=$(cut -d . -f 1 </proc/uptime)
    passed=$((run - ${line##* }))
    [ "$passed" -ge 0 ] && [ "$passed" -le 60 ] || passed=0
    wanted=$((asked + passed))
    [ "$wanted" -ge 1704067200 ] && [ "$wanted" -lt 4102444800 ] || { echo "set-time: $wanted is before 2024 or after 2099" >&2; return 0; }
    date -u -s "@$wanted"
    if [ -e /dev/rtc0 ] && command -v hwclock >/dev/null; then hwclock --systohc --utc || true; fi
}

# rest: everything is stopped and the disks are made read-only, so that the power may go at any moment. The machine stays on:
# one that had switched itself off would stay off when the mains come back before the battery was empty. If the power is
# still there after RESTS seconds, the machine starts again. Where the kernel takes no such order (a container, no SysRq), nothing
# is stopped: the hub watches on until the power goes.
rest() {
    if [ ! -w "$trigger" ]; then
        echo "rest: $trigger cannot be written here, nothing is stopped" >&2
        # Not taken, so that the hub knows; left alone it would start this again and again.
        waited=0
        while [ -e "$folder/rest" ] && [ "$waited" -lt "$GIVES_UP" ]; do sleep 1; waited=$((waited + 1)); done
        taken rest
        return 0
    fi
    taken rest
    systemctl stop edge-hub.service edge-hub-broker.service || true
    sync
    echo u >"$trigger" || echo "rest: the disks stay writable" >&2
    sleep "$RESTS"
    echo b >"$trigger" || systemctl reboot || systemctl start edge-hub-broker.service edge-hub.service
}

if [ -e "$folder/set-time" ]; then
    trap 'taken set-time' EXIT
    set_time
fi
if [ -e "$folder/rest" ]; then rest; fi
