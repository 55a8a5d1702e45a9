#!/bin/sh
# Measures records of a stranger's results folder again, with nothing within their reach: no network,
# no variables of the environment (tokens), a home and a work folder that are thrown away, and limits on
# memory and time. Only models of the catalogue are built; a container around it adds a read-only disk.
#
#     sh tools/recompute_isolated.sh RESULTS COUNT [further options of `oneshot verify`]
set -eu
results=$1 count=$2
shift 2
oneshot=${ONESHOT:-$(command -v oneshot)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
if ! unshare --user --net true 2>/dev/null; then
  echo "This system cannot take the network away (unshare --user --net); use a container without one." >&2
  exit 3
fi
env -i PATH="$PATH" HOME="$scratch" TMPDIR="$scratch" LANG=C.UTF-8 OMP_NUM_THREADS=1 \
  ${PYTHONPATH:+PYTHONPATH="$PYTHONPATH"} ${ONESHOT_DATA:+ONESHOT_DATA="$ONESHOT_DATA"} \
  unshare --user --net prlimit --as="${MEMORY_BYTES:-17179869184}" --cpu="${CPU_SECONDS:-14400}" --core=0 \
  "$oneshot" verify --results "$results" --recompute "$count" --work "$scratch/work" "$@"
