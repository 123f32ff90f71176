#!/usr/bin/env bash
# Pools, deployments and recovery on the server that deploy/server.sh runs; harmless to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV:-$PWD/.venv}/bin
# On another machine than the server's, or in a container, the environment says where the server is.
[ -n "${PREFECT_API_URL:-}" ] || . "${ESCGAN_SERVER:-$PWD/.server}/env"
# The store that deployments use unless a run names another: a folder, or an address such as s3://bucket/folder.
export ESCGAN_STORE=${ESCGAN_STORE:-store}
for pool in cpu gpu; do
    "$bin/prefect" work-pool create "$pool" --type process --overwrite
done
"$bin/prefect" --no-prompt deploy --all
"$bin/escgan" setup-automations
