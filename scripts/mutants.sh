#!/usr/bin/env bash
# Mutation tests of what decides: one operator, value or function of geo-dedup is changed at a time, and some test must fail.
#   scripts/mutants.sh [FILE...]     files below geo-dedup/src; without any, those that geo-dedup/RESULTS.md tells of
# Half an hour on one core, so it is no part of `make check`. It needs `cargo install --locked cargo-mutants`; the lists of what
# was caught and what survived are left in target/mutants/.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/mutants
if [ $# -eq 0 ]; then set -- similarity.rs index/grid.rs index.rs decide.rs; fi

# A workspace of the crate and what its tests stand on: nothing else is copied or compiled.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r geo-dedup fixtures photo-scale Cargo.lock Cargo.toml clippy.toml rust-toolchain.toml "$copy"
cd "$copy"
sed -i 's/^members = .*/members = ["geo-dedup", "fixtures", "photo-scale"]/' Cargo.toml

# A test that fails on a mutant must not write its case down for the next one.
export CARGO_TARGET_DIR=$target/build PROPTEST_DISABLE_FAILURE_PERSISTENCE=1
cargo test --quiet -p geo-dedup --lib --tests >/dev/null
for file in "$@"; do
  name=${file//\//_}
  mkdir -p "$target/${name%.rs}"
  echo "== $file"
  # 2: some survived; 3: some ran out of time, which counts as noticed.
  cargo mutants -p geo-dedup -f "geo-dedup/src/$file" -j1 --timeout 30 --baseline skip \
    --output "$target/${name%.rs}" -- --lib --tests || case $? in 2 | 3) ;; *) exit 1 ;; esac
done
