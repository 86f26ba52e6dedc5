#!/bin/sh
# Runs the demo: a broker, the hub and a simulator of its devices, all on this machine.
#
#   sh deploy/demo.sh [--json] [--data DIR] [--port N]
#
# Installs what is missing first (see README.md here). Ends with Ctrl-C; the data stays in DIR.
set -eu
. "$(dirname "$0")/setup.sh"

prepare demo
if ! has mosquitto; then
    say "=============================================================================================="
    say "NO MOSQUITTO HERE, and neither root nor apt to install it: the demo falls back to a broker in"
    say "pure Python. It is slow and forgets more. For anything but a first look: apt-get install mosquitto"
    say "=============================================================================================="
fi
exec "$venv/bin/edge-hub" demo "$@"
