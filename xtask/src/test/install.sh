# Installs Debian packages; run as root by `cargo xtask test` with the packages as arguments.
# Debian's postgresql creates and starts a cluster of its own, which nobody asked for here: while this runs, it does not.
set -eu
folder=/etc/postgresql-common/createcluster.d
mkdir -p "$folder"
# And nothing that is installed here starts by itself.
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then policy=; fi
trap 'rm -f "$folder/drydock-test.conf" ${policy:+"$policy"}' EXIT
if [ -n "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
echo 'create_main_cluster = false' >"$folder/drydock-test.conf"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
