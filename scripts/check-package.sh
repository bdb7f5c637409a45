#!/usr/bin/env bash
# geo-dedup stands on its own: cargo packs it without the rest of the workspace. Nothing is fetched; the build before this has
# brought what the lock file names. It is not compiled again: what differs from the workspace's build is the list of files.
set -euo pipefail
cd "$(dirname "$0")/.."

# A package holds only what lies in the crate's own folder, so the licence lies there too.
cmp LICENSE geo-dedup/LICENSE
files=$(cargo package -p geo-dedup --no-verify --allow-dirty --offline --quiet --list)
for needed in LICENSE README.md src/lib.rs weights/default.toml; do
  grep -qx "$needed" <<<"$files" || { echo "geo-dedup's package lacks $needed" >&2; exit 1; }
done
cargo package -p geo-dedup --no-verify --allow-dirty --offline --quiet
echo "geo-dedup packs: $(wc -l <<<"$files") files"
