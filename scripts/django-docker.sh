#!/bin/sh
# Builds the image of the Django app.
#
#     scripts/django-docker.sh IMAGE
#
# BASE_IMAGE names another base than the Dockerfile's own. No container of the build outlives it.
set -eu

image=${1:?usage: scripts/django-docker.sh IMAGE}
app=$(cd "$(dirname "$0")/../targets/django" && pwd)
exec docker build --quiet --force-rm ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} --tag "$image" "$app"
