#!/usr/bin/env bash
# CPU time per 12-megapixel photo: `vigie decode-photo derive`, a process for each, against the bare pipeline in one process.
# Runs in turns (A B A B ...), so that a busy machine disturbs both alike. Prints a Markdown table.
#   VIGIE_BIN=target/release/vigie bench/photo.sh [rounds, default 5] [photos a round, default 10]; bench/run.sh builds both.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly rounds=${1:-5} photos=${2:-10}
readonly target=${CARGO_TARGET_DIR:-target}
readonly vigie=${VIGIE_BIN:?the program to measure} bare=$target/release/examples/bare_turbojpeg

sample=$(mktemp)
trap 'rm -f "$sample"' EXIT
"$bare" sample "$sample"

ours() { for ((i = 0; i < photos; i++)); do "$vigie" decode-photo derive <"$sample" >/dev/null; done; }
theirs() { "$bare" "$photos" "$sample"; }
# CPU milliseconds (user and system, children too) per photo of one round.
cpu() {
  local TIMEFORMAT='%U %S'
  { time "$1" >/dev/null; } 2>&1 | awk -v n="$photos" '{ printf "%.1f", ($1 + $2) * 1000 / n }'
}

echo "| round | vigie decode-photo, CPU-ms | bare libjpeg-turbo, CPU-ms | ratio |"
echo "|---|---|---|---|"
for ((round = 1; round <= rounds; round++)); do
  printf '%d %s %s\n' "$round" "$(cpu ours)" "$(cpu theirs)"
done | awk '{ printf "| %d | %.1f | %.1f | %.2f |\n", $1, $2, $3, $2 / $3; a += $2; b += $3; n++ }
  END { printf "| mean | %.1f | %.1f | %.2f |\n", a / n, b / n, a / b }'
