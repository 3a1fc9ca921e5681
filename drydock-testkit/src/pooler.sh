# Keeps a PgBouncer: starts it, says "ready" when it answers, and stops it and removes its files when standard input ends.
# Standard input is a pipe from whoever needs it. It ends with that process, however that ends.
set -u
program=$1
port=$2
server=$3
folder=$(mktemp -d "${TMPDIR:-/tmp}/drydock-pooler.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
cat >"$folder/pgbouncer.ini" <<INI
[databases]
* = $server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 20
logfile = $folder/log
INI
"$program" -q "$folder/pgbouncer.ini" >"$folder/said" 2>&1 &
pooler=$!
# It tells in its log that it listens.
while ! grep -q "listening on 127.0.0.1:$port" "$folder/log" 2>/dev/null; do
    if ! kill -0 "$pooler" 2>/dev/null; then
        cat "$folder/said" "$folder/log" >&2
        exit 1
    fi
    sleep 0.05
done
echo ready
while read -r _; do :; done
kill -9 "$pooler"
wait "$pooler" 2>/dev/null
