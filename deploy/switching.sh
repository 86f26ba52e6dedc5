# How a machine goes from one version to the next, and back when the next does not become armed: read by install.sh, not run.
#
# Needs of the reader: dry, release (the new version's folder), opt, data, kept, defaults, site, ca, port, backups, units, UNITS, at, step,
# note, fail, put, scratch, systemd_runs, vital_open; and `leave` as its trap for EXIT.

undo= # how what was begun is taken back, should the installer end now

ARMED_WITHIN=120 # seconds

# leave: whatever it ends by.
leave() {
    status=$?
    trap '' HUP INT TERM
    if [ -n "$undo" ]; then $undo; fi
    [ -z "$scratch" ] || rm -rf "$scratch"
    exit "$status"
}

# point RELEASE: `current` becomes it in one moment.
point() {
    ln -sfn "$1" "$opt/.current.new"
    mv -T "$opt/.current.new" "$opt/current"
}

# armed: 0 once the panel says that a test alarm has passed.
armed() {
    "$opt/current/bin/python" - "$ca/ca.crt" "$port" "$ARMED_WITHIN" <<'END'
import json, ssl, sys, time, urllib.request
authority, port, within = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
trust = ssl.create_default_context(cafile=authority)
end, last = time.monotonic() + within, "no answer"
while time.monotonic() < end:
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", timeout=5, context=trust) as answer:
            status = json.load(answer)["status"]
        if status in {"armed", "degraded"}:
            print(f"    the hub is {status}")
            sys.exit(0)
        last = status
    except OSError as error:
        last = str(error)
    time.sleep(1)
print(f"    not armed within {within:.0f} s: {last}", file=sys.stderr)
sys.exit(1)
END
}

# stores FROM TO COMMAND…: the three stores, which a newer program changes in ways an older one cannot read. Links, which the
# hub's user might have laid, stay links.
stores() {
    from=$1 to=$2
    shift 2
    for file in "$from"/journal.db* "$from"/accounts.db* "$from"/telemetry.db*; do
        if [ -f "$file" ] && [ ! -L "$file" ]; then "$@" "$file" "$to/" || return 1; fi
    done
    sync
}

# back_up RELEASE: beside the running hub, by the program that made the data; the last three stay.
back_up() {
    "$1/bin/edge-hub" backup --help >/dev/null 2>&1 || return 0
    (umask 077 && mkdir -p "$backups")
    file=$backups/before-upgrade-$(date +%Y%m%d-%H%M%S).backup
    "$1/bin/edge-hub" backup "$file" --data "$data" --site "$site" >/dev/null ||
        fail "no backup could be made, therefore the former version runs on; free some space on $(df -P "$backups" | awk 'NR == 2 {print $6}') and repeat"
    chmod 0600 "$file"
    note "backup: $file"
    ls -1t "$backups"/before-upgrade-*.backup | tail -n +4 | while IFS= read -r old; do rm -f "$old"; done
}

# await_calm RELEASE: in a fire nobody takes the hub away for a minute. One that was stopped by hand hears nothing anyway.
await_calm() {
    waits=no
    while vital_open "$1/bin/python" "$data/journal.db" && systemctl is-active -q edge-hub.service; do
        [ "$waits" = yes ] ||
            note "a fire, gas or help alarm is open: the hub hears on, this goes on when none is (at once all the same: systemctl stop edge-hub)"
        waits=yes
        sleep 10
    done
}

