#!/bin/sh
# sudo sh deploy/containers/prepare.sh [OPTION…]
#
# Makes what compose.yaml needs below one folder: the site, passwords, certificates, the broker's accounts. Repeat it after
# a change of devices with outputs or of listeners, and once a month, when it renews certificates; what is right stays as it is.
#
#   --home DIR      where (/srv/edge-hub)
#   --image NAME    the hub's image (edge-hub:0.1.0)
#   --engine NAME   docker or podman (whichever is there, docker first)
#   --site DIR      begin with this site's folder instead of the template (only where there is none yet)
#   --name NAME     a further name or address this machine is called by (repeatable)
#   --admin NAME    sign-in name of the first administrator (admin)
set -eu
umask 022
. "$(dirname "$0")/../certificates.sh"

HUB=10001 BROKER=1883 INFLUXDB=1000 GRAFANA=472 # users of the images
home=/srv/edge-hub image=edge-hub:0.1.0 engine='' first_site='' names='' admin=admin dry=no

fail() { printf 'edge-hub: %s\n' "$*" >&2; exit 1; }
note() { printf '%s\n' "$*"; }
do_() { "$@"; }

while [ $# -gt 0 ]; do
    case $1 in
    --home | --image | --engine | --site | --name | --admin)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case $1 in
        --home) home=$2 ;;
        --image) image=$2 ;;
        --engine) engine=$2 ;;
        --site) first_site=$(CDPATH='' cd "$2" && pwd) || fail "there is no site at $2" ;;
        --name) names="$names $2" ;;
        --admin) admin=$2 ;;
        esac
        shift
        ;;
    -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    *) fail "unknown option $1; sh $0 --help" ;;
    esac
    shift
done
check_asked "$admin" $names
[ "$(id -u)" = 0 ] || fail "run it as root: sudo sh $0"
command -v openssl >/dev/null || fail "openssl is missing: apt-get install openssl"
if [ -z "$engine" ]; then
    for engine in docker podman ''; do ! command -v "$engine" >/dev/null 2>&1 || break; done
fi
[ -n "$engine" ] || fail "neither docker nor podman is here"
$engine image inspect "$image" >/dev/null 2>&1 ||
    fail "there is no image $image: $engine compose -f deploy/containers/compose.yaml build"

host=$(uname -n)
ca=$home/ca
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# folder NAME MODE USER GROUP
folder() {
    mkdir -p "$home/$1"
    chown "$3:$4" "$home/$1"
    chmod "$2" "$home/$1"
}

# secret NAME USER: made once.
secret() {
    if [ ! -s "$home/secrets/$1" ]; then
        (umask 077 && openssl rand -hex 24 | tr -d '\n' >"$home/secrets/$1.new")
        mv "$home/secrets/$1.new" "$home/secrets/$1"
        note "made: $home/secrets/$1"
    fi
    chown "$2:$2" "$home/secrets/$1"
    chmod 0400 "$home/secrets/$1"
}

# in_image USER COMMAND…: without a network, and with no more of this machine than it needs.
in_image() {
    user=$1; shift
    $engine run --rm --network none --read-only --tmpfs /tmp --cap-drop ALL $run_options --user "$user" --entrypoint /opt/edge-hub/bin/python \
        -v "$home/site:/etc/edge-hub" -v "$home/broker:/mosquitto/config" -v "$home/data:/var/lib/edge-hub" "$image" "$@"
}
run_options=${EDGE_HUB_RUN_OPTIONS-} # for engines that need more

# own_names: what this machine is called by, one a line.
own_names() {
    {
        printf '%s\n' "$host" "$host.local" localhost 127.0.0.1
        ip -4 -o addr show scope global 2>/dev/null |
            awk '$2 !~ /^(docker|br-|veth|podman|cni)/ {sub("/.*", "", $4); print $4}' || true
        [ -z "$names" ] || printf '%s\n' $names
    } | awk 'NF && !seen[$0]++'
}

kept=$(sed -n 's/^EDGE_HUB_NAMES="\(.*\)"$/\1/p' "$home/compose.env" 2>/dev/null || true)
names="$kept $names"
names=$(printf '%s\n' $names | awk 'NF && !seen[$0]++' | tr '\n' ' ' | sed 's/ $//')

folder . 0755 root root
folder site 0750 root $HUB
folder site/secrets 2750 root $HUB
folder site/tls 0750 root $HUB
folder data 0700 $HUB $HUB
folder backup 0700 $HUB $HUB
folder broker 2750 root $BROKER
folder broker-state 0755 $BROKER $BROKER # the hub sees there what was moved aside
folder ca 0755 root root
folder secrets 0711 root root
folder influxdb 0700 $INFLUXDB $INFLUXDB
folder influxdb-config 0700 $INFLUXDB $INFLUXDB
folder influxdb-hub 2750 $INFLUXDB $HUB
folder grafana 0700 $GRAFANA $GRAFANA
folder grafana-tls 0750 root $GRAFANA

