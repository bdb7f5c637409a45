#!/usr/bin/env bash
# count-tests.sh LOG FAILED_STEPS: sums the closing lines of all test binaries in LOG into one last line.
# A step that failed without a failed test (it did not compile, a lint, a judge) counts as one failure, so that the line
# never looks better than the run was.
set -euo pipefail

awk -v steps="${2:-0}" '
  /^test result: / {
    for (i = 2; i <= NF; i++) {
      if ($i ~ /^passed/) passed += $(i - 1)
      if ($i ~ /^failed/) failed += $(i - 1)
    }
  }
  END {
    if (failed < steps) failed = steps
    printf "%d passed, %d failed\n", passed, failed
  }' "$1"
