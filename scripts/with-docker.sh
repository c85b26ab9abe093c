#!/bin/sh
# Runs a command with a Docker engine.
#
#     scripts/with-docker.sh COMMAND [ARGUMENT...]
#
# An engine that answers is used as it is. Otherwise, with LOCAL_DOCKERD=1 on Debian as root, a
# private one is started for the command, with a Python base image made from Debian's packages, so
# that no registry is needed. Otherwise nothing runs, and the exit status is 77.
set -eu

if docker info >/dev/null 2>&1; then
    exec "$@"
fi
if [ "${LOCAL_DOCKERD:-}" != 1 ] || [ "$(id -u)" != 0 ] || [ ! -f /etc/debian_version ]; then
    echo "skipped: no Docker engine answers; set LOCAL_DOCKERD=1 as root on Debian to start one" >&2
    exit 77
fi

if ! command -v dockerd >/dev/null || ! command -v mmdebstrap >/dev/null; then
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io mmdebstrap >&2
fi

run=$(mktemp -d /tmp/corspec-docker.XXXXXX)
export DOCKER_HOST="unix://$run/sock"
dockerd --data-root /var/lib/corspec-docker --exec-root "$run/exec" --pidfile "$run/pid" \
    --host "$DOCKER_HOST" >"$run/log" 2>&1 &
engine=$!

stop() {
    status=$?
    trap - EXIT INT TERM
    docker ps --all --quiet --filter name=corspec- | xargs -r docker rm --force >/dev/null 2>&1 || true
    kill "$engine" 2>/dev/null || true
    wait "$engine" || true
    umount "$run"/exec/netns/* 2>/dev/null || true
    rm -rf "$run"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tries=0
until docker info >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$engine" 2>/dev/null; then
        echo "error: the Docker engine did not start:" >&2
        tail -n 20 "$run/log" >&2
        exit 1
    fi
    sleep 0.1
done

if [ -z "${BASE_IMAGE:-}" ]; then
    BASE_IMAGE=corspec-python:3.13-debian
    if ! docker image inspect "$BASE_IMAGE" >/dev/null 2>&1; then
        # The host's certificates, so that pip trusts within what it trusts without.
        mmdebstrap --quiet --variant=essential \
            --include=python3,python3-pip,python-is-python3,ca-certificates \
            --dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-exclude='/usr/share/man/*' \
            --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
            trixie "$run/base.tar"
        docker import --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt LANG=C.UTF-8' \
            --change 'CMD ["python3"]' "$run/base.tar" "$BASE_IMAGE" >/dev/null
        rm "$run/base.tar"
    fi
    export BASE_IMAGE
fi
"$@"
