#!/bin/sh
# nginx with a cache. $1 is a folder for everything that is written, $2 the corspec executable.
set -eu
PATH=$PATH:/usr/sbin
temp=$1
. ../cache/origin.sh

sed -e "s|@TEMP@|$temp|" -e "s|@HOST@|$CORSPEC_HOST|" -e "s|@PORT@|$CORSPEC_PORT|" \
  -e "s|@TARGET@|$CORSPEC_TARGET|" -e "s|@ORIGIN@|$CORSPEC_ORIGIN|" nginx.conf >"$temp/nginx.conf"

# As root, nginx would serve as another user, who cannot write to the folder.
user=
if [ "$(id -u)" = 0 ]; then user="user root;"; fi
exec nginx -p "$temp" -c "$temp/nginx.conf" -e stderr -g "$user"
