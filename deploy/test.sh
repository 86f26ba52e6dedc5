#!/bin/sh
# Passes all tests: lint, format, types, then the suite. Arguments go to pytest: sh deploy/test.sh -k broker, or --long
# for the few tests that are left out because a shorter one beside them shows nearly the same.
#
# Installs what is missing first (see README.md here).
set -eu
. "$(dirname "$0")/setup.sh"

opencv4=$venv/opencv4
LOOKING="checks test_areas.py test_background.py test_capture.py test_likeness.py test_lighting.py test_masks.py test_models.py
    test_forkserver.py test_picture.py test_reading.py test_stills.py test_things.py test_turning.py"

# opencv4_there: 0 when the OpenCV before the environment's own lies beside it; installed once.
opencv4_there() {
    wanted=$(sha256sum <requirements-opencv4.txt)
    [ "$(cat "$opencv4/.edge-hub" 2>/dev/null)" = "$wanted" ] && return
    say "installing Python packages: requirements-opencv4.txt"
    rm -rf "$opencv4"
    pip_into "$venv/bin/python" install --retries 1 --no-deps --require-hashes --target "$opencv4" \
        -r requirements-opencv4.txt || return
    printf '%s\n' "$wanted" >"$opencv4/.edge-hub"
}

prepare test
cd "$root"
PATH=$venv/bin:$PATH
export PATH
# The suite starts some hundred processes: where none may keep what it has compiled, each compiles the hub anew.
unset PYTHONDONTWRITEBYTECODE
python -m compileall -q edge drivers web
say "ruff"
ruff check .
ruff format --check .
# Beside the first run, for it waits for nothing: what it says comes at the end.
types=$(mktemp)
trap 'rm -f "$types"' EXIT
mypy --strict >"$types" 2>&1 &
mypy=$!
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
case $* in
'' | --long) suite 3 e2e tests/e2e "$@" ;; # where all of them are: no worker need look through the others
*) suite 3 e2e "$@" ;;
esac
# Sites may have either OpenCV, and the two do not see alike: what looks at pictures is tested with both.
case $* in
'' | --long)
    if opencv4_there; then
        export PYTHONPATH="$opencv4"
        say "cameras, on OpenCV $(python -c 'import cv2; print(cv2.__version__)')"
        suite 3 "not e2e" $(printf 'tests/drivers/camera/%s ' $LOOKING) "$@"
    else
        say "cameras are not tested on OpenCV 4: it could not be installed"
    fi ;;
*) say "cameras are not tested on OpenCV 4: the whole suite does that, and these arguments ask for a part" ;;
esac
say "mypy --strict"
wait "$mypy" || failed=1
cat "$types"
[ "$found" = yes ] || fail "no test was found by: $*"
exit "$failed"
