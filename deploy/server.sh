#!/usr/bin/env bash
# A Prefect server of the lab's own: on this machine's loopback, behind a password, with settings under which hundreds of
# units at once neither stall nor fail. Its data and password lie in ESCGAN_SERVER (default .server).
# TERM and Ctrl-C stop it. In a container, ESCGAN_HOST=0.0.0.0 lets the containers beside it in.
set -euo pipefail
cd "$(dirname "$0")/.."
home=${ESCGAN_SERVER:-$PWD/.server}
host=${ESCGAN_HOST:-127.0.0.1}
port=${ESCGAN_PORT:-4200}
bin=${VENV:-$PWD/.venv}/bin
umask 077
mkdir -p "$home/prefect"

# A password that the environment gives is used; else the one of last time; else a new one.
password=${PREFECT_API_AUTH_STRING:-$(sed -n 's/^export PREFECT_API_AUTH_STRING=//p' "$home/env" 2>/dev/null || true)}
if ! grep -q "127.0.0.1:$port/" "$home/env" 2>/dev/null || ! grep -qxF "export PREFECT_API_AUTH_STRING=$password" "$home/env"; then
    [ -n "$password" ] || password=escgan:$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    cat > "$home/env" <<EOF
export PREFECT_API_URL=http://127.0.0.1:$port/api
export PREFECT_API_AUTH_STRING=$password
export DO_NOT_TRACK=1
EOF
fi
. "$home/env"

export PREFECT_HOME=$home/prefect
export PREFECT_SERVER_API_HOST=$host PREFECT_SERVER_API_PORT=$port
export PREFECT_SERVER_API_AUTH_STRING=$PREFECT_API_AUTH_STRING
export PREFECT_SERVER_ANALYTICS_ENABLED=false
# Bursts: a fan-out over hundreds of units writes thousands of events within seconds.
export PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE=100
export PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE=100
export PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL=1
export PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE=200
export PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE=100
export PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE=100
# Slots of cards outlive a restart; kept in memory, one that a killed run held would be lost for good.
export PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem

if [ -z "${PREFECT_SERVER_DATABASE_CONNECTION_URL:-}" ]; then
    database=${ESCGAN_DATABASE:-escgan}
    if command -v psql >/dev/null && psql --no-password --quiet --command 'select 1' "$database" >/dev/null 2>&1; then
        sockets=$(psql --no-password --quiet --tuples-only --no-align --command 'show unix_socket_directories' "$database")
        export PREFECT_SERVER_DATABASE_CONNECTION_URL="postgresql+asyncpg:///$database?host=${sockets%%,*}"
        echo "Database: PostgreSQL, $database."
    else
        echo "Database: SQLite in $home/prefect. It serves one machine and about 100 units at once; beyond that, make a"
        echo "PostgreSQL database that this user may use (createdb $database) and start again."
    fi
fi
echo "Clients and workers: . $home/env"
echo "Interface: http://127.0.0.1:$port (password in $home/env)"
# Beside the server, for as long as it runs: crashed runs whose event it dropped are run again.
"$bin/python" -m flows.forgotten $$ &
exec "$bin/prefect" server start
