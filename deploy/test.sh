#!/bin/sh
# Passes all tests: lint, format, types, then the suite. Arguments go to pytest: sh deploy/test.sh -k broker, or --long
# for the few tests that are left out because a shorter one beside them shows nearly the same.
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
# Two runs: a browser's tests leave an event loop running in their process, which no other test can do with.
found=no
suite() { # suite WORKERS MARKERS ARGUMENTS…
    workers=$1 markers=$2; shift 2
    say "pytest: $markers"
    status=0
    pytest -n "$workers" --dist loadfile --no-loadscope-reorder -m "$markers" "$@" || status=$?
    [ "$status" -eq 5 ] && return # none of this kind was asked for
    found=yes
    [ "$status" -eq 0 ] || failed=$status
}
failed=0
# Most of them wait for something, so there are more of them than cores.
suite 4 "not e2e" "$@"
suite 3 e2e "$@"
[ "$found" = yes ] || fail "no test was found by: $*"
exit "$failed"