if [ ! -e "$home/site/site.toml" ]; then
    rm -rf "$home/site/.new"
    mkdir "$home/site/.new"
    if [ -n "$first_site" ]; then
        cp -R "$first_site/." "$home/site/.new/"
    else
        chown $HUB "$home/site/.new"
        in_image $HUB:$HUB -c 'import pathlib, shutil
from edge.settings import install_template
fresh = pathlib.Path("/tmp/site")
install_template(fresh)
shutil.copytree(fresh, "/etc/edge-hub/.new", dirs_exist_ok=True)'
    fi
    [ -e "$home/site/.new/site.toml" ] || fail "$first_site has no site.toml"
    if ! grep -q '^\[\[uplink\]\]' "$home/site/.new/site.toml"; then
        cat >>"$home/site/.new/site.toml" <<'END'

[[uplink]]
id = "influxdb"
kind = "influxdb"
name = { zh = "本机数据库", en = "InfluxDB beside the hub" }
url = "http://influxdb:8086"
org = "edge-hub"
bucket = "readings"
token_file = "/run/influxdb-hub/token"
END
    fi
    broker_id=$(awk '/^\[/ {inside = ($0 == "[[mqtt]]")} inside && /^id *=/ {gsub(/^id *= *"|".*$/, ""); print; exit}' "$home/site/.new/site.toml")
    [ -e "$home/site/.new/local.toml" ] ||
        printf '# Of this machine: in containers the broker is called so.\n[mqtt.%s]\nhost = "broker"\n' "$broker_id" >"$home/site/.new/local.toml"
    mv "$home/site/.new/site.toml" "$home/site/.site.toml.new" # comes last: half a site is begun anew
    cp -R "$home/site/.new/." "$home/site/"
    rm -rf "$home/site/.new"
    mv "$home/site/.site.toml.new" "$home/site/site.toml"
    note "the site: $home/site"
fi

for name in influxdb-admin influxdb-token influxdb-reader; do secret $name $INFLUXDB; done
secret grafana-admin $GRAFANA
cp "$home/secrets/influxdb-reader" "$home/secrets/grafana-reader.new" # each image reads as its own user
mv "$home/secrets/grafana-reader.new" "$home/secrets/grafana-reader"
secret grafana-reader $GRAFANA

make_authority
renew "$home/site/tls/server" $HUB "$home/broker/server" $BROKER "$home/grafana-tls/server" $GRAFANA

# Written by a user of their own, so that root's rights are not needed in the image.
chown -R $HUB:$HUB "$home/site/secrets"
chown -R $HUB:$BROKER "$home/broker"
in_image $HUB:$HUB -m edge.tools.site_broker --site /etc/edge-hub --folder /mosquitto/config --state /mosquitto/data --reached-as broker \
    >"$scratch/accounts" || fail "no accounts were made: mend the site's folder and repeat"
note "the broker's accounts: $(tr '\n' ' ' <"$scratch/accounts")"
chown -R root:$HUB "$home/site"
chmod -R u=rwX,g=rX,o= "$home/site"
chmod g+s "$home/site/secrets"
chown -R $BROKER:$BROKER "$home/broker"
chmod -R u=rX,g=,o= "$home/broker"
chmod u+w "$home/broker"

options=
for name in $(own_names | grep -v '^[0-9.]*$'); do options="$options --name $name"; done
cat >"$home/compose.env.new" <<END
# Written by prepare.sh; read by compose. No secret is in it.
EDGE_HUB_HOME=$home
EDGE_HUB_IMAGE=$image
EDGE_HUB_NAMES="$names"
EDGE_HUB_OPTIONS="${options# }"
END
grep -vE '^(#|EDGE_HUB_(HOME|IMAGE|NAMES|OPTIONS)=)' "$home/compose.env" >>"$home/compose.env.new" 2>/dev/null || true
mv "$home/compose.env.new" "$home/compose.env"

if [ ! -f "$home/data/accounts.db" ]; then
    code=$(in_image $HUB:$HUB -m edge.cli user add "$admin" --role admin --code --data /var/lib/edge-hub)
    note "open the panel within 24 hours, page /code: name $admin, one-time code $code; there you set your password"
    note "It is shown here this once and kept nowhere. Another one: edge-hub user code $admin --data /var/lib/edge-hub"
fi
[ -z "$renewed" ] || note "certificates were made: restart what reads them (users$renewed)"
note "phones, screens and gateways are to trust $ca/ca.crt"
note "next: $engine compose --env-file $home/compose.env -f $(CDPATH='' cd "$(dirname "$0")" && pwd)/compose.yaml up -d"
