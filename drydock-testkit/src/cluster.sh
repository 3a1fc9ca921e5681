# Keeps a PostgreSQL cluster: starts it, says "ready", and stops it and removes its files when standard input ends.
# Standard input is a pipe from whoever needs the cluster. It ends with that process, however that ends: orderly, by Ctrl-C, by kill -9.
# Two words may come in: "crash" kills the server's processes, "start" starts it again; each is answered with "ready".
set -u
bin=$1
port=$2
folder=$(mktemp -d "${TMPDIR:-/tmp}/drydock-test.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
if ! "$bin/initdb" -D "$folder/data" -U postgres -A trust -N --no-locale -E UTF8 >"$folder/log" 2>&1; then
    cat "$folder/log" >&2
    exit 1
fi
# Durability stays on: it is what the tests are about.
options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
start() {
    if ! "$bin/pg_ctl" start -w -t 60 -D "$folder/data" -l "$folder/log" -o "$options" >/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    echo ready
}
start
while read -r word; do
    case $word in
    crash)
        "$bin/pg_ctl" stop -w -m immediate -D "$folder/data" >/dev/null
        echo ready
        ;;
    start) start ;;
    esac
done
"$bin/pg_ctl" stop -w -m fast -D "$folder/data" >/dev/null || "$bin/pg_ctl" stop -w -m immediate -D "$folder/data" >/dev/null
