# Read by the start scripts of caches: sets CORSPEC_ORIGIN to the URL of the server behind the cache,
# the reference under the same policy, unless it is set. $1 is a folder to write to, $2 corspec.
if [ -z "${CORSPEC_ORIGIN:-}" ]; then
  mkfifo "$1/origin"
  "$2" serve reference --policy "$CORSPEC_POLICY" >"$1/origin" &
  # The server prints its URL once it answers.
  read -r CORSPEC_ORIGIN <"$1/origin"
fi
