#!/usr/bin/env bash
# systemd's own reading of the units in deploy/ and bash's of the script beside them: no unknown setting, no bad value, and well shut in.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly vigie=${VIGIE_BIN:-$PWD/${CARGO_TARGET_DIR:-target}/debug/vigie}
# Exposure by systemd-analyze security, in tenths: 100 is a service without any protection.
readonly most_exposure=20

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

bash -n deploy/vigie-admin

# The program is not installed here; the built one stands in for it.
for unit in deploy/systemd/*.service; do
  sed "s#/usr/local/bin/vigie#$vigie#" "$unit" >"$dir/$(basename "$unit")"
done

# Its exit status alone is not enough: an unknown setting is only a warning.
said=$(systemd-analyze verify --man=no --recursive-errors=no "$dir"/*.service 2>&1) || { echo "$said" >&2; exit 1; }
[ -z "$said" ] || { echo "$said" >&2; exit 1; }

systemd-analyze security --offline=yes --threshold="$most_exposure" --no-pager "$dir"/*.service >"$dir/security" 2>&1 ||
  { grep -E '✗|Overall' "$dir/security" >&2; exit 1; }
grep 'Overall' "$dir/security"
