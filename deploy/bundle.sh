#!/bin/sh
# sh deploy/bundle.sh [--wheels-only] DIR
#
# Packs everything a machine without internet needs into DIR: the hub's wheel, its hashed Python packages, Debian packages,
# install.sh and its parts. Make it on a machine of the same kind (processor and Debian release) as the target; there:
#     sh DIR/deploy/install.sh --offline DIR
set -eu
. "$(dirname "$0")/setup.sh"
. "$(dirname "$0")/packages.sh"

# debian_packages DIR: what the hub needs with all it depends on, and an index by which apt takes what is missing there.
debian_packages() {
    closure=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances $(hub_packages) | grep '^[a-z0-9]' | grep -v ":" | sort -u)
    mkdir -p "$1"
    cd "$1"
    say "fetching Debian packages"
    apt-get $apt_from download -q $closure >/dev/null || fail "apt could not fetch the Debian packages; try: apt-get update"
    for deb in *.deb; do
        dpkg-deb -f "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(wc -c <"$deb")" "$(sha256sum "$deb" | cut -d ' ' -f 1)"
    done >Packages
    cd - >/dev/null
}

debs=yes
[ "${1-}" != --wheels-only ] || { debs=no; shift; }
[ $# = 1 ] || fail "usage: sh deploy/bundle.sh [--wheels-only] DIR"
mkdir -p "$1"
[ -z "$(ls -A "$1")" ] || fail "$1 is not empty: give a new folder"
bundle=$(cd "$1" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
python=$(python_or_apt)
venv=$work/env
"$python" -m venv "$venv"
build_hub standard "$work"
mkdir -p "$bundle/wheels"
cp "$work"/*.whl "$bundle/"
say "fetching Python packages"
"$venv/bin/python" -m pip download --disable-pip-version-check --no-input -q --only-binary :all: --require-hashes \
    -r "$root/requirements.txt" -d "$bundle/wheels" >&2
cp "$root/requirements.txt" "$bundle/"
mkdir -p "$bundle/deploy"
for name in install.sh setup.sh packages.sh machine.sh certificates.sh switching.sh systemd README.md; do
    cp -R "$root/deploy/$name" "$bundle/deploy/"
done
[ "$debs" = no ] || debian_packages "$bundle/debs"
say "the bundle for $(uname -m), $("$python" -V): $bundle ($(du -sh "$bundle" | cut -f 1))"
