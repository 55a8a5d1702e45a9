#!/bin/sh
# Builds learn2learn 0.2.0 for the given Python. Its archive carries C files generated for older
# Pythons and declares dependencies that pip cannot install, so Cython runs again and only what is
# needed is installed. Exit status 1, with one line, if it cannot be built here.
set -u
python=$1
if "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("learn2learn") is None)'; then
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
pip() { "$python" -m pip --quiet --disable-pip-version-check "$@" >>"$log" 2>&1; }
echo "Building learn2learn..."
if pip install "cython<3.1" "setuptools<81" wheel \
    && CYTHON_FORCE_REGEN=1 pip install --use-pep517 --no-deps --no-build-isolation \
        --config-settings="--global-option=build_ext" learn2learn==0.2.0 \
    && pip install gym requests; then
    exit 0
fi
reason=$(grep -iE 'error' "$log" | tail -n 1 | cut -c1-160)
echo "learn2learn could not be built (${reason:-see pip}); MAML needs it, all else goes on. It needs gcc and the Python headers; then type: make learn2learn"
exit 1
