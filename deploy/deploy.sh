#!/usr/bin/env bash
# Pools, deployments and recovery on the server that deploy/server.sh runs; harmless to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV:-$PWD/.venv}/bin
. "${ESCGAN_SERVER:-$PWD/.server}/env"
for pool in cpu gpu; do
    "$bin/prefect" work-pool create "$pool" --type process --overwrite
done
"$bin/prefect" --no-prompt deploy --all
"$bin/escgan" setup-automations
