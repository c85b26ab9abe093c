#!/bin/sh
# Runs a command with a Docker engine.
#
#     scripts/with-docker.sh COMMAND [ARGUMENT...]
#
# An engine that answers is used as it is. Otherwise, with LOCAL_DOCKERD=1 on Debian as root, a
# private one is started for the command, with a Python base image made from Debian's packages, so
# that no registry is needed; BASE_IMAGE names another. Of the engine nothing stays but its rules in
# the firewall; the base image is kept in `target`. Otherwise nothing runs, and the exit status is 77.
set -eu

[ $# -gt 0 ] || { echo "usage: scripts/with-docker.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
if docker info >/dev/null 2>&1; then
    exec "$@"
fi
if [ "${LOCAL_DOCKERD:-}" != 1 ] || [ "$(id -u)" != 0 ] || [ ! -f /etc/debian_version ]; then
    echo "skipped: no Docker engine answers; set LOCAL_DOCKERD=1 as root on Debian to start one" >&2
    exit 77
fi

install_packages() {
    echo "installing $*" >&2
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install \
        --yes --no-install-recommends "$@" >/dev/null
}

# The host's certificates go in, so that pip trusts within what it trusts without.
make_base() {
    command -v mmdebstrap >/dev/null || install_packages mmdebstrap debian-archive-keyring
    echo "making the base image" >&2
    mmdebstrap --quiet --variant=essential \
        --include=python3,python3-pip,python-is-python3,ca-certificates \
        --dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-exclude='/usr/share/man/*' \
        --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
        trixie "$run/base.tar"
    mkdir -p "${base%/*}"
    # Whole or not at all, also across filesystems.
    cp "$run/base.tar" "$base.$$" && mv "$base.$$" "$base"
}

# Hands a signal on to the command, waits for its end, and ends as by that signal.
end() {
    if [ -n "$command" ] && kill -s "$1" "$command"; then wait "$command" || true; fi
    exit "$2"
}

stop() {
    status=$?
    trap '' HUP INT TERM
    trap - EXIT
    docker ps --all --quiet | xargs -r docker rm --force --volumes >/dev/null 2>&1 || true
    if kill "$engine" 2>/dev/null; then wait "$engine" || true; fi
    [ "$bridge" = old ] || ip link delete docker0 2>/dev/null || true
    rm -rf "$run" "$base.$$"
    exit "$status"
}

command -v dockerd >/dev/null || install_packages docker.io
# Newer Debian has the client apart.
command -v docker >/dev/null || install_packages docker-cli

base=$(cd "$(dirname "$0")/.." && pwd)/target/docker/python-3.13-debian.tar
bridge=new
[ ! -e /sys/class/net/docker0 ] || bridge=old
run=$(mktemp -d /var/tmp/corspec-docker.XXXXXX)
export DOCKER_HOST="unix://$run/sock"
command=
# In a session of its own, out of reach of Ctrl-C; its mounts end with it, and it with this script.
setsid setpriv --pdeathsig TERM unshare --mount dockerd --data-root "$run/data" \
    --exec-root "$run/exec" --pidfile "$run/pid" --host "$DOCKER_HOST" >"$run/log" 2>&1 &
engine=$!
trap stop EXIT
trap 'end HUP 129' HUP
trap 'end INT 130' INT
trap 'end TERM 143' TERM
tries=0
until docker info >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$engine" 2>/dev/null; then
        echo "error: the Docker engine did not start:" >&2
        tail -n 20 "$run/log" >&2
        exit 1
    fi
    sleep 0.1
done

if [ -z "${BASE_IMAGE:-}" ]; then
    [ -e "$base" ] || make_base
    export BASE_IMAGE=corspec-python:3.13-debian
    docker import --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt LANG=C.UTF-8' \
        --change 'CMD ["python3"]' "$base" "$BASE_IMAGE" >/dev/null
fi

# In the background, so that a signal to this script alone is heard at once.
env --default-signal=INT,QUIT "$@" <&0 &
command=$!
wait "$command"
