# Installs Debian packages; run as root by `cargo xtask test` with the packages as arguments.
# Debian's postgresql creates and starts a cluster of its own, which nobody asked for here: while this runs, it does not.
set -eu
folder=/etc/postgresql-common/createcluster.d
mkdir -p "$folder"
trap 'rm -f "$folder/drydock-test.conf"' EXIT
echo 'create_main_cluster = false' >"$folder/drydock-test.conf"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
