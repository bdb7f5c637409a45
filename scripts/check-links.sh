#!/usr/bin/env bash
# Every relative link in the project's Markdown files leads to a file or folder that exists.
set -euo pipefail
cd "$(dirname "$0")/.."

# Prints "line target" for each inline link, image and reference definition outside fenced code.
links() {
  awk '
    /^[[:space:]]*(```|~~~)/ { fenced = !fenced; next }
    fenced { next }
    {
      gsub(/`[^`]*`/, "")
      if (match($0, /^\[[^\]]+\]:[[:space:]]*[^[:space:]]+/)) {
        target = substr($0, RSTART, RLENGTH); sub(/^\[[^\]]+\]:[[:space:]]*/, "", target); print FNR, target
      }
      while (match($0, /\]\([^)[:space:]]+/)) {
        print FNR, substr($0, RSTART + 2, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH)
      }
    }' "$1"
}

broken=0
checked=0
while IFS= read -r -d '' file; do
  while read -r line target; do
    target=${target#<} target=${target%>}
    case $target in *://* | mailto:* | '#'*) continue ;; esac
    checked=$((checked + 1))
    path=${target%%#*}
    case $path in /*) path=.$path ;; *) path=$(dirname "$file")/$path ;; esac
    if [ ! -e "$path" ]; then
      echo "$file:$line: no such file: $target" >&2
      broken=$((broken + 1))
    fi
  done < <(links "$file")
done < <(git ls-files -z --cached --others --exclude-standard '*.md')

echo "$checked relative links checked, $broken broken"
[ "$broken" -eq 0 ]
