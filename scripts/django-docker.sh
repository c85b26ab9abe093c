#!/bin/sh
# Builds the image of the Django app.
#
#     scripts/django-docker.sh IMAGE
#
# BASE_IMAGE names another base than the Dockerfile's own.
set -eu

image=${1:?usage: scripts/django-docker.sh IMAGE}
app=$(cd "$(dirname "$0")/../targets/django" && pwd)
exec docker build --quiet ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} --tag "$image" "$app"
