#!/usr/bin/env bash
# Every measurement that there is so far: the photo pipeline. Submits and lists are still to come.
set -euo pipefail
cd "$(dirname "$0")/.."
exec bench/photo.sh "$@"
