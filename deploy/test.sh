#!/bin/sh
# Passes all tests: lint, format, types, then the suite. Arguments go to pytest: sh deploy/test.sh -k broker
#
# Installs what is missing first (see README.md here).
set -eu
. "$(dirname "$0")/setup.sh"

prepare test
cd "$root"
PATH=$venv/bin:$PATH
export PATH
say "ruff"
ruff check .
ruff format --check .
say "mypy --strict"
mypy --strict
say "pytest"
exec pytest "$@"