# keep_before: a copy of the stopped hub's stores, to go back to. It lies in a folder of root's own: in one that the hub's user
# may write to, a link could make root write anywhere.
keep_before() {
    (umask 077 && mkdir -p "$kept")
    need=$(du -cm "$data"/*.db* 2>/dev/null | awk 'END {print $1 + 0}')
    free=$(df -Pm "$kept" | awk 'NR == 2 {print $4}')
    [ "$free" -gt "$((need + 200))" ] || fail "$kept has $free MB free; an upgrade needs $((need + 200)) for a copy"
    rm -rf "$kept/before" "$kept/before.part" "$kept/failed"
    keep_defaults
    mkdir "$kept/before.part"
    stores "$data" "$kept/before.part" cp -pP
    mv "$kept/before.part" "$kept/before"
}

# keep_defaults: port and names the former version runs with. Those of a run that was cut off are older, and stay.
keep_defaults() {
    if [ -f "$kept/defaults" ] || [ ! -f "$defaults" ]; then return 0; fi
    cp -p "$defaults" "$kept/defaults.part"
    mv "$kept/defaults.part" "$kept/defaults"
}

# defaults_back: as they were; the panel answers at their port again.
defaults_back() {
    [ -f "$kept/defaults" ] || return 0
    put "$defaults" 0644 root:root <"$kept/defaults"
    port=$(sed -n 's/^EDGE_HUB_LISTEN=.*:\([0-9]*\)$/\1/p' "$defaults")
}

# services_of RELEASE: its own units, as it may not know the options of another's.
services_of() {
    for unit in $UNITS; do
        if [ -f "$1/deploy/systemd/$unit" ]; then
            put "$units/$unit" 0644 root:root <"$1/deploy/systemd/$unit"
        else
            systemctl disable -q --now "$unit" || true
            rm -f "$units/$unit"
        fi
    done
    systemctl daemon-reload
}

# go_back RELEASE: to it and the stores it had. Cut off anywhere, it can be done again from the beginning: what is kept goes last.
go_back() {
    undo=
    note "going back to $1"
    printf '%s\n' "$1" >"$kept/going-back"
    sync
    systemctl stop edge-hub.service || true
    point "$1"
    defaults_back
    services_of "$1"
    mkdir -p "$kept/failed"
    stores "$data" "$kept/failed" mv -n || true
    rm -f "$data"/journal.db* "$data"/accounts.db* "$data"/telemetry.db*
    if ! stores "$kept/before" "$data" cp -pP; then
        rm -rf "$kept/failed" # it may be the room for it that is lacking
        stores "$kept/before" "$data" cp -pP || fail "the stores of $1 cannot be brought back; they are in $kept/before: look why, and repeat"
    fi
    rm "$kept/going-back"
    rm -rf "$kept/before" "$kept/defaults"
    sh "$1/deploy/install.sh" --accounts >/dev/null || true
    systemctl start edge-hub.service
    armed || fail "neither version becomes armed; why: journalctl -u edge-hub -n 100"
    note "the former version runs again, its stores are as before (what the new one left is in $kept/failed)"
}

# finish_way_back: of a run that was cut off on it: the only good stores may be those that were kept.
finish_way_back() {
    [ "$dry" = no ] && systemd_runs && [ -f "$kept/going-back" ] || return 0
    step "Finishing the way back of a run that was cut off"
    wanted=$port
    go_back "$(cat "$kept/going-back")"
    port=$wanted
}

start_fresh() {
    if ! systemd_runs; then note "no systemd runs here: it starts with the machine"; return; fi
    await_calm "$release"
    systemctl restart edge-hub-broker.service
    systemctl restart edge-hub.service || true
    armed || fail "the hub does not become armed; why: journalctl -u edge-hub -n 50"
    rm -rf "$kept/before" "$kept/defaults" # of a run that was cut off after switching
}

# prepare_switch: what a newer version finds: a backup, the hub stopped, a copy of its stores. Only from here on is anything
# changed that the former one runs by; whatever fails then (`undo`) leads back to it.
prepare_switch() {
    former=
    if [ "$dry" = yes ]; then
        [ -L "$at$opt/current" ] || return 0
        step "Backup, and the hub stopped"
        note "would make a backup in $backups"
        note "would wait while a fire, gas or help alarm is open"
        note "would stop the hub and keep a copy of its stores"
        return
    fi
    former=$(readlink "$opt/current" || true)
    if [ "$former" = "$release" ] || ! systemd_runs; then former=; fi
    [ -n "$former" ] || return 0
    step "Backup, and the hub stopped"
    back_up "$former"
    await_calm "$former"
    undo="systemctl start edge-hub.service"
    systemctl stop edge-hub.service
    keep_before
    undo="go_back $former"
}

switch() {
    step "Switching over and starting"
    if [ "$dry" = yes ]; then
        if [ -L "$at$opt/current" ]; then
            note "would switch to the new version, start it and wait until it is armed"
            note "would go back to the former version and its stores if it does not become armed within $ARMED_WITHIN s"
        else
            note "would start broker and hub and wait until the hub is armed ($ARMED_WITHIN s)"
        fi
        return
    fi
    point "$release"
    if [ -z "$former" ]; then
        start_fresh
        return
    fi
    systemctl reload-or-restart edge-hub-broker.service || true
    systemctl start edge-hub.service || true
    armed || fail "the new version did not become armed"
    undo=
    rm -rf "$kept/before" "$kept/defaults"
}

# Two versions stay: the one in use and the one before.
tidy() {
    [ "$dry" = no ] || return 0
    ls -1dt "$opt"/releases/*/ 2>/dev/null | tail -n +3 | while IFS= read -r old; do
        [ "${old%/}" = "$(readlink "$opt/current")" ] || rm -rf "$old"
    done
}
