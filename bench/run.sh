#!/usr/bin/env bash
# Every measurement, each into its table in bench/: `make bench`, or `bench/run.sh photo|submit|list|dedup|field` for one of them.
# BENCH_BASELINE names a folder with pgbench_schema.sql and pgbench_b1.sql, the neutral transaction that submits are
# compared with; without it they are compared with their own statements only.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly target=${CARGO_TARGET_DIR:-target}

# What is measured is what a town installs, the apps in it.
scripts/web.sh build
cargo build --quiet --release -p vigie --bin vigie --example bare_turbojpeg
cargo build --quiet -p vigie-bench
export VIGIE_BIN=$PWD/$target/release/vigie
readonly bench=("$target/debug/vigie-bench" --folder "$target/bench")

table() { # name, title, command...
  local file=bench/$1.md title=$2
  shift 2
  {
    printf '# %s\n\nMeasured %s on %s, %s cores, %s; made by `make bench`.\n' "$title" "$(date -u +%F)" \
      "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -sm)"
    "$@"
  } | tee "$file.new"
  mv "$file.new" "$file"
}

submit() {
  local baseline=()
  if [ -n "${BENCH_BASELINE:-}" ]; then baseline=(--baseline "$BENCH_BASELINE"); fi
  "${bench[@]}" submit "${baseline[@]}"
}

# The same points, in the same run, by PostGIS.
dedup() {
  mkdir -p "$target/bench"
  cargo run --quiet --release -p geo-dedup --example speed -- --points "$target/bench"
  bench/dbscan.sh "$target"/bench/points-{10000,100000,1000000}.csv
}

for what in "${@:-photo submit list dedup field}"; do
  for one in $what; do
    case $one in
      photo) table photo 'A photo of 12 megapixels' bench/photo.sh ;;
      submit) table submit 'Submits without photo' submit ;;
      field) table field "A crew's day" "${bench[@]}" field ;;
      list) table list 'Open alerts in a map window, 1,000,000 alerts' "${bench[@]}" list ;;
      dedup) table dedup 'A decision on duplicates, every alert in memory' dedup ;;
      *) echo "bench/run.sh: no such measurement: $one" >&2; exit 2 ;;
    esac
  done
done
