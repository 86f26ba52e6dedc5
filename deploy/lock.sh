#!/bin/sh
# Refreshes the pinned, hashed requirement files from pyproject.toml. For whoever raises a version, never for a target:
# it needs uv on the PATH (or in .venv). Arguments are passed on, as in: sh deploy/lock.sh --upgrade-package fastapi
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"

# One file serves x86-64 and ARM, Python 3.11 to 3.13: by environment markers. No addresses: each machine has its own index.
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" >/dev/null
}

compile pyproject.toml --output-file requirements.txt "$@"
compile pyproject.toml --extra demo --constraints requirements.txt --output-file requirements-demo.txt "$@"
compile pyproject.toml --extra demo --extra test --constraints requirements-demo.txt --output-file requirements-test.txt "$@"
printf '%s\n' hatchling editables babel | compile - --constraints requirements.txt --output-file requirements-build.txt "$@"
printf '%s\n' "$(sed -n 's/^NODE_WHEEL = "\(.*\)"/\1/p' hatch_build.py)" | compile - --output-file requirements-node.txt "$@"
# The OpenCV before: sites may have it, so the tests look at pictures with it too. It uses the numpy of the others.
printf '%s\n' 'opencv-python>=4.10,<5' | compile - --no-deps --output-file requirements-opencv4.txt "$@"
