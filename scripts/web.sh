#!/usr/bin/env bash
# The apps for the browser: web.sh build (web/dist), web.sh check (types, unit tests, licences), web.sh e2e (in Chromium against a
# server of its own), web.sh screenshots (every screen, from such a server too). What is up to date is not built again.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly stamps=target/web
readonly vigie=${VIGIE_BIN:-${CARGO_TARGET_DIR:-target}/debug/vigie}

stamp() { cat "$@" | cksum; }
sources() { git ls-files -z --cached --others --exclude-standard web openapi.yaml | xargs -0 cat 2>/dev/null | cksum; }
is() { [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }
keep() { mkdir -p "$stamps" && printf '%s\n' "$2" >"$stamps/$1"; }

packages() {
  local now
  now=$(stamp web/package.json web/package-lock.json)
  if [ -d web/node_modules ] && is packages "$now"; then return; fi
  echo "Installing what the apps are built with into web/node_modules (once, 300 MB)" >&2
  (cd web && npm ci --ignore-scripts --loglevel=error)
  keep packages "$now"
}

build() {
  local now
  packages
  now=$(sources)
  if [ -e web/dist/equipe/sw.js ] && is build "$now"; then return; fi
  (cd web && npm run --silent build)
  keep build "$now"
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

stop() {
  local status=$?
  if [ -n "${server:-}" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [ "$status" -ne 0 ] && [ -s "$stamps/vigie.log" ]; then tail -n 30 "$stamps/vigie.log" >&2; fi
}

# Starts a server of its own with a fresh demo town; its address is in $url then.
serve() {
  local port unlimited=4294967295
  trap stop EXIT
  port=$(free_port)
  mkdir -p "$stamps"
  VIGIE_DATA_DIR=$PWD/$stamps/var scripts/clean-var.sh
  env -u DATABASE_URL VIGIE_DATA_DIR="$PWD/$stamps/var" VIGIE_LISTEN="127.0.0.1:$port" VIGIE_METRICS_LISTEN="127.0.0.1:$(free_port)" \
    VIGIE_SUBMITS_PER_HOUR=$unlimited VIGIE_GUESSES_PER_HOUR=$unlimited VIGIE_READS_PER_HOUR=$unlimited \
    VIGIE_STAFF_PER_HOUR=$unlimited VIGIE_REVEALS_PER_HOUR=$unlimited \
    VIGIE_MESSAGES_PER_RECIPIENT=$unlimited VIGIE_SMS_PER_HOUR=$unlimited \
    "$vigie" run </dev/null >"$stamps/vigie.log" 2>&1 &
  server=$!
  echo "Waiting for vigie on port $port" >&2
  for _ in $(seq 240); do
    kill -0 "$server" 2>/dev/null || { echo "vigie ended before it was ready" >&2; exit 1; }
    curl --silent --fail --output /dev/null --max-time 2 "http://127.0.0.1:$port/readyz" && break
    sleep 0.5
  done
  url=http://127.0.0.1:$port
  # The apps are inside the program: one that was built before them would be played with yesterday's. The service worker names all files.
  curl --silent --fail "$url/equipe/sw.js" | cmp --silent - web/dist/equipe/sw.js ||
    { echo "$vigie holds other apps than web/dist: build it again (make build)" >&2; exit 1; }
}

# Builds the apps and runs one of their scripts against a server of its own.
against_server() {
  build
  serve
  (cd web && VIGIE_URL="$url" npm run --silent "$1")
}

case ${1:-} in
  build) build ;;
  check) packages && (cd web && npm run --silent check) ;;
  e2e | screenshots) against_server "$1" ;;
  *) echo "usage: scripts/web.sh build|check|e2e|screenshots" >&2; exit 2 ;;
esac
