#!/bin/sh
# Installs the hub on this machine, or raises its version: sh deploy/install.sh
#
# Debian 12 or newer and Raspberry Pi OS, 64-bit. Run as root; repeating it is safe and goes on where a former run stopped.
#
#   --dry-run          print each step, change nothing
#   --offline DIR      take everything from a bundle made by bundle.sh; no internet is needed
#   --site DIR         begin with this site's folder instead of the template (only where /etc/edge-hub is empty)
#   --admin NAME       sign-in name of the first administrator (admin)
#   --name NAME        a further name the panel and the broker are called by (repeatable)
#   --port N           port of the panel (8443)
#   --root DIR         install into the Debian system below DIR, as one prepares a card; nothing is started
#   --accounts         only: make the broker's accounts and rights again, after devices or listeners changed
#   --certificates     only: renew certificates that expire within 60 days or lack one of this machine's addresses
#   --uninstall        take the program, its services and settings of the system away; data and configuration stay
#   --purge            with --uninstall: data, configuration, certificates and the user go, too; backups stay
set -eu
umask 022
. "$(dirname "$0")/setup.sh"
. "$(dirname "$0")/packages.sh"
. "$(dirname "$0")/certificates.sh"
. "$(dirname "$0")/switching.sh"

here=$root/deploy
site=/etc/edge-hub
data=/var/lib/edge-hub
kept=/var/lib/edge-hub-upgrade
opt=/opt/edge-hub
defaults=/etc/default/edge-hub
ca=/etc/ssl/edge-hub
broker=/etc/mosquitto/edge-hub
broker_state=/var/lib/edge-hub-broker
backups=/var/backups/edge-hub
units=/etc/systemd/system
journal_conf=/etc/systemd/journald.conf.d/edge-hub.conf
watchdog_conf=/etc/systemd/system.conf.d/edge-hub.conf
chrony=/etc/chrony
UNITS="edge-hub.service edge-hub-broker.service edge-hub-certificates.service edge-hub-certificates.timer edge-hub-requests.path edge-hub-requests.service"
SPACE=1500 # MB: two versions side by side, and room to work

dry=no task=install purge=no admin=admin
offline='' into='' first_site='' names='' port='' at=''

while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --purge) purge=yes ;;
    --uninstall | --accounts | --certificates) task=${1#--} ;;
    --offline | --site | --admin | --name | --port | --root)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case $1 in
        --offline) offline=$(CDPATH='' cd "$2" && pwd) || fail "there is no bundle at $2" ;;
        --site) first_site=$(CDPATH='' cd "$2" && pwd) || fail "there is no site at $2" ;;
        --admin) admin=$2 ;;
        --name) names="$names $2" ;;
        --port) port=$2 ;;
        --root) into=$(CDPATH='' cd "$2" && pwd) || fail "there is no system at $2" ;;
        esac
        shift
        ;;
    -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    *) fail "unknown option $1; sh $0 --help" ;;
    esac
    shift
