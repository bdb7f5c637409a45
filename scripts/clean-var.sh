#!/usr/bin/env bash
# Removes everything that `vigie run` keeps: the private database, photos, mails and keys. Refuses while Vigie runs, and whatever
# `vigie run` has not made: VIGIE_DATA_DIR may still name a town's photos and keys, which nothing brings back.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly var=${VIGIE_DATA_DIR:-var}
[ -e "$var" ] || exit 0

# Its private database, or what a running one says of another; a start that got no further than the lock has made nothing yet.
if [ ! -d "$var/postgres" ] && [ ! -L "$var/postgres" ] && [ ! -e "$var/run.json" ] &&
  [ -n "$(find "$var/" -mindepth 1 ! -name postgres.lock -print -quit)" ]; then
  echo "$var is no folder of \`vigie run\` (neither postgres nor run.json is in it): nothing was removed." >&2
  echo "If its keys and photos may really go, remove it yourself." >&2
  exit 1
fi

# The lock that a running Vigie holds, see server/src/db/embedded/layout.rs.
if [ -e "$var/postgres.lock" ] && ! flock --nonblock "$var/postgres.lock" true; then
  echo "Vigie (process $(cat "$var/postgres.lock")) is running on $var: stop it first" >&2
  exit 1
fi
# Started as root below a folder that PostgreSQL's account cannot enter, the database lives elsewhere, behind a link.
if [ -L "$var/postgres" ]; then
  home=$(readlink "$var/postgres")
  case $home in
    /var/lib/vigie/postgres-*) rm -rf -- "$home" ;;
    *) echo "$var/postgres leads to $home, which Vigie did not make: remove it yourself" >&2; exit 1 ;;
  esac
fi
rm -rf -- "$var"
