# A site's own certificates: read by install.sh and containers/prepare.sh, not run. POSIX sh.
#
# Needs of the reader: dry (yes or no), host, ca (the authority's folder), scratch, note, fail, do_, own_names (names one a line).

CA_DAYS=7300
SERVER_DAYS=820 # phones refuse more than 825
RENEW_BEFORE=5184000 # seconds: 60 days
FRESH=900 # seconds that the hub's word on its clock counts; it writes it each minute
by_age=yes # no: the clock is not to be believed, what is there is taken for valid in time

# check_asked ADMIN NAME…: names that go onto command lines and into certificates, refused before anything is done.
check_asked() {
    case $1 in
    [!a-z0-9]* | *[!a-z0-9-]* | '') fail "--admin $1: a sign-in name has lower-case letters, digits and hyphens" ;;
    esac
    shift
    for name in "$@"; do
        case $name in
        [!A-Za-z0-9]* | *[!A-Za-z0-9.-]*) fail "--name $name: a name or IPv4 address of this machine has letters, digits, dots and hyphens" ;;
        esac
    done
}

# clock_believed MARK: the kernel says that a time server sets the clock, or the hub goes by it as well (its file clock.json).
clock_believed() {
    if [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = yes ]; then return 0; fi
    [ -f "$1" ] && grep -q '"trusted": *true' "$1" || return 1
    told=$(sed -n 's/.*"utc": *\([0-9]\{10\}\)[0-9]\{6\}[^0-9].*/\1/p' "$1")
    [ -n "$told" ] || return 1
    off=$(($(date +%s) - told))
    [ "$off" -ge "-$FRESH" ] && [ "$off" -le "$FRESH" ]
}

# vital_open PYTHON JOURNAL: a fire, gas or help alarm is open; not so where the journal does not tell.
vital_open() {
    "$1" - "$2" 2>/dev/null <<'END'
import sqlite3, sys
from pathlib import Path
journal = sqlite3.connect(Path(sys.argv[1]).absolute().as_uri() + "?mode=ro", uri=True, timeout=5)
vital = "SELECT 1 FROM alarms WHERE open = 1 AND purpose = 'live' AND signal IN ('fire', 'gas', 'sos') LIMIT 1"
sys.exit(0 if journal.execute(vital).fetchone() else 1)
END
}

# certificate FILE-WITHOUT-SUFFIX GROUP: made or renewed; 0 when it was, 1 when it is still good.
certificate() {
    if [ "$dry" = yes ]; then note "would make or renew: $1.crt, $1.key (group $2)"; return 1; fi
    alternatives=
    good=yes
    [ -s "$1.key" ] || good=no
    if [ "$by_age" = yes ]; then
        openssl x509 -in "$1.crt" -noout -checkend "$RENEW_BEFORE" >/dev/null 2>&1 || good=no
        openssl verify -CAfile "$ca/ca.crt" "$1.crt" >/dev/null 2>&1 || good=no # also one made under a clock that ran ahead
    else
        openssl verify -no_check_time -CAfile "$ca/ca.crt" "$1.crt" >/dev/null 2>&1 || good=no
    fi
    for name in $(own_names); do
        case $name in
        *[!0-9.]*) alternatives="$alternatives,DNS:$name"; ask=-checkhost ;;
        *) alternatives="$alternatives,IP:$name"; ask=-checkip ;;
        esac
        openssl x509 -in "$1.crt" -noout $ask "$name" 2>/dev/null | grep -q 'does match' || good=no
    done
    [ "$good" = no ] || return 1
    mkdir -p "$scratch/tls"
    (
        umask 077
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$host" \
            -keyout "$scratch/tls/key" -out "$scratch/tls/request" 2>/dev/null
        printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
            "extendedKeyUsage=serverAuth" "subjectAltName=${alternatives#,}" >"$scratch/tls/extensions"
        openssl x509 -req -in "$scratch/tls/request" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -sha256 -days "$SERVER_DAYS" \
            -set_serial "0x$(openssl rand -hex 16)" -extfile "$scratch/tls/extensions" -out "$scratch/tls/crt" 2>/dev/null
    )
    for part in key crt; do
        cp "$scratch/tls/$part" "$1.$part.new"
        chown "root:$2" "$1.$part.new"
        chmod 0640 "$1.$part.new"
    done
    # Cut off between the two, the pair does not fit and is made again (`paired`).
    mv "$1.key.new" "$1.key"
    mv "$1.crt.new" "$1.crt"
    note "made: $1.crt, until $(openssl x509 -in "$1.crt" -noout -enddate | cut -d = -f 2)"
}

# paired CERTIFICATE KEY: they can be read and belong together.
paired() {
    of_crt=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) && [ -n "$of_crt" ] &&
        [ "$of_crt" = "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]
}

# check_authority: fails with what to do unless it is whole. Another in its place would cut off everybody who trusts it.
check_authority() {
    paired "$ca/ca.crt" "$ca/ca.key" ||
        fail "the authority in $ca is damaged or half of it is gone: bring back its sealed copy, or move $ca away and install again, which makes another one that every phone, screen and gateway must be given"
}

# make_authority: whom phones, screens and gateways are to trust, once: only where there is nothing of one.
make_authority() {
    if [ "$dry" = no ]; then
        # Cut off between the two at the first time: the second half is still there.
        if [ ! -e "$ca/ca.crt" ] && paired "$ca/ca.crt.new" "$ca/ca.key"; then mv "$ca/ca.crt.new" "$ca/ca.crt"; fi
        if [ ! -e "$ca/ca.key" ] && [ ! -e "$ca/ca.crt" ]; then
            (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$CA_DAYS" -sha256 \
                -subj "/CN=edge-hub $host $(date +%F)" \
                -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
                -keyout "$ca/ca.key.new" -out "$ca/ca.crt.new" 2>/dev/null)
            sync
            mv "$ca/ca.key.new" "$ca/ca.key"
            mv "$ca/ca.crt.new" "$ca/ca.crt"
            note "made: $ca/ca.crt, the authority that phones, screens and gateways are to trust"
        fi
        check_authority
    fi
    do_ chmod 0600 "$ca/ca.key"
    do_ chmod 0644 "$ca/ca.crt"
}

# renew FILE-WITHOUT-SUFFIX GROUP…: makes what is missing, expires soon or lacks a name; sets `renewed` to the groups concerned.
renew() {
    renewed=
    while [ $# -gt 0 ]; do
        [ "$dry" = yes ] || paired "$1.crt" "$1.key" || rm -f "$1.crt"
        if certificate "$1" "$2"; then renewed="$renewed $2"; fi
        shift 2
    done
}
