#!/bin/sh
# Varnish. $1 is a folder for everything that is written, $2 the corspec executable.
set -eu
PATH=$PATH:/usr/sbin
temp=$1
. ../cache/origin.sh

origin=${CORSPEC_ORIGIN#http://}
version=$(varnishd -V 2>&1 | sed -n 's/.*varnish-\([0-9.]*\).*/\1/p;q')
sed -e "s|@HOST@|${origin%:*}|" -e "s|@PORT@|${origin##*:}|" \
  -e "s|@TARGET@|$CORSPEC_TARGET|" -e "s|@VERSION@|$version|" default.vcl >"$temp/default.vcl"

# -T none: no port for its command line; -j none: stay the user who starts it, also as root.
exec varnishd -F -n "$temp/varnish" -f "$temp/default.vcl" -a "$CORSPEC_HOST:$CORSPEC_PORT" \
  -s malloc,32m -T none -j none
