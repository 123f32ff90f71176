#!/usr/bin/env bash
# Workers of this machine, one of each pool that is named: deploy/workers.sh cpu gpu
# TERM and Ctrl-C stop them all; runs in work resume elsewhere from their checkpoints.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV:-$PWD/.venv}/bin
# On another machine than the server's, or in a container, the environment says where the server is.
[ -n "${PREFECT_API_URL:-}" ] || . "${ESCGAN_SERVER:-$PWD/.server}/env"
export PREFECT_HOME=${PREFECT_HOME:-${ESCGAN_SERVER:-$PWD/.server}/worker}
mkdir -p "$PREFECT_HOME"
[ $# -gt 0 ] || set -- cpu gpu
pids=()
trap 'kill -TERM "${pids[@]}" 2>/dev/null || true' TERM INT
for pool in "$@"; do
    # A background process of a script ignores Ctrl-C unless it is told not to.
    env --default-signal=INT,TERM "$bin/prefect" worker start --pool "$pool" --type process \
        ${ESCGAN_WORKER_LIMIT:+--limit "$ESCGAN_WORKER_LIMIT"} &
    pids+=($!)
done
status=0
for pid in "${pids[@]}"; do
    # Interrupted by the trap, wait returns before the worker has ended.
    while kill -0 "$pid" 2>/dev/null; do wait "$pid" || status=$?; done
done
exit "$status"
