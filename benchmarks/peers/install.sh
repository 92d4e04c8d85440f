#!/bin/sh
# Installs the peers that benchmarks/peers measures: servers and generators from Debian 13,
# libraries from PyPI into data/peers/venv. Nothing is started; no service is enabled.
#   sh benchmarks/peers/install.sh [PYTHON]
set -eu

here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
python=${1:-python3}

# What the figures were made with; on another Debian the version at hand is taken, and said.
packages='
bogofilter=1.2.5-1+b4
dnsperf=2.14.0-5
g++
kamailio=6.0.1-1+deb13u2
kamailio-sqlite-modules=6.0.1-1+deb13u2
libgrpc++-dev=1.51.1-6
nghttp2-client=1.64.0-1.1+deb13u2
pkg-config
protobuf-compiler
protobuf-compiler-grpc=1.51.1-6
redis-server=5:8.0.2-3+deb13u3
redis-tools=5:8.0.2-3+deb13u3
rspamd=3.12.1-1
sip-tester=1:3.7.3-2
spamassassin=4.0.1-5
spamd=4.0.1-5
unbound=1.26.2-0+deb13u1
valkey-server=8.1.1+dfsg1-3+deb13u3
valkey-tools=8.1.1+dfsg1-3+deb13u3
wrk=4.1.0-4+b1
'

own_policy=
forget_policy() {
    [ -z "$own_policy" ] || rm -f /usr/sbin/policy-rc.d
}

forbid_starting() {
    # Debian asks this file before a package may start its service.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        own_policy=yes
        trap forget_policy EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
    elif ! grep -q 'exit 101' /usr/sbin/policy-rc.d; then
        echo "/usr/sbin/policy-rc.d does not forbid starting services; not installing" >&2
        exit 1
    fi
}

install_debian() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet
    for package in $packages; do
        apt-get install --yes --quiet --no-install-recommends "$package" && continue
        echo "install.sh: $package is not to be had, taking the version at hand" >&2
        apt-get install --yes --quiet --no-install-recommends "${package%%=*}" ||
            echo "install.sh: ${package%%=*} is missing; its rows will say so" >&2
    done
}

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    forbid_starting
    install_debian
else
    echo "install.sh: no apt-get or not root; installing only what comes from PyPI" >&2
fi

mkdir -p "$root/data/peers"
"$python" -m venv "$root/data/peers/venv"
"$root/data/peers/venv/bin/pip" install --quiet --disable-pip-version-check \
    --require-hashes -r "$here/requirements.txt" ||
    echo "install.sh: peers from PyPI are missing; their rows will say so" >&2