done
[ "$purge" = no ] || [ "$task" = uninstall ] || fail "--purge belongs to --uninstall"
check_asked "$admin" $names
case $port in
*[!0-9]* | ??????*) fail "--port $port: a port is a number up to 65535" ;;
?*) [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "--port $port: a port is a number up to 65535" ;;
esac

# --- speaking and doing ----------------------------------------------------------------------------------------------

number=0
step() {
    number=$((number + 1))
    printf '%2d. %s\n' "$number" "$*"
}
note() { printf '    %s\n' "$*"; }

# do_ COMMAND…: run it, or print it.
do_() {
    if [ "$dry" = yes ]; then note "would run: $*"; else "$@"; fi
}

# put PATH MODE OWNER:GROUP: its content from stdin, only where it differs; renamed into place.
put() {
    if [ "$dry" = yes ]; then
        cat >/dev/null
        note "would write: $1 ($2 $3)"
        return
    fi
    mkdir -p "$(dirname "$1")"
    cat >"$1.new"
    if [ -f "$1" ] && cmp -s "$1" "$1.new"; then rm "$1.new"; else mv "$1.new" "$1"; note "written: $1"; fi
    chown "$3" "$1"
    chmod "$2" "$1"
}

# folder PATH MODE OWNER:GROUP
folder() {
    if [ "$dry" = yes ]; then note "would make: $1 ($2 $3)"; return; fi
    mkdir -p "$1"
    chown "$3" "$1"
    chmod "$2" "$1"
}

systemd_runs() { [ -z "$into" ] && [ -d /run/systemd/system ]; }

# --- is this a machine for it? ---------------------------------------------------------------------------------------

check_machine() {
    step "Looking at the machine"
    # The kernel of a 32-bit Raspberry Pi OS may well be 64-bit: what counts is what programs are made for.
    bits=$(getconf LONG_BIT)
    kind=$(uname -m)
    [ "$bits" = 64 ] || fail "this system is 32-bit: the hub needs the 64-bit Raspberry Pi OS or Debian; write the card anew"
    case $kind in
    x86_64 | aarch64) ;;
    arm* | i?86) fail "this machine ($kind) is 32-bit: the hub needs a 64-bit one, such as a Raspberry Pi 3 or newer" ;;
    *) fail "nobody tried the hub on $kind: it runs on x86_64 and aarch64" ;;
    esac
    [ -r "$at/etc/os-release" ] || fail "no /etc/os-release: this is no Debian or Raspberry Pi OS"
    system=$(. "$at/etc/os-release" && printf '%s %s' "${ID-}" "${VERSION_ID-0}")
    case $system in
    debian\ * | raspbian\ *) [ "${system#* }" -ge 12 ] 2>/dev/null || fail "$system is too old: Debian 12 or newer" ;;
    *) fail "this is $system: the hub installs on Debian 12 or newer and Raspberry Pi OS" ;;
    esac
    note "$system, $kind"
    # Certificates made under a clock of 1970 would be refused by every phone.
    [ "$(date +%s)" -ge "$(stat -c %Y "$here/install.sh")" ] ||
        fail "the clock says $(date +%F), which is before this release was made: set it (date -s '2026-01-31 12:00') and repeat"
    [ -x "$at/lib/systemd/systemd" ] || fail "this system has no systemd (apt-get install systemd-sysv), which starts and watches the hub"
    free=$(df -Pm "$at/opt" 2>/dev/null | awk 'NR == 2 {print $4}')
    [ "${free:-$SPACE}" -ge "$SPACE" ] || fail "/opt has $free MB free, an installation needs $SPACE"
    other=$(ls "$at"/etc/mosquitto/conf.d/*.conf 2>/dev/null || true)
    [ ! -f "$at$units/mosquitto.service" ] || other="$other $units/mosquitto.service"
    [ -z "$other" ] || fail "this machine has a Mosquitto of its own ($other): the hub brings one; install on another machine, or move these files away"
}

# --- packages and user -----------------------------------------------------------------------------------------------

install_packages() {
    packages=$(hub_packages "$at")
    step "Debian packages: $packages"
    missing=
    for package in $packages; do
        dpkg-query ${at:+--admindir="$at/var/lib/dpkg"} -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed$' ||
            missing="$missing $package"
    done
    if [ -z "$missing" ]; then note "all there"; return 0; fi
    # Debian's own broker on port 1883 stays off: the hub's needs the port, and has rights and TLS.
    do_ ln -sfn /dev/null "$units/mosquitto.service"
    ! systemd_runs || do_ systemctl daemon-reload
    if [ "$dry" = yes ]; then note "would install:$missing"; return; fi
    if [ -d "$offline/debs" ]; then
        mkdir -p "$scratch/apt/lists/partial"
        # Relative names keep apt's own sandbox user out of a bundle on a stick that only root reads.
        printf 'deb [trusted=yes] copy:%s ./\n' "$offline/debs" >"$scratch/apt/bundle.list"
        apt_from="-o Dir::Etc::SourceList=$scratch/apt/bundle.list -o Dir::Etc::SourceParts=/dev/null"
        apt_from="$apt_from -o Dir::State::Lists=$scratch/apt/lists -o APT::Sandbox::User=root"
        apt-get $apt_from update -q >/dev/null
    fi
    apt_install $missing || fail "apt could not install:$missing (without internet: a bundle, see deploy/README.md)"
}

make_user() {
    step "User edge-hub"
    if grep -q '^edge-hub:' "$at/etc/passwd"; then note "there"; return 0; fi
    do_ useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin edge-hub
}

# --- the program -----------------------------------------------------------------------------------------------------

# as_hub COMMAND…: as the hub's own user.
as_hub() { runuser -u edge-hub -- "$@"; }

# new_release: an environment beside the one in use; sets `release`. One that was not finished is made anew.
new_release() {
    step "The program below $opt"
    if [ "$dry" = yes ]; then
        note "would make an environment beside the one in use and install the hub into it, every package by its hash"
        [ ! -L "$at$opt/current" ] || note "in use: $(readlink "$at$opt/current")"
        return
    fi
    if [ -z "$offline" ]; then
        offline=$scratch/bundle
        sh "$here/bundle.sh" --wheels-only "$offline"
    fi
    set -- "$offline"/edge_hub-*.whl
    if [ $# != 1 ] || [ ! -f "$1" ]; then
        fail "$offline holds no single wheel of the hub: make it with bundle.sh"
    fi
    version=$(basename "$1" | cut -d - -f 2)
    release=$opt/releases/$version-$({
        cat "$1" "$offline/requirements.txt" "$here"/*.sh
        (cd "$here/systemd" && find . -type f | sort | xargs cat)
    } | sha256sum | cut -c 1-8)
    if [ -f "$release/.complete" ]; then note "there: $release"; return; fi
    rm -rf "$release"
    mkdir -p "$opt/releases"
    python=$(find_python) || fail "no Python >= 3.11 with venv"
    "$python" -m venv "$release"
    pip="$release/bin/python -m pip --isolated --disable-pip-version-check --no-input -q install --no-index"
    $pip --find-links "$offline/wheels" --require-hashes -r "$offline/requirements.txt"
    $pip --no-deps "$1"
    mkdir -p "$release/deploy"
    cp -R "$here/install.sh" "$here/setup.sh" "$here/packages.sh" "$here/certificates.sh" "$here/switching.sh" "$here/machine.sh" "$here/systemd" "$release/deploy/"
    "$release/bin/python" -m compileall -q "$release/lib" || true
    "$release/bin/edge-hub" --version >/dev/null
    : >"$release/.complete"
    sync
    note "made: $release"
}

# --- configuration ---------------------------------------------------------------------------------------------------

prepare_site() {
    step "The site's folder $site"
    folder "$site" 0750 root:edge-hub
    folder "$site/secrets" 2750 root:edge-hub
    folder "$data" 0700 edge-hub:edge-hub
    if [ -e "$at$site/site.toml" ]; then
        note "there: kept as it is"
    elif [ -n "$first_site" ]; then
        do_ cp -R "$first_site/." "$site/"
    elif [ "$dry" = yes ]; then
        note "would lay the template site into it"
    else
        # A former run may have been cut off in the middle of the template: site.toml is what comes last.
        "$release/bin/python" -c 'import pathlib, shutil, sys, tempfile
from edge.settings import install_template
target = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as scratch:
    fresh = pathlib.Path(scratch, "site")
    install_template(fresh)
    shutil.copytree(fresh, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("site.toml"))
    shutil.copy(fresh / "site.toml", target / ".site.toml.new")
(target / ".site.toml.new").replace(target / "site.toml")' "$site"
        note "the template site: edit it, then: systemctl restart edge-hub"
    fi
    if [ "$dry" = yes ]; then note "would let the group edge-hub read all of it"; return; fi
    chgrp -R edge-hub "$site"
    chmod -R u=rwX,g=rX,o= "$site"
    chmod g+s "$site/secrets"
    chown -R edge-hub:edge-hub "$data" # what root restored is the hub's
    "$release/bin/edge-hub" check --site "$site" || fail "the site's folder has the mistakes above: mend them and repeat"
}

# own_names: what this machine is called by, one a line. IPv6 addresses change daily and are left out.
own_names() {
    {
        printf '%s\n' "$host" "$host.local" localhost 127.0.0.1
        ! systemd_runs || ip -4 -o addr show scope global 2>/dev/null | awk '{sub("/.*", "", $4); print $4}' || true
        [ -z "$names" ] || printf '%s\n' $names
    } | awk 'NF && !seen[$0]++'
}

# The options this machine was installed with, kept for upgrades and renewals.
read_defaults() {
    if [ -f "$at$defaults" ]; then
        kept_names=$(sed -n 's/^EDGE_HUB_NAMES="\(.*\)"$/\1/p' "$at$defaults")
        kept_port=$(sed -n 's/^EDGE_HUB_LISTEN=.*:\([0-9]*\)$/\1/p' "$at$defaults")
        names="$kept_names $names"
        port=${port:-$kept_port}
    fi
    port=${port:-8443}
    names=$(printf '%s\n' $names | awk 'NF && !seen[$0]++' | tr '\n' ' ' | sed 's/ $//')
}

write_defaults() {
    step "Port and names, $defaults"
    options=
    for name in $(own_names | grep -v '^[0-9.]*$'); do options="$options --name $name"; done
    put "$defaults" 0644 root:root <<END
# Written by install.sh; read by edge-hub.service.
EDGE_HUB_LISTEN=0.0.0.0:$port
EDGE_HUB_NAMES="$names"
EDGE_HUB_OPTIONS="${options# }"
END
}

# --- certificates ----------------------------------------------------------------------------------------------------

make_certificates() {
    step "Certificates of this site, $ca"
    folder "$ca" 0755 root:root
    folder "$site/tls" 0750 root:edge-hub
    folder "$broker" 2750 root:mosquitto
    if [ "$task" = install ]; then make_authority; else check_authority; fi
    renew "$site/tls/server" edge-hub "$broker/server" mosquitto
}

use_certificates() {
    systemd_runs || return 0
    case $renewed in *mosquitto*) systemctl try-reload-or-restart edge-hub-broker.service ;; esac
    case $renewed in *edge-hub*) ;; *) return 0 ;; esac
    # Seconds without an ear matter in a fire; a certificate that still counts 60 days can wait.
    if vital_open "$opt/current/bin/python" "$data/journal.db"; then
        note "a fire, gas or help alarm is open: the hub takes its certificate when none is, or with: systemctl restart edge-hub"
        while vital_open "$opt/current/bin/python" "$data/journal.db"; do sleep 60; done
    fi
    systemctl try-restart edge-hub.service
}

# --- broker ----------------------------------------------------------------------------------------------------------

make_accounts() {
    step "The broker's accounts and rights, from the site's devices"
    folder "$broker" 2750 root:mosquitto
    folder "$broker_state" 0755 mosquitto:mosquitto
    if [ "$dry" = yes ]; then note "would write: $broker/mosquitto.conf, passwords, acl; a password per account in $site/secrets"; return; fi
    (umask 027 && "$release/bin/python" -m edge.tools.site_broker --site "$site" --folder "$broker" --state "$broker_state" \
        >"$scratch/accounts") || fail "no accounts were made: mend the site's folder and repeat"
    chgrp -R mosquitto "$broker"
    chgrp -R edge-hub "$site/secrets"
    chmod 0640 "$site"/secrets/mqtt*
    note "accounts: $(tr '\n' ' ' <"$scratch/accounts")"
}

# --- services --------------------------------------------------------------------------------------------------------

install_services() {
    step "Services, limits of the system's journal, hardware watchdog, time"
    for unit in $UNITS; do put "$units/$unit" 0644 root:root <"$here/systemd/$unit"; done
    put "$journal_conf" 0644 root:root <"$here/systemd/journald.conf"
    put "$watchdog_conf" 0644 root:root <"$here/systemd/watchdog.conf"
    put "$chrony/conf.d/edge-hub.conf" 0644 root:root <"$here/systemd/chrony/edge-hub.conf"
    put "$chrony/sources.d/edge-hub.sources" 0644 root:root <"$here/systemd/chrony/edge-hub.sources"
    put "$chrony/edge-hub.env" 0644 root:root <"$here/systemd/chrony/edge-hub.env"
    put "$units/chrony.service.d/edge-hub.conf" 0644 root:root <"$here/systemd/chrony/service.conf"
    do_ ln -sfn /dev/null "$units/mosquitto.service"
    do_ systemctl enable -q edge-hub-broker.service edge-hub.service edge-hub-certificates.timer edge-hub-requests.path
    if systemd_runs; then
        do_ systemctl daemon-reload
        do_ systemctl stop mosquitto.service
        do_ systemctl restart systemd-journald.service
        do_ systemctl try-restart chrony.service
    fi
}

# --- first administrator ---------------------------------------------------------------------------------------------

first_administrator() {
    step "First administrator: $admin"
    if [ "$dry" = yes ]; then note "would print a one-time code for $admin once, here, unless somebody can sign in already"; return; fi
    people=
    [ ! -f "$data/accounts.db" ] || people=$(as_hub "$release/bin/edge-hub" user list --data "$data")
    admins=$(printf '%s\n' "$people" | awk '$2 == "admin"')
    case $admins in
    '') ;;
    *'(no password yet)') note "there is one who has set no password yet; another code: edge-hub user code NAME --data $data"; return ;;
    *) note "there is an administrator"; return ;;
    esac
    code=$(as_hub "$release/bin/edge-hub" user add "$admin" --role admin --code --data "$data")
    note "open the panel within 24 hours, page /code: name $admin, one-time code $code; there you set your password"
    note "It is shown here this once and kept nowhere. Another one: edge-hub user code $admin --data $data"
}

# --- the tasks -------------------------------------------------------------------------------------------------------

install() {
    check_machine
    install_packages
    make_user
    new_release
    read_defaults
    finish_way_back
    prepare_site
    make_certificates
    prepare_switch
    write_defaults
    make_accounts
    install_services
    first_administrator
    switch
    tidy
    do_ ln -sfn "$opt/current/bin/edge-hub" /usr/local/bin/edge-hub
    printf '\n%s\n' "The panel, by what the network knows of this (trust $ca/ca.crt on phones, screens and gateways):"
    own_names | awk -v host="$host" -v port="$port" '
        $0 != "localhost" && $0 != "127.0.0.1" && ($0 != host || /[.]/) { print "    https://" $0 ":" port }'
}

uninstall() {
    step "Stopping and taking away the services"
    for unit in $UNITS; do
        ! systemd_runs || do_ systemctl disable -q --now "$unit" 2>/dev/null || true
        do_ rm -f "$units/$unit" "$units/multi-user.target.wants/$unit" "$units/timers.target.wants/$unit"
    done
    [ "$(readlink "$at$units/mosquitto.service")" != /dev/null ] || do_ rm -f "$units/mosquitto.service"
    do_ rm -f "$journal_conf" "$watchdog_conf" "$defaults" /usr/local/bin/edge-hub "$chrony/conf.d/edge-hub.conf" \
        "$chrony/sources.d/edge-hub.sources" "$chrony/edge-hub.env" "$units/chrony.service.d/edge-hub.conf"
    ! systemd_runs || do_ systemctl daemon-reload
    step "Taking away the program, $opt"
    do_ rm -rf "$opt"
    if [ "$purge" = no ]; then
        step "Kept: $site, $data, $ca, $broker, $broker_state, the user edge-hub (--purge takes them away, too)"
        return
    fi
    step "Taking away data, configuration, certificates and the user"
    do_ rm -rf "$site" "$data" "$kept" "$ca" "$broker" "$broker_state"
    ! grep -q '^edge-hub:' "$at/etc/passwd" || do_ userdel edge-hub
}

certificates() {
    [ -d "$ca" ] || fail "the hub is not installed here"
    check_authority
    if [ "$(date +%s)" -lt "$(stat -c %Y "$ca/ca.crt")" ]; then
        note "the clock ($(date +%F)) is before this site's authority was made: nothing is renewed until it is right"
        return
    fi
    # A clock that was years ahead would make certificates that are refused once it is right.
    waits=20
    while ! clock_believed "$data/clock.json"; do
        if [ "$waits" = 0 ] || [ "$dry" = yes ] || [ -t 0 ]; then
            note "nobody vouches for the clock ($(date +%F)): nothing is renewed for its age"
            by_age=no
            break
        fi
        waits=$((waits - 1))
        sleep 15
    done
    read_defaults
    make_certificates
    use_certificates
}

accounts() {
    release=$(readlink -f "$opt/current")
    [ -x "$release/bin/python" ] || fail "the hub is not installed here"
    make_accounts
    ! systemd_runs || do_ systemctl reload-or-restart edge-hub-broker.service
}

if [ -n "$into" ] && [ "$dry" = no ]; then
    # Everything happens inside that system, by its own programs.
    [ "$(id -u)" = 0 ] || fail "run it as root"
    [ -n "$offline" ] || [ "$task" != install ] || fail "--root needs --offline DIR: make a bundle with bundle.sh"
    stay=$into/var/tmp/edge-hub-install
    rm -rf "$stay"
    mkdir -p "$stay"
    trap 'rm -rf "$stay"' EXIT
    trap 'exit 1' HUP INT TERM
    cp -R "$here" "$stay/deploy"
    set -- "--$task"
    if [ "$task" = install ]; then
        cp -R "$offline" "$stay/bundle"
        set -- --offline /var/tmp/edge-hub-install/bundle --admin "$admin"
        [ -z "$first_site" ] || { cp -R "$first_site" "$stay/site"; set -- "$@" --site /var/tmp/edge-hub-install/site; }
        [ -z "$port" ] || set -- "$@" --port "$port"
        for name in $names; do set -- "$@" --name "$name"; done
    fi
    [ "$purge" = no ] || set -- "$@" --purge
    chroot "$into" sh /var/tmp/edge-hub-install/deploy/install.sh "$@"
    exit
fi
at=$into
host=$(cat "$at/etc/hostname" 2>/dev/null || uname -n)
[ "$dry" = yes ] || [ "$(id -u)" = 0 ] || fail "run it as root: sudo sh $0"
scratch=
[ "$dry" = yes ] || scratch=$(mktemp -d)
trap leave EXIT
trap 'exit 1' HUP INT TERM
"$task"
